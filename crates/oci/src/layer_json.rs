//! `layer.json`: what is known of a layer, apart from its bytes. The contract between `pack`, which writes
//! it, and `assemble` and `ship`, which read it instead of the blob.
//!
//! A reader refuses a major version that it does not know, and passes over fields that it does not know: a
//! new field must not change what the old ones mean.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{descriptor::Descriptor, digest::Digest, json, platform::Platform, shape::Shape};

/// The major version that is written and read.
pub const VERSION: u64 = 1;

/// What is known of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerJson {
    /// Always [`VERSION`].
    pub v: u64,
    /// Version of the layer format if the bytes are ours; `None` for an imported blob that is kept as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_format: Option<u32>,
    /// Digest of the blob.
    pub digest: Digest,
    /// Digest of the uncompressed tar.
    pub diff_id: Digest,
    /// Size of the blob in bytes.
    pub size: u64,
    /// Size of the uncompressed tar in bytes; `None` where nobody has unpacked it, as for a layer of a pulled image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncompressed_size: Option<u64>,
    /// Media type of the blob, always of OCI's family: whoever writes a manifest maps it.
    pub media_type: String,
    /// What the contents run on, if the layer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Annotations of the layer's descriptor.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// What goes to the history of an image that has the layer.
    pub history: LayerHistory,
    /// Where the blob's bytes are.
    pub blob: Blob,
    /// The compressed members (gzip) or frames (zstd) in order; `None` for an imported blob that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<Member>>,
    /// Directories and links; `None` if nothing is known of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
}

/// What a layer says of its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerHistory {
    /// Label of the target that made the layer.
    pub created_by: String,
}

/// Where the bytes of a blob are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Blob {
    /// A file that goes with the `layer.json`.
    File,
    /// In a file that was there before, and is kept as it is.
    Source,
    /// Nowhere: it can be made from its inputs again.
    Recipe,
    /// In the registry that its image was pulled from.
    Remote,
}

/// One independently compressed part of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Where it begins in the blob, in bytes.
    pub offset: u64,
    /// Its compressed size in bytes.
    pub size: u64,
}

impl LayerJson {
    /// Parses a `layer.json`.
    ///
    /// # Errors
    /// [`LayerJsonError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, LayerJsonError> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u64,
        }
        // The version first: of another one nothing else may be expected.
        let Versioned { v } = json::parse("a layer.json", bytes)?;
        if v != VERSION {
            return Err(LayerJsonError::Version { found: v });
        }
        Ok(json::parse("a layer.json", bytes)?)
    }

    /// The canonical bytes, as they are on disk.
    ///
    /// # Errors
    /// None in practice; see [`json::canonical`].
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        json::canonical(self)
    }

    /// The descriptor of the blob, with a media type of OCI's family.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        let annotations = self.annotations.clone();
        Descriptor { annotations, ..Descriptor::new(&self.media_type, self.digest, self.size) }
    }
}

/// Why bytes are not a `layer.json` that can be read.
#[derive(Debug, thiserror::Error)]
pub enum LayerJsonError {
    /// It is not JSON, or not of this shape.
    #[error(transparent)]
    Json(#[from] json::InvalidJson),
    /// It is of another version.
    #[error(
        "layer.json has version {found}, and this tool reads version {VERSION}: \
         the tools that wrote and read it are of different releases; use toolchains of one release"
    )]
    Version {
        /// The version that it has.
        found: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_type;

    fn example() -> LayerJson {
        LayerJson {
            v: VERSION,
            layer_format: Some(1),
            digest: Digest::of(b"blob"),
            diff_id: Digest::of(b"tar"),
            size: 4,
            uncompressed_size: Some(3),
            media_type: media_type::OCI_LAYER_GZIP.into(),
            platform: Some(Platform::new("linux", "amd64")),
            annotations: BTreeMap::from([("k".into(), "v".into())]),
            history: LayerHistory { created_by: "//app:layer".into() },
            blob: Blob::File,
            members: Some(vec![Member { offset: 0, size: 4 }]),
            shape: Some(Shape { symlinks: [("bin".into(), "usr/bin".into())].into(), ..Shape::default() }),
        }
    }

    #[test]
    fn round_trip_and_shape() {
        let bytes = example().to_json().unwrap();
        assert_eq!(LayerJson::parse(&bytes).unwrap(), example());
        let (blob, tar) = (Digest::of(b"blob"), Digest::of(b"tar"));
        let expected = format!(
            concat!(
                r#"{{"annotations":{{"k":"v"}},"blob":{{"kind":"file"}},"diff_id":"{tar}","digest":"{blob}","#,
                r#""history":{{"created_by":"//app:layer"}},"layer_format":1,"#,
                r#""media_type":"application/vnd.oci.image.layer.v1.tar+gzip","#,
                r#""members":[{{"offset":0,"size":4}}],"#,
                r#""platform":{{"architecture":"amd64","os":"linux"}},"shape":{{"symlinks":{{"bin":"usr/bin"}}}},"size":4,"uncompressed_size":3,"v":1}}"#
            ),
            blob = blob,
            tar = tar
        );
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn kept_imports_leave_out_what_they_lack() {
        let kept = LayerJson { layer_format: None, platform: None, members: None, shape: None, ..example() };
        let pulled = LayerJson { uncompressed_size: None, blob: Blob::Remote, ..kept.clone() };
        let always = ["layer_format", "members", "platform", "shape"];
        for (layer, lacks) in
            [(kept, &always[..]), (pulled, &["layer_format", "members", "shape", "uncompressed"])]
        {
            let text = String::from_utf8(layer.to_json().unwrap()).unwrap();
            for field in lacks {
                assert!(!text.contains(field), "{text}");
            }
            assert_eq!(LayerJson::parse(text.as_bytes()).unwrap(), layer);
        }
    }

    #[test]
    fn a_pulled_layer_is_known_by_its_descriptor() {
        let (digest, diff_id) = (Digest::of(b"blob"), Digest::of(b"tar"));
        let text = format!(
            r#"{{"v":1,"digest":"{digest}","size":4,"diff_id":"{diff_id}","media_type":"{}",
                "history":{{"created_by":"@base//:layer_0"}},"blob":{{"kind":"remote"}}}}"#,
            media_type::OCI_LAYER_GZIP
        );
        let layer = LayerJson::parse(text.as_bytes()).unwrap();
        assert_eq!((layer.blob, layer.uncompressed_size), (Blob::Remote, None));
        assert_eq!(layer.descriptor(), Descriptor::new(media_type::OCI_LAYER_GZIP, digest, 4));
    }

    #[test]
    fn another_version_is_refused_whatever_else_it_holds() {
        let error = LayerJson::parse(br#"{"v":2,"layers":[]}"#).unwrap_err().to_string();
        assert!(error.contains("version 2") && error.contains("toolchains of one release"), "{error}");
    }

    #[test]
    fn unknown_fields_are_passed_over() {
        let mut value = serde_json::to_value(example()).unwrap();
        value["new"] = 1.into();
        value["blob"]["new"] = 1.into();
        assert_eq!(LayerJson::parse(value.to_string().as_bytes()).unwrap(), example());
    }

    #[test]
    fn what_is_no_layer_json() {
        for text in ["", "[]", "{}", r#"{"v":"1"}"#, r#"{"v":1}"#] {
            assert!(matches!(LayerJson::parse(text.as_bytes()), Err(LayerJsonError::Json(_))), "{text}");
        }
    }
}
