//! What belongs to an image or an index: every document, and every blob that they name, each once.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use crate::{
    descriptor::Descriptor,
    digest::Digest,
    layout::MAX_DOCUMENT,
    manifest::{Document, DocumentError, MAX_DEPTH},
    verify::VerifyReader,
};

/// All that a root names, and the root.
#[derive(Debug, Default)]
pub struct Parts {
    /// Manifests and indexes, verified.
    pub documents: BTreeMap<Digest, Vec<u8>>,
    /// Configs, layers and the like.
    pub blobs: BTreeMap<Digest, Descriptor>,
    /// Layers that may not be distributed and are not there.
    pub absent: BTreeMap<Digest, Descriptor>,
}

impl Parts {
    /// Walks from `root` down, and returns what that says too. `open` gives the bytes of a descriptor, or `None` where they are
    /// not at hand; of blobs it is asked for foreign layers alone.
    ///
    /// # Errors
    /// [`PartsError`]
    pub fn gather<R: Read>(
        root: &Descriptor,
        open: &mut impl FnMut(&Descriptor) -> io::Result<Option<R>>,
    ) -> Result<(Self, Document), PartsError> {
        let mut parts = Self::default();
        let document = parts.add_document(root, open, MAX_DEPTH)?;
        Ok((parts, document))
    }

    fn add_document<R: Read>(
        &mut self,
        descriptor: &Descriptor,
        open: &mut impl FnMut(&Descriptor) -> io::Result<Option<R>>,
        depth: usize,
    ) -> Result<Document, PartsError> {
        let bytes = read(descriptor, open)?;
        let digest = descriptor.digest;
        let document = Document::parse(&bytes).map_err(|source| PartsError::Document { digest, source })?;
        self.documents.insert(digest, bytes);
        let Some(depth) = depth.checked_sub(1) else { return Err(PartsError::Depth) };
        for child in document.children() {
            if self.documents.contains_key(&child.digest) || self.blobs.contains_key(&child.digest) {
                continue;
            }
            if child.is_document() {
                self.add_document(child, open, depth)?;
            } else if child.is_foreign_layer() && open_blob(child, open)?.is_none() {
                self.absent.insert(child.digest, child.clone());
            } else {
                self.blobs.insert(child.digest, child.clone());
            }
        }
        Ok(document)
    }
}

/// Opens what must be there.
pub(super) fn open_present<R: Read>(
    descriptor: &Descriptor,
    open: &mut impl FnMut(&Descriptor) -> io::Result<Option<R>>,
) -> Result<R, PartsError> {
    let missing =
        || PartsError::Missing { digest: descriptor.digest, media_type: descriptor.media_type.clone() };
    open_blob(descriptor, open)?.ok_or_else(missing)
}

fn open_blob<R: Read>(
    descriptor: &Descriptor,
    open: &mut impl FnMut(&Descriptor) -> io::Result<Option<R>>,
) -> Result<Option<R>, PartsError> {
    open(descriptor).map_err(|source| PartsError::Read { digest: descriptor.digest, source })
}

/// Reads a document and verifies it.
fn read<R: Read>(
    descriptor: &Descriptor,
    open: &mut impl FnMut(&Descriptor) -> io::Result<Option<R>>,
) -> Result<Vec<u8>, PartsError> {
    let Descriptor { digest, size, .. } = *descriptor;
    if size > MAX_DOCUMENT {
        return Err(PartsError::TooLarge { digest, size });
    }
    let failed = |source| PartsError::Read { digest, source };
    let mut bytes = Vec::new();
    let reader = open_present(descriptor, open)?;
    VerifyReader::new(reader, digest, size).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Why an image is not complete, or not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// Nobody has a blob.
    #[error("{digest} ({media_type}) is a part of the image, and nothing given holds it")]
    Missing {
        /// Its digest.
        digest: Digest,
        /// What it is.
        media_type: String,
    },
    /// A blob cannot be opened or read, or is not what its digest says.
    #[error("cannot read {digest}")]
    Read {
        /// Its digest.
        digest: Digest,
        /// Why.
        source: io::Error,
    },
    /// A manifest or index is far larger than any.
    #[error("{digest} should be a manifest or index, and has {size} bytes")]
    TooLarge {
        /// Its digest.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// What should be a manifest or index is none.
    #[error("cannot understand {digest}")]
    Document {
        /// Its digest.
        digest: Digest,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// Indexes in indexes in indexes.
    #[error("indexes are nested more than {MAX_DEPTH} deep, images counted")]
    Depth,
}
