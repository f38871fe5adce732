//! Equal files, stored once: which file of the layer an entry can be a hard link to.
//!
//! Equal are files with the same bytes, mode, owner with or without names, extended attributes and modification time. The first of them in the order of the tar is
//! stored, so what is a link does not depend on the order or the number of reads. Small files are told by the SHA-256 of
//! their bytes, which the readers take; large ones of one length are compared on disk, which ends at the first
//! difference, so nothing is hashed that has no equal.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
};

use oci::Digest;

use crate::{
    entry::{Entry, Kind, Names, Owner},
    error::Error,
    path::ImagePath,
    read::{Content, Input, input_path, read_failed},
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
    large: BTreeMap<(u64, Attributes<'a>), Vec<&'a Entry>>,
    /// Files that became links, and to what.
    links: BTreeMap<&'a ImagePath, &'a ImagePath>,
}

impl<'a> Stored<'a> {
    /// Remembers that `path` has become a link to `first`.
    pub(crate) fn linked(&mut self, path: &'a ImagePath, first: &'a ImagePath) {
        self.links.insert(path, first);
    }

    /// The file that a link to `path` is to lead to.
    pub(crate) fn resolve(&self, path: &'a ImagePath) -> &'a ImagePath {
        self.links.get(path).copied().unwrap_or(path)
    }

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
        if !matches!(entry.kind, Kind::File(_) | Kind::Slice(_)) {
            return Ok(None);
        }
        let (names, xattrs) = (entry.names.as_deref(), entry.xattrs.as_deref());
        let attributes = Attributes { mode, owner: entry.owner, names, xattrs, mtime: entry.mtime };
        match content {
            Content::Small { digest: Some(digest), .. } => {
                let first = *self.small.entry((*digest, attributes)).or_insert(&entry.path);
                Ok(Some(first).filter(|first| *first != &entry.path))
            }
            Content::Large { input, size, .. } => {
                let stored = self.large.entry((*size, attributes)).or_default();
                for other in &*stored {
                    if equal(other, (input, entry), *size)? {
                        return Ok(Some(&other.path));
                    }
                }
                stored.push(entry);
                Ok(None)
            }
            Content::None | Content::Small { digest: None, .. } => Ok(None),
        }
    }
}

/// Whether two files that are `size` bytes long have the same content. The second is at its beginning, before and after.
fn equal(one: &Entry, (input, two): (&mut Input, &Entry), size: u64) -> Result<bool, Error> {
    let failed = |entry| move |source| read_failed(input_path(entry), source);
    let Some((mut other, _)) = Input::open(one)? else { return Ok(false) };
    if let (Input::File(other), Input::File(file)) = (&other, &*input)
        && is_same(other, file).map_err(failed(two))?
    {
        return Ok(true);
    }
    let (mut left, mut right) = ([0; PIECE], [0; PIECE]);
    let mut rest = size;
    while rest > 0 {
        let count = usize::try_from(rest).map_or(PIECE, |rest| rest.min(PIECE));
        let (left, right) = (&mut left[..count], &mut right[..count]);
        other.read_exact(left).map_err(failed(one))?;
        input.read_exact(right).map_err(failed(two))?;
        if left != right {
            break;
        }
        rest -= count as u64;
    }
    input.rewind().map_err(failed(two))?;
    Ok(rest == 0)
}

/// Whether both are one file on disk, by way of links.
#[cfg(unix)]
fn is_same(one: &File, two: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    Ok(id(one.metadata()?) == id(two.metadata()?))
}

/// Elsewhere nothing tells, and they are compared.
#[cfg(not(unix))]
fn is_same(_: &File, _: &File) -> io::Result<bool> {
    Ok(false)
}
