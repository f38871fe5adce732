//! The tar that `oci_layer` merges into a layer: entries in any order, contents as they are.

use std::io::{self, Read, Write};

use anyhow::Result;
use layer::path::ImagePath;
use oci::{Digest, digest::Hasher};
use tar::{Builder, EntryType, Header};

use super::data::{Attributes, Kind};

/// Longest name that a header has room for.
const NAME: usize = 100;
/// Of files that no package says anything of.
const PLAIN: Attributes = Attributes { mode: 0o644, uid: 0, gid: 0, mtime: 0 };

/// A tar that is being written.
pub(super) struct Output<W: Write>(Builder<W>);

impl<W: Write> Output<W> {
    pub(super) fn new(writer: W) -> Self {
        Self(Builder::new(writer))
    }

    /// Writes an entry; returns the digest of its content.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub(super) fn write(
        &mut self,
        path: &ImagePath,
        kind: &Kind,
        attributes: Attributes,
        size: u64,
        content: impl Read,
    ) -> Result<Digest> {
        let mut header = Header::new_gnu();
        header.set_mode(attributes.mode);
        header.set_uid(attributes.uid);
        header.set_gid(attributes.gid);
        header.set_mtime(attributes.mtime);
        header.set_size(size);
        let (entry_type, target): (_, &[u8]) = match kind {
            Kind::File => (EntryType::Regular, b""),
            Kind::Directory => (EntryType::Directory, b""),
            Kind::Symlink(target) => (EntryType::Symlink, target),
            Kind::Hardlink(target) => (EntryType::Link, target.as_bytes()),
            Kind::Character(..) => (EntryType::Char, b""),
            Kind::Block(..) => (EntryType::Block, b""),
            Kind::Fifo => (EntryType::Fifo, b""),
        };
        header.set_entry_type(entry_type);
        if let Kind::Character(major, minor) | Kind::Block(major, minor) = kind {
            header.set_device_major(*major)?;
            header.set_device_minor(*minor)?;
        }
        self.name(EntryType::GNULongName, path.as_bytes(), &mut header.as_old_mut().name)?;
        self.name(EntryType::GNULongLink, target, &mut header.as_old_mut().linkname)?;
        header.set_cksum();
        let mut content = Hashing { inner: content, hasher: Hasher::new() };
        self.0.append(&header, &mut content)?;
        Ok(content.hasher.finish())
    }

    /// Writes a file that is no package's.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write_plain(&mut self, path: &ImagePath, content: &[u8]) -> Result<()> {
        self.write(path, &Kind::File, PLAIN, content.len() as u64, content).map(drop)
    }

    /// Ends the tar.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn finish(self) -> io::Result<W> {
        self.0.into_inner()
    }

    /// Puts a name into its field, or, where that has no room for it, into an entry before as GNU tar does. Names are
    /// bytes, so the functions of `tar` that take paths do not do on every system.
    fn name(&mut self, kind: EntryType, name: &[u8], field: &mut [u8; NAME]) -> io::Result<()> {
        let length = name.len().min(NAME);
        field[..length].copy_from_slice(&name[..length]);
        if name.len() <= NAME {
            return Ok(());
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.as_old_mut().name[..13].copy_from_slice(b"././@LongLink");
        header.set_mode(0o644);
        header.set_size(name.len() as u64 + 1);
        header.set_cksum();
        self.0.append(&header, &*[name, b"\0"].concat())
    }
}

struct Hashing<R> {
    inner: R,
    hasher: Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names() {
        let mut output = Output::new(Vec::new());
        let path = |length| ImagePath::parse(&vec![b'n'; length]).unwrap();
        for length in [99, 100, 101, 4000] {
            let target = vec![b't'; length];
            output.write(&path(length), &Kind::Symlink(target), PLAIN, 0, io::empty()).unwrap();
        }
        let digest = output.write(&path(101), &Kind::File, PLAIN, 3, &b"abc"[..]).unwrap();
        assert_eq!(digest, Digest::of(b"abc"));
        let bytes = output.finish().unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let lengths: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.path_bytes().len(), entry.link_name_bytes().map_or(0, |name| name.len())))
            .collect();
        assert_eq!(lengths, [(99, 99), (100, 100), (101, 101), (4000, 4000), (101, 0)]);
    }
}
