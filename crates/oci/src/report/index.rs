//! What is in an index: the reports of its images in one document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Report, ReportError, parse, to_json};
use crate::{digest::Digest, json, platform::Platform};

/// What is in an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexReport {
    /// Always [`super::VERSION`].
    pub v: u64,
    /// Label of the index's target.
    pub label: String,
    /// Digest of the index.
    pub digest: Digest,
    /// Media type of the index.
    pub media_type: String,
    /// Bytes of the index and all below it, each once, as a registry stores them.
    pub size: u64,
    /// Annotations of the index.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The images, each once, in the order of the index; those of an index in it where that stands.
    pub images: Vec<Report>,
}

impl IndexReport {
    /// The bytes: sorted and indented, with a newline at the end.
    ///
    /// # Errors
    /// None in practice; see [`json::canonical`].
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        to_json(self)
    }

    /// The first image that runs on `platform`.
    #[must_use]
    pub fn image(&self, platform: &Platform) -> Option<&Report> {
        self.images.iter().find(|image| image.platform.as_ref().is_some_and(|there| platform.matches(there)))
    }
}

/// A report on an image or on an index.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyReport {
    /// On an image.
    Image(Box<Report>),
    /// On an index.
    Index(IndexReport),
}

impl AnyReport {
    /// Parses a report: it is on an index if it lists images.
    ///
    /// # Errors
    /// [`ReportError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, ReportError> {
        #[derive(Deserialize)]
        struct Listing {
            images: Option<serde::de::IgnoredAny>,
        }
        let Listing { images } = json::parse("a report of an image or index", bytes)?;
        Ok(match images {
            Some(_) => Self::Index(parse(bytes)?),
            None => Self::Image(Box::new(parse(bytes)?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn either_by_what_it_holds() {
        let arm = Report { platform: Some("linux/arm64/v8".parse().unwrap()), ..report() };
        let index = IndexReport {
            v: super::super::VERSION,
            label: "//app:index".into(),
            digest: Digest::of(b"index"),
            media_type: "i".into(),
            size: 20,
            annotations: [].into(),
            images: vec![report(), arm.clone()],
        };
        let bytes = index.to_json().unwrap();
        assert_eq!(AnyReport::parse(&bytes).unwrap(), AnyReport::Index(index.clone()));
        let image = report().to_json().unwrap();
        assert_eq!(AnyReport::parse(&image).unwrap(), AnyReport::Image(Box::new(report())));
        assert_eq!(index.image(&"linux/arm64".parse().unwrap()), Some(&arm));
        assert_eq!(index.image(&"linux/riscv64".parse().unwrap()), None);
        let later = String::from_utf8(bytes).unwrap().replace("\"v\": 1", "\"v\": 2");
        assert!(AnyReport::parse(later.as_bytes()).unwrap_err().to_string().contains("version 2"));
        assert!(matches!(AnyReport::parse(b"{}"), Err(ReportError::Json(_))));
    }
}
