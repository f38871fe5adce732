//! What is in an image or an index, as one JSON document for people and programs: the output group `report`, which `ship inspect` shows.
//!
//! A reader refuses a major version that it does not know, and passes over fields that it does not know.

mod index;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub use self::index::{AnyReport, IndexReport};
use crate::{digest::Digest, json, platform::Platform};

/// The major version that is written and read.
pub const VERSION: u64 = 1;

/// What is in an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`VERSION`].
    pub v: u64,
    /// Label of the image's target.
    pub label: String,
    /// Digest of the manifest.
    pub digest: Digest,
    /// Media type of the manifest.
    pub media_type: String,
    /// Bytes of manifest, config and layers together, each once, as a registry stores them.
    pub size: u64,
    /// What the image runs on, if its config says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Annotations of the manifest.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The image config, as it is.
    pub config: Map<String, Value>,
    /// The layers, lowest first.
    pub layers: Vec<Layer>,
    /// Symbolic links of a layer that directories of one above replace, one sentence each.
    #[serde(default)]
    pub replaced_links: Vec<String>,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// The target that made it, or what the history of a base says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Digest of the blob.
    pub digest: Digest,
    /// Size of the blob in bytes.
    pub size: u64,
    /// Media type of the blob.
    pub media_type: String,
    /// Digest of the uncompressed tar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<Digest>,
    /// Annotations of its descriptor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Whether nobody has looked into it, since its bytes are in a registry alone: links that it has are then not among
    /// [`Report::replaced_links`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
}

impl Report {
    /// Parses a report.
    ///
    /// # Errors
    /// [`ReportError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, ReportError> {
        parse(bytes)
    }

    /// The bytes: sorted and indented, with a newline at the end.
    ///
    /// # Errors
    /// None in practice; see [`json::canonical`].
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        to_json(self)
    }
}

/// Parses a report of one kind or the other.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReportError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u64,
    }
    // The version first: of another one nothing else may be expected.
    let Versioned { v } = json::parse("a report", bytes)?;
    if v != VERSION {
        return Err(ReportError::Version { found: v });
    }
    Ok(json::parse("a report", bytes)?)
}

fn to_json(report: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(&serde_json::to_value(report)?)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Why bytes are not a report that can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It is not JSON, or not of this shape.
    #[error(transparent)]
    Json(#[from] json::InvalidJson),
    /// It is of another version.
    #[error(
        "the report has version {found}, and this tool reads version {VERSION}: the tools that wrote and read it are of \
         different releases; use toolchains of one release"
    )]
    Version {
        /// The version that it has.
        found: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn report() -> Report {
        Report {
            v: VERSION,
            label: "//app:image".into(),
            digest: Digest::of(b"manifest"),
            media_type: "m".into(),
            size: 12,
            platform: Some(Platform::new("linux", "amd64")),
            annotations: [("a".to_owned(), "b".to_owned())].into(),
            config: serde_json::json!({"os": "linux"}).as_object().cloned().unwrap_or_default(),
            layers: vec![Layer {
                created_by: None,
                digest: Digest::of(b"layer"),
                size: 5,
                media_type: "l".into(),
                diff_id: None,
                annotations: BTreeMap::new(),
                unseen: false,
            }],
            replaced_links: vec!["/bin".into()],
        }
    }

    #[test]
    fn round_trip() {
        let report = report();
        let bytes = report.to_json().unwrap();
        assert_eq!(Report::parse(&bytes).unwrap(), report);
        assert!(
            bytes.starts_with(b"{\n  \"annotations\": {\n    \"a\": \"b\"\n  },\n  \"config\"")
                && bytes.ends_with(b"}\n")
        );
        let mut value = serde_json::to_value(&report).unwrap();
        value["new"] = 1.into();
        assert_eq!(Report::parse(value.to_string().as_bytes()).unwrap(), report);
        value["v"] = 2.into();
        let error = Report::parse(value.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains("version 2"), "{error}");
        assert!(matches!(Report::parse(b"{}"), Err(ReportError::Json(_))));
    }
}
