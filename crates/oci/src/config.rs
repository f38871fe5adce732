//! Image configs, of either family (OCI image-spec, config.md; Docker's adds fields of its own).
//!
//! A config is kept as sorted JSON with typed access to what is known, so that whatever else a base image has
//! is still there afterwards: Docker's `Healthcheck`, `OnBuild`, and what OCI adds later.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{digest::Digest, json, platform::Platform};

/// Names of the fields in the `config` object, which is what a container starts with.
pub mod field {
    /// List of texts: the executable and its first arguments.
    pub const ENTRYPOINT: &str = "Entrypoint";
    /// List of texts: default arguments of the entrypoint.
    pub const CMD: &str = "Cmd";
    /// List of `NAME=VALUE`.
    pub const ENV: &str = "Env";
    /// Object of texts.
    pub const LABELS: &str = "Labels";
    /// Object whose keys are `80/tcp`.
    pub const EXPOSED_PORTS: &str = "ExposedPorts";
    /// Object whose keys are paths.
    pub const VOLUMES: &str = "Volumes";
    /// Text: user or `uid:gid`.
    pub const USER: &str = "User";
    /// Text: a path.
    pub const WORKING_DIR: &str = "WorkingDir";
    /// Text: `SIGTERM` or a number.
    pub const STOP_SIGNAL: &str = "StopSignal";
    /// Docker's object; durations are nanoseconds.
    pub const HEALTHCHECK: &str = "Healthcheck";
    /// Docker's list of texts: what runs the shell form of commands.
    pub const SHELL: &str = "Shell";
}

/// An image config.
#[derive(Debug, Clone, PartialEq)]
pub struct Config(Map<String, Value>);

