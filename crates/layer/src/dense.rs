//! Data that will not shrink, told from a sample. Format: docs/layer-format.md, 4.
//!
//! Half of what layers hold may be compressed already (archives, images, wheels, jars), and a compressor is at its
//! slowest there, for nothing. Invariant: integers and a fixed sample only, so that every machine answers the same.

use std::ops::Range;

use crate::format::{BLOCK, MIN_DENSE_RUN};

/// The sample is the first [`SAMPLE_PART`] bytes of every [`SAMPLE_EVERY`]: a quarter, spread over the block so that a
/// block which is dense in part only is seen to be.
const SAMPLE_EVERY: usize = 4096;
const SAMPLE_PART: usize = 1024;

/// Fewer different byte values than this in the first part of the sample, and the block is not dense. Noise has 251 of
/// 256 on average, with a standard deviation of 2; text has less than 100, and so nearly all that shrinks is told by 1 KiB.
const DIFFERENT: u32 = 208;

/// Tolerance of the frequency test: byte values collide at most 1/32 more often than in noise. Coding bytes by
/// frequency could then save about 0.3% (half the excess, in nats, of 8 bits). In noise, a sample of 16 KiB is
/// off by 1/700, so this is no close call either way.
const EXCESS: u64 = 32;

/// The repeat test looks at the four bytes at every place where their hash is below 2^32 / 2^[`PICK_BITS`]. Places
/// chosen by content are found again wherever the content is repeated.
const PICK_BITS: u32 = 5;

/// Slots of the repeat test, each remembering the last four bytes that came there.
const SLOT_BITS: u32 = 10;

/// A sample is repetitive if more than one in 16 picks was seen before. In noise hardly any is.
const REPEATS: usize = 16;

/// Knuth's multiplicative hash, 2^32 / golden ratio.
const MULTIPLIER: u32 = 2_654_435_761;

/// What happens to a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Compress,
    Store,
}

/// Divides a member into segments, in order and without gaps.
pub(crate) fn segments(member: &[u8]) -> Vec<(Range<usize>, Fate)> {
    let count = (member.len() / BLOCK).max(1);
    let end_of = |block: usize| if block == count { member.len() } else { block * BLOCK };
    let dense: Vec<bool> =
        (0..count).map(|block| is_dense(&member[block * BLOCK..end_of(block + 1)])).collect();
    let mut segments: Vec<(Range<usize>, Fate)> = Vec::new();
    let mut start = 0;
    for run in dense.chunk_by(|a, b| a == b) {
        let range = end_of(start)..end_of(start + run.len());
        let store = run[0] && (run.len() >= MIN_DENSE_RUN || run.len() == count);
        let fate = if store { Fate::Store } else { Fate::Compress };
        match segments.last_mut() {
            Some((last, last_fate)) if *last_fate == fate => last.end = range.end,
            _ => segments.push((range, fate)),
        }
        start += run.len();
    }
    segments
}

/// Whether `block` looks like noise: many byte values at its start, all values equally frequent, and nothing in it seen
/// before. What is shorter than [`BLOCK`] never does.
#[must_use]
pub fn is_dense(block: &[u8]) -> bool {
    block.len() >= BLOCK && is_varied(&block[..SAMPLE_PART]) && is_flat(block) && !is_repetitive(block)
}

/// Variety test: how many byte values there are.
fn is_varied(start: &[u8]) -> bool {
    let mut seen = [false; 256];
    for &byte in start {
        seen[usize::from(byte)] = true;
    }
    seen.iter().map(|&seen| u32::from(seen)).sum::<u32>() >= DIFFERENT
}

fn sample(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    block.chunks(SAMPLE_EVERY).map(|chunk| &chunk[..chunk.len().min(SAMPLE_PART)])
}

/// Frequency test: the number of pairs of equal bytes in the sample against that of noise.
fn is_flat(block: &[u8]) -> bool {
    // Four tables, so that equal bytes in a row do not wait for each other.
    let mut tables = [[0_u32; 256]; 4];
    let mut length = 0_u64;
    for part in sample(block) {
        length += part.len() as u64;
        for four in part.chunks(4) {
            for (table, &byte) in tables.iter_mut().zip(four) {
                table[usize::from(byte)] += 1;
            }
        }
    }
    let count = |value: usize| tables.iter().map(|table| u64::from(table[value])).sum::<u64>();
    let pairs: u64 = (0..256).map(count).map(|n| n * n.saturating_sub(1)).sum();
    // In noise, pairs * 256 is length^2.
    pairs * 256 * EXCESS <= length * length * (EXCESS + 1)
}

