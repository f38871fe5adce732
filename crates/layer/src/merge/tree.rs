//! What several stages, one after the other, leave: the rules of merging, without any files.
//!
//! Invariants: no path is both a directory and something else, or below something else; at most one entry is at a path; a
//! whiteout is at no path that has an entry, and below none.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    path::Path,
    sync::Arc,
};

use crate::{
    entry::{Entry, Kind},
    error::Error,
    merge::Stage,
    path::ImagePath,
    settings::Settings,
    slice::Slice,
    whiteout::{self, Whiteout},
};

/// Paths and what is there.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<ImagePath, Node>,
    /// What paths share that are hard links to each other. Their own paths are empty.
    inodes: Vec<Entry>,
    /// Whether all that layers below have is gone.
    is_opaque: bool,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    what: What,
    /// Of a directory: what layers below have in it is gone.
    is_opaque: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// What layers below have here is gone.
    Deleted,
    /// A directory that no stage says anything of.
    Parent,
    /// What is at this place of `inodes`.
    Inode(usize),
}

impl Tree {
    /// Puts a stage on top.
    ///
    /// # Errors
    /// A change of type, or a hard link that leads nowhere.
    pub(crate) fn add(&mut self, stage: Stage) -> Result<(), Error> {
        // First all of them: they are about what came before, wherever they stand.
        for whiteout in stage.whiteouts {
            match whiteout {
                Whiteout::Path { path, tar } => self.delete(path, tar.as_ref())?,
                Whiteout::Contents { directory, tar } => self.empty(directory, tar.as_ref())?,
            }
        }
        stage.entries.into_iter().try_for_each(|entry| self.put(entry))
    }

    /// Deletes a path, here and in the layers below. The directory that it is in is there, as for any other entry.
    fn delete(&mut self, path: ImagePath, tar: Option<&Arc<Path>>) -> Result<(), Error> {
        self.revive_parents(&path, || whiteout_in("a whiteout", tar))?;
        self.remove_below(&path);
        self.nodes.insert(path, Node { what: What::Deleted, is_opaque: false });
        Ok(())
    }

    /// Deletes all that is in a directory, here and in the layers below.
    fn empty(&mut self, directory: ImagePath, tar: Option<&Arc<Path>>) -> Result<(), Error> {
        self.remove_below(&directory);
        if directory.is_root() {
            self.is_opaque = true;
            return Ok(());
        }
        let what = || whiteout_in("an opaque directory", tar);
        self.revive_parents(&directory, what)?;
        let what = match self.nodes.get(&directory).map(|node| node.what) {
            Some(What::Inode(inode)) if self.inodes[inode].kind != Kind::Directory => {
                let first = self.inodes[inode].describe();
                return Err(Error::ChangesType { path: directory, first, second: what() });
            }
            Some(what @ What::Inode(_)) => what,
            Some(What::Deleted | What::Parent) | None => What::Parent,
        };
        self.nodes.insert(directory, Node { what, is_opaque: true });
        Ok(())
    }

    /// Puts an entry at its path.
    fn put(&mut self, mut entry: Entry) -> Result<(), Error> {
        let path = std::mem::replace(&mut entry.path, ImagePath::root());
        self.revive_parents(&path, || entry.describe())?;
        let target = match &entry.kind {
            Kind::Hardlink(target) => Some(self.link(&path, target.clone(), &entry)?),
            _ => None,
        };
        let is_directory = entry.kind == Kind::Directory;
        let before = self.nodes.get(&path).copied();
        let first = match before.map(|node| node.what) {
            Some(What::Inode(inode)) => {
                let old = &self.inodes[inode];
                // A declared directory without a mode is one to be there, whatever it is like.
                if is_directory && old.kind == Kind::Directory && entry.tar.is_none() && entry.mode.is_none()
                {
                    return Ok(());
                }
                let new = target.map_or(&entry, |target| &self.inodes[target]);
                (old.kind.class() != new.kind.class()).then(|| old.describe())
            }
            Some(What::Parent) => (!is_directory).then(|| "a directory".to_owned()),
            Some(What::Deleted) | None => None,
        };
        if let Some(first) = first {
            return Err(Error::ChangesType { path, first, second: entry.describe() });
        }
        if !is_directory {
            self.remove_whiteouts_below(&path, &entry)?;
        }
        let inode = target.unwrap_or_else(|| {
            self.inodes.push(entry);
            self.inodes.len() - 1
        });
        // What is below is hidden by anything but a directory, which needs to say so.
        let is_opaque =
            is_directory && before.is_some_and(|node| node.is_opaque || node.what == What::Deleted);
        self.nodes.insert(path, Node { what: What::Inode(inode), is_opaque });
        Ok(())
    }

    /// What a hard link leads to. It gets what the link says of it, as the last to be unpacked.
    fn link(&mut self, path: &ImagePath, target: ImagePath, entry: &Entry) -> Result<usize, Error> {
        let found = match self.nodes.get(&target) {
            Some(Node { what: What::Inode(inode), .. }) if *path != target => Some(*inode),
            _ => None,
        };
        let Some(inode) = found.filter(|inode| self.inodes[*inode].kind != Kind::Directory) else {
            let tar = entry.tar.as_deref().unwrap_or(Path::new("")).to_owned();
            return Err(Error::LinkTarget { tar, path: path.clone(), target });
        };
        let file = &mut self.inodes[inode];
        let Entry { mode, owner, mtime, .. } = *entry;
        (file.mode, file.owner, file.mtime) = (mode, owner, mtime);
        file.names.clone_from(&entry.names);
        if let Some(more) = &entry.xattrs {
            let xattrs = file.xattrs.get_or_insert_default();
            let more = more.iter().map(|(name, value)| (name.clone(), value.clone()));
            Arc::make_mut(xattrs).extend(more);
        }
        Ok(inode)
    }

