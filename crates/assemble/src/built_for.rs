//! The platform that a target was built for, as specs name it: what the image is to be found to be for.

use oci::Platform;
use serde::{Deserialize, Deserializer, de};

/// A platform of the build.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuiltFor {
    /// Label of the platform, for messages.
    pub(crate) label: String,
    /// What images call it: `linux/arm64`.
    #[serde(deserialize_with = "from_text")]
    pub(crate) platform: Platform,
}

impl BuiltFor {
    /// Whether an image for `found` is right. Variants are left to the image: a build's platforms know fewer of them
    /// than images do.
    pub(crate) fn fits(&self, found: &Platform) -> bool {
        self.platform.os == found.os && self.platform.architecture == found.architecture
    }
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Platform, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits() {
        let built_for: BuiltFor =
            serde_json::from_str(r#"{"label":"//:arm","platform":"linux/arm/v7"}"#).unwrap();
        for (found, expected) in [
            ("linux/arm/v7", true),
            ("linux/arm", true),
            ("linux/arm/v6", true),
            ("linux/arm64", false),
            ("windows/arm", false),
        ] {
            assert_eq!(built_for.fits(&found.parse().unwrap()), expected, "{found}");
        }
    }

    #[test]
    fn what_is_no_platform() {
        let error = serde_json::from_str::<BuiltFor>(r#"{"label":"//:arm","platform":"arm"}"#).unwrap_err();
        assert!(error.to_string().contains("os/architecture"), "{error}");
    }
}
