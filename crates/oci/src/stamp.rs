//! Placeholders in texts, such as `{STABLE_GIT_COMMIT}`, and the values that stand for them.
//!
//! A placeholder is what stands between two braces with no brace between them. `${…}` is none: it is how shells and `env`
//! refer to variables. A value that was put in is not searched for placeholders again.

use std::collections::BTreeMap;

/// What placeholders stand for: the keys of Bazel's workspace status, and names that the caller adds.
///
/// Bazel writes the status of a build to two files, `KEY VALUE` a line
/// (<https://bazel.build/docs/user-manual#workspace-status>).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// Adds what a status file holds. A key ends at the first space; one without a space has an empty value.
    pub fn add_status(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            self.insert(key, value);
        }
    }

    /// As [`Values::add_status`], of the bytes of a file. Values come from whatever the user's command prints, in whatever
    /// encoding: what is not UTF-8 becomes replacement characters, and spoils no value but its own.
    pub fn add_status_bytes(&mut self, bytes: &[u8]) {
        self.add_status(&String::from_utf8_lossy(bytes));
    }

    /// Sets what `{name}` stands for.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// What `{name}` stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// As [`Values::get`], where a stamp key ([`is_stamp_key`]) has to have a value: what to [`replace`] with in a text that
    /// may hold other braces too.
    ///
    /// # Errors
    /// [`UnknownKey`] for a stamp key without one.
    pub fn lookup(&self, name: &str) -> Result<Option<&str>, UnknownKey> {
        match self.get(name) {
            None if is_stamp_key(name) => Err(self.unknown(name)),
            value => Ok(value),
        }
    }

    /// Expands a text that holds no other braces, such as a tag.
    ///
    /// # Errors
    /// [`UnknownKey`] for any placeholder without a value.
    pub fn expand_all(&self, text: &str) -> Result<String, UnknownKey> {
        replace(text, |name| self.get(name).map(Some).ok_or_else(|| self.unknown(name)))
    }

    fn unknown(&self, name: &str) -> UnknownKey {
        UnknownKey { name: name.to_owned(), known: self.0.keys().cloned().collect() }
    }
}

/// Whether `{name}` can only be meant as a key of the workspace status: `STABLE_` or `BUILD_`, and then letters, digits,
/// `_`, `-` and `.`.
#[must_use]
pub fn is_stamp_key(name: &str) -> bool {
    let rest = name.strip_prefix("STABLE_").or_else(|| name.strip_prefix("BUILD_"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    })
}

/// Replaces each placeholder of `text` by what `value` gives for its name; `None` keeps it.
///
/// # Errors
/// The first of `value`.
pub fn replace<V: AsRef<str>, E>(
    text: &str,
    mut value: impl FnMut(&str) -> Result<Option<V>, E>,
) -> Result<String, E> {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        replaced.push_str(before);
        let end =
            after.find(['{', '}']).filter(|&end| after.as_bytes()[end] == b'}' && !before.ends_with('$'));
        let name = end.map(|end| &after[..end]);
        match name.map(&mut value).transpose()?.flatten() {
            Some(value) => {
                replaced.push_str(value.as_ref());
                rest = &after[name.map_or(0, str::len) + 1..];
            }
            None => {
                replaced.push('{');
                rest = after;
            }
        }
    }
    replaced.push_str(rest);
    Ok(replaced)
}

/// A placeholder without a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing is known of {{{name}}}: {}. STABLE_… and BUILD_… keys are what --workspace_status_command prints", list(.known))]
pub struct UnknownKey {
    /// What stands between the braces.
    pub name: String,
    /// The names that have a value, sorted.
    pub known: Vec<String>,
}

fn list(known: &[String]) -> String {
    match known {
        [] => "no key has a value".to_owned(),
        known => format!("the keys there are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> Values {
        let mut values = Values::default();
        values.add_status(
            "STABLE_COMMIT abc\nSTABLE_MESSAGE two  words {name}\r\n\nSTABLE_EMPTY \nBUILD_BARE\n",
        );
        values.insert("name", "image");
        values
    }

    fn expanded(values: &Values, text: &str) -> Result<String, UnknownKey> {
        replace(text, |name| values.lookup(name))
    }

    #[test]
    fn status_files() {
        let values = values();
        let expected = [
            ("STABLE_COMMIT", Some("abc")),
            ("STABLE_MESSAGE", Some("two  words {name}")),
            ("STABLE_EMPTY", Some("")),
            ("BUILD_BARE", Some("")),
            ("BUILD_USER", None),
            ("", None),
        ];
        for (key, value) in expected {
            assert_eq!(values.get(key), value, "{key}");
        }
    }

    #[test]
    fn a_value_that_is_not_utf_8_spoils_no_other() {
        let mut values = Values::default();
        values.add_status_bytes(b"STABLE_AUTHOR J\xf6rg\nSTABLE_COMMIT abc\n");
        assert_eq!(values.get("STABLE_AUTHOR"), Some("J\u{fffd}rg"));
        assert_eq!(values.get("STABLE_COMMIT"), Some("abc"));
    }

    #[test]
    fn what_expands_and_what_stays() {
        let cases = [
            ("", ""),
            ("v1-{STABLE_COMMIT}", "v1-abc"),
            ("{name}{STABLE_COMMIT}{name}", "imageabcimage"),
            ("{STABLE_MESSAGE}", "two  words {name}"),
            ("[{STABLE_EMPTY}]", "[]"),
            (r#"{"a": "{name}", "b": {}}"#, r#"{"a": "image", "b": {}}"#),
            ("{{name}}", "{image}"),
            ("{{.STABLE_COMMIT}}", "{{.STABLE_COMMIT}}"),
            ("${name} $${STABLE_UNKNOWN} ${BUILD_ID:-x}", "${name} $${STABLE_UNKNOWN} ${BUILD_ID:-x}"),
            ("$ {name}", "$ image"),
            ("{other} {STABLE_} {STABLE_A B} {name", "{other} {STABLE_} {STABLE_A B} {name"),
            ("}{ name}{", "}{ name}{"),
            ("ä{name}ü", "äimageü"),
        ];
        for (text, expected) in cases {
            assert_eq!(expanded(&values(), text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn unknown_keys() {
        let keys = "the keys there are: BUILD_BARE, STABLE_COMMIT, STABLE_EMPTY, STABLE_MESSAGE, name. ";
        for key in ["STABLE_COMIT", "BUILD_a.b-c"] {
            let error = expanded(&values(), &format!("x {{{key}}}")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("nothing is known of {{{key}}}: {keys}")), "{error}");
        }
        let error = expanded(&Values::default(), "{STABLE_X}").unwrap_err().to_string();
        assert!(error.contains("no key has a value. "), "{error}");
    }

    #[test]
    fn where_nothing_else_has_braces() {
        assert_eq!(values().expand_all("{name}:{STABLE_COMMIT}").unwrap(), "image:abc");
        for text in ["{other}", "{}", "{{.STABLE_COMMIT}}"] {
            assert!(values().expand_all(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn texts_without_known_names_stay(text in "[${}a ü\"]*") {
            prop_assert_eq!(expanded(&values(), &text).unwrap(), text);
        }

        #[test]
        fn any_value_is_put_in_unchanged(before in "[^${}]*", value in ".*", after in "[^{}]*") {
            let mut values = Values::default();
            values.insert("k", value.clone());
            let text = format!("{before}{{k}}{after}");
            prop_assert_eq!(expanded(&values, &text).unwrap(), format!("{before}{value}{after}"));
        }
    }
}
