//! What a layer need not hold, since layers below it in the same image have it already.
//!
//! Of lower layers only the entries files are read, never what those name: nothing but text is compared, and what it does
//! not tell is taken to differ. An entry is left out if the topmost lower layer that has its path declares the same
//! there: the same kind of the same source, with the same mode, owner, names, extended attributes and time. A path that
//! a tree, a tar, a whiteout, an opaque directory, or a file or link in the place of a directory above it may have
//! changed since is not left out. A lower layer that itself leaves things out is taken as declared: what it leaves out is
//! there as it says.
//!
//! Directories that only held what is left out are not written, unless something is said of them (in `dirs`, in a tree, or
//! by a glob) that the topmost lower layer that has them does not say as well.
//!
//! Invariant: an image is the same with what is left out and without, but for directories of which nothing is said.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    entries::{Declarations, Declared, DeclaredKind},
    entry::{Entry, Kind},
    host,
    path::ImagePath,
    settings::Settings,
    whiteout,
};

/// Leaves out of `entries`, which [`crate::plan::plan`] made of `own`, what the `lower` layers have, lowest first.
pub(crate) fn leave_out(entries: Vec<Entry>, own: &Declarations, lower: &[Declarations]) -> Vec<Entry> {
    let own = Index::new(own);
    let lower: Vec<Index<'_>> = lower.iter().map(Index::new).collect();
    let deleted: BTreeSet<ImagePath> = entries.iter().filter_map(whiteout::deleted).collect();
    // What this layer deletes or hides of those below must be written again.
    let is_deleted = |path: &ImagePath| {
        let mut parents = path.parents().map(ImagePath::of_parent);
        !deleted.is_empty() && (deleted.contains(path) || parents.any(|parent| deleted.contains(&parent)))
    };
    let mut above: Vec<Option<Above<'_>>> = lower.iter().map(|_| None).collect();
    let mut own_above = None;
    let mut keep = Vec::with_capacity(entries.len());
    for entry in &entries {
        let own_above = own.above(&entry.path, &mut own_above);
        let mut is_there = || {
            let layers = lower.iter().zip(&mut above).rev();
            let mut found = layers.map(|(layer, above)| {
                let above = layer.above(&entry.path, above);
                layer.has(entry, above, &own, own_above)
            });
            found.find(|has| *has != Has::Nothing) == Some(Has::Same)
        };
        keep.push(match entry.kind {
            Kind::Whiteout => true,
            _ if is_deleted(&entry.path) => true,
            Kind::Directory => own.says_something_of(entry, own_above) && !is_there(),
            _ => !is_there(),
        });
    }
    add_parents(&entries, &mut keep);
    let mut keep = keep.into_iter();
    entries.into_iter().filter(|_| keep.next() == Some(true)).collect()
}

/// Keeps the directories above what is kept.
pub(crate) fn add_parents(entries: &[Entry], keep: &mut [bool]) {
    let mut needed: BTreeSet<&[u8]> = BTreeSet::new();
    for (entry, _) in entries.iter().zip(&*keep).filter(|(_, keep)| **keep) {
        for parent in entry.path.parents() {
            if !needed.insert(parent) {
                break;
            }
        }
    }
    for (entry, keep) in entries.iter().zip(keep) {
        *keep |= entry.kind == Kind::Directory && needed.contains(entry.path.as_bytes());
    }
}

/// What a layer has at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    /// Nothing: what is there comes from below it.
    Nothing,
    /// Just what is asked for.
    Same,
    /// Something else, or nobody knows what.
    Other,
}

/// The declarations of a layer by path.
struct Index<'a> {
    settings: &'a Settings,
    /// Sorted by path.
    declared: Vec<&'a Declared>,
    has_tars: bool,
}

/// What a layer declares at the directories above a path.
struct Above<'a> {
    directory: ImagePath,
    /// The trees that are placed there, which may hold the path.
    trees: Vec<(&'a ImagePath, &'a Path, Option<u16>)>,
    /// Whether one of these directories is emptied, deleted, or no directory.
    is_cut: bool,
}

impl<'a> Index<'a> {
    fn new(declarations: &'a Declarations) -> Self {
        let (tars, mut declared): (Vec<_>, Vec<_>) =
            declarations.entries.iter().partition(|declared| matches!(declared.kind, DeclaredKind::Tar(_)));
        declared.sort_by(|a, b| a.path.cmp(&b.path));
        Self { settings: &declarations.settings, declared, has_tars: !tars.is_empty() }
    }

    /// What is declared at a path.
    fn at(&self, path: &ImagePath) -> &[&'a Declared] {
        let start = self.declared.partition_point(|declared| declared.path < *path);
        let count = self.declared[start..].partition_point(|declared| declared.path == *path);
        &self.declared[start..start + count]
    }

    /// Whether something is declared below a path, which is a directory then.
    fn is_above_something(&self, path: &ImagePath) -> bool {
        let prefix = [path.as_bytes(), b"/"].concat();
        let start = self.declared.partition_point(|declared| declared.path.as_bytes() < &*prefix);
        self.declared.get(start).is_some_and(|declared| declared.path.as_bytes().starts_with(&prefix))
    }

