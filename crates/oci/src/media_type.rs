//! Media types of the two families, OCI and Docker schema 2, and how they map to each other.
//!
//! Both families describe the same bytes; only the names differ. Two things exist on one side only: zstd
//! layers and the empty config are OCI's. Sources: OCI image-spec, media-types.md; distribution,
//! manifest-v2-2.md.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// OCI image config.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// OCI layer, not compressed.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// OCI layer, gzip.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// OCI layer, zstd.
pub const OCI_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// OCI layer that may not be distributed, not compressed.
pub const OCI_FOREIGN_LAYER: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar";
/// OCI layer that may not be distributed, gzip.
pub const OCI_FOREIGN_LAYER_GZIP: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
/// OCI layer that may not be distributed, zstd.
pub const OCI_FOREIGN_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd";
/// The config of an artifact that has none: `{}`.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Docker image manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Docker image config.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Docker layer, not compressed.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
/// Docker layer, gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
/// Docker layer, zstd: no Docker reads it, yet some tools have written it. Never written here.
pub const DOCKER_LAYER_ZSTD: &str = "application/vnd.docker.image.rootfs.diff.tar.zstd";
/// Docker layer that is fetched from its own URL, not compressed.
pub const DOCKER_FOREIGN_LAYER: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar";
/// Docker layer that is fetched from its own URL, gzip.
pub const DOCKER_FOREIGN_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/// Docker's first schema, with and without signature: known in order to be refused by name.
pub const DOCKER_SCHEMA_1: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/// Whose names a document uses. A manifest and all that it names are of one family: podman refuses mixtures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// `application/vnd.oci.…`
    Oci,
    /// `application/vnd.docker.…`, image manifest version 2, schema 2.
    Docker,
}

/// How the tar of a layer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, RFC 1952, of one or more members.
    Gzip,
    /// zstd, RFC 8878, of one or more frames.
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

impl FromStr for Compression {
    type Err = UnknownCompression;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(UnknownCompression(text.to_owned())),
        }
    }
}

/// A name that is no compression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown compression {0:?}: known are gzip, zstd and none")]
pub struct UnknownCompression(pub String);

/// What a media type stands for, whatever its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An image manifest.
    Manifest,
    /// An image index or manifest list.
    Index,
    /// An image config.
    Config,
    /// A layer.
    Layer {
        /// How it is compressed.
        compression: Compression,
        /// Whether it is fetched from its own URL and never pushed.
        foreign: bool,
    },
}

impl Kind {
    /// A layer that may be pushed.
    #[must_use]
    pub const fn layer(compression: Compression) -> Self {
        Self::Layer { compression, foreign: false }
    }

    /// The name that `family` has for this; `None` for zstd layers in Docker's.
    #[must_use]
    pub fn media_type(self, family: Family) -> Option<&'static str> {
        let (_, oci, docker) = TABLE.iter().find(|(kind, _, _)| *kind == self)?;
        match family {
            Family::Oci => Some(oci),
            Family::Docker => *docker,
        }
    }
}

/// What there is, and its name in each family.
#[rustfmt::skip]
const TABLE: [(Kind, &str, Option<&str>); 9] = [
    (Kind::Manifest, OCI_MANIFEST, Some(DOCKER_MANIFEST)),
    (Kind::Index, OCI_INDEX, Some(DOCKER_INDEX)),
    (Kind::Config, OCI_CONFIG, Some(DOCKER_CONFIG)),
    (Kind::layer(Compression::None), OCI_LAYER, Some(DOCKER_LAYER)),
    (Kind::layer(Compression::Gzip), OCI_LAYER_GZIP, Some(DOCKER_LAYER_GZIP)),
    (Kind::layer(Compression::Zstd), OCI_LAYER_ZSTD, None),
    (foreign(Compression::None), OCI_FOREIGN_LAYER, Some(DOCKER_FOREIGN_LAYER)),
    (foreign(Compression::Gzip), OCI_FOREIGN_LAYER_GZIP, Some(DOCKER_FOREIGN_LAYER_GZIP)),
    (foreign(Compression::Zstd), OCI_FOREIGN_LAYER_ZSTD, None),
];

const fn foreign(compression: Compression) -> Kind {
    Kind::Layer { compression, foreign: true }
}

