//! An entry of a tar from elsewhere, understood.
//!
//! Invariant: made of header and extensions alone, so that it is the same however the bytes came; a path is relative, without
//! `.` and `..`, and does not leave the image.

use crate::{
    entry::Names,
    import::{
        extensions::{Extensions, PaxSparse},
        fields::clean,
        raw::{Dialect, Raw},
    },
    path::printable,
    slice::Segment,
    xattr::Xattrs,
};

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The type as the header has it.
    pub(crate) flag: u8,
    /// Without slashes at the ends; empty for the root.
    pub(crate) path: Vec<u8>,
    pub(crate) kind: Kind,
    /// Permission bits with set-uid, set-gid and sticky.
    pub(crate) mode: u16,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) names: Option<Names>,
    pub(crate) mtime: i64,
    pub(crate) xattrs: Option<Xattrs>,
    /// Of a regular file; else all zeros.
    pub(crate) content: Content,
}

/// What stands at the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    Symlink(Vec<u8>),
    /// Another name for what is at this path.
    Hardlink(Vec<u8>),
    Character {
        major: u64,
        minor: u64,
    },
    Block {
        major: u64,
        minor: u64,
    },
    Fifo,
}

/// Where the content of a regular file is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Of its first byte in the tar.
    pub(crate) offset: u64,
    /// How much of it is in the tar.
    pub(crate) stored: u64,
    /// Its size, holes counted.
    pub(crate) size: u64,
    /// What is stored, if there are holes.
    pub(crate) map: Option<Vec<Segment>>,
}

impl Found {
    /// Puts together a header, which stands after `offset` bytes, and what was said in front of it. Its content is where
    /// the header ends, and not sparse: what is said otherwise is to be put in later.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn new(
        raw: &Raw,
        extensions: &Extensions,
        sparse: &PaxSparse,
        offset: u64,
    ) -> Result<Self, String> {
        let invalid = |field: &str| format!("the header after {offset} bytes has no valid {field}");
        let natural = |field: &str, number: i64| u64::try_from(number).map_err(|_| invalid(field));
        // Go wants these to be times, too.
        extensions.time("atime").and(extensions.time("ctime")).map_err(invalid)?;
        let sparse_name = extensions.name("GNU.sparse.name").filter(|_| *sparse != PaxSparse::No);
        let path = sparse_name.or_else(|| extensions.path()).unwrap_or(&raw.name);
        let link = extensions.link().unwrap_or(&raw.link);
        let device = |(major, minor)| Ok::<_, String>((natural("device", major)?, natural("device", minor)?));
        let kind = match raw.flag {
            // Tars older than the type for directories.
            0 if path.ends_with(b"/") => Kind::Directory,
            0 | b'0' | b'7' => Kind::File,
            b'S' if raw.dialect == Dialect::Gnu => Kind::File,
            b'1' => Kind::Hardlink(clean(link)?),
            b'2' => Kind::Symlink(link.to_vec()),
            b'3' => device(raw.device).map(|(major, minor)| Kind::Character { major, minor })?,
            b'4' => device(raw.device).map(|(major, minor)| Kind::Block { major, minor })?,
            b'5' => Kind::Directory,
            b'6' => Kind::Fifo,
            other => {
                return Err(format!(
                    "{} has the type {:?}: container runtimes refuse to unpack it",
                    printable(path),
                    char::from(other)
                ));
            }
        };
        let size = extensions.number("size").map_err(invalid)?.unwrap_or(raw.size);
        // Go takes no content for the others, whatever their size says.
        let stored =
            if kind == Kind::File { natural("size", raw.size).and(natural("size", size))? } else { 0 };
        let size = match sparse {
            PaxSparse::No => None,
            _ => extensions.sparse_size().map_err(invalid)?,
        };
        let size = size.map_or(Ok(stored), |size| natural("GNU.sparse.size", size))?;
        let id = |key, field| Ok::<_, String>(extensions.number(key).map_err(invalid)?.unwrap_or(field));
        let names = Names {
            user: extensions.name("uname").unwrap_or(&raw.user).into(),
            group: extensions.name("gname").unwrap_or(&raw.group).into(),
        };
        let xattrs: Xattrs = extensions.xattrs().map(|(name, value)| (name.into(), value.into())).collect();
        Ok(Self {
            flag: raw.flag,
            path: clean(path)?,
            kind,
            mode: u16::try_from(natural("mode", raw.mode)? & 0o7777).expect("twelve bits"),
            uid: natural("uid", id("uid", raw.uid)?)?,
            gid: natural("gid", id("gid", raw.gid)?)?,
            names: Some(names).filter(|names| !names.user.is_empty() || !names.group.is_empty()),
            mtime: extensions.time("mtime").map_err(invalid)?.unwrap_or(raw.mtime),
            xattrs: Some(xattrs).filter(|xattrs| !xattrs.is_empty()),
            content: Content { offset: 0, stored, size, map: None },
        })
    }
}