/// Repeat test: how many of the places picked by content have content seen before.
fn is_repetitive(block: &[u8]) -> bool {
    let mut slots = [0_u32; 1 << SLOT_BITS];
    let (mut places, mut picks, mut repeats) = (0, 0, 0);
    for part in sample(block) {
        for four in part.windows(4) {
            places += 1;
            let bytes = u32::from_le_bytes(*four.first_chunk().expect("windows of four"));
            let hash = bytes.wrapping_mul(MULTIPLIER);
            if hash >> (32 - PICK_BITS) != 0 {
                continue;
            }
            picks += 1;
            let slot = &mut slots[(hash >> (32 - PICK_BITS - SLOT_BITS)) as usize];
            repeats += usize::from(*slot == bytes);
            *slot = bytes;
        }
    }
    // Few picks come from few different contents, unlucky ones: a repetition as well.
    repeats * REPEATS > picks || picks << (PICK_BITS + 1) < places
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Noise from a small generator (xorshift64*), the same on every machine.
    pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let next = || {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn what_is_dense() {
        let text = b"the quick brown fox jumps over the lazy dog ".repeat(2000);
        let gzip = {
            let words: Vec<u8> = noise(1 << 20, 3).iter().map(|b| b'a' + b % 16).collect();
            let mut out = vec![0; 1 << 20];
            let level = libdeflater::CompressionLvl::new(6).unwrap();
            let size = libdeflater::Compressor::new(level).gzip_compress(&words, &mut out).unwrap();
            out[..size].to_vec()
        };
        let ramp: Vec<u8> = (0..=255).cycle().take(BLOCK).collect();
        let long_ramp: Vec<u8> = (0..BLOCK).map(|i| u8::try_from((i / 256 + i) % 256).unwrap()).collect();
        let repeated = noise(10_000, 1).repeat(8);
        let mut half = noise(BLOCK, 2);
        half[BLOCK / 2..].fill(b' ');
        let mut with_headers = noise(BLOCK, 4);
        with_headers.chunks_mut(8192).for_each(|chunk| chunk[..512].fill(0));
        let cases: [(&str, &[u8], bool); 10] = [
            ("noise", &noise(BLOCK, 5), true),
            ("long noise", &noise(2 * BLOCK - 1, 6), true),
            ("short noise", &noise(BLOCK - 1, 7), false),
            ("gzip", &gzip[..BLOCK], true),
            ("text", &text[..BLOCK], false),
            ("zeros", &[0; BLOCK], false),
            ("ramp", &ramp, false),
            ("long ramp", &long_ramp, false),
            ("repeated noise", &repeated[..BLOCK], false),
            ("half noise", &half, false),
        ];
        for (name, block, expected) in cases {
            assert_eq!(is_dense(block), expected, "{name}");
        }
        assert!(!is_dense(&with_headers), "small files of noise, each with its header");
    }

    #[test]
    fn noise_is_always_dense() {
        for seed in 0..2000 {
            assert!(is_dense(&noise(BLOCK, seed)), "{seed}");
        }
    }

    #[test]
    fn segments_cover_the_member() {
        let (n, t) = (noise(4 * BLOCK, 1), vec![b't'; 4 * BLOCK]);
        let of = |parts: &[(&[u8], usize)]| -> Vec<(usize, Fate)> {
            let member: Vec<u8> = parts.iter().flat_map(|(bytes, len)| &bytes[..*len]).copied().collect();
            let got = segments(&member);
            assert_eq!(got.first().map(|s| s.0.start), Some(0));
            assert_eq!(got.last().map(|s| s.0.end), Some(member.len()));
            assert!(got.windows(2).all(|pair| pair[0].0.end == pair[1].0.start && pair[0].1 != pair[1].1));
            got.into_iter().map(|(range, fate)| (range.len(), fate)).collect()
        };
        use Fate::{Compress, Store};
        const B: usize = BLOCK;
        assert_eq!(of(&[(&t, 10)]), [(10, Compress)]);
        assert_eq!(of(&[(&n, 10)]), [(10, Compress)]);
        assert_eq!(of(&[(&n, B)]), [(B, Store)]);
        assert_eq!(of(&[(&n, 2 * B + 5)]), [(2 * B + 5, Store)]);
        assert_eq!(of(&[(&t, B), (&n, B), (&t, B)]), [(3 * B, Compress)], "one dense block in the middle");
        assert_eq!(of(&[(&t, B), (&n, 2 * B), (&t, B)]), [(B, Compress), (2 * B, Store), (B, Compress)]);
        assert_eq!(of(&[(&n, 3 * B), (&t, B + 7)]), [(3 * B, Store), (B + 7, Compress)]);
        assert_eq!(of(&[(&t, B), (&n, 2 * B + 7)]), [(B, Compress), (2 * B + 7, Store)]);
    }
}
