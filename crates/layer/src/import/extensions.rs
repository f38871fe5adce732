//! What stands in front of an entry and says something about it: pax records, GNU's long names.
//!
//! Invariants: as Go's `archive/tar` has it, a second pax header replaces the first, an empty value is none, GNU's long names
//! beat records, and a number that is none makes the tar bad instead of being passed over: whoever reads it otherwise would
//! take content for headers.

use std::collections::BTreeMap;

use crate::{
    import::{
        fields::{parse_records, until_nul},
        sparse::parse_pairs,
    },
    slice::Segment,
};

/// Prefix of the records of extended attributes, the only one that runtimes know.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// What has been said about the entry to come.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    long_path: Vec<u8>,
    long_link: Vec<u8>,
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    any: bool,
}

/// How the map of a sparse file is stored, if pax records say that it is one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PaxSparse {
    No,
    /// Versions 0.0 and 0.1.
    Map(Vec<Segment>),
    /// Version 1.0: at the start of the content.
    InContent,
}

impl Extensions {
    /// Whether an entry must follow.
    pub(super) const fn is_empty(&self) -> bool {
        !self.any
    }

    /// Takes the content of a header of type `flag`: `x`, `g`, `L` or `K`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn add(&mut self, flag: u8, bytes: &[u8]) -> Result<(), &'static str> {
        self.any = true;
        match flag {
            b'L' => self.long_path = until_nul(bytes).to_vec(),
            b'K' => self.long_link = until_nul(bytes).to_vec(),
            _ => self.records = parse_pax(bytes).ok_or("is malformed")?,
        }
        if flag == b'g' {
            // Go, and so the runtimes, take nothing from it, and forget what came before it.
            *self = Self::default();
        }
        Ok(())
    }

    /// A record that is there and not empty.
    fn record(&self, key: &str) -> Option<&[u8]> {
        self.records.get(key.as_bytes()).map(Vec::as_slice).filter(|value| !value.is_empty())
    }

    pub(super) fn path(&self) -> Option<&[u8]> {
        Some(&*self.long_path).filter(|path| !path.is_empty()).or_else(|| self.record("path"))
    }

    pub(super) fn link(&self) -> Option<&[u8]> {
        Some(&*self.long_link).filter(|link| !link.is_empty()).or_else(|| self.record("linkpath"))
    }

    pub(super) fn name(&self, key: &str) -> Option<&[u8]> {
        self.record(key)
    }

    /// A number that may be absent.
    ///
    /// # Errors
    /// The key of a record that holds none.
    pub(super) fn number(&self, key: &'static str) -> Result<Option<i64>, &'static str> {
        self.record(key)
            .map(|value| str::from_utf8(value).ok()?.parse().ok())
            .map_or(Ok(None), |number| number.ok_or(key).map(Some))
    }

    /// A time that may be absent, in whole seconds: fractions are cut off towards the past.
    ///
    /// # Errors
    /// The key of a record that holds none.
    pub(super) fn time(&self, key: &'static str) -> Result<Option<i64>, &'static str> {
        self.record(key).map(parse_time).map_or(Ok(None), |time| time.ok_or(key).map(Some))
    }

    /// How the records store the map of a sparse file.
    ///
    /// # Errors
    /// The key of what is wrong.
    pub(super) fn sparse(&self) -> Result<PaxSparse, &'static str> {
        let version = (self.record("GNU.sparse.major"), self.record("GNU.sparse.minor"));
        match version {
            (Some(b"1"), Some(b"0")) => Ok(PaxSparse::InContent),
            (Some(b"0"), Some(b"0" | b"1")) => self.sparse_map(),
            (None, None) if self.record("GNU.sparse.map").is_some() => self.sparse_map(),
            _ => Ok(PaxSparse::No),
        }
    }

    fn sparse_map(&self) -> Result<PaxSparse, &'static str> {
        let count = self.record("GNU.sparse.numblocks").unwrap_or_default();
        let map = parse_pairs(count, self.record("GNU.sparse.map").unwrap_or_default());
        map.map(PaxSparse::Map).ok_or("GNU.sparse.map")
    }

    /// Size of a sparse file, holes counted.
    ///
    /// # Errors
    /// The key of a record that holds no number.
    pub(super) fn sparse_size(&self) -> Result<Option<i64>, &'static str> {
        Ok(match self.number("GNU.sparse.size")? {
            Some(size) => Some(size),
            None => self.number("GNU.sparse.realsize")?,
        })
    }

    /// Extended attributes, by name.
    pub(super) fn xattrs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let values = self.records.iter().filter(|(_, value)| !value.is_empty());
        values.filter_map(|(key, value)| Some((key.strip_prefix(XATTR)?, &**value)))
    }
}

