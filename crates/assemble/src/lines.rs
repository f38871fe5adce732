//! Attributes that come as files: lists one element a line, maps as `KEY=VALUE` a line.
//!
//! Lines end in `\n` or `\r\n`. Nothing is unquoted or trimmed, apart from ports and volumes, which hold no
//! blanks.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, bail, ensure};

use crate::files;

/// One argument a line; empty lines are none.
pub(crate) fn arguments(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// Elements separated by commas or ends of lines, without blanks around them.
pub(crate) fn items(text: &str) -> Vec<String> {
    let items = text.split([',', '\n']).map(str::trim);
    items.filter(|item| !item.is_empty()).map(ToOwned::to_owned).collect()
}

/// `KEY=VALUE` a line, split at the first `=`, in the order of the file. Blank lines are skipped. A key may be there
/// twice: a later value of a variable often refers to the earlier one.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    numbered(text).map(|pair| pair.map(|(_, key, value)| (key.to_owned(), value.to_owned()))).collect()
}

/// As [`pairs`], but a key that is there twice is an error, since one of the values would be lost.
pub(crate) fn map(text: &str) -> Result<BTreeMap<String, String>> {
    let mut map = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for pair in numbered(text) {
        let (number, key, value) = pair?;
        if let Some(first) = seen.insert(key, number) {
            bail!("the key {key:?} is there twice, in lines {first} and {number}: take one out");
        }
        map.insert(key.to_owned(), value.to_owned());
    }
    Ok(map)
}

/// Number, key and value of each line that is not blank.
fn numbered(text: &str) -> impl Iterator<Item = Result<(usize, &str, &str)>> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| {
        let Some((key, value)) = line.split_once('=') else {
            bail!("line {number}, {line:?}, has no '=': write KEY=VALUE");
        };
        ensure!(!key.is_empty(), "line {number}, {line:?}, has no key: write KEY=VALUE");
        Ok((number, key, value))
    })
}

/// Reads the file of an attribute into its value.
///
/// # Errors
/// If the attribute has a value, or for what `parse` finds wrong; names attribute and file.
pub(crate) fn read<T>(
    attribute: &str,
    path: Option<&Path>,
    value: &mut Option<T>,
    parse: impl FnOnce(&str) -> Result<T>,
) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    if value.is_some() {
        bail!("{attribute} is given twice, as a literal and as {}: take one out", path.display());
    }
    let parsed = files::read_text(path).and_then(|text| parse(&text));
    *value = Some(parsed.with_context(|| format!("{attribute}, in {}", path.display()))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(arguments("/app\n--x=a, b\r\n\n  y \n"), ["/app", "--x=a, b", "  y "]);
        assert_eq!(arguments(""), [""; 0]);
        assert_eq!(items("80/tcp, 81,\n\n82/udp \r\n"), ["80/tcp", "81", "82/udp"]);
        assert_eq!(items("\n"), [""; 0]);
    }

    #[test]
    fn maps() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let expected = [pair("B", "x=y"), pair("A", ""), pair(" C", " z ")];
        let text = "B=x=y\n\nA=\r\n  \n C= z \n";
        assert_eq!(pairs(text).unwrap(), expected);
        assert_eq!(map(text).unwrap(), expected.into());
        assert_eq!((pairs("").unwrap(), map("\n").unwrap()), (vec![], BTreeMap::new()));
        let cases = [
            ("A=1\nB\n", "line 2, \"B\", has no '='"),
            ("# A comment", "line 1, \"# A comment\", has no '='"),
            ("=1", "line 1, \"=1\", has no key"),
        ];
        for (text, expected) in cases {
            for error in [pairs(text).unwrap_err(), map(text).unwrap_err()] {
                assert!(error.to_string().contains(expected), "{error}");
            }
        }
    }

    #[test]
    fn keys_that_are_there_twice() {
        let text = "A=1\n\nA=$A:2\n";
        let expected = ["1", "$A:2"].map(|value| ("A".to_owned(), value.to_owned()));
        assert_eq!(pairs(text).unwrap(), expected);
        let error = map(text).unwrap_err().to_string();
        assert!(error.contains("\"A\" is there twice, in lines 1 and 3"), "{error}");
    }
}
