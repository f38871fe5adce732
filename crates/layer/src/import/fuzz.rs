//! Targets for fuzzers: tars from elsewhere.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a target tells")]

use std::io::Read as _;

use super::{
    Stop,
    check::{Checks, line},
    decompress::decompress,
    found::{Found, Kind},
    scan::Scanner,
    sniff::{Sniffed, sniff},
};
use crate::{entry::Names, format::TAR_BLOCK, mtree::Listing, xattr::Xattrs};

/// How much of what comes out of a decompressor is looked at: a few bytes can be a terabyte.
const MOST: u64 = 4 << 20;

/// Scans a plain tar. A fuzzer guesses no checksums, so blocks that have the magic of a header are given theirs.
pub fn tar(data: &[u8]) {
    let mut tar = data.to_vec();
    repair_all(&mut tar);
    let (entries, end) = scan(&tar, usize::MAX);
    for piece in [TAR_BLOCK - 1, 4 * TAR_BLOCK] {
        assert_eq!(scan(&tar, piece), (entries.clone(), end.clone()), "in pieces of {piece} bytes");
    }
    for entry in &entries {
        check_found(entry, &tar, end.is_ok());
    }
    list(&entries);
}

/// Reads any file: told by its first bytes, decompressed, scanned.
pub fn import(data: &[u8]) {
    let head = &data[..data.len().min(TAR_BLOCK)];
    let Sniffed::Tar(compression) = sniff(head) else { return };
    let Ok(reader) = decompress(compression, data) else { return };
    let (mut scanner, mut reader, mut buffer) = (Scanner::new(), reader.take(MOST), vec![0; 64 << 10]);
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        if scanner.feed(&buffer[..count], &mut |_| Ok(())).is_err() {
            return;
        }
    }
    let _ = scanner.finish();
}

/// Gives every block that has the magic of a header a checksum that is right.
pub(crate) fn repair_all(tar: &mut [u8]) {
    tar.as_chunks_mut::<TAR_BLOCK>().0.iter_mut().for_each(repair);
}

fn repair(block: &mut [u8; TAR_BLOCK]) {
    if block[257..262] == *b"ustar" {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

/// Entries, and how it ended.
fn scan(tar: &[u8], piece: usize) -> (Vec<Found>, Result<(), String>) {
    let (mut scanner, mut entries) = (Scanner::new(), Vec::new());
    for bytes in tar.chunks(piece) {
        let mut found = |entry| {
            entries.push(entry);
            Ok(())
        };
        if let Err(stop) = scanner.feed(bytes, &mut found) {
            let Stop::Bad(problem) = stop else { unreachable!("nothing is listed here") };
            return (entries, Err(problem));
        }
    }
    let end = scanner.finish();
    (entries, end)
}

/// What [`Found`] promises.
fn check_found(entry: &Found, tar: &[u8], whole: bool) {
    let path = &entry.path;
    let parts = || path.split(|byte| *byte == b'/');
    assert!(path.is_empty() || parts().all(|part| !matches!(part, b"" | b"." | b"..")), "{path:?}");
    assert!(entry.mode <= 0o7777, "{:o}", entry.mode);
    let content = &entry.content;
    if entry.kind != Kind::File {
        assert_eq!((content.stored, content.size, &content.map), (0, 0, &None), "{path:?}");
        return;
    }
    if whole {
        assert!(content.offset + content.stored <= tar.len() as u64, "{path:?}");
    }
    match &content.map {
        None => assert_eq!(content.stored, content.size, "{path:?}"),
        Some(map) => {
            let mut end = 0;
            for segment in map {
                assert!(segment.offset >= end, "{path:?}: {map:?}");
                end = segment.offset + segment.length;
            }
            assert!(end <= content.size, "{path:?}: {map:?}");
            assert_eq!(map.iter().map(|segment| segment.length).sum::<u64>(), content.stored, "{path:?}");
        }
    }
}

/// Lists the entries, as an import does.
fn list(entries: &[Found]) {
    let mut text = Vec::new();
    let mut listing = Listing::new(&mut text).expect("memory takes everything");
    let mut checks = Checks::default();
    let mut lines = 1;
    for entry in entries {
        if checks.check(entry, &mut |_| {}).is_err() {
            continue;
        }
        listing.add(&line(entry)).expect("as before");
        lines += 1;
    }
    let shape = listing.finish().expect("as before");
    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), lines, "a line for each entry");
    assert!(text.is_ascii());
    assert!(shape.paths.iter().chain(&shape.whiteouts).all(|path| !path.starts_with('/')), "{shape:?}");
}

/// What is read of an entry of ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) flag: u8,
    pub(crate) path: Vec<u8>,
    pub(crate) target: Vec<u8>,
    pub(crate) mode: u16,
    pub(crate) owner: (u64, u64),
    pub(crate) names: Option<Names>,
    pub(crate) mtime: i64,
    pub(crate) xattrs: Option<Xattrs>,
}

impl Seen {
    /// Every entry of a tar, which must be a good one.
    pub(crate) fn in_tar(tar: &[u8]) -> Vec<Self> {
        let (entries, end) = scan(tar, usize::MAX);
        end.expect("a whole tar");
        let seen = |entry: Found| Self {
            flag: entry.flag,
            path: entry.path,
            target: if let Kind::Symlink(target) | Kind::Hardlink(target) = entry.kind {
                target
            } else {
                Vec::new()
            },
            mode: entry.mode,
            owner: (entry.uid, entry.gid),
            names: entry.names,
            mtime: entry.mtime,
            xattrs: entry.xattrs,
        };
        entries.into_iter().map(seen).collect()
    }
}
