//! One header block of a tar from elsewhere, as it stands.
//!
//! Invariant: which fields a block has, and what they mean, is told by its magic as Go's `archive/tar` tells it: v7, ustar
//! (POSIX), star and GNU.

use std::ops::Range;

use crate::{
    format::TAR_BLOCK,
    import::fields::{parse_number, until_nul},
};

/// Fields that every header has.
const NAME: Range<usize> = 0..100;
const MODE: Range<usize> = 100..108;
const UID: Range<usize> = 108..116;
const GID: Range<usize> = 116..124;
const SIZE: Range<usize> = 124..136;
const MTIME: Range<usize> = 136..148;
const FLAG: usize = 156;
const LINK: Range<usize> = 157..257;
/// Those of ustar, star and GNU.
const MAGIC: Range<usize> = 257..265;
const USER: Range<usize> = 265..297;
const GROUP: Range<usize> = 297..329;
const MAJOR: Range<usize> = 329..337;
const MINOR: Range<usize> = 337..345;
const PREFIX: Range<usize> = 345..500;
const STAR_PREFIX: Range<usize> = 345..476;
const STAR_TIMES: [Range<usize>; 2] = [476..488, 488..500];
const STAR_TRAILER: Range<usize> = 508..512;
const GNU_TIMES: [Range<usize>; 2] = [345..357, 357..369];

/// Kinds of headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    V7,
    Ustar,
    Star,
    Gnu,
}

/// A header, its fields parsed.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) dialect: Dialect,
    pub(super) flag: u8,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: i64,
    pub(super) mode: i64,
    pub(super) uid: i64,
    pub(super) gid: i64,
    pub(super) mtime: i64,
    pub(super) user: Vec<u8>,
    pub(super) group: Vec<u8>,
    /// Major and minor number; zeros where the dialect has none.
    pub(super) device: (i64, i64),
}

impl Raw {
    /// Parses a header whose checksum is right.
    ///
    /// # Errors
    /// The name of a field that holds no number.
    pub(super) fn parse(block: &[u8; TAR_BLOCK]) -> Result<Self, &'static str> {
        let number = |name, field: Range<usize>| parse_number(&block[field]).ok_or(name);
        let text = |field: Range<usize>| until_nul(&block[field]).to_vec();
        let dialect = dialect(block);
        let mut raw = Self {
            dialect,
            flag: block[FLAG],
            name: text(NAME),
            link: text(LINK),
            size: number("size", SIZE)?,
            mode: number("mode", MODE)?,
            uid: number("uid", UID)?,
            gid: number("gid", GID)?,
            mtime: number("mtime", MTIME)?,
            user: Vec::new(),
            group: Vec::new(),
            device: (0, 0),
        };
        if dialect == Dialect::V7 {
            return Ok(raw);
        }
        (raw.user, raw.group) = (text(USER), text(GROUP));
        raw.device = (number("device", MAJOR)?, number("device", MINOR)?);
        let prefix = match dialect {
            Dialect::Ustar => text(PREFIX),
            Dialect::Star => {
                STAR_TIMES.into_iter().try_for_each(|time| number("time", time).map(drop))?;
                text(STAR_PREFIX)
            }
            // GNU has times there. Go before 1.8 wrote a prefix all the same, which its later readers still accept.
            Dialect::Gnu => {
                let is_time =
                    |field: Range<usize>| block[field.start] == 0 || parse_number(&block[field]).is_some();
                if GNU_TIMES.into_iter().all(is_time) { Vec::new() } else { text(PREFIX) }
            }
            Dialect::V7 => unreachable!("returned above"),
        };
        if !prefix.is_empty() && (dialect != Dialect::Gnu || prefix.is_ascii()) {
            raw.name = [&prefix[..], b"/", &raw.name].concat();
        }
        Ok(raw)
    }
}

fn dialect(block: &[u8; TAR_BLOCK]) -> Dialect {
    match &block[MAGIC] {
        b"ustar  \0" => Dialect::Gnu,
        magic if magic.starts_with(b"ustar\0") => {
            if &block[STAR_TRAILER] == b"tar\0" {
                Dialect::Star
            } else {
                Dialect::Ustar
            }
        }
        _ => Dialect::V7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_decide_about_prefixes_and_devices() {
        let mut block = [0; TAR_BLOCK];
        block[0] = b'n';
        block[PREFIX.start..PREFIX.start + 3].copy_from_slice(b"pre");
        block[MAJOR.start..MAJOR.start + 1].copy_from_slice(b"7");
        let mut parse = |magic: &[u8], trailer: &[u8]| {
            block[MAGIC].copy_from_slice(magic);
            block[STAR_TRAILER].copy_from_slice(trailer);
            let raw = Raw::parse(&block).unwrap();
            (raw.dialect, String::from_utf8(raw.name).unwrap(), raw.device.0)
        };
        assert_eq!(parse(&[0; 8], &[0; 4]), (Dialect::V7, "n".into(), 0));
        assert_eq!(parse(b"ustar\x0000", &[0; 4]), (Dialect::Ustar, "pre/n".into(), 7));
        assert_eq!(parse(b"ustar\x00  ", &[0; 4]), (Dialect::Ustar, "pre/n".into(), 7));
        assert_eq!(parse(b"ustar\x0000", b"tar\0"), (Dialect::Star, "pre/n".into(), 7));
        assert_eq!(parse(b"ustar  \0", &[0; 4]), (Dialect::Gnu, "pre/n".into(), 7));
        block[PREFIX.start..PREFIX.start + 3].copy_from_slice(b"123");
        let raw = Raw::parse(&block).unwrap();
        assert_eq!((raw.dialect, &*raw.name), (Dialect::Gnu, &b"n"[..]), "times, and no prefix");
    }

    #[test]
    fn bad_fields_are_named() {
        for (at, name) in
            [(100, "mode"), (108, "uid"), (116, "gid"), (124, "size"), (136, "mtime"), (329, "device")]
        {
            let mut block = [0; TAR_BLOCK];
            block[MAGIC].copy_from_slice(b"ustar\x0000");
            block[at] = b'9';
            assert_eq!(Raw::parse(&block).unwrap_err(), name);
        }
    }
}
