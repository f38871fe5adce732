//! Placeholders in what an image says of itself: labels, annotations, values of `env`, and `created`.
//!
//! Without stamping, `{STABLE_…}` and `{BUILD_…}` stay as they are, so that a build that isn't stamped depends on no status
//! and yet works.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use oci::{
    stamp::{UnknownKey, Values, is_stamp_key, replace},
    timestamp,
};

use super::spec::Spec;

/// The stamp key whose value is a number of seconds.
const TIMESTAMP: &str = "BUILD_TIMESTAMP";

/// What placeholders stand for.
#[derive(Debug)]
pub(super) struct Expansion {
    values: Values,
    stamped: bool,
}

impl Expansion {
    /// `names` are what the rules give values to, and `values` what the status of a build that is `stamped` says.
    pub(super) fn new(names: BTreeMap<String, String>, stamped: bool, mut values: Values) -> Self {
        for (name, value) in names {
            values.insert(name, value);
        }
        Self { values, stamped }
    }

    /// Expands the attributes that may hold placeholders.
    pub(super) fn apply(&self, spec: &mut Spec) -> Result<()> {
        for (name, value) in spec.env.iter_mut().flatten() {
            // What is put in is no reference to a variable, whatever dollars it holds.
            let put_in = |value: &str| value.replace('$', "$$");
            *value = self.expand(value, put_in).with_context(|| format!("env, the value of {name:?}"))?;
        }
        for (attribute, texts) in [("labels", &mut spec.labels), ("annotations", &mut spec.annotations)] {
            for (key, value) in texts.iter_mut().flatten() {
                *value = self
                    .expand(value, str::to_owned)
                    .with_context(|| format!("{attribute}, the value of {key:?}"))?;
            }
        }
        Ok(())
    }

    /// Expands the time of creation. `{BUILD_TIMESTAMP}` is put in as a time; without stamping, a text with any stamp key
    /// is the epoch.
    pub(super) fn created(&self, text: &str) -> Result<String> {
        let mut left_out = false;
        let expanded = replace(text, |name| -> Result<_> {
            left_out |= self.is_left_out(name);
            let value = self.lookup(name)?;
            value.map(|value| if name == TIMESTAMP { time(value) } else { Ok(value.to_owned()) }).transpose()
        })?;
        Ok(if left_out { timestamp::EPOCH.to_owned() } else { expanded })
    }

    fn expand(&self, text: &str, put_in: impl Fn(&str) -> String) -> Result<String, UnknownKey> {
        replace(text, |name| Ok(self.lookup(name)?.map(&put_in)))
    }

    fn lookup(&self, name: &str) -> Result<Option<&str>, UnknownKey> {
        if self.is_left_out(name) { Ok(None) } else { self.values.lookup(name) }
    }

    fn is_left_out(&self, name: &str) -> bool {
        !self.stamped && is_stamp_key(name) && self.values.get(name).is_none()
    }
}

fn time(seconds: &str) -> Result<String> {
    let time = seconds.parse().ok().and_then(timestamp::from_unix);
    time.with_context(|| format!("{TIMESTAMP} is {seconds:?}, which is no number of seconds since 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: [&str; 2] = ["STABLE_COMMIT ab$c{name}\n", "BUILD_TIMESTAMP 1700000000\n"];

    fn status(texts: &[&str]) -> Values {
        let mut values = Values::default();
        texts.iter().for_each(|text| values.add_status(text));
        values
    }

    fn expansion(stamped: bool) -> Expansion {
        let names = BTreeMap::from([("name".to_owned(), "image".to_owned())]);
        Expansion::new(names, stamped, if stamped { status(&STATUS) } else { Values::default() })
    }

    /// The three attributes, each with one text, expanded.
    fn applied(stamped: bool, text: &str) -> Result<[String; 3]> {
        let map = BTreeMap::from([("k".to_owned(), text.to_owned())]);
        let mut spec = Spec {
            env: Some(vec![("k".to_owned(), text.to_owned())]),
            labels: Some(map.clone()),
            annotations: Some(map),
            ..Spec::default()
        };
        expansion(stamped).apply(&mut spec)?;
        Ok([
            spec.env.unwrap().remove(0).1,
            spec.labels.unwrap()["k"].clone(),
            spec.annotations.unwrap()["k"].clone(),
        ])
    }

    #[test]
    fn each_attribute() {
        let text = r#"{"a": "{name}-{STABLE_COMMIT}", "b": "$name ${name}"}"#;
        let label = r#"{"a": "image-ab$c{name}", "b": "$name ${name}"}"#;
        let env = r#"{"a": "image-ab$$c{name}", "b": "$name ${name}"}"#;
        assert_eq!(applied(true, text).unwrap(), [env, label, label]);
        let plain = r#"{"a": "image-{STABLE_COMMIT}", "b": "$name ${name}"}"#;
        assert_eq!(applied(false, text).unwrap(), [plain; 3]);
    }

    #[test]
    fn unknown_keys() {
        let error = format!("{:#}", applied(true, "{STABLE_COMIT}").unwrap_err());
        assert!(error.starts_with("env, the value of \"k\": nothing is known of {STABLE_COMIT}"), "{error}");
        assert!(error.contains("BUILD_TIMESTAMP, STABLE_COMMIT, name"), "{error}");
        assert_eq!(applied(false, "{STABLE_COMIT}").unwrap(), ["{STABLE_COMIT}"; 3]);
    }

    #[test]
    fn created() {
        let cases = [
            (true, "{BUILD_TIMESTAMP}", "2023-11-14T22:13:20Z"),
            (false, "{BUILD_TIMESTAMP}", timestamp::EPOCH),
            (false, "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
            (true, "{STABLE_COMMIT}", "ab$c{name}"),
            (true, "{other}", "{other}"),
        ];
        for (stamped, text, expected) in cases {
            assert_eq!(expansion(stamped).created(text).unwrap(), expected, "{text}");
        }
        let error = expansion(true).created("{BUILD_TIME}").unwrap_err().to_string();
        assert!(error.contains("nothing is known of {BUILD_TIME}"), "{error}");
        let odd = Expansion::new(BTreeMap::new(), true, status(&["BUILD_TIMESTAMP now"]));
        let error = odd.created("{BUILD_TIMESTAMP}").unwrap_err().to_string();
        assert!(error.contains("BUILD_TIMESTAMP is \"now\""), "{error}");
    }
}