/// How one layer, or one step without a layer, came to be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// When, as RFC 3339 writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// By which command or target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether no layer belongs to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
    /// Fields that are not known here, such as `author`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Config {
    /// The config of an image for `platform` with no layers.
    #[must_use]
    pub fn new(platform: &Platform) -> Self {
        let mut config = Self(Map::new());
        let mut put = |key: &str, value: Value| config.0.insert(key.to_owned(), value);
        put("os", platform.os.clone().into());
        put("architecture", platform.architecture.clone().into());
        put("config", Map::new().into());
        if let Some(variant) = &platform.variant {
            put("variant", variant.clone().into());
        }
        if let Some(version) = &platform.os_version {
            put("os.version", version.clone().into());
        }
        if !platform.os_features.is_empty() {
            put("os.features", platform.os_features.clone().into());
        }
        config.set_diff_ids(&[]);
        config
    }

    /// Parses a config.
    ///
    /// # Errors
    /// [`ConfigError::Json`] if it is not a JSON object; fields are checked when they are asked for.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        Ok(Self(json::parse("an image config", bytes)?))
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// None in practice; see [`json::canonical`].
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        json::canonical(&self.0)
    }

    /// What the image runs on.
    ///
    /// # Errors
    /// [`ConfigError`] if operating system or architecture are absent or empty.
    pub fn platform(&self) -> Result<Platform, ConfigError> {
        let platform: Platform = typed("the platform", &Value::Object(self.0.clone()))?;
        for (field, value) in [("os", &platform.os), ("architecture", &platform.architecture)] {
            if value.is_empty() {
                return Err(ConfigError::Missing { field });
            }
        }
        // Docker writes empty texts for what it does not know.
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Platform { variant: given(platform.variant), os_version: given(platform.os_version), ..platform })
    }

    /// When the image was made, as RFC 3339 writes it.
    pub fn set_created(&mut self, created: &str) {
        self.0.insert("created".to_owned(), created.into());
    }

    /// Digests of the uncompressed layers, lowest first.
    ///
    /// # Errors
    /// [`ConfigError`] if they are not a list of digests.
    pub fn diff_ids(&self) -> Result<Vec<Digest>, ConfigError> {
        let list = self.0.get("rootfs").and_then(|rootfs| rootfs.get("diff_ids"));
        list.map_or(Ok(Vec::new()), |list| nullable("rootfs.diff_ids", list))
    }

    /// Sets the digests of the uncompressed layers, lowest first.
    pub fn set_diff_ids(&mut self, diff_ids: &[Digest]) {
        let diff_ids: Vec<Value> = diff_ids.iter().map(|digest| digest.to_string().into()).collect();
        self.0.insert("rootfs".to_owned(), serde_json::json!({"type": "layers", "diff_ids": diff_ids}));
    }

    /// The history, oldest first.
    ///
    /// # Errors
    /// [`ConfigError`] if it is not a list of objects with these fields.
    pub fn history(&self) -> Result<Vec<History>, ConfigError> {
        self.0.get("history").map_or(Ok(Vec::new()), |history| nullable("history", history))
    }

    /// Sets the history; an empty one is left out.
    ///
    /// # Errors
    /// None in practice; see [`json::canonical`].
    pub fn set_history(&mut self, history: &[History]) -> Result<(), serde_json::Error> {
        let history = if history.is_empty() { Value::Null } else { serde_json::to_value(history)? };
        put(&mut self.0, "history", history);
        Ok(())
    }

    /// A list of texts, such as [`field::ENTRYPOINT`]; `None` if it is absent.
    ///
    /// # Errors
    /// [`ConfigError`] if the field is something else.
    pub fn list(&self, field: &'static str) -> Result<Option<Vec<String>>, ConfigError> {
        self.get(field).map(|value| typed(field, value)).transpose()
    }

    /// A map of texts, such as [`field::LABELS`]; empty if it is absent.
    ///
    /// # Errors
    /// [`ConfigError`] if the field is something else.
    pub fn map(&self, field: &'static str) -> Result<BTreeMap<String, String>, ConfigError> {
        self.get(field).map_or(Ok(BTreeMap::new()), |value| typed(field, value))
    }

    /// A set that JSON holds as the keys of an object, such as [`field::VOLUMES`]; empty if it is absent.
    ///
    /// # Errors
    /// [`ConfigError`] if the field is something else.
    pub fn set(&self, field: &'static str) -> Result<BTreeSet<String>, ConfigError> {
        let keys: Option<BTreeMap<String, Value>> =
            self.get(field).map(|value| typed(field, value)).transpose()?;
        Ok(keys.unwrap_or_default().into_keys().collect())
    }

    /// A text, such as [`field::USER`]; `None` if it is absent.
    ///
    /// # Errors
    /// [`ConfigError`] if the field is something else.
    pub fn text(&self, field: &'static str) -> Result<Option<String>, ConfigError> {
        self.get(field).map(|value| typed(field, value)).transpose()
    }

    /// Sets a field of the `config` object. An empty text, list or object takes it out, since that is how
    /// configs say that there is none.
    ///
    /// # Errors
    /// [`ConfigError`] if `config` itself is not an object.
    pub fn put(&mut self, field: &'static str, value: Value) -> Result<(), ConfigError> {
        let config = self.0.entry("config").or_insert(Value::Null);
        if config.is_null() {
            *config = Map::new().into();
        }
        let Value::Object(config) = config else {
            return Err(ConfigError::Type { field: "config", source: None });
        };
        put(config, field, value);
        Ok(())
    }

    /// Sets a field from a set, as the keys of an object.
    ///
    /// # Errors
    /// As [`Config::put`].
    pub fn put_set(&mut self, field: &'static str, keys: &BTreeSet<String>) -> Result<(), ConfigError> {
        let object: Map<_, _> = keys.iter().map(|key| (key.clone(), Map::new().into())).collect();
        self.put(field, object.into())
    }

    /// Merges a fragment of a config over this one, as RFC 7396 has it: objects are merged, `null` takes out,
    /// anything else replaces.
    pub fn merge(&mut self, fragment: Map<String, Value>) {
        merge(&mut self.0, fragment);
    }

    /// A field of the `config` object that is there and not null.
    fn get(&self, field: &str) -> Option<&Value> {
        self.0.get("config")?.get(field).filter(|value| !value.is_null())
    }
}

/// Sets or, with an empty value, takes out.
fn put(object: &mut Map<String, Value>, field: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if empty {
        object.remove(field);
    } else {
        object.insert(field.to_owned(), value);
    }
}

fn merge(target: &mut Map<String, Value>, fragment: Map<String, Value>) {
    for (key, value) in fragment {
        match value {
            Value::Null => {
                target.remove(&key);
            }
            Value::Object(fragment) => {
                let mut object = match target.remove(&key) {
                    Some(Value::Object(object)) => object,
                    _ => Map::new(),
                };
                merge(&mut object, fragment);
                target.insert(key, object.into());
            }
            value => {
                target.insert(key, value);
            }
        }
    }
}

fn typed<T: DeserializeOwned>(field: &'static str, value: &Value) -> Result<T, ConfigError> {
    T::deserialize(value).map_err(|source| ConfigError::Type { field, source: Some(source) })
}

fn nullable<T: DeserializeOwned + Default>(field: &'static str, value: &Value) -> Result<T, ConfigError> {
    if value.is_null() { Ok(T::default()) } else { typed(field, value) }
}

