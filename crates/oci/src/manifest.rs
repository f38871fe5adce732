//! Image manifests and indexes, of either family (OCI image-spec, manifest.md and image-index.md).
//!
//! What was parsed keeps unknown fields, yet writing it again may give other bytes: whoever passes a document
//! on keeps the bytes that it had, since they are what its digest names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    descriptor::Descriptor,
    json,
    media_type::{self, Family, Kind},
};

/// The schema version of every document here; serialised as the number 2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Schema2;

impl From<Schema2> for u64 {
    fn from(_: Schema2) -> Self {
        2
    }
}

impl TryFrom<u64> for Schema2 {
    type Error = String;

    fn try_from(version: u64) -> Result<Self, Self::Error> {
        if version == 2 { Ok(Self) } else { Err(format!("schemaVersion is {version} and must be 2")) }
    }
}

/// An image manifest: a config and layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: Schema2,
    /// The document's own media type, which OCI lets it leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Type of the artifact, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image config.
    pub config: Descriptor,
    /// The layers, lowest first.
    #[serde(deserialize_with = "json::null_as_default")]
    pub layers: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free-form metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "json::null_as_default")]
    pub annotations: BTreeMap<String, String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Manifest {
    /// A manifest of `family`. The media types of `config` and `layers` are the caller's.
    #[must_use]
    pub fn new(family: Family, config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: Schema2,
            media_type: Kind::Manifest.media_type(family).map(Into::into),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
            extra: Map::new(),
        }
    }

    /// Whose media types it uses. One that names no media type is OCI's, as Docker's always do.
    #[must_use]
    pub fn family(&self) -> Family {
        family(self.media_type.as_deref())
    }

    /// Whether its config is that of an image, rather than of some other artifact.
    #[must_use]
    pub fn is_image(&self) -> bool {
        media_type::kind(&self.config.media_type) == Some(Kind::Config)
    }
}

/// An image index (OCI) or manifest list (Docker): one image for several platforms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: Schema2,
    /// The document's own media type, which OCI lets it leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Type of the artifact, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// What it lists: manifests and other indexes.
    #[serde(deserialize_with = "json::null_as_default")]
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free-form metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "json::null_as_default")]
    pub annotations: BTreeMap<String, String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Index {
    /// An index of `family`.
    #[must_use]
    pub fn new(family: Family, manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: Schema2,
            media_type: Kind::Index.media_type(family).map(Into::into),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: BTreeMap::new(),
            extra: Map::new(),
        }
    }

    /// Whose media types it uses.
    #[must_use]
    pub fn family(&self) -> Family {
        family(self.media_type.as_deref())
    }
}

fn family(media_type: Option<&str>) -> Family {
    media_type.and_then(media_type::classify).map_or(Family::Oci, |(family, _)| family)
}

/// Documents in documents, manifests counted, are followed to this depth; nobody nests indexes more than once.
pub const MAX_DEPTH: usize = 8;

/// The most layers of an image in Docker: overlayfs takes no more lower directories (docker's `maxLayerDepth`).
pub const DOCKERS_MOST_LAYERS: usize = 125;

/// What a registry calls a manifest: either of the two.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there are a handful of documents at a time")]
pub enum Document {
    /// One image.
    Manifest(Manifest),
    /// A list.
    Index(Index),
}

impl Document {
    /// Parses a manifest or an index, told apart by media type, else by shape.
    ///
    /// # Errors
    /// [`DocumentError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let value: Value = json::parse("an image manifest or index", bytes)?;
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let (declared, has) = (text("mediaType"), |key: &str| value.get(key).is_some());
        if declared.is_some_and(|declared| media_type::DOCKER_SCHEMA_1.contains(&declared))
            || value.get("schemaVersion").and_then(Value::as_u64) == Some(1)
        {
            return Err(DocumentError::Schema1);
        }
        match (declared.map(media_type::kind), has("manifests"), has("layers")) {
            // A document that is both would be one thing to one reader and another to the next
            // (CVE-2021-41190).
            (_, true, true) => Err(DocumentError::Ambiguous),
            (Some(Some(Kind::Index)), _, false) | (None, true, false) => {
                Ok(Self::Index(from_value("an image index", value)?))
            }
            (Some(Some(Kind::Manifest)), false, _) | (None, false, true) => {
                Ok(Self::Manifest(from_value("an image manifest", value)?))
            }
            _ => Err(DocumentError::Other { media_type: declared.unwrap_or("none").to_owned() }),
        }
    }

    /// The media type that it declares, or else OCI's for what it is.
    #[must_use]
    pub fn media_type(&self) -> &str {
        let (declared, default) = match self {
            Self::Manifest(manifest) => (&manifest.media_type, media_type::OCI_MANIFEST),
            Self::Index(index) => (&index.media_type, media_type::OCI_INDEX),
        };
        declared.as_deref().unwrap_or(default)
    }

    /// What it names and is incomplete without: config and layers, or the manifests of a list.
    pub fn children(&self) -> impl Iterator<Item = &Descriptor> {
        let (config, rest) = match self {
            Self::Manifest(manifest) => (Some(&manifest.config), &manifest.layers),
            Self::Index(index) => (None, &index.manifests),
        };
        config.into_iter().chain(rest)
    }
}

