//! Archives: an image, or an index of images, as one tar that `docker load`, `podman load`, containerd and skopeo read.
//!
//! Both formats are an OCI image layout in a tar (OCI image-spec, image-layout.md). Docker's has a `manifest.json` beside it,
//! as `docker save` of Docker 25 and later writes it; Docker 1.10 and later read that one, and those that know layouts keep
//! the image's digest. Layers are in it as they are in a registry: every Docker unpacks gzip, and zstd from Docker 23 on.
//! There is no `repositories` file, which only Docker before 1.10 needs.
//!
//! Invariants: the bytes depend on format, names and image alone, whatever the blobs come from; no blob is held in memory.

mod names;
mod parts;
mod write;

use std::{fmt, str::FromStr};

pub use self::{
    names::{NameError, name, names},
    parts::{Parts, PartsError},
    write::{ArchiveError, Written, write, write_without},
};
use crate::{descriptor::Descriptor, reference::Reference};

/// Name of the file in which Docker looks for images.
pub const DOCKER_MANIFEST: &str = "manifest.json";
/// Annotation in `index.json` with the name of an image (OCI image-spec, annotations.md).
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Annotation in `index.json` with the name of an image in full, which containerd, Docker and podman prefer.
pub const IMAGE_NAME: &str = "io.containerd.image.name";

/// Who an archive is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Docker of any version: one image. Readers of OCI layouts take it too.
    #[default]
    Docker,
    /// Readers of OCI layouts: an image, or an index.
    Oci,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Oci => "oci",
        })
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "docker" => Ok(Self::Docker),
            "oci" => Ok(Self::Oci),
            _ => Err(UnknownFormat(text.to_owned())),
        }
    }
}

/// A name that is no format of archives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {0:?}: known are docker and oci")]
pub struct UnknownFormat(pub String);

/// What an archive shall hold.
#[derive(Debug, Clone, Copy)]
pub struct Archive<'a> {
    /// Who it is for.
    pub format: Format,
    /// The manifest, or for [`Format::Oci`] also an index. Its platform, if it has one, is passed on.
    pub root: &'a Descriptor,
    /// The names that loading it gives, as [`names`] makes them; may be empty.
    pub names: &'a [Reference],
}
