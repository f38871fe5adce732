//! What the rules say about an image, apart from base and layers.
//!
//! In every field, `None` means "as the base has it, else absent".

use std::collections::BTreeMap;

use oci::Platform;
use serde::{Deserialize, Deserializer};

use super::healthcheck::Healthcheck;
use crate::built_for::BuiltFor;

/// The element of `entrypoint` and `cmd` that stands for the inherited list.
pub(super) const BASE: &str = "<rules_strata:base>";

/// Attributes of an image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Spec {
    /// Label of the target, for messages.
    pub(super) label: String,
    /// What the image runs on; set if, and only if, there is no base.
    #[serde(deserialize_with = "platform")]
    pub(super) platform: Option<Platform>,
    /// What a base that is read only now must be for.
    pub(super) built_for: Option<BuiltFor>,
    /// Empty unsets. Setting it clears an inherited `cmd`.
    pub(super) entrypoint: Option<Vec<String>>,
    /// Empty unsets.
    pub(super) cmd: Option<Vec<String>>,
    /// Merged over the base, in order.
    pub(super) env: Option<Vec<(String, String)>>,
    /// What the binary of the image wants to be set: between base and `env`, and no dollar of it means anything.
    pub(super) binary_env: Vec<(String, String)>,
    /// Merged over the base.
    pub(super) labels: Option<BTreeMap<String, String>>,
    /// Of the manifest; merged over the base.
    pub(super) annotations: Option<BTreeMap<String, String>>,
    /// Added to those of the base.
    pub(super) exposed_ports: Option<Vec<String>>,
    /// Added to those of the base.
    pub(super) volumes: Option<Vec<String>>,
    /// Empty unsets.
    pub(super) user: Option<String>,
    /// Empty unsets.
    pub(super) workdir: Option<String>,
    /// Empty unsets.
    pub(super) stop_signal: Option<String>,
    /// Replaces that of the base.
    pub(super) healthcheck: Option<Healthcheck>,
    /// Empty unsets.
    pub(super) shell: Option<Vec<String>>,
    /// Which family of media types to use.
    pub(super) media_types: MediaTypes,
    /// What a pulled base is called in its registry, for the annotation that tells.
    pub(super) base_reference: Option<String>,
    /// What placeholders stand for; `None` if braces mean nothing.
    pub(super) expand: Option<BTreeMap<String, String>>,
    /// Whether stamp keys are placeholders too.
    pub(super) stamp: bool,
}

/// A platform in the names of attributes, where nothing may be passed over: OCI's own spelling is
/// `os.version`.
fn platform<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Platform>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Attributes {
        os: String,
        architecture: String,
        variant: Option<String>,
        os_version: Option<String>,
        os_features: Option<Vec<String>>,
    }
    let attributes: Option<Attributes> = Option::deserialize(deserializer)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(attributes.map(|attributes| Platform {
        os: attributes.os,
        architecture: attributes.architecture,
        variant: given(attributes.variant),
        os_version: given(attributes.os_version),
        os_features: attributes.os_features.unwrap_or_default(),
    }))
}

/// The choice of a family of media types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MediaTypes {
    /// That of the base, and OCI's where there is none.
    #[default]
    Base,
    /// OCI's.
    Oci,
    /// Docker's.
    Docker,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::parse_spec;

    #[test]
    fn all_fields_and_none() {
        let all = r#"{"v":1,"label":"//app:image",
            "platform":{"os":"linux","architecture":"arm64","variant":"v8","os_version":"1","os_features":["f"]},
            "entrypoint":["/x"],"cmd":[],"env":[["K","V"]],"labels":{"a":"b"},"annotations":{},
            "exposed_ports":["80"],"volumes":["/v"],"user":"u","workdir":"/w","stop_signal":"SIGINT",
            "healthcheck":{"test":["NONE"]},"shell":["sh"],"media_types":"docker",
            "base_reference":"r.example/b:1","expand":{"name":"image"},"stamp":true}"#;
        let spec: Spec = parse_spec(all.as_bytes()).unwrap();
        assert_eq!(spec.env, Some(vec![("K".into(), "V".into())]));
        assert_eq!(spec.media_types, MediaTypes::Docker);
        assert!(spec.stamp && spec.expand.unwrap()["name"] == "image");
        let platform = spec.platform.unwrap();
        assert_eq!((platform.os_version.as_deref(), platform.os_features.len()), (Some("1"), 1));
        let none = r#"{"v":1,"label":"//app:image","platform":null,"entrypoint":null,"labels":null,"healthcheck":null,
            "expand":null}"#;
        let spec: Spec = parse_spec(none.as_bytes()).unwrap();
        assert!(spec.entrypoint.is_none() && spec.labels.is_none() && spec.platform.is_none());
        assert!(spec.expand.is_none() && !spec.stamp);
        assert_eq!(spec.media_types, MediaTypes::Base);
        for unknown in [
            r#"{"v":1,"entrypoint":["x"],"entry_point":[]}"#,
            r#"{"v":1,"platform":{"os":"windows","architecture":"amd64","os.version":"10"}}"#,
            r#"{"v":1,"healthcheck":{"tests":[]}}"#,
        ] {
            let error = parse_spec::<Spec>(unknown.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("unknown field"), "{error}");
        }
    }
}