fn from_value<T: serde::de::DeserializeOwned>(
    what: &'static str,
    value: Value,
) -> Result<T, json::InvalidJson> {
    serde_json::from_value(value).map_err(|source| json::InvalidJson { what, source })
}

/// Why bytes are neither a manifest nor an index.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// They are no JSON, or a field is missing or of the wrong type.
    #[error(transparent)]
    Json(#[from] json::InvalidJson),
    /// They are a manifest of Docker's first schema.
    #[error(
        "a Docker schema 1 manifest, which runtimes have stopped reading: \
         pull the image and push it again with a tool of this decade to convert it"
    )]
    Schema1,
    /// They have both layers and manifests.
    #[error("both \"layers\" and \"manifests\" are there: it must be a manifest or an index, and not both")]
    Ambiguous,
    /// They are something else.
    #[error("neither an image manifest nor an image index (its media type: {media_type})")]
    Other {
        /// The media type that is declared.
        media_type: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let config = Descriptor::of(media_type::OCI_CONFIG, b"{}");
        Manifest::new(Family::Oci, config, vec![Descriptor::of(media_type::OCI_LAYER_GZIP, b"layer")])
    }

    #[test]
    fn manifests_round_trip_with_unknown_fields() {
        let mut value = serde_json::to_value(manifest()).unwrap();
        value["new"] = 1.into();
        value["annotations"] = serde_json::json!({"k": "v"});
        let bytes = json::canonical(&value).unwrap();
        let Document::Manifest(parsed) = Document::parse(&bytes).unwrap() else { panic!("not a manifest") };
        assert_eq!(json::canonical(&parsed).unwrap(), bytes);
        assert_eq!((parsed.family(), parsed.is_image()), (Family::Oci, true));
        let theirs = oci_spec::image::ImageManifest::from_reader(bytes.as_slice()).unwrap();
        assert_eq!(theirs.layers().len(), 1);
    }

    #[test]
    fn indexes_round_trip() {
        let index = Index::new(Family::Docker, vec![Descriptor::of(media_type::DOCKER_MANIFEST, b"m")]);
        let bytes = json::canonical(&index).unwrap();
        let document = Document::parse(&bytes).unwrap();
        assert_eq!(document.media_type(), media_type::DOCKER_INDEX);
        assert_eq!(document.children().count(), 1);
        assert_eq!(document, Document::Index(index.clone()));
        assert_eq!(index.family(), Family::Docker);
        oci_spec::image::ImageIndex::from_reader(bytes.as_slice()).unwrap();
    }

    #[test]
    fn told_by_shape_where_there_is_no_media_type() {
        let unnamed = Manifest { media_type: None, ..manifest() };
        let document = Document::parse(&json::canonical(&unnamed).unwrap()).unwrap();
        assert_eq!(document.media_type(), media_type::OCI_MANIFEST);
        assert_eq!(document.children().count(), 2);
        let index = Document::parse(br#"{"schemaVersion":2,"manifests":null}"#).unwrap();
        assert_eq!(index.media_type(), media_type::OCI_INDEX);
    }

    #[test]
    fn refused() {
        let cases = [
            ("{", "not an image manifest or index"),
            ("[]", "neither an image manifest nor an image index"),
            (r#"{"schemaVersion":2}"#, "(its media type: none)"),
            (r#"{"schemaVersion":1,"fsLayers":[]}"#, "schema 1"),
            (r#"{"schemaVersion":2,"layers":[],"manifests":[]}"#, "not both"),
            (r#"{"schemaVersion":2,"mediaType":"text/html","layers":[]}"#, "text/html"),
            (r#"{"schemaVersion":2,"layers":[]}"#, "not an image manifest"),
            (r#"{"schemaVersion":3,"manifests":[]}"#, "not an image index"),
            (
                r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","layers":[]}"#,
                "neither",
            ),
        ];
        for (text, expected) in cases {
            let error = Document::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