/// Family and kind of a media type; `None` if it is of neither family, as those of artifacts are.
#[must_use]
pub fn classify(media_type: &str) -> Option<(Family, Kind)> {
    if media_type == DOCKER_LAYER_ZSTD {
        return Some((Family::Docker, Kind::layer(Compression::Zstd)));
    }
    TABLE.iter().find_map(|(kind, oci, docker)| {
        if *oci == media_type {
            Some((Family::Oci, *kind))
        } else if *docker == Some(media_type) {
            Some((Family::Docker, *kind))
        } else {
            None
        }
    })
}

/// What a media type stands for, whatever its family.
#[must_use]
pub fn kind(media_type: &str) -> Option<Kind> {
    classify(media_type).map(|(_, kind)| kind)
}

/// Whether it is that of a layer compressed with zstd, which Docker reads from version 23 on.
#[must_use]
pub fn is_zstd_layer(media_type: &str) -> bool {
    matches!(kind(media_type), Some(Kind::Layer { compression: Compression::Zstd, .. }))
}

/// Whether it is that of a layer that may not be distributed: whoever runs the image fetches it from its own URL.
#[must_use]
pub fn is_foreign_layer(media_type: &str) -> bool {
    matches!(kind(media_type), Some(Kind::Layer { foreign: true, .. }))
}

/// The name that `family` has for the same thing. What is of neither family keeps its name.
///
/// # Errors
/// [`NotInFamily`] for a zstd layer in Docker's family.
pub fn in_family(media_type: &str, family: Family) -> Result<&str, NotInFamily> {
    kind(media_type).map_or(Ok(media_type), |kind| {
        kind.media_type(family).ok_or_else(|| NotInFamily { media_type: media_type.to_owned() })
    })
}

/// A media type for which Docker's family has no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Docker's media types have none for {media_type}: use those of OCI, or compress with gzip")]
pub struct NotInFamily {
    /// The media type in question.
    pub media_type: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_maps_there_and_back() {
        for (kind, oci, docker) in TABLE {
            assert_eq!(classify(oci), Some((Family::Oci, kind)));
            assert_eq!(in_family(oci, Family::Oci), Ok(oci));
            if let Some(docker) = docker {
                assert_eq!(classify(docker), Some((Family::Docker, kind)));
                assert_eq!(in_family(oci, Family::Docker), Ok(docker));
                assert_eq!(in_family(docker, Family::Oci), Ok(oci));
            } else {
                assert!(in_family(oci, Family::Docker).is_err());
            }
        }
    }

    #[test]
    fn docker_zstd_is_read_and_never_written() {
        assert_eq!(in_family(DOCKER_LAYER_ZSTD, Family::Oci), Ok(OCI_LAYER_ZSTD));
        assert!(
            in_family(DOCKER_LAYER_ZSTD, Family::Docker)
                .unwrap_err()
                .to_string()
                .contains("use those of OCI")
        );
    }

    #[test]
    fn other_types_stay() {
        assert_eq!(in_family("application/vnd.cncf.helm.config.v1+json", Family::Docker).unwrap().len(), 40);
        assert_eq!(kind(OCI_EMPTY), None);
        assert_eq!(kind(DOCKER_SCHEMA_1[0]), None);
    }

    #[test]
    fn layers_that_need_care() {
        for (media_type, zstd, foreign) in [
            (OCI_LAYER_ZSTD, true, false),
            (DOCKER_LAYER_ZSTD, true, false),
            (OCI_FOREIGN_LAYER_ZSTD, true, true),
            (DOCKER_FOREIGN_LAYER_GZIP, false, true),
            (OCI_LAYER_GZIP, false, false),
            (OCI_CONFIG, false, false),
            ("text/plain", false, false),
        ] {
            assert_eq!(
                (is_zstd_layer(media_type), is_foreign_layer(media_type)),
                (zstd, foreign),
                "{media_type}"
            );
        }
    }

    #[test]
    fn compressions_round_trip() {
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            assert_eq!(compression.to_string().parse(), Ok(compression));
        }
        assert!("brotli".parse::<Compression>().unwrap_err().to_string().contains("gzip, zstd and none"));
    }
}
