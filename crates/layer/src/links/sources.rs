//! Which declared source a path on disk is, and where it is in the image.
//!
//! Invariant: nothing on disk is looked at. Paths are those by which actions know files, relative to the execution root; an absolute one
//! that leads into an execution root is taken as the path in it.

use std::{
    collections::BTreeMap,
    ops::Bound,
    path::{Component, Path, PathBuf},
};

use crate::{
    entries::{Declared, DeclaredKind},
    host,
    path::ImagePath,
    staging,
};

/// Declared entries by their source on disk, of which one may have several. Neighbours in order are those in one directory.
pub(super) struct Sources<'a>(BTreeMap<&'a Path, Vec<&'a Declared>>);

impl<'a> Sources<'a> {
    pub(super) fn new(declared: &'a [Declared]) -> Self {
        let mut sources: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for declared in declared {
            if let Some(source) = source(&declared.kind) {
                sources.entry(source).or_default().push(declared);
            }
        }
        Self(sources)
    }

    /// The declarations with exactly this source.
    pub(super) fn at(&self, path: &Path) -> &[&'a Declared] {
        self.0.get(path).map_or(&[], Vec::as_slice)
    }

    /// Those with sources below a directory.
    pub(super) fn below(&self, directory: &Path) -> impl Iterator<Item = (&'a Path, &'a Declared)> {
        let from = self.0.range::<Path, _>((Bound::Excluded(directory), Bound::Unbounded));
        from.take_while(move |(path, _)| path.starts_with(directory)).flat_map(|(path, all)| {
            let path: &'a Path = path;
            all.iter().map(move |declared| (path, *declared))
        })
    }

    /// Where in the image a path on disk is, in order: as a source, in a tree, or as a directory above sources.
    pub(super) fn places(&self, path: &Path) -> Vec<ImagePath> {
        let mut places: Vec<ImagePath> = self.at(path).iter().map(|declared| declared.path.clone()).collect();
        let trees =
            path.ancestors().skip(1).flat_map(|above| self.at(above).iter().map(move |tree| (above, tree)));
        for (above, tree) in trees.filter(|(_, tree)| matches!(tree.kind, DeclaredKind::Tree(_))) {
            places.extend(path.strip_prefix(above).ok().and_then(|rest| join(&tree.path, rest)));
        }
        if places.is_empty() {
            let below = self.below(path);
            places.extend(below.filter_map(|(source, declared)| {
                let rest = host::bytes(source.strip_prefix(path).ok()?.as_os_str())?;
                let directory = declared.path.as_bytes().strip_suffix(rest)?.strip_suffix(b"/")?;
                ImagePath::parse(directory).ok()
            }));
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// What is read of a declaration, if anything is. Tars have no place.
fn source(kind: &DeclaredKind) -> Option<&Path> {
    match kind {
        DeclaredKind::File(source)
        | DeclaredKind::Tree(source)
        | DeclaredKind::Readlink(source)
        | DeclaredKind::Output(source) => Some(source),
        _ => None,
    }
}

fn join(tree: &ImagePath, rest: &Path) -> Option<ImagePath> {
    rest.components().try_fold(tree.clone(), |path, part| path.join(host::bytes(part.as_os_str())?).ok())
}

/// Where on disk a link leads, without a look at what is there. `None` if that is out of the execution root.
pub(super) fn leads_to(link: &Path, target: &Path) -> Option<PathBuf> {
    if let Some(path) = staging::in_execution_root(target) {
        return normal(&path);
    }
    normal(&link.parent()?.join(target))
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normal.pop() => {}
            Component::ParentDir => return None,
            part => normal.push(part),
        }
    }
    Some(normal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries;

    #[test]
    fn where_links_lead() {
        for (link, target, expected) in [
            ("bin/a/l", "../b", Some("bin/b")),
            ("bin/a/l", "./b/./c", Some("bin/a/b/c")),
            ("bin/l", "../../x", None),
            ("bin/l", "/usr/lib/x", Some("/usr/lib/x")),
            ("bin/l", "/o/execroot/_main/bin/../x", Some("x")),
            ("/t/bin/l", "../x", Some("/t/x")),
        ] {
            let got = leads_to(Path::new(link), Path::new(target));
            assert_eq!(got.as_deref(), expected.map(Path::new), "{link} -> {target}");
        }
    }

    #[test]
    fn places_in_the_image() {
        let text = b"strata-entries 2\nfile\na/f\nbin/f\n\noutput\nb/f\nbin/f\n\ntree\nt\nbin/t\n\nfile\nx/d/e/g\nbin/d/e/g\n\n\
                     file\ny/g\nbin/d/e/g\n\nreadlink\nl\nbin/d-l\n\n\n";
        let text = text.strip_suffix(b"\n").unwrap();
        let declarations = entries::parse(text).unwrap();
        let sources = Sources::new(&declarations.entries);
        for (path, expected) in [
            ("bin/f", "/a/f /b/f"),
            ("bin/t", "/t"),
            ("bin/t/u/v", "/t/u/v"),
            ("bin/f/u", ""),
            ("bin/d/e", "/x/d/e /y"),
            ("bin/d", "/x/d"),
            ("bin/d-l", "/l"),
            ("bin/no", ""),
        ] {
            let places: Vec<_> = sources.places(Path::new(path)).iter().map(ToString::to_string).collect();
            assert_eq!(places.join(" "), expected, "{path}");
        }
    }
}
