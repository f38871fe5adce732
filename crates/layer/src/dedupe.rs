//! Equal files, stored once: which file of the layer an entry can be a hard link to.
//!
//! Equal are files with the same bytes, mode, owner with or without names, extended attributes and modification time. The first of them in the order of the tar is
//! stored, so what is a link does not depend on the order or the number of reads. Small files are told by the SHA-256 of
//! their bytes, which the readers take; large ones of one length are compared on disk, which ends at the first
//! difference, so nothing is hashed that has no equal.

use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    io::{Read, Seek},
    path::Path,
};

use oci::Digest;

use crate::{
    entry::{Entry, Kind, Names, Owner},
    error::Error,
    path::ImagePath,
    read::{Content, open_file, read_failed},
    xattr::Xattrs,
};

/// How much of two files is compared at a time.
const PIECE: usize = 64 << 10;

/// What two files that differ in it are not equal by, apart from their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Attributes<'a> {
    mode: u16,
    owner: Owner,
    names: Option<&'a Names>,
    xattrs: Option<&'a Xattrs>,
    mtime: i64,
}

/// The files that are stored so far.
#[derive(Debug, Default)]
pub(crate) struct Stored<'a> {
    small: BTreeMap<(Digest, Attributes<'a>), &'a ImagePath>,
    large: BTreeMap<(u64, Attributes<'a>), Vec<(&'a ImagePath, &'a Path)>>,
}

impl<'a> Stored<'a> {
    /// The stored file that equals `entry`, which has this `mode` and `content`. If there is none, this one is stored
    /// from now on. Empty files are equal to none: a link would take as much room.
    ///
    /// # Errors
    /// For a large file that cannot be read.
    pub(crate) fn find_or_add(
        &mut self,
        entry: &'a Entry,
        mode: u16,
        content: &mut Content<'_>,
    ) -> Result<Option<&'a ImagePath>, Error> {
        let Kind::File(source) = &entry.kind else { return Ok(None) };
        let (names, xattrs) = (entry.names.as_deref(), entry.xattrs.as_deref());
        let attributes = Attributes { mode, owner: entry.owner, names, xattrs, mtime: entry.mtime };
        match content {
            Content::Small { digest: Some(digest), .. } => {
                let first = *self.small.entry((*digest, attributes)).or_insert(&entry.path);
                Ok(Some(first).filter(|first| *first != &entry.path))
            }
            Content::Large { file, size, .. } => {
                let stored = self.large.entry((*size, attributes)).or_default();
                for (path, other) in &*stored {
                    if equal(other, (file, source), *size)? {
                        return Ok(Some(path));
                    }
                }
                stored.push((&entry.path, source));
                Ok(None)
            }
            Content::None | Content::Small { digest: None, .. } => Ok(None),
        }
    }
}

/// Whether two files that are `size` bytes long have the same content. The second is at its beginning, before and after.
fn equal(one: &Path, (file, two): (&mut File, &Path), size: u64) -> Result<bool, Error> {
    let (mut other, metadata) = open_file(one)?;
    let failed = |source| read_failed(two, source);
    if is_same(&metadata, &file.metadata().map_err(failed)?) {
        return Ok(true);
    }
    let (mut left, mut right) = ([0; PIECE], [0; PIECE]);
    let mut rest = size;
    while rest > 0 {
        let count = usize::try_from(rest).map_or(PIECE, |rest| rest.min(PIECE));
        let (left, right) = (&mut left[..count], &mut right[..count]);
        other.read_exact(left).map_err(|source| read_failed(one, source))?;
        file.read_exact(right).map_err(failed)?;
        if left != right {
            break;
        }
        rest -= count as u64;
    }
    file.rewind().map_err(failed)?;
    Ok(rest == 0)
}

/// Whether both are one file on disk, by way of links.
#[cfg(unix)]
fn is_same(one: &Metadata, two: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (two.dev(), two.ino())
}

/// Elsewhere nothing tells, and they are compared.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    false
}
