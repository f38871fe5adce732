//! Where the blobs of an OCI image layout are: in a directory, or in an archive.
//!
//! Invariant: what is read is verified against its descriptor.

use std::{
    io::{self, Read},
    path::Path,
};

use ::layer::members::Members;
use anyhow::{Context as _, Result, bail, ensure};
use oci::{
    Descriptor, Digest, Document, Index, json,
    layout::{BLOBS, INDEX, Layout, MAX_DOCUMENT},
    verify::VerifyReader,
};

/// A layout.
#[derive(Debug)]
pub(super) enum Store<'a> {
    /// A directory.
    Directory(Layout),
    /// A tar, and what its `index.json` says.
    Archive(&'a Members, Index),
}

impl<'a> Store<'a> {
    /// The layout in an archive; `None` if there is none, or it lists nothing.
    pub(super) fn in_archive(members: &'a Members) -> Result<Option<Self>> {
        let (Some(_), Some(index)) = (members.file(oci::layout::MARKER)?, read_small(members, INDEX)?) else {
            return Ok(None);
        };
        let index: Index = json::parse("an image index", &index)
            .with_context(|| format!("cannot understand {INDEX} of {}", members.path().display()))?;
        Ok((!index.manifests.is_empty()).then_some(Self::Archive(members, index)))
    }

    /// What the layout lists.
    pub(super) const fn index(&self) -> &Index {
        match self {
            Self::Directory(layout) => layout.index(),
            Self::Archive(_, index) => index,
        }
    }

    /// Whether a blob is there.
    pub(super) fn has(&self, digest: &Digest) -> Result<bool> {
        Ok(match self {
            Self::Directory(layout) => layout.blob_path(digest).exists(),
            Self::Archive(members, _) => members.file(&blob_name(digest))?.is_some(),
        })
    }

    /// What a blob is called in messages.
    pub(super) fn name(&self, digest: &Digest) -> String {
        match self {
            Self::Directory(layout) => layout.blob_path(digest).display().to_string(),
            Self::Archive(members, _) => format!("{} in {}", blob_name(digest), members.path().display()),
        }
    }

    /// Opens a blob; reading it to its end verifies it.
    pub(super) fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + 'a>> {
        match self {
            Self::Directory(layout) => Ok(Box::new(layout.open_blob(descriptor)?)),
            Self::Archive(members, _) => {
                let Descriptor { digest, size, media_type, .. } = descriptor;
                let Some(slice) = members.file(&blob_name(digest))? else {
                    bail!(
                        "{} lacks the blob {digest} ({media_type}), so the image in it is incomplete: save it again, with all \
                         blobs. Of an image for several platforms, `docker save` has those that were pulled",
                        members.path().display()
                    );
                };
                Ok(Box::new(VerifyReader::new(slice.open()?, *digest, *size)))
            }
        }
    }

    /// What is said of a blob that is not what its descriptor says, and what to do.
    pub(super) fn damaged(&self, digest: &Digest) -> String {
        match self {
            Self::Directory(_) => format!("{} is damaged: make the layout again", self.name(digest)),
            Self::Archive(..) => format!("{} is damaged: save or fetch the archive again", self.name(digest)),
        }
    }

    /// Reads a manifest, index or config, and verifies it.
    pub(super) fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>> {
        if let Self::Directory(layout) = self {
            return Ok(layout.read_blob(descriptor)?);
        }
        let Descriptor { digest, size, .. } = descriptor;
        ensure!(
            *size <= MAX_DOCUMENT,
            "{} should be a manifest, index or config, and has {size} bytes",
            self.name(digest)
        );
        let mut bytes = Vec::new();
        self.open(descriptor)?.read_to_end(&mut bytes).with_context(|| self.damaged(digest))?;
        Ok(bytes)
    }

    /// Reads a manifest or an index, and verifies it. The bytes come with it: they are what its digest names.
    pub(super) fn read_document(&self, descriptor: &Descriptor) -> Result<(Vec<u8>, Document)> {
        let bytes = self.read(descriptor)?;
        let document = Document::parse(&bytes)
            .with_context(|| format!("cannot understand {}", self.name(&descriptor.digest)))?;
        Ok((bytes, document))
    }

    /// Reads a blob to its end, whatever its size, to verify it.
    pub(super) fn verify(&self, descriptor: &Descriptor) -> Result<()> {
        if let Self::Directory(layout) = self {
            return Ok(layout.verify_blob(descriptor)?);
        }
        let copied = io::copy(&mut self.open(descriptor)?, &mut io::sink());
        copied.map(drop).with_context(|| self.damaged(&descriptor.digest))
    }
}

fn blob_name(digest: &Digest) -> String {
    format!("{BLOBS}/{}", digest.hex())
}

/// Reads a document of an archive by its name; `None` if there is none.
pub(super) fn read_small(members: &Members, name: &str) -> Result<Option<Vec<u8>>> {
    let Some(slice) = members.file(name)? else { return Ok(None) };
    let path: &Path = members.path();
    ensure!(
        slice.size() <= MAX_DOCUMENT,
        "{name} in {} should be a document, and has {} bytes",
        path.display(),
        slice.size()
    );
    let mut bytes = Vec::new();
    let read = slice.open()?.read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read {name} in {}", path.display()))?;
    Ok(Some(bytes))
}