/// Why bytes are not an image config, or a field is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// They are no JSON object.
    #[error(transparent)]
    Json(#[from] json::InvalidJson),
    /// A field is of the wrong type.
    #[error("{field} of the image config is not what it should be")]
    Type {
        /// The field.
        field: &'static str,
        /// What was expected and found, unless the field as a whole is wrong.
        source: Option<serde_json::Error>,
    },
    /// A field is empty that must not be.
    #[error("the image config names no {field}")]
    Missing {
        /// The field.
        field: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(value: &Value) -> Config {
        Config::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn from_nothing() {
        let config = Config::new(&Platform { variant: Some("v8".into()), ..Platform::new("linux", "arm64") });
        let text = String::from_utf8(config.to_json().unwrap()).unwrap();
        let expected = concat!(
            r#"{"architecture":"arm64","config":{},"os":"linux","#,
            r#""rootfs":{"diff_ids":[],"type":"layers"},"variant":"v8"}"#
        );
        assert_eq!(text, expected);
        assert_eq!(config.platform().unwrap().to_string(), "linux/arm64/v8");
    }

    #[test]
    fn typed_access_and_survival_of_the_rest() {
        let original = json!({
            "architecture": "amd64", "os": "linux", "variant": "", "docker_version": "20.10",
            "config": {"Entrypoint": ["/x"], "Cmd": null, "OnBuild": ["RUN x"], "Labels": {"a": "1"},
                       "Volumes": {"/data": {}}, "User": "0"},
            "rootfs": {"type": "layers", "diff_ids": [Digest::of(b"1")]},
            "history": [{"created_by": "x", "author": "me"}, {"empty_layer": true}],
        });
        let mut config = config(&original);
        assert_eq!(config.platform().unwrap(), Platform::new("linux", "amd64"));
        assert_eq!(config.list(field::ENTRYPOINT).unwrap(), Some(vec!["/x".to_owned()]));
        assert_eq!(config.list(field::CMD).unwrap(), None);
        assert_eq!(config.map(field::LABELS).unwrap()["a"], "1");
        assert!(config.set(field::VOLUMES).unwrap().contains("/data"));
        assert!(config.set(field::EXPOSED_PORTS).unwrap().is_empty());
        assert_eq!(config.text(field::USER).unwrap().as_deref(), Some("0"));
        assert_eq!(config.diff_ids().unwrap(), [Digest::of(b"1")]);
        let history = config.history().unwrap();
        assert!(history[1].empty_layer && history[0].extra["author"] == "me");

        config.set_history(&history).unwrap();
        config.put(field::ENTRYPOINT, json!(["/y"])).unwrap();
        config.put(field::USER, json!("")).unwrap();
        config.put_set(field::EXPOSED_PORTS, &BTreeSet::from(["80/tcp".to_owned()])).unwrap();
        let mut expected = original;
        expected["config"]["Entrypoint"] = json!(["/y"]);
        expected["config"]["ExposedPorts"] = json!({"80/tcp": {}});
        expected["config"].as_object_mut().unwrap().remove("User");
        assert_eq!(serde_json::from_slice::<Value>(&config.to_json().unwrap()).unwrap(), expected);
        let theirs =
            oci_spec::image::ImageConfiguration::from_reader(config.to_json().unwrap().as_slice()).unwrap();
        assert_eq!(theirs.config().as_ref().unwrap().entrypoint().as_deref(), Some(&["/y".to_owned()][..]));
    }

    #[test]
    fn a_null_config_object_is_an_empty_one() {
        let mut config =
            config(&json!({"architecture": "amd64", "os": "linux", "config": null, "history": null}));
        assert_eq!(config.list(field::CMD).unwrap(), None);
        assert!(config.history().unwrap().is_empty() && config.diff_ids().unwrap().is_empty());
        config.put(field::CMD, json!(["x"])).unwrap();
        assert_eq!(config.list(field::CMD).unwrap(), Some(vec!["x".to_owned()]));
    }

    #[test]
    fn merging() {
        let mut config = config(&json!({"a": {"b": 1, "c": 2, "d": {"e": 1}}, "f": [1], "g": 1}));
        let Value::Object(fragment) =
            json!({"a": {"b": null, "c": 3, "d": {"h": {"x": null}}}, "f": [2], "g": {"i": 1}})
        else {
            unreachable!("an object");
        };
        config.merge(fragment);
        let expected = json!({"a": {"c": 3, "d": {"e": 1, "h": {}}}, "f": [2], "g": {"i": 1}});
        assert_eq!(config.to_json().unwrap(), json::canonical(&expected).unwrap());
    }

    #[test]
    fn wrong_types_are_named() {
        let config = config(&json!({"config": {"Cmd": "x", "Env": [1]}, "os": "linux", "architecture": ""}));
        assert!(config.list(field::CMD).unwrap_err().to_string().contains("Cmd of the image config"));
        assert!(config.list(field::ENV).is_err());
        assert_eq!(config.platform().unwrap_err().to_string(), "the image config names no architecture");
        assert!(Config::parse(b"[]").unwrap_err().to_string().contains("not an image config"));
    }
}