    /// Makes directories of what is above a path: deleted ones come back, empty as seen from here.
    fn revive_parents(&mut self, path: &ImagePath, what: impl Fn() -> String) -> Result<(), Error> {
        for parent in path.parents() {
            let Some(node) = self.nodes.get_mut(parent) else { continue };
            match node.what {
                What::Deleted => *node = Node { what: What::Parent, is_opaque: true },
                What::Inode(inode) if self.inodes[inode].kind != Kind::Directory => {
                    return Err(not_a_directory(parent, self.inodes[inode].describe(), path.clone(), what()));
                }
                // What is above a directory was looked at when it came.
                What::Inode(_) | What::Parent => break,
            }
        }
        Ok(())
    }

    /// The paths below one, which are not next to it in order: `a`, `a-b`, `a/b`.
    fn below(&self, path: &ImagePath) -> impl Iterator<Item = (&ImagePath, &Node)> {
        let with = |end: u8| [path.as_bytes(), &[end]].concat();
        // Up to the byte after the slash.
        let (first, end) = (with(b'/'), with(b'/' + 1));
        let range = match path.is_root() {
            true => (Bound::Unbounded, Bound::Unbounded),
            false => (Bound::Included(&*first), Bound::Excluded(&*end)),
        };
        self.nodes.range::<[u8], _>(range)
    }

    fn remove_below(&mut self, path: &ImagePath) {
        let paths: Vec<ImagePath> = self.below(path).map(|(path, _)| path.clone()).collect();
        for path in paths {
            self.nodes.remove(&path);
        }
    }

    /// Removes what is deleted below a path at which something else than a directory comes.
    fn remove_whiteouts_below(&mut self, path: &ImagePath, entry: &Entry) -> Result<(), Error> {
        let live = self.below(path).find(|(_, node)| node.what != What::Deleted);
        if let Some((child, node)) = live {
            let child_what = match node.what {
                What::Inode(inode) => self.inodes[inode].describe(),
                What::Parent | What::Deleted => "a directory".to_owned(),
            };
            return Err(not_a_directory(path.as_bytes(), entry.describe(), child.clone(), child_what));
        }
        self.remove_below(path);
        Ok(())
    }

    /// The entries, in no order, and the contents that several of them share.
    ///
    /// # Errors
    /// A whiteout whose path would be too long.
    pub(crate) fn into_entries(self, settings: &Settings) -> Result<(Vec<Entry>, BTreeSet<Slice>), Error> {
        let Self { nodes, inodes, is_opaque } = self;
        let mut names = vec![0_u32; inodes.len()];
        for node in nodes.values() {
            if let What::Inode(inode) = node.what {
                names[inode] += 1;
            }
        }
        let whiteout = |made: Result<Entry, _>, path: &ImagePath| {
            made.map_err(|problem| Error::Whiteout { path: path.clone(), problem })
        };
        let mut shared = BTreeSet::new();
        let mut entries = Vec::with_capacity(nodes.len());
        if is_opaque {
            let root = ImagePath::root();
            entries.push(whiteout(whiteout::of_contents(&root, settings.mtime), &root)?);
        }
        for (path, Node { what, is_opaque }) in nodes {
            if is_opaque {
                entries.push(whiteout(whiteout::of_contents(&path, settings.mtime), &path)?);
            }
            entries.push(match what {
                What::Deleted => whiteout(whiteout::of_path(&path, settings.mtime), &path)?,
                What::Parent => settings.entry(path, Kind::Directory, None),
                What::Inode(inode) => {
                    let mut entry = Entry { path, ..inodes[inode].clone() };
                    match &entry.kind {
                        Kind::Slice(slice) if names[inode] > 1 => drop(shared.insert(slice.clone())),
                        Kind::Slice(slice) if slice.size() == 0 => entry.kind = Kind::Empty,
                        _ => {}
                    }
                    entry
                }
            });
        }
        Ok((entries, shared))
    }
}

/// Makes hard links again of entries with `shared` contents and equal attributes. They are sorted by path.
pub(crate) fn link_again(entries: &mut [Entry], shared: &BTreeSet<Slice>) {
    let mut first: BTreeMap<&Slice, Vec<usize>> = BTreeMap::new();
    for at in 0..entries.len() {
        let Kind::Slice(slice) = &entries[at].kind else { continue };
        let Some(slice) = shared.get(slice) else { continue };
        let files = first.entry(slice).or_default();
        match files.iter().find(|file| entries[**file].has_attributes_of(&entries[at])) {
            Some(file) => entries[at].kind = Kind::Hardlink(entries[*file].path.clone()),
            None => files.push(at),
        }
    }
}

fn whiteout_in(what: &str, tar: Option<&Arc<Path>>) -> String {
    tar.map_or_else(|| what.to_owned(), |tar| format!("{what} in {}", tar.display()))
}

fn not_a_directory(parent: &[u8], what: String, child: ImagePath, child_what: String) -> Error {
    Error::NotADirectory { parent: ImagePath::of_parent(parent), what, child, child_what }
}
