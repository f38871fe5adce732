//! Fields of foreign headers: numbers, pax records, paths.
//!
//! Invariant: what Go's `archive/tar` accepts is accepted and means the same, since the runtimes use it.

use crate::path::printable;

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
    let start = field.iter().position(|byte| !blank(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    // Within them a NUL ends the number, and a space is none of its digits.
    until_nul(&field[start..end]).iter().try_fold(0, |value: i64, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add((digit - b'0').into()),
        _ => None,
    })
}

/// Records whose value may hold no NUL; in others it is the key that may not.
const TEXTS: [&[u8]; 4] = [b"path", b"linkpath", b"uname", b"gname"];

/// `LEN KEY=VALUE\n`, again and again.
pub(super) fn parse_records(mut bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
        let length: usize = str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
        let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        if key.is_empty() || if TEXTS.contains(&key) { value.contains(&0) } else { key.contains(&0) } {
            return None;
        }
        records.push((key.to_vec(), value.to_vec()));
        bytes = &bytes[length..];
    }
    Some(records)
}

/// A path of a foreign tar, without slashes at the ends, empty parts, `.` and `..`.
pub(crate) fn clean(path: &[u8]) -> Result<Vec<u8>, String> {
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

/// What stands before the first NUL.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases: [(&[u8], Option<i64>); 14] = [
            (b"0000644\0", Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"64 4\0", None),
            (b"64\x004\0", Some(0o64)),
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
        for bad in [
            "x",
            "5 a=b",
            "7 a=b\n",
            "6 a=b\nrest",
            "6 a b\n",
            "0 a=b\n",
            "1 a=b\n",
            " 6 a=b\n",
            "-6 a=b\n",
            "5 =b\n",
            "10 path=\0\n",
            "7 \0a=b\n",
        ] {
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
