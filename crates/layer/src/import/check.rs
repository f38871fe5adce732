//! What is looked at in each entry of a tar that is imported as it is.
//!
//! Invariant: memory is bounded, by [`MOST_PATHS`], however many entries there are.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use crate::{
    import::found::{Found, Kind},
    mtree::{Line, Type},
    path::printable,
};

/// How many paths are remembered to tell of those that come twice. About 50 MiB.
const MOST_PATHS: usize = 2 << 20;
/// How many of them are named.
const MOST_NAMED: usize = 10;

/// Files at the root that together make a tar an image: of an OCI image layout, and of what `docker save` writes.
const IMAGES: [([&[u8]; 2], &str); 2] = [
    ([b"oci-layout", b"index.json"], "oci-layout and index.json"),
    ([b"manifest.json", b"repositories"], "manifest.json and repositories"),
];

/// What earlier entries were.
#[derive(Default)]
pub(super) struct Checks {
    /// Which of [`IMAGES`] have been there.
    image_files: [[bool; 2]; 2],
    /// Hashes of paths, and whether a directory is there. Only warnings come of it, so that a hash does.
    seen: BTreeMap<u64, bool>,
    named: usize,
}

impl Checks {
    /// Looks at the next entry.
    ///
    /// # Errors
    /// Why container runtimes would refuse it.
    pub(super) fn check(&mut self, entry: &Found, warn: &mut dyn FnMut(&str)) -> Result<(), String> {
        let path = printable(&entry.path);
        match (&entry.kind, entry.flag) {
            (Kind::Directory, _) => {}
            _ if entry.path.is_empty() => {
                return Err("one of its entries has no name, and is no directory".into());
            }
            (_, b'S') => {
                return Err(format!(
                    "{path} has the type 'S', a sparse file as old GNU tar stores it: container runtimes refuse to unpack \
                     it. Make the tar without --sparse, or with --format=pax, or take it as oci_layer(tars = …), which \
                     writes the file out"
                ));
            }
            (_, b'7') => {
                return Err(format!(
                    "{path} has the type '7', a contiguous file: container runtimes refuse to unpack it. Make the tar \
                     anew, or take it as oci_layer(tars = …)"
                ));
            }
            (Kind::Symlink(target), _) if target.is_empty() => {
                return Err(format!("{path} is a symbolic link without a target, which no system can make"));
            }
            (Kind::Hardlink(target), _) if target.is_empty() => {
                return Err(format!(
                    "{path} is a hard link to the root of the image, which no system can make"
                ));
            }
            _ => {}
        }
        if entry.kind == Kind::File {
            for (seen, (files, _)) in self.image_files.iter_mut().zip(IMAGES) {
                for (seen, file) in seen.iter_mut().zip(files) {
                    *seen |= entry.path == file;
                }
            }
        }
        self.tell_of_duplicate(entry, warn);
        Ok(())
    }

    /// Whether the tar is a whole image: the names of the files by which it is known.
    pub(super) fn image(&self) -> Option<&'static str> {
        self.image_files.iter().zip(IMAGES).find(|(seen, _)| **seen == [true; 2]).map(|(_, (_, names))| names)
    }

    /// The later entry wins in every runtime, so that the tar is good; but somebody may be looking for the earlier one.
    /// Directories come twice in many tars, and mean the same.
    fn tell_of_duplicate(&mut self, entry: &Found, warn: &mut dyn FnMut(&str)) {
        let mut hasher = DefaultHasher::new();
        entry.path.hash(&mut hasher);
        let hash = hasher.finish();
        let is_directory = entry.kind == Kind::Directory;
        let before = match self.seen.get_mut(&hash) {
            Some(before) => std::mem::replace(before, is_directory),
            None => {
                if self.seen.len() < MOST_PATHS {
                    self.seen.insert(hash, is_directory);
                }
                return;
            }
        };
        if (before && is_directory) || self.named > MOST_NAMED {
            return;
        }
        self.named += 1;
        if self.named > MOST_NAMED {
            warn("more paths are in the tar twice");
        } else {
            warn(&format!("{} is in the tar twice: the later one counts", printable(&entry.path)));
        }
    }
}

/// The line of an entry in the listing.
pub(super) fn line(entry: &Found) -> Line<'_> {
    let kind = match &entry.kind {
        Kind::File => Type::File { size: entry.content.size },
        Kind::Directory => Type::Directory,
        Kind::Symlink(target) => Type::Symlink(target),
        Kind::Hardlink(target) => Type::Hardlink(target),
        &Kind::Character { major, minor } => Type::Character { major, minor },
        &Kind::Block { major, minor } => Type::Block { major, minor },
        Kind::Fifo => Type::Fifo,
    };
    let Found { path, mode, uid, gid, names, mtime, xattrs, .. } = entry;
    let (names, xattrs) = (names.as_ref(), xattrs.as_ref());
    Line { path, kind, mode: (*mode).into(), uid: *uid, gid: *gid, names, mtime: *mtime, xattrs }
}
