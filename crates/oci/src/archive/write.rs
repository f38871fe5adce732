//! Writing archives.
//!
//! Entries are sorted by path; owner and time are 0. Headers are GNU's, since a layer may have 8 GiB or more, for which
//! ustar has no number.

use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
};

use serde_json::json;

use super::{
    Archive, DOCKER_MANIFEST, Format, IMAGE_NAME, REF_NAME,
    parts::{Parts, PartsError, open_present},
};
use crate::{
    descriptor::Descriptor,
    digest::Digest,
    json,
    layout::{BLOBS, INDEX, MARKER, VERSION},
    manifest::{Document, Index, Manifest},
    media_type::Family,
    reference::Reference,
};

const BLOCK: usize = 512;
/// How much of a blob is in memory at a time.
const PIECE: usize = 256 << 10;

/// What has been written, for whoever wants to warn of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Layers compressed with zstd, which Docker before version 23 cannot read.
    pub zstd_layers: Vec<Digest>,
    /// Layers that may not be distributed and are left out.
    pub absent_layers: Vec<Digest>,
}

/// Writes an archive. `open` gives the bytes of a descriptor, or `None` where they are not at hand; it is called twice for
/// layers that may not be distributed, once for all else. Sizes of blobs are checked, digests only of manifests and
/// indexes: a reader that is to be checked is a [`crate::verify::VerifyReader`].
///
/// # Errors
/// [`ArchiveError`]; what was written to `out` is then no archive.
pub fn write<R: Read>(
    archive: &Archive<'_>,
    out: &mut impl Write,
    open: impl FnMut(&Descriptor) -> io::Result<Option<R>>,
) -> Result<Written, ArchiveError> {
    write_without(archive, &BTreeSet::new(), out, open)
}

/// The same without these blobs, for a reader that has them.
///
/// # Errors
/// As for [`write`].
pub fn write_without<R: Read>(
    archive: &Archive<'_>,
    without: &BTreeSet<Digest>,
    out: &mut impl Write,
    mut open: impl FnMut(&Descriptor) -> io::Result<Option<R>>,
) -> Result<Written, ArchiveError> {
    let (parts, root) = Parts::gather(archive.root, &mut open)?;
    let docker = match archive.format {
        Format::Docker => Some(docker_manifest(archive, &root, &parts)?),
        Format::Oci => None,
    };
    let mut tar = Tar { out };
    tar.directory("blobs/")?;
    tar.directory(&format!("{BLOBS}/"))?;
    let mut digests: Vec<&Digest> = parts.documents.keys().chain(parts.blobs.keys()).collect();
    digests.sort();
    for digest in digests {
        if let Some(bytes) = parts.documents.get(digest) {
            tar.file(&blob_path(digest), bytes)?;
        } else if let Some(blob) = parts.blobs.get(digest).filter(|_| !without.contains(digest)) {
            tar.blob(blob, open_present(blob, &mut open)?)?;
        }
    }
    tar.file(INDEX, &json::canonical(&index(archive))?)?;
    if let Some(docker) = docker {
        tar.file(DOCKER_MANIFEST, &docker)?;
    }
    tar.file(MARKER, &json::canonical(&json!({"imageLayoutVersion": VERSION}))?)?;
    tar.end()?;
    let zstd_layers = parts.blobs.values().filter(|blob| blob.is_zstd_layer());
    Ok(Written {
        zstd_layers: zstd_layers.map(|blob| blob.digest).collect(),
        absent_layers: parts.absent.into_keys().collect(),
    })
}

fn blob_path(digest: &Digest) -> String {
    format!("{BLOBS}/{}", digest.hex())
}

/// The `index.json`: the root, once for each name.
fn index(archive: &Archive<'_>) -> Index {
    let named = |name: &Reference| {
        let mut root = archive.root.clone();
        root.annotations.insert(REF_NAME.to_owned(), name.familiar());
        root.annotations.insert(IMAGE_NAME.to_owned(), name.to_string());
        root
    };
    let roots = match archive.names {
        [] => vec![archive.root.clone()],
        names => names.iter().map(named).collect(),
    };
    Index::new(Family::Oci, roots)
}

