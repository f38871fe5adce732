//! Canonical JSON: what makes equal documents equal bytes.
//!
//! Compact, keys sorted, no newline at the end, and only the escapes that JSON demands. Sorting comes from
//! `serde_json`'s default map; a test fails if some crate turns on its `preserve_order`.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

/// The canonical bytes of `value`.
///
/// # Errors
/// Where `value` cannot be JSON, such as a map whose keys are not texts. No type of this crate is like that.
pub fn canonical<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    // By way of a Value, since a struct would be written in the order of its fields.
    serde_json::to_vec(&serde_json::to_value(value)?)
}

/// Parses a document, of which `what` is said in the error: "an image manifest".
///
/// # Errors
/// [`InvalidJson`] with line and column.
pub fn parse<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, InvalidJson> {
    serde_json::from_slice(bytes).map_err(|source| InvalidJson { what, source })
}

/// For fields that Go programs write as `null` when they are empty.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Bytes that are not the document they should be.
#[derive(Debug, thiserror::Error)]
#[error("not {what}")]
pub struct InvalidJson {
    /// What they should have been, with its article.
    pub what: &'static str,
    /// Where they stop being it.
    pub source: serde_json::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_in_values_and_structs() {
        #[derive(Serialize)]
        struct Unsorted {
            z: u8,
            a: serde_json::Value,
        }
        let a = serde_json::from_str(r#"{ "y": [1, {"d": null, "c": "é\u0001/<>&"}], "b": true }"#).unwrap();
        let bytes = canonical(&Unsorted { z: 1, a }).unwrap();
        let expected = r#"{"a":{"b":true,"y":[1,{"c":"é\u0001/<>&","d":null}]},"z":1}"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn errors_say_what_and_where() {
        let error = parse::<Vec<u8>>("a list of bytes", b"[1,\n 2x]").unwrap_err();
        assert_eq!(error.to_string(), "not a list of bytes");
        assert!(error.source.to_string().contains("line 2 column 3"), "{}", error.source);
    }
}
