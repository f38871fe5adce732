//! Files with holes: the maps of GNU's four ways to store them.
//!
//! The old way has the map in the header and in blocks behind it; pax 0.0 and 0.1 have it in records; pax 1.0 at the start of
//! the content. Invariants: a map that is accepted is in order, within the file, and accounts for every stored byte, as
//! Go's `archive/tar` wants it; no map is longer than [`MAX_MAP`].

use crate::{import::fields::parse_number, slice::Segment};

/// Longest map, as it is stored. Go's reader has the same bound.
pub(super) const MAX_MAP: usize = 1 << 20;

/// Bytes of an entry of an old map, offset and length.
pub(super) const OLD_ENTRY: usize = 24;

/// Parses a run of entries in a header of the old way, up to the first empty one.
pub(super) fn parse_old(entries: &[u8], map: &mut Vec<Segment>) -> Option<()> {
    for entry in entries.chunks_exact(OLD_ENTRY).take_while(|entry| entry[0] != 0) {
        let (offset, length) = entry.split_at(OLD_ENTRY / 2);
        let number = |field| parse_number(field).and_then(|number| u64::try_from(number).ok());
        map.push(Segment { offset: number(offset)?, length: number(length)? });
    }
    Some(())
}

/// Parses the numbers of pax 0.1: `offset,length,offset,length` with `count` pairs.
pub(super) fn parse_pairs(count: &[u8], numbers: &[u8]) -> Option<Vec<Segment>> {
    let numbers = if numbers.is_empty() { vec![] } else { numbers.split(|byte| *byte == b',').collect() };
    let map = pairs(&numbers)?;
    (Some(map.len()) == decimal(count).and_then(|count| usize::try_from(count).ok())).then_some(map)
}

/// A map of pax 1.0 as it comes, block by block: the number of pairs and the pairs, one number a line, then padding.
#[derive(Debug, Default)]
pub(super) struct TextMap {
    text: Vec<u8>,
    /// Lines so far.
    lines: usize,
    /// Lines of the whole.
    wanted: usize,
}

impl TextMap {
    /// Takes a block, and gives the map if it is whole.
    ///
    /// # Errors
    /// Where it cannot become one.
    pub(super) fn push(&mut self, block: &[u8]) -> Result<Option<Vec<Segment>>, BadMap> {
        if self.text.is_empty() {
            let end = block.iter().position(|byte| *byte == b'\n').ok_or(BadMap)?;
            let count = decimal(&block[..end]).and_then(|count| usize::try_from(count).ok());
            // More pairs than bytes cannot be meant.
            self.wanted = 1 + 2 * count.filter(|count| *count < MAX_MAP).ok_or(BadMap)?;
        }
        if self.text.len() + block.len() > MAX_MAP {
            return Err(BadMap);
        }
        self.text.extend_from_slice(block);
        self.lines += block.iter().filter(|byte| **byte == b'\n').count();
        if self.lines < self.wanted {
            return Ok(None);
        }
        let numbers: Vec<&[u8]> = self.text.split(|byte| *byte == b'\n').take(self.wanted).skip(1).collect();
        pairs(&numbers).map(Some).ok_or(BadMap)
    }
}

/// A map that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadMap;

fn pairs(numbers: &[&[u8]]) -> Option<Vec<Segment>> {
    let pairs = numbers.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(Segment { offset: decimal(pair[0])?, length: decimal(pair[1])? })).collect()
}

fn decimal(text: &[u8]) -> Option<u64> {
    let number: i64 = str::from_utf8(text).ok()?.parse().ok()?;
    u64::try_from(number).ok()
}

/// Whether a map is one for a file of `size` bytes of which `stored` are in the tar.
pub(super) fn is_consistent(map: &[Segment], size: u64, stored: u64) -> bool {
    let mut end = 0;
    let mut sum = 0_u64;
    for segment in map {
        let Some(next) = segment.offset.checked_add(segment.length) else { return false };
        if segment.offset < end || next > size {
            return false;
        }
        // No overflow: the sum is at most `end`.
        sum += segment.length;
        end = next;
    }
    sum == stored
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(u64, u64)]) -> Vec<Segment> {
        pairs.iter().map(|&(offset, length)| Segment { offset, length }).collect()
    }

    #[test]
    fn texts() {
        assert_eq!(parse_pairs(b"2", b"0,5,10,5"), Some(map(&[(0, 5), (10, 5)])));
        assert_eq!(parse_pairs(b"0", b""), Some(vec![]));
        for (count, numbers) in
            [("1", "0,5,10,5"), ("1", "0"), ("2", "0,5,10"), ("1", "0,x"), ("1", "0,-5"), ("", "")]
        {
            assert_eq!(parse_pairs(count.as_bytes(), numbers.as_bytes()), None, "{count} {numbers}");
        }
    }

    #[test]
    fn text_maps() {
        type Pushed = Result<Option<Vec<Segment>>, BadMap>;
        let cases: [(&[&[u8]], Pushed); 9] = [
            (&[b"2\n0\n5\n10\n5\n\0\0\0"], Ok(Some(map(&[(0, 5), (10, 5)])))),
            (&[b"2\n0\n5\n1", b"0\n5\nx"], Ok(Some(map(&[(0, 5), (10, 5)])))),
            (&[b"0\n"], Ok(Some(vec![]))),
            (&[b"1\n0\n"], Ok(None)),
            (&[b"1"], Err(BadMap)),
            (&[b"-1\n"], Err(BadMap)),
            (&[b"1\n0\n-1\n"], Err(BadMap)),
            (&[b"9223372036854775807\n"], Err(BadMap)),
            (&[b"500000\n", &[b'0'; MAX_MAP]], Err(BadMap)),
        ];
        for (blocks, expected) in cases {
            let mut text = TextMap::default();
            let got: Vec<_> = blocks.iter().map(|block| text.push(block)).collect();
            assert_eq!(got.last(), Some(&expected), "{:?}", blocks[0]);
        }
    }

    #[test]
    fn old_entries() {
        let entries =
            [&b"00000001000\0"[..], b"00000000005\0", &[0; 24], b"00000000000\0", b"00000000001\0"].concat();
        let mut got = Vec::new();
        assert_eq!(parse_old(&entries, &mut got), Some(()));
        assert_eq!(got, map(&[(512, 5)]));
        assert_eq!(parse_old(b"9\0\0\0\0\0\0\0\0\0\0\x00000000000005\0", &mut got), None);
    }

    #[test]
    fn consistency() {
        assert!(is_consistent(&map(&[(0, 5), (5, 5), (20, 0)]), 20, 10));
        assert!(is_consistent(&[], 1 << 40, 0));
        for (pairs, size, stored) in [
            (&[(0, 5), (4, 5)][..], 20, 10),
            (&[(10, 5), (0, 5)], 20, 10),
            (&[(16, 5)], 20, 5),
            (&[(0, 5)], 20, 4),
            (&[(0, 5)], 20, 6),
            (&[(u64::MAX, 5)], 20, 5),
        ] {
            assert!(!is_consistent(&map(pairs), size, stored), "{pairs:?}");
        }
    }
}
