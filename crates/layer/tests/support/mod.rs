//! What several tests need: packing to memory, reading back, deterministic contents.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fmt::Write as _,
    fs,
    io::Read,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use layer::{
    Error, Written,
    codec::Codec,
    entries::{self, Declarations, Declared},
    entry::Entry,
    layer::{Packing, write},
    plan::plan,
};

/// Declarations from `(kind, path, source, mode)`.
pub(crate) fn declare(lines: &[(&str, &str, &str, &str)]) -> Vec<Declared> {
    let mut text = String::from("strata-entries 2\n");
    for (kind, path, source, mode) in lines {
        write!(text, "{kind}\n{path}\n{source}\n{mode}\n").unwrap();
    }
    entries::parse(text.as_bytes()).unwrap().entries
}

/// Plans without settings.
pub(crate) fn planned(entries: Vec<Declared>) -> Result<Vec<Entry>, Error> {
    plan(Declarations { entries, ..Declarations::default() }, Path::new("out"))
}

/// A packed layer in memory.
pub(crate) struct Packed {
    pub(crate) blob: Vec<u8>,
    pub(crate) mtree: String,
    pub(crate) written: Written,
}

pub(crate) fn pack(entries: &[Entry], codec: Codec, threads: usize) -> Result<Packed, Error> {
    pack_as(entries, Packing { codec, dedupe: false, threads: NonZeroUsize::new(threads).unwrap() })
}

pub(crate) fn pack_as(entries: &[Entry], packing: Packing) -> Result<Packed, Error> {
    let (mut blob, mut mtree) = (Vec::new(), Vec::new());
    let (written, _shape) =
        write(entries, packing, (&mut blob, Path::new("blob")), (&mut mtree, Path::new("mtree")))?;
    Ok(Packed { blob, mtree: String::from_utf8(mtree).unwrap(), written })
}

/// The tar in a blob.
pub(crate) fn decompress(codec: Codec, blob: &[u8]) -> Vec<u8> {
    let mut reader: Box<dyn Read + '_> = match codec {
        Codec::None => Box::new(blob),
        Codec::Gzip(_) => Box::new(flate2::read::MultiGzDecoder::new(blob)),
        // Reads the first member and no other.
        Codec::GzipJoined(_) => Box::new(flate2::read::GzDecoder::new(blob)),
        Codec::Zstd(_) => Box::new(zstd::stream::read::Decoder::new(blob).unwrap()),
    };
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    out
}

/// An entry as the `tar` crate reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) path: String,
    pub(crate) flag: u8,
    pub(crate) mode: u32,
    pub(crate) link: String,
    pub(crate) content: Vec<u8>,
}

pub(crate) fn read_tar(tar: &[u8]) -> Vec<Item> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        let (flag, mode) = (header.entry_type().as_byte(), header.mode().unwrap());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let path = text(&entry.path_bytes());
        let link = entry.link_name_bytes().map_or_else(String::new, |link| text(&link));
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        Item { path, flag, mode, link, content }
    });
    entries.collect()
}

/// Writes a file with its parents, and gives its path.
pub(crate) fn put(root: &Path, path: &str, content: &[u8]) -> PathBuf {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

/// Bytes without pattern, the same on every machine (xorshift64*).
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Bytes that shrink to about half.
pub(crate) fn words(length: usize, seed: u64) -> Vec<u8> {
    noise(length, seed).iter().map(|byte| b'a' + byte % 12).collect()
}

/// Numbers below a limit, the same on every machine.
struct Dice(std::vec::IntoIter<u8>);

impl Dice {
    fn new(rolls: usize, seed: u64) -> Self {
        Self(noise(rolls * 4, seed).into_iter())
    }

    fn roll(&mut self, limit: usize) -> usize {
        let bytes = [0; 4].map(|_: u8| self.0.next().expect("enough rolls"));
        u32::from_be_bytes(bytes) as usize % limit
    }
}

/// Text as people write it, to a compressor: words of which some are frequent, and now and then a passage from before.
pub(crate) fn prose(length: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(length * 2 + 40_000, seed);
    let mut letters =
        |count: usize| -> Vec<u8> { (0..count).map(|_| b"etaoinshrdlucmfw"[dice.roll(16)]).collect() };
    let vocabulary: Vec<Vec<u8>> = (0..2048).map(|i| letters(2 + i % 9)).collect();
    let mut text: Vec<u8> = Vec::with_capacity(length + 512);
    while text.len() < length {
        if text.len() > 1000 && dice.roll(64) == 0 {
            let count = 20 + dice.roll(400);
            let start = dice.roll(text.len() - count);
            text.extend_from_within(start..start + count);
        }
        let frequent = dice.roll(vocabulary.len()) * dice.roll(vocabulary.len()) / vocabulary.len();
        text.extend_from_slice(&vocabulary[frequent]);
        text.push(if dice.roll(12) == 0 { b'\n' } else { b' ' });
    }
    text.truncate(length);
    text
}

/// Tables as programs hold them: numbers that grow, in fields of fixed width.
pub(crate) fn records(length: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(length, seed);
    let (mut table, mut address) = (Vec::with_capacity(length + 24), 0x0040_1000_u64);
    while table.len() < length {
        address += 16 * (1 + dice.roll(40)) as u64;
        table.extend_from_slice(&address.to_le_bytes());
        table.extend_from_slice(&(u32::try_from(dice.roll(600)).unwrap()).to_le_bytes());
        table.extend_from_slice(&[0x12, 0, u8::from(dice.roll(3) == 0), 0]);
        table.extend_from_slice(&(dice.roll(1 << 16) as u64).to_le_bytes());
    }
    table.truncate(length);
    table
}
