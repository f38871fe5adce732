//! What a layer holds, decided: one [`Entry`] for each tar entry.
//!
//! Invariant: everything that goes to the header is known here, apart from the size of a regular file and, where its
//! content decides, its mode, which come when it is read. So no file is looked at twice.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    path::{ImagePath, printable},
    slice::Slice,
    xattr::Xattrs,
};

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
    /// What the owner is called, where that is said. Shared, since it is mostly one pair for a whole layer.
    pub names: Option<Arc<Names>>,
    /// Extended attributes. Shared, since neighbours mostly have the same. Never empty.
    pub xattrs: Option<Arc<Xattrs>>,
    /// Modification time in seconds since the epoch. What is declared is never before it; in a tar it may be.
    pub mtime: i64,
    /// The tar that it comes from, and that says all of the above; `None` if it was declared.
    pub tar: Option<Arc<Path>>,
}

impl Entry {
    /// Whether it could be a hard link to the other one: all that a file system keeps once for both is the same.
    pub(crate) fn has_attributes_of(&self, other: &Self) -> bool {
        let of = |entry: &Self| (entry.mode, entry.owner, entry.mtime);
        of(self) == of(other) && self.names == other.names && self.xattrs == other.xattrs
    }

    /// What it is and where it comes from, for messages.
    pub(crate) fn describe(&self) -> String {
        let what = match &self.kind {
            Kind::File(source) => source.display().to_string(),
            Kind::Empty => "an empty file".to_owned(),
            Kind::Symlink(target) => format!("a symbolic link to {}", printable(target)),
            Kind::Hardlink(path) => format!("a hard link to {path}"),
            kind => kind.class().to_owned(),
        };
        match &self.tar {
            Some(tar) => format!("{what} in {}", tar.display()),
            None => what,
        }
    }
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
    /// A regular file with content from a tar.
    Slice(Slice),
    /// Another name for the regular file at this path, which comes earlier in the layer.
    Hardlink(ImagePath),
    /// A character device.
    Character(Device),
    /// A block device.
    Block(Device),
    /// A named pipe.
    Fifo,
}

impl Kind {
    /// What file systems tell apart, in words.
    pub(crate) const fn class(&self) -> &'static str {
        match self {
            Self::Directory => "a directory",
            Self::Symlink(_) => "a symbolic link",
            Self::Whiteout => "a whiteout",
            Self::Empty | Self::File(_) | Self::Slice(_) | Self::Hardlink(_) => "a file",
            Self::Character(_) => "a character device",
            Self::Block(_) => "a block device",
            Self::Fifo => "a named pipe",
        }
    }
}

/// Numbers of a device, as Linux has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Device {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Device {
    /// The device with these numbers, or `None` where Linux has none: majors have 12 bits, minors 20.
    #[must_use]
    pub fn new(major: u64, minor: u64) -> Option<Self> {
        let within =
            |number: u64, bits: u32| u32::try_from(number).ok().filter(|number| *number >> bits == 0);
        Some(Self { major: within(major, 12)?, minor: within(minor, 20)? })
    }
}

/// User and group by number, which is what counts: names differ between hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Owner {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// User and group by name, for people who list the tar and for programs that unpack it by name. At most one is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Names {
    /// User.
    pub user: Box<[u8]>,
    /// Group.
    pub group: Box<[u8]>,
}
