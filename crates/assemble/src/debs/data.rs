//! The entries of a package's tar, one after the other.
//!
//! Invariants: paths are below the root; contents are as long as they are said to be; the last byte of the tar is read, so that
//! what is cut off or has a wrong checksum is an error.

use std::io::{self, Read};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use layer::path::ImagePath;
use tar::{Archive, EntryType};

use super::package::drain;

/// Most bytes of a file that is wanted in memory: a control file, checksums, a certificate.
const MOST: u64 = 64 << 20;

/// A tar that is being read.
pub(crate) struct Data<'a>(Archive<Box<dyn Read + 'a>>);

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    /// With its target, which may be anything.
    Symlink(Vec<u8>),
    /// To another path of the package.
    Hardlink(ImagePath),
    Character(u32, u32),
    Block(u32, u32),
    Fifo,
}

/// An entry.
pub(crate) struct Entry<'e, 'a> {
    pub(crate) path: ImagePath,
    pub(crate) kind: Kind,
    pub(super) attributes: Attributes,
    pub(crate) content: Content<'e, 'a>,
}

/// What a package says of a file beside its content. Names of owners are not kept: in a container the numbers count, and
/// those of Debian's fixed users are the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    /// Seconds since 1970.
    pub(super) mtime: u64,
}

/// What is in a file.
pub(crate) struct Content<'e, 'a> {
    entry: tar::Entry<'e, Box<dyn Read + 'a>>,
    left: u64,
}

impl<'a> Data<'a> {
    pub(super) fn new(tar: Box<dyn Read + 'a>) -> Self {
        Self(Archive::new(tar))
    }

    /// Hands out all entries, in order.
    ///
    /// # Errors
    /// What is wrong with the tar, and those of `take`.
    pub(crate) fn each(mut self, take: &mut dyn FnMut(Entry<'_, 'a>) -> Result<()>) -> Result<()> {
        for entry in self.0.entries().context("its files cannot be read")? {
            let entry = entry.context("its files cannot be read")?;
            take(understand(entry)?)?;
        }
        drain(self.0.into_inner()).context("its files cannot be read to their end")
    }
}

fn understand<'e, 'a>(entry: tar::Entry<'e, Box<dyn Read + 'a>>) -> Result<Entry<'e, 'a>> {
    let raw = entry.path_bytes().into_owned();
    let bad = |problem: String| anyhow!("its file {}: {problem}", String::from_utf8_lossy(&raw));
    let header = entry.header();
    let number = |value: io::Result<u64>| value.map_err(|error| bad(error.to_string()));
    let target = || {
        let target = entry.link_name_bytes().filter(|target| !target.is_empty());
        target.map(std::borrow::Cow::into_owned).ok_or_else(|| bad("a link that leads nowhere".into()))
    };
    let device = || -> Result<(u32, u32)> {
        let numbers = header.device_major().and_then(|major| Ok((major, header.device_minor()?)));
        match numbers.map_err(|error| bad(error.to_string()))? {
            (Some(major), Some(minor)) => Ok((major, minor)),
            _ => Err(bad("a device without a number".into())),
        }
    };
    let kind = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Symlink(target()?),
        EntryType::Link => Kind::Hardlink(
            ImagePath::parse(&target()?).map_err(|problem| bad(format!("its target: {problem}")))?,
        ),
        EntryType::Char => device().map(|(major, minor)| Kind::Character(major, minor))?,
        EntryType::Block => device().map(|(major, minor)| Kind::Block(major, minor))?,
        EntryType::Fifo => Kind::Fifo,
        other => bail!(bad(format!("a type that packages do not have: {:?}", char::from(other.as_byte())))),
    };
    let attributes = Attributes {
        mode: header.mode().map_err(|error| bad(error.to_string()))? & 0o7777,
        uid: number(header.uid())?,
        gid: number(header.gid())?,
        mtime: number(header.mtime())?,
    };
    let path = ImagePath::parse(&raw).map_err(|problem| bad(problem.to_string()))?;
    if path.is_root() && kind != Kind::Directory {
        bail!(bad("the root of the image, and no directory".into()));
    }
    let left = if kind == Kind::File { entry.size() } else { 0 };
    Ok(Entry { path, kind, attributes, content: Content { entry, left } })
}

impl Content<'_, '_> {
    /// Its length in bytes, before anything is read.
    pub(super) fn size(&self) -> u64 {
        self.left
    }

    /// All of it.
    ///
    /// # Errors
    /// If it is longer than anything that is wanted in memory.
    pub(crate) fn read_small(mut self) -> Result<Vec<u8>> {
        ensure!(self.left <= MOST, "it has a file of {} bytes, where at most {MOST} make sense", self.left);
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Read for Content<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.entry.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a file in it is cut off"));
        }
        self.left -= count as u64;
        Ok(count)
    }
}
