//! Fields of foreign headers: numbers, pax records, paths.
//!
//! Invariant: what Go's `archive/tar` accepts is accepted and means the same, since the runtimes use it.

use std::{collections::BTreeMap, ops::Range};

use crate::path::printable;

/// Where numbers stand in a header. The last is that of old GNU sparse files.
pub(super) const MODE: Range<usize> = 100..108;
pub(super) const UID: Range<usize> = 108..116;
pub(super) const GID: Range<usize> = 116..124;
pub(super) const SIZE: Range<usize> = 124..136;
pub(super) const MTIME: Range<usize> = 136..148;
pub(super) const DEVICE_MAJOR: Range<usize> = 329..337;
pub(super) const DEVICE_MINOR: Range<usize> = 337..345;
pub(super) const REAL_SIZE: Range<usize> = 483..495;

/// Parses a number: octal digits between blanks and NULs, nothing but those for 0, or GNU's base 256 (two's complement,
/// told by the highest bit).
pub(super) fn parse_number(field: &[u8]) -> Option<i64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // The second highest bit is the sign.
        let start = if first & 0x40 == 0 { i64::from(first & 0x3f) } else { i64::from(first.cast_signed()) };
        return rest.iter().try_fold(start, |value, &byte| {
            value.checked_mul(256).and_then(|value| value.checked_add(byte.into()))
        });
    }
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let digits = &field[field.iter().position(|byte| !blank(byte)).unwrap_or(field.len())..];
    let digits = &digits[..digits.iter().position(blank).unwrap_or(digits.len())];
    digits.iter().try_fold(0, |value: i64, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add((digit - b'0').into()),
        _ => None,
    })
}

/// What headers in front of an entry say about it.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) records: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Extensions {
    pub(super) fn is_empty(&self) -> bool {
        self.path.is_none() && self.link.is_none() && self.records.is_empty()
    }

    fn record(&self, key: &[u8]) -> Option<&[u8]> {
        self.records.get(key).map(Vec::as_slice)
    }

    pub(super) fn path(&self) -> Option<&[u8]> {
        self.record(b"GNU.sparse.name").or_else(|| self.record(b"path")).or(self.path.as_deref())
    }

    pub(super) fn link(&self) -> Option<&[u8]> {
        self.record(b"linkpath").or(self.link.as_deref())
    }

    pub(super) fn number(&self, key: &[u8]) -> Option<u64> {
        str::from_utf8(self.record(key)?).ok()?.parse().ok()
    }

    /// Size of a sparse file in pax's ways, holes counted.
    pub(super) fn real_size(&self) -> Option<u64> {
        self.number(b"GNU.sparse.realsize").or_else(|| self.number(b"GNU.sparse.size"))
    }

    /// Whole seconds; pax may give fractions.
    pub(super) fn mtime(&self) -> Option<i64> {
        let text = str::from_utf8(self.record(b"mtime")?).ok()?;
        text.split('.').next()?.parse().ok()
    }
}

/// `LEN KEY=VALUE\n`, again and again.
pub(super) fn parse_records(mut bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
        let length: usize = str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
        let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        records.push((record[..equals].to_vec(), record[equals + 1..].to_vec()));
        bytes = &bytes[length..];
    }
    Some(records)
}

/// A path of a foreign tar, without slashes at the ends, empty parts, `.` and `..`.
pub(super) fn clean(path: &[u8]) -> Result<Vec<u8>, String> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                if parts.pop().is_none() {
                    return Err(format!(
                        "its entry {} escapes the image: runtimes refuse to unpack that",
                        printable(path)
                    ));
                }
            }
            name => parts.push(name),
        }
    }
    Ok(parts.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases: [(&[u8], Option<i64>); 12] = [
            (b"0000644\0", Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"", None),
            (b"77777777777", Some((1 << 33) - 1)),
            (b"0000648\0", None),
            (b"-000001\0", None),
            (&[0x80, 0, 0, 1, 0], Some(256)),
            (&[0xff, 0xff, 0xff, 0xfe], Some(-2)),
            (&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Some(i64::MAX)),
            (&[0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0], None),
            (&[0xbf; 12], None),
        ];
        for (field, expected) in cases {
            assert_eq!(parse_number(field), expected, "{field:?}");
        }
    }

    #[test]
    fn records() {
        let parsed = parse_records(b"12 path=a=b\n11 xx=\n\0\0y\n").unwrap();
        let expected = [(b"path".to_vec(), b"a=b".to_vec()), (b"xx".to_vec(), b"\n\0\0y".to_vec())];
        assert_eq!(parsed, expected);
        for bad in
            ["x", "5 a=b", "7 a=b\n", "6 a=b\nrest", "6 a b\n", "0 a=b\n", "1 a=b\n", " 6 a=b\n", "-6 a=b\n"]
        {
            assert_eq!(parse_records(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn paths() {
        for (path, expected) in
            [("./a//b/", "a/b"), ("/a/./b", "a/b"), ("a/../b", "b"), ("./", ""), ("a/..", "")]
        {
            assert_eq!(clean(path.as_bytes()).unwrap(), expected.as_bytes());
        }
        for path in ["..", "../a", "a/../..", "/../a"] {
            assert!(clean(path.as_bytes()).unwrap_err().contains(path));
        }
    }
}