/// The records of a pax header. Those of sparse version 0.0, which repeat keys, become that of 0.1.
fn parse_pax(bytes: &[u8]) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut records = BTreeMap::new();
    let mut map: Vec<Vec<u8>> = Vec::new();
    for (key, value) in parse_records(bytes)? {
        let expected =
            if map.len().is_multiple_of(2) { &b"GNU.sparse.offset"[..] } else { b"GNU.sparse.numbytes" };
        match &*key {
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" if *key != *expected || value.contains(&b',') => {
                return None;
            }
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => map.push(value),
            _ => drop(records.insert(key, value)),
        }
    }
    if !map.is_empty() {
        records.insert(b"GNU.sparse.map".to_vec(), map.join(&b','));
    }
    Some(records)
}

/// `SECONDS` or `SECONDS.FRACTION`.
fn parse_time(text: &[u8]) -> Option<i64> {
    let text = str::from_utf8(text).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let past = whole.starts_with('-') && fraction.bytes().any(|digit| digit != b'0');
    if past { seconds.checked_sub(1) } else { Some(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pax(records: &[(&str, &str)]) -> Extensions {
        let records = records.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()));
        Extensions { records: records.collect(), any: true, ..Extensions::default() }
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("5", Some(5)),
            ("5.", Some(5)),
            ("5.999999999999", Some(5)),
            ("-5", Some(-5)),
            ("-5.0", Some(-5)),
            ("-5.5", Some(-6)),
            ("-0.5", Some(-1)),
            ("", None),
            (".5", None),
            ("5.x", None),
            ("5.-1", None),
            ("9223372036854775808", None),
        ] {
            assert_eq!(parse_time(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn what_wins() {
        let mut all = pax(&[
            ("path", "pax"),
            ("linkpath", ""),
            ("size", "12"),
            ("uid", "x"),
            ("SCHILY.xattr.user.a", "1"),
        ]);
        assert_eq!((all.path(), all.link()), (Some(&b"pax"[..]), None), "an empty record is none");
        assert_eq!(
            (all.number("size"), all.number("gid"), all.number("uid")),
            (Ok(Some(12)), Ok(None), Err("uid"))
        );
        assert_eq!(all.xattrs().collect::<Vec<_>>(), [(&b"user.a"[..], &b"1"[..])]);
        all.add(b'L', b"long\0\0").unwrap();
        all.add(b'K', b"link").unwrap();
        assert_eq!((all.path(), all.link()), (Some(&b"long"[..]), Some(&b"link"[..])));
        all.add(b'x', b"9 path=y\n").unwrap();
        assert_eq!(all.number("size"), Ok(None), "the last pax header counts");
        assert!(all.add(b'x', b"9 path=y").is_err());
        all.add(b'g', b"9 path=y\n").unwrap();
        assert!(all.is_empty() && all.path().is_none());
    }

    #[test]
    fn sparse_versions() {
        let map = |offset, length| PaxSparse::Map(vec![Segment { offset, length }]);
        let (major, minor) = ("GNU.sparse.major", "GNU.sparse.minor");
        let body = [("GNU.sparse.numblocks", "1"), ("GNU.sparse.map", "3,4")];
        let with = |version: &[(&'static str, &'static str)]| pax(&[version, &body].concat()).sparse();
        assert_eq!(with(&[]), Ok(map(3, 4)));
        assert_eq!(with(&[(major, "0"), (minor, "1")]), Ok(map(3, 4)));
        assert_eq!(with(&[(major, "1"), (minor, "0")]), Ok(PaxSparse::InContent));
        assert_eq!(with(&[(major, "2"), (minor, "0")]), Ok(PaxSparse::No), "as Go reads it");
        assert_eq!(pax(&[("GNU.sparse.map", "3,4")]).sparse(), Err("GNU.sparse.map"));
        assert_eq!(
            pax(&[(major, "0"), (minor, "0"), ("GNU.sparse.numblocks", "0")]).sparse(),
            Ok(PaxSparse::Map(vec![]))
        );

        let mut all = Extensions::default();
        let old = b"26 GNU.sparse.numblocks=1\n23 GNU.sparse.offset=3\n25 GNU.sparse.numbytes=4\n";
        all.add(b'x', old).unwrap();
        assert_eq!(all.sparse(), Ok(map(3, 4)), "version 0.0");
        assert!(all.add(b'x', b"25 GNU.sparse.numbytes=4\n").is_err(), "out of order");
    }
}
