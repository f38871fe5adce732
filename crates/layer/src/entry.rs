//! What a layer holds, decided: one [`Entry`] for each tar entry.
//!
//! Invariant: everything that goes to the header is known here, apart from the size of a regular file and, where its
//! content decides, its mode, which come when it is read. So no file is looked at twice.

use std::path::PathBuf;

use crate::path::ImagePath;

/// One entry of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is in the image.
    pub path: ImagePath,
    /// What it is.
    pub kind: Kind,
    /// Permission bits with set-uid, set-gid and sticky. `None` is for a regular file whose content decides.
    pub mode: Option<u16>,
    /// Who owns it.
    pub owner: Owner,
    /// Modification time in seconds since the epoch.
    pub mtime: u64,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A symbolic link with this target, verbatim.
    Symlink(Box<[u8]>),
    /// A regular file without content.
    Empty,
    /// A regular file without content whose name says what of the layers below is gone. See [`crate::whiteout`].
    Whiteout,
    /// A regular file with the content of this file on disk.
    File(PathBuf),
}

/// User and group by number. Names play no part: they differ between hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Owner {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}
