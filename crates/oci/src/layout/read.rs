//! Reading layouts.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{BLOBS, INDEX, MARKER};
use crate::{
    descriptor::Descriptor,
    digest::Digest,
    json,
    manifest::{Document, DocumentError, Index},
    verify::VerifyReader,
};

/// The largest manifest, index or config that is read into memory, in bytes. Registries take 4 MiB.
pub const MAX_DOCUMENT: u64 = 32 << 20;

/// An OCI image layout that is there.
#[derive(Debug, Clone)]
pub struct Layout {
    dir: PathBuf,
    index: Index,
}

impl Layout {
    /// Opens a layout: checks its version and reads its index. Blobs are looked at when they are asked for.
    ///
    /// # Errors
    /// [`LayoutError`]
    pub fn open(dir: &Path) -> Result<Self, LayoutError> {
        if dir.is_file() {
            return Err(LayoutError::File { path: dir.to_owned() });
        }
        let read = |name: &str| {
            let path = dir.join(name);
            std::fs::read(&path).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => {
                    LayoutError::Missing { dir: dir.to_owned(), name: name.to_owned() }
                }
                _ => LayoutError::Io { path, source },
            })
        };
        let invalid = |name: &str, source| LayoutError::Json { path: dir.join(name), source };
        let marker: Value = json::parse("a layout's version file", &read(MARKER)?)
            .map_err(|source| invalid(MARKER, source))?;
        let version = marker.get("imageLayoutVersion").and_then(Value::as_str).unwrap_or("none");
        if !version.starts_with("1.") {
            return Err(LayoutError::Version { dir: dir.to_owned(), version: version.to_owned() });
        }
        let index = json::parse("an image index", &read(INDEX)?).map_err(|source| invalid(INDEX, source))?;
        Ok(Self { dir: dir.to_owned(), index })
    }

    /// What the layout holds.
    #[must_use]
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// Where a blob is, if the layout has it.
    #[must_use]
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(BLOBS).join(digest.hex())
    }

    /// Opens a blob; reading it to its end verifies it.
    ///
    /// # Errors
    /// [`LayoutError`] if it is not there.
    pub fn open_blob(&self, descriptor: &Descriptor) -> Result<VerifyReader<File>, LayoutError> {
        let path = self.blob_path(&descriptor.digest);
        let file = File::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                let (digest, media_type) = (descriptor.digest, descriptor.media_type.clone());
                LayoutError::NoBlob { dir: self.dir.clone(), digest, media_type }
            }
            _ => LayoutError::Io { path, source },
        })?;
        Ok(VerifyReader::new(file, descriptor.digest, descriptor.size))
    }

    /// Reads a small blob, such as a config, and verifies it.
    ///
    /// # Errors
    /// [`LayoutError`]
    pub fn read_blob(&self, descriptor: &Descriptor) -> Result<Vec<u8>, LayoutError> {
        if descriptor.size > MAX_DOCUMENT {
            let path = self.blob_path(&descriptor.digest);
            return Err(LayoutError::TooLarge { path, size: descriptor.size });
        }
        let mut bytes = Vec::new();
        self.open_blob(descriptor)?
            .read_to_end(&mut bytes)
            .map_err(|source| self.blob_error(descriptor, source))?;
        Ok(bytes)
    }

    /// Reads a manifest or an index and verifies it. The bytes come with it: they are what its digest names.
    ///
    /// # Errors
    /// [`LayoutError`]
    pub fn read_document(&self, descriptor: &Descriptor) -> Result<(Vec<u8>, Document), LayoutError> {
        let bytes = self.read_blob(descriptor)?;
        let document = Document::parse(&bytes)
            .map_err(|source| LayoutError::Document { path: self.blob_path(&descriptor.digest), source })?;
        Ok((bytes, document))
    }

    /// Reads a blob to its end, whatever its size, to verify it.
    ///
    /// # Errors
    /// [`LayoutError`]
    pub fn verify_blob(&self, descriptor: &Descriptor) -> Result<(), LayoutError> {
        let mut reader = self.open_blob(descriptor)?;
        // Large enough that reading does not slow down hashing.
        let mut buffer = vec![0; 256 << 10];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.blob_error(descriptor, source)),
            }
        }
    }

    fn blob_error(&self, descriptor: &Descriptor, source: io::Error) -> LayoutError {
        LayoutError::Blob { path: self.blob_path(&descriptor.digest), source }
    }
}

/// Why a layout, or something in it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// It is a file.
    #[error(
        "{} is a file, and an OCI image layout is a directory: unpack an archive first (`tar -xf`; one of \
         `docker save` needs Docker 25 or later)",
        path.display()
    )]
    File {
        /// What was opened.
        path: PathBuf,
    },
    /// A file is missing that makes a directory a layout.
    #[error(
        "{} has no {name}, so it is not an OCI image layout: give the directory that holds \
         oci-layout, index.json and blobs/",
        dir.display()
    )]
    Missing {
        /// The directory.
        dir: PathBuf,
        /// What it lacks.
        name: String,
    },
    /// The layout is of another version.
    #[error("{} is an OCI image layout of version {version}, and only 1.x is known", dir.display())]
    Version {
        /// The directory.
        dir: PathBuf,
        /// Its version.
        version: String,
    },
    /// A blob is missing.
    #[error(
        "{} lacks the blob {digest} ({media_type}), so the image in it is incomplete: \
         make the layout again, with all blobs",
        dir.display()
    )]
    NoBlob {
        /// The directory.
        dir: PathBuf,
        /// What it lacks.
        digest: Digest,
        /// What that is.
        media_type: String,
    },
    /// A blob is not what its name says, or could not be read.
    #[error("{} is damaged: make the layout again", path.display())]
    Blob {
        /// The blob.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// A document is far larger than any.
    #[error("{} should be a manifest, index or config, and has {size} bytes", path.display())]
    TooLarge {
        /// The blob.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// A file at the top of the layout is not what it should be.
    #[error("cannot understand {}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: json::InvalidJson,
    },
    /// A blob is neither manifest nor index.
    #[error("cannot understand {}", path.display())]
    Document {
        /// The blob.
        path: PathBuf,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// The operating system refused.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
