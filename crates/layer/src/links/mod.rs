//! Declared links, where it is said which of them stay links (`--preserve-symlinks`).
//!
//! A link whose path matches stays one, with the target that it was declared with: what that is a link to again is not looked
//! at (one hop). Where the target is something that is declared too, the link leads to the place of that in the image, and is
//! relative: the target as it stands if that leads there, as links between outputs mostly do, else the way to the place that
//! shares most directories with the link. Any other target stays as it stands. A link that does not match is followed, and becomes
//! the file or the tree that it leads to. Without the setting all declared links stay as they stand.
//!
//! Links inside tree artifacts are no declared links, and are always followed. Bazel 7.7.1 stages none: in the sandbox each file of
//! a tree is an absolute link to itself in the execution root, also where it is a link in the tree, a linked directory is a
//! directory of such links, and remote workers get files and directories. To look behind them would make other layers here
//! than there. Bazel refuses trees with links that lead nowhere, around, or, in a sandbox, out of the tree, so following loses
//! no file; what is linked twice is there twice (`dedupe` makes that hard links). A `node_modules` that is one tree therefore
//! grows, and programs in its `.bin` that look for their package beside their real path do not find it. Where each package is a tree
//! and the links between them are declared, as `aspect_rules_js` has it, all links stay.
//!
//! Nor does an output stay a link that an action made as one (`symlink` with `target_file`), since a sandbox and a remote worker
//! show the file there: [`crate::staging`] tells them apart.

mod error;
mod reach;
mod sources;

use std::path::Path;

pub use error::LinkError;

use crate::{
    entries::Declared,
    error::Error,
    host,
    links::sources::{Sources, leads_to},
    path::ImagePath,
    pattern::{Pattern, write_subject},
    staging,
};

/// Which declared links stay links, and where what they lead to is in the image.
pub(crate) struct Links<'a> {
    preserve: &'a Pattern,
    sources: Sources<'a>,
}

impl<'a> Links<'a> {
    /// For these declarations.
    pub(crate) fn new(preserve: &'a Pattern, declared: &'a [Declared]) -> Self {
        Self { preserve, sources: Sources::new(declared) }
    }

    /// Whether the declared link at a path stays one.
    pub(crate) fn stays(&self, path: &ImagePath) -> bool {
        let mut subject = String::new();
        write_subject(&mut subject, path, false);
        self.preserve.matches(&subject)
    }

    /// What a link at `path`, on disk at `link`, leads to when it stays one and was declared with `target`.
    ///
    /// # Errors
    /// [`LinkError::Undeclared`] if it leads to a file of the build that is not declared, by a path that only this machine has.
    pub(crate) fn target(
        &self,
        path: &ImagePath,
        link: &Path,
        target: Box<[u8]>,
    ) -> Result<Box<[u8]>, Error> {
        let Some(on_disk) = host::path(&target) else { return Ok(target) };
        let mut places = leads_to(link, on_disk).map_or_else(Vec::new, |path| self.sources.places(&path));
        places.retain(|place| place != path);
        if places.is_empty() {
            if staging::is_in_execution_root(on_disk) {
                let (link, target) = (link.to_owned(), on_disk.to_owned());
                return Err(LinkError::Undeclared { path: path.clone(), link, target }.into());
            }
            return Ok(target);
        }
        if follow(path, &target).is_some_and(|leads_to| places.contains(&leads_to)) {
            return Ok(target);
        }
        // The first of those that share most.
        let nearest = places.iter().rev().max_by_key(|place| in_common(path, place));
        Ok(nearest.map_or(target, |place| way(path, place).into()))
    }
}

/// Where in the image a relative target leads, for a link at `path`. `None` if it is absolute, or leads out.
fn follow(path: &ImagePath, target: &[u8]) -> Option<ImagePath> {
    let parent = path.parent();
    let mut parts: Vec<&[u8]> = parts(&parent).collect();
    if target.starts_with(b"/") {
        return None;
    }
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    ImagePath::parse(&parts.join(&b'/')).ok()
}

fn parts(path: &ImagePath) -> impl Iterator<Item = &[u8]> {
    path.as_bytes().split(|byte| *byte == b'/').filter(|part| !part.is_empty())
}

/// How many directories from the root on two paths share.
fn in_common(a: &ImagePath, b: &ImagePath) -> usize {
    let parent = a.parent();
    parts(&parent).zip(parts(b)).take_while(|(a, b)| a == b).count()
}

/// The relative target by which a link at `path` leads to `place`.
fn way(path: &ImagePath, place: &ImagePath) -> Vec<u8> {
    let shared = in_common(path, place);
    let up = std::iter::repeat_n(&b".."[..], path.parents().count() - shared);
    let way: Vec<&[u8]> = up.chain(parts(place).skip(shared)).collect();
    if way.is_empty() { b".".to_vec() } else { way.join(&b'/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ImagePath {
        ImagePath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn ways() {
        for (link, place, expected) in [
            ("a", "b", "b"),
            ("a/b", "a/c/d", "c/d"),
            ("a/b/c", "a/d", "../d"),
            ("a/b/c", "d", "../../d"),
            ("a/b/c", "a/b", "."),
            ("a/b/c", "a", ".."),
            ("a/b", "ab/c", "../ab/c"),
        ] {
            let (link, place) = (path(link), path(place));
            let way = way(&link, &place);
            assert_eq!(String::from_utf8_lossy(&way), expected, "{link} to {place}");
            assert_eq!(follow(&link, &way), Some(place));
        }
        assert_eq!(follow(&path("a/b"), b"../../c"), None);
        assert_eq!(follow(&path("a/b"), b"/c"), None);
        assert_eq!(follow(&path("a/b"), b"./c//d/../e/"), Some(path("a/c/e")));
    }
}