/// The `manifest.json`, in which Docker finds config, layers and names.
fn docker_manifest(archive: &Archive<'_>, root: &Document, parts: &Parts) -> Result<Vec<u8>, ArchiveError> {
    let image: &Manifest = match root {
        Document::Manifest(manifest) if manifest.is_image() => manifest,
        Document::Manifest(manifest) => {
            return Err(ArchiveError::NoImage { media_type: manifest.config.media_type.clone() });
        }
        Document::Index(_) => return Err(ArchiveError::Index),
    };
    if let Some(absent) = parts.absent.values().next() {
        return Err(ArchiveError::Foreign { digest: absent.digest });
    }
    let layers: Vec<_> = image.layers.iter().map(|layer| blob_path(&layer.digest)).collect();
    let names: Vec<_> = archive.names.iter().map(Reference::familiar).collect();
    let images = json!([{"Config": blob_path(&image.config.digest), "Layers": layers, "RepoTags": names}]);
    Ok(json::canonical(&images)?)
}

/// A tar that is being written.
struct Tar<'a, W> {
    out: &'a mut W,
}

impl<W: Write> Tar<'_, W> {
    fn directory(&mut self, path: &str) -> Result<(), ArchiveError> {
        self.header(path, tar::EntryType::Directory, 0o755, 0)
    }

    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let size = bytes.len() as u64;
        self.header(path, tar::EntryType::Regular, 0o644, size)?;
        self.put(bytes)?;
        self.pad(size)
    }

    fn blob(&mut self, blob: &Descriptor, mut reader: impl Read) -> Result<(), ArchiveError> {
        let Descriptor { digest, size, .. } = *blob;
        self.header(&blob_path(&digest), tar::EntryType::Regular, 0o644, size)?;
        let mut buffer = vec![0; PIECE];
        let mut copied = 0;
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(PartsError::Read { digest, source }.into()),
            };
            copied += count as u64;
            if copied > size {
                break;
            }
            self.put(&buffer[..count])?;
        }
        if copied != size {
            return Err(ArchiveError::Size { digest, size, found: copied });
        }
        self.pad(size)
    }

    fn header(&mut self, path: &str, kind: tar::EntryType, mode: u32, size: u64) -> Result<(), ArchiveError> {
        let mut header = tar::Header::new_gnu();
        header.set_path(path).map_err(ArchiveError::Write)?;
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        header.set_cksum();
        self.put(header.as_bytes())
    }

    /// Zeros up to a whole block.
    fn pad(&mut self, size: u64) -> Result<(), ArchiveError> {
        let used = usize::try_from(size % BLOCK as u64).unwrap_or_default();
        self.put(&[0; BLOCK][..(BLOCK - used) % BLOCK])
    }

    fn end(&mut self) -> Result<(), ArchiveError> {
        self.put(&[0; 2 * BLOCK])?;
        self.out.flush().map_err(ArchiveError::Write)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.out.write_all(bytes).map_err(ArchiveError::Write)
    }
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A part of the image is missing or wrong.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// A blob has another size than its descriptor says.
    #[error(
        "the bytes at hand for {digest} are {found} or more, and its descriptor says {size}: they are not the ones that \
         its metadata describes; build both again"
    )]
    Size {
        /// Digest of the blob.
        digest: Digest,
        /// What the descriptor says, in bytes.
        size: u64,
        /// How many there were, as far as they were read.
        found: u64,
    },
    /// Docker's format holds images, not indexes.
    #[error(
        "an archive in Docker's format holds one image, and this is an index of images: set format = \"oci\", which \
         `podman load`, containerd and `docker load` with containerd's store take, or name one of its images"
    )]
    Index,
    /// Docker's format holds images, not other artifacts.
    #[error(
        "an archive in Docker's format holds one image, and this has a config of {media_type}: set format = \"oci\""
    )]
    NoImage {
        /// Media type of what stands for the config.
        media_type: String,
    },
    /// Docker needs every layer.
    #[error(
        "the layer {digest} may not be distributed, and is not at hand: `docker load` needs it. Set format = \"oci\", which may \
         be without, or push the image and pull it, which fetches the layer from its own URL"
    )]
    Foreign {
        /// Digest of the layer.
        digest: Digest,
    },
    /// The archive cannot be written.
    #[error("cannot write the archive")]
    Write(#[source] io::Error),
    /// The index cannot be JSON; does not happen.
    #[error("cannot write the index as JSON")]
    Json(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests;