    /// What is declared above a path. `last` is the answer for another path: neighbours share it.
    fn above<'b>(&self, path: &ImagePath, last: &'b mut Option<Above<'a>>) -> &'b Above<'a> {
        let directory = path.parent();
        if last.as_ref().is_none_or(|last| last.directory != directory) {
            *last = Some(self.look_above(directory));
        }
        last.as_ref().expect("was set")
    }

    fn look_above(&self, directory: ImagePath) -> Above<'a> {
        let mut above = Above { trees: Vec::new(), is_cut: false, directory };
        let parents = above.directory.parents().map(ImagePath::of_parent);
        let all = std::iter::once(above.directory.clone()).chain(parents).chain([ImagePath::root()]);
        for directory in all.collect::<BTreeSet<_>>() {
            for declared in self.at(&directory) {
                match &declared.kind {
                    DeclaredKind::Directory => {}
                    DeclaredKind::Tree(source) => above.trees.push((&declared.path, source, declared.mode)),
                    _ => above.is_cut = true,
                }
            }
        }
        above
    }

    /// Whether somebody said something of a directory of this layer: it is declared, may be in a tree, or a glob matches.
    fn says_something_of(&self, entry: &Entry, above: &Above<'_>) -> bool {
        let is_declared =
            |declared: &&Declared| matches!(declared.kind, DeclaredKind::Directory | DeclaredKind::Tree(_));
        !above.trees.is_empty()
            || self.at(&entry.path).iter().any(is_declared)
            || self.has_tars
            || self.settings.any_glob_matches(entry)
    }

    /// What this layer has at the path of `entry`, which is one of the layer `own`.
    fn has(&self, entry: &Entry, above: &Above<'a>, own: &Index<'_>, own_above: &Above<'_>) -> Has {
        if self.has_tars || above.is_cut {
            return Has::Other;
        }
        let here = self.at(&entry.path);
        let same = if entry.kind == Kind::Directory {
            self.same_directory(entry, here, above, own, own_above)
        } else {
            same_file(entry, here, above, own, own_above)
        };
        match same {
            Some(mode) if self.attributes_agree(entry, mode) => Has::Same,
            None if here.is_empty() && above.trees.is_empty() && !self.is_above_something(&entry.path) => {
                Has::Nothing
            }
            _ => Has::Other,
        }
    }

    /// If this layer says of a path that it is a directory: the mode that it declares for it.
    fn same_directory(
        &self,
        entry: &Entry,
        here: &[&Declared],
        above: &Above<'_>,
        own: &Index<'_>,
        own_above: &Above<'_>,
    ) -> Option<Option<u16>> {
        let (mut is_declared, mut mode) = (false, None);
        for declared in here {
            match declared.kind {
                DeclaredKind::Directory | DeclaredKind::Tree(_) => is_declared = true,
                DeclaredKind::Opaque => {}
                _ => return None,
            }
            if declared.kind == DeclaredKind::Directory {
                mode = mode.or(declared.mode);
            }
        }
        // Which of several trees it is in, the text does not tell.
        let is_in_same_tree = || {
            let mut trees = own_above.trees.iter();
            !own_above.trees.is_empty()
                && own.at(&entry.path).is_empty()
                && trees.all(|(path, source, _)| above.trees.iter().any(|(p, s, _)| (p, s) == (path, source)))
        };
        let is_parent = || {
            (!here.is_empty() || self.is_above_something(&entry.path))
                && self.settings.any_glob_matches(entry)
        };
        (is_declared || is_in_same_tree() || is_parent()).then_some(mode)
    }

    /// Whether `entry` has the attributes that this layer gives to its path.
    fn attributes_agree(&self, entry: &Entry, mode: Option<u16>) -> bool {
        let mut other = self.settings.entry(entry.path.clone(), entry.kind.clone(), mode);
        self.settings.apply_to_one(&mut other);
        other == *entry
    }
}

/// If a layer declares the same file or link as `entry`, at its path or in a tree: the mode that it declares for it.
fn same_file(
    entry: &Entry,
    here: &[&Declared],
    above: &Above<'_>,
    own: &Index<'_>,
    own_above: &Above<'_>,
) -> Option<Option<u16>> {
    let declared = own.at(&entry.path).iter().find(|declared| makes(declared, entry, own));
    if let Some(declared) = declared
        && here.iter().any(|other| other.kind == declared.kind)
    {
        return Some(here.iter().find_map(|other| other.mode));
    }
    let Kind::File(file) = &entry.kind else { return None };
    let is_of = |(path, source, _): &&(&ImagePath, &Path, Option<u16>)| {
        in_tree(path, source, &entry.path).is_some_and(|made| made == *file)
            && own_above.trees.iter().any(|(p, s, _)| (p, s) == (path, source))
    };
    if here.is_empty() { above.trees.iter().find(is_of).map(|(_, _, mode)| *mode) } else { None }
}

/// Whether a declaration is what became of `entry`, and not something else at its path.
fn makes(declared: &Declared, entry: &Entry, own: &Index<'_>) -> bool {
    match (&declared.kind, &entry.kind) {
        (DeclaredKind::File(source) | DeclaredKind::Output(source), Kind::File(file)) => source == file,
        (DeclaredKind::Symlink(target), Kind::Symlink(found)) => target.as_bytes() == &**found,
        (DeclaredKind::Readlink(_) | DeclaredKind::Output(_), Kind::Symlink(_)) => !own.has_tars,
        (DeclaredKind::Empty, Kind::Empty) => true,
        _ => false,
    }
}

/// Where on disk a path of the image is in a tree; `None` if its name is none on this system.
fn in_tree(tree: &ImagePath, source: &Path, path: &ImagePath) -> Option<PathBuf> {
    let rest = path.as_bytes().get(tree.as_bytes().len()..)?;
    let rest = rest.strip_prefix(b"/").unwrap_or(rest);
    Some(source.join(host::path(rest)?))
}
