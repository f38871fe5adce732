//! Writing layouts.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{BLOBS, INDEX, MARKER, VERSION};
use crate::{
    atomic::{AtomicDir, AtomicError},
    descriptor::Descriptor,
    digest::Digest,
    json,
    manifest::Index,
    media_type::Family,
};

/// How a file gets into a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// As a copy; where the file system can share the bytes of two files, it does.
    Copy,
    /// As a hard link, or else as a copy. Only for files that nobody changes in place.
    Link,
}

/// A layout that is being written. Dropped before [`LayoutWriter::finish`], it leaves nothing.
#[derive(Debug)]
pub struct LayoutWriter {
    dir: AtomicDir,
    blobs: PathBuf,
    present: BTreeSet<Digest>,
}

impl LayoutWriter {
    /// Begins a layout that will be at `dir`, where at most an empty directory may be.
    ///
    /// # Errors
    /// [`WriteError`]
    pub fn create(dir: &Path) -> Result<Self, WriteError> {
        let dir = AtomicDir::create(dir)?;
        let blobs = dir.path().join(BLOBS);
        fs::create_dir_all(&blobs)
            .map_err(|source| WriteError::Destination { path: blobs.clone(), source })?;
        Ok(Self { dir, blobs, present: BTreeSet::new() })
    }

    /// Whether the blob was added already.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        self.present.contains(digest)
    }

    /// Adds a blob from memory.
    ///
    /// # Errors
    /// [`WriteError`]
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Result<Digest, WriteError> {
        let digest = Digest::of(bytes);
        if self.present.insert(digest) {
            self.write(&self.blobs.join(digest.hex()), bytes)?;
        }
        Ok(digest)
    }

    /// Adds the blob of `descriptor` from a file, following symlinks. Its size is checked; the digest is
    /// taken on trust, since whoever made or imported the file has hashed it.
    ///
    /// # Errors
    /// [`WriteError`]
    pub fn add_file(
        &mut self,
        descriptor: &Descriptor,
        source: &Path,
        place: Place,
    ) -> Result<(), WriteError> {
        if self.has(&descriptor.digest) {
            return Ok(());
        }
        let unreadable = |error| WriteError::Source { path: source.to_owned(), source: error };
        // A hard link to a symlink would be a symlink.
        let file = fs::canonicalize(source).map_err(unreadable)?;
        let metadata = fs::metadata(&file).map_err(unreadable)?;
        if !metadata.is_file() || metadata.len() != descriptor.size {
            let (digest, size) = (descriptor.digest, descriptor.size);
            return Err(WriteError::Size { path: source.to_owned(), digest, size, found: metadata.len() });
        }
        let target = self.blobs.join(descriptor.digest.hex());
        // Links fail across file systems (EXDEV), to files of others (EPERM), and where there are none: all
        // the same, a copy does. A second attempt also gives the better error.
        if place == Place::Copy || fs::hard_link(&file, &target).is_err() {
            copy(&file, &target)?;
        }
        self.present.insert(descriptor.digest);
        Ok(())
    }

    /// Writes version and index and puts the layout at its place.
    ///
    /// # Errors
    /// [`WriteError`]
    pub fn finish(self, roots: Vec<Descriptor>) -> Result<(), WriteError> {
        let index = json::canonical(&Index::new(Family::Oci, roots))?;
        let marker = json::canonical(&json!({"imageLayoutVersion": VERSION}))?;
        self.write(&self.dir.path().join(INDEX), &index)?;
        self.write(&self.dir.path().join(MARKER), &marker)?;
        Ok(self.dir.commit()?)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        fs::write(path, bytes).map_err(|source| WriteError::Destination { path: path.to_owned(), source })
    }
}

/// Copies by the operating system's means, and says which side failed.
fn copy(source: &Path, target: &Path) -> Result<(), WriteError> {
    fs::copy(source, target).map(drop).map_err(|error| match fs::File::open(source) {
        Err(error) => WriteError::Source { path: source.to_owned(), source: error },
        Ok(_) => WriteError::Destination { path: target.to_owned(), source: error },
    })
}

/// Why a layout cannot be written. Nothing was left behind.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file that should become a blob cannot be read.
    #[error("cannot read {}, which should become a blob", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that should become a blob is another one.
    #[error(
        "{} has {found} bytes, and the blob {digest} has {size}: the file is not the one that its metadata \
         describes; build both again",
        path.display()
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// Digest that the blob should have.
        digest: Digest,
        /// Size that the blob should have, in bytes.
        size: u64,
        /// Size that the file has, in bytes.
        found: u64,
    },
    /// A file of the layout cannot be written.
    #[error("cannot write {}", path.display())]
    Destination {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory cannot be made or put in place.
    #[error(transparent)]
    Directory(#[from] AtomicError),
    /// The index cannot be JSON; does not happen.
    #[error("cannot write the index as JSON")]
    Json(#[from] serde_json::Error),
}
