//! Attributes that come as files: lists one element a line, maps as `KEY=VALUE` a line.
//!
//! Lines end in `\n` or `\r\n`. Nothing is unquoted or trimmed, apart from ports and volumes, which hold no
//! blanks.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

/// One argument a line; empty lines are none.
pub(super) fn arguments(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// Elements separated by commas or ends of lines, without blanks around them.
pub(super) fn items(text: &str) -> Vec<String> {
    let items = text.split([',', '\n']).map(str::trim);
    items.filter(|item| !item.is_empty()).map(ToOwned::to_owned).collect()
}

/// `KEY=VALUE` a line, split at the first `=`, in the order of the file. Blank lines are skipped; a key that
/// is there twice is an error, since one of the values would be lost.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut seen = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let Some((key, value)) = line.split_once('=') else {
            bail!("line {number}, {line:?}, has no '=': write KEY=VALUE");
        };
        ensure!(!key.is_empty(), "line {number}, {line:?}, has no key: write KEY=VALUE");
        if let Some(first) = seen.insert(key, number) {
            bail!("the key {key:?} is there twice, in lines {first} and {number}: take one out");
        }
        pairs.push((key.to_owned(), value.to_owned()));
    }
    Ok(pairs)
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
        assert_eq!(pairs("B=x=y\n\nA=\r\n  \n C= z \n").unwrap(), expected);
        let cases = [
            ("A=1\nB\n", "line 2, \"B\", has no '='"),
            ("=1", "line 1, \"=1\", has no key"),
            ("A=1\n\nA=1\n", "\"A\" is there twice, in lines 1 and 3"),
        ];
        for (text, expected) in cases {
            let error = pairs(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
