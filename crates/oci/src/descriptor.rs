//! Descriptors: what names content by digest, size and media type (OCI image-spec, descriptor.md).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    digest::Digest,
    json,
    media_type::{self, Kind},
    platform::Platform,
};

/// A reference to content. What is empty is left out when it is written, and fields that are not known are
/// kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type of the content.
    pub media_type: String,
    /// Digest of the content.
    pub digest: Digest,
    /// Size of the content in bytes.
    pub size: u64,
    /// Free-form metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "json::null_as_default")]
    pub annotations: BTreeMap<String, String>,
    /// What the content runs on; for manifests in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Where the content may be had, other than from the registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "json::null_as_default")]
    pub urls: Vec<String>,
    /// The content itself in base64, where it is small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Type of the artifact, if the content is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Descriptor {
    /// A descriptor with the three mandatory fields.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            annotations: BTreeMap::new(),
            platform: None,
            urls: Vec::new(),
            data: None,
            artifact_type: None,
            extra: Map::new(),
        }
    }

    /// The descriptor of `content`.
    pub fn of(media_type: impl Into<String>, content: &[u8]) -> Self {
        Self::new(media_type, Digest::of(content), content.len() as u64)
    }

    /// Whether it is of a manifest or an index.
    #[must_use]
    pub fn is_document(&self) -> bool {
        matches!(media_type::kind(&self.media_type), Some(Kind::Manifest | Kind::Index))
    }

    /// Whether it is of a layer compressed with zstd, which Docker reads from version 23 on.
    #[must_use]
    pub fn is_zstd_layer(&self) -> bool {
        media_type::is_zstd_layer(&self.media_type)
    }

    /// Whether it is of a layer that may not be distributed: whoever runs the image fetches it from its own URL.
    #[must_use]
    pub fn is_foreign_layer(&self) -> bool {
        media_type::is_foreign_layer(&self.media_type)
    }

    /// Parses the JSON of one descriptor.
    ///
    /// # Errors
    /// [`json::InvalidJson`]
    pub fn parse(bytes: &[u8]) -> Result<Self, json::InvalidJson> {
        json::parse("an OCI descriptor", bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_survive_and_empty_ones_are_left_out() {
        let text = concat!(
            r#"{"annotations":{"a":"1"},"data":"e30=","digest":"#,
            r#""sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","mediaType":"x/y","#,
            r#""new":[1],"platform":{"architecture":"arm64","os":"linux","variant":"v8"},"size":2,"urls":["u"]}"#
        );
        let descriptor = Descriptor::parse(text.as_bytes()).unwrap();
        assert_eq!(descriptor.digest, Digest::of(b"{}"));
        assert_eq!(json::canonical(&descriptor).unwrap(), text.as_bytes());

        let plain = json::canonical(&Descriptor::of("x/y", b"{}")).unwrap();
        let expected = format!(r#"{{"digest":"{}","mediaType":"x/y","size":2}}"#, Digest::of(b"{}"));
        assert_eq!(plain, expected.as_bytes());
    }

    #[test]
    fn null_collections_are_empty() {
        let text = format!(
            r#"{{"digest":"{}","mediaType":"x","size":2,"urls":null,"annotations":null}}"#,
            Digest::of(b"{}")
        );
        assert_eq!(Descriptor::parse(text.as_bytes()).unwrap(), Descriptor::of("x", b"{}"));
    }

    #[test]
    fn agrees_with_oci_spec() {
        let mut descriptor = Descriptor::of("application/vnd.oci.image.manifest.v1+json", b"{}");
        descriptor.platform =
            Some(Platform { variant: Some("v8".into()), ..Platform::new("linux", "arm64") });
        descriptor.annotations.insert("k".into(), "v".into());
        let theirs: oci_spec::image::Descriptor =
            serde_json::from_slice(&json::canonical(&descriptor).unwrap()).unwrap();
        assert_eq!(theirs.digest().to_string(), descriptor.digest.to_string());
        assert_eq!(theirs.size(), 2);
        assert_eq!(theirs.platform().as_ref().unwrap().variant().as_deref(), Some("v8"));
        let ours = Descriptor::parse(&serde_json::to_vec(&theirs).unwrap()).unwrap();
        assert_eq!(ours, descriptor);
    }
}
