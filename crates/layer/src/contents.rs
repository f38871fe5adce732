//! The contents of some files of a layer, in one pass over its bytes and without a place on disk.
//!
//! Invariant: memory holds what was asked for and one piece of the tar; reading ends where the last of it does.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufReader, Read},
    path::Path,
};

use oci::media_type::Compression;

use crate::{
    error::Error,
    format::TAR_BLOCK,
    import::{
        Stop,
        decompress::decompress,
        found::{Content, Found, Kind},
        scan::Scanner,
        sniff::{Sniffed, sniff},
    },
};

/// How much of the tar is looked at at a time.
const PIECE: usize = 256 << 10;

/// Reads the files that stand at these places among the entries of a layer, from 0: those of an
/// [`Origin`](crate::overlay::Origin). `layer` is its blob, plain or compressed, and a path for messages. What is no regular
/// file is not in the result.
///
/// # Errors
/// [`Error::NotATar`] and [`Error::Damaged`] say what is wrong with the blob, as far as it was read.
pub fn contents(
    (path, mut layer): (&Path, impl Read),
    entries: &BTreeSet<usize>,
) -> Result<BTreeMap<usize, Vec<u8>>, Error> {
    let Some(&last) = entries.last() else { return Ok(BTreeMap::new()) };
    let unreadable = |source| Error::Source { operation: "read", path: path.to_owned(), source };
    let not_a_tar = |problem| Error::NotATar { path: path.to_owned(), problem };
    let mut head = Vec::with_capacity(TAR_BLOCK);
    (&mut layer).take(TAR_BLOCK as u64).read_to_end(&mut head).map_err(unreadable)?;
    let compression = match sniff(&head) {
        Sniffed::Tar(compression) => compression,
        Sniffed::Other(words) => return Err(not_a_tar(words.into())),
    };
    let failed = |offset, source| match compression {
        Compression::None => unreadable(source),
        compression => Error::Damaged { path: path.to_owned(), compression, offset, source },
    };
    let input = BufReader::with_capacity(PIECE, head.chain(layer));
    let mut tar = decompress(compression, input).map_err(|source| failed(0, source))?;

    let (mut scanner, mut piece, mut offset) = (Scanner::new(), vec![0; PIECE], 0);
    let (mut number, mut files) = (0, BTreeMap::<usize, File>::new());
    loop {
        let count = match tar.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(offset, error)),
        };
        let mut found = |entry: Found| {
            if entries.contains(&number) && entry.kind == Kind::File {
                files.insert(number, File { content: entry.content, stored: Vec::new() });
            }
            number += 1;
            Ok(())
        };
        scanner.feed(&piece[..count], &mut found).map_err(|stop| match stop {
            Stop::Bad(problem) => not_a_tar(problem),
            Stop::Error(error) => error,
        })?;
        for file in files.values_mut() {
            file.take(&piece[..count], offset);
        }
        offset += count as u64;
        if number > last && files.values().all(File::is_whole) {
            return Ok(files.into_iter().map(|(number, file)| (number, file.bytes())).collect());
        }
    }
    scanner.finish().map_err(not_a_tar)?;
    Ok(files.into_iter().map(|(number, file)| (number, file.bytes())).collect())
}

/// A file on its way.
struct File {
    content: Content,
    /// What has come of what is stored of it.
    stored: Vec<u8>,
}

impl File {
    const fn is_whole(&self) -> bool {
        self.stored.len() as u64 == self.content.stored
    }

    /// Takes what is its own of a piece of the tar, which stands at `offset`.
    fn take(&mut self, piece: &[u8], offset: u64) {
        let next = self.content.offset + self.stored.len() as u64;
        let missing = self.content.stored - self.stored.len() as u64;
        let Some(start) = next.checked_sub(offset).and_then(|start| usize::try_from(start).ok()) else {
            return;
        };
        let Some(rest) = piece.get(start..) else { return };
        let count = usize::try_from(missing).map_or(rest.len(), |missing| missing.min(rest.len()));
        self.stored.extend_from_slice(&rest[..count]);
    }

    /// The file as it was before it became part of the tar: holes are zeros.
    fn bytes(self) -> Vec<u8> {
        let Some(map) = self.content.map else { return self.stored };
        let mut bytes = vec![0; usize::try_from(self.content.size).unwrap_or(0)];
        let mut stored = self.stored.as_slice();
        for segment in map {
            let start = usize::try_from(segment.offset).unwrap_or(usize::MAX);
            let length = usize::try_from(segment.length).unwrap_or(usize::MAX);
            let Some(place) = start.checked_add(length).and_then(|end| bytes.get_mut(start..end)) else {
                break;
            };
            let Some((first, rest)) = stored.split_at_checked(length) else { break };
            place.copy_from_slice(first);
            stored = rest;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn tar() -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut add = |kind: tar::EntryType, path: &str, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, content).unwrap();
        };
        add(tar::EntryType::Directory, "d/", b"");
        add(tar::EntryType::Regular, "d/small", b"small");
        add(tar::EntryType::Regular, &("long/".repeat(40) + "empty"), b"");
        add(tar::EntryType::Regular, "d/large", &b"0123456789".repeat(PIECE / 4));
        add(tar::EntryType::Regular, "d/small", b"later");
        tar.into_inner().unwrap()
    }

    fn read(blob: &[u8], entries: &[usize]) -> Result<BTreeMap<usize, Vec<u8>>, String> {
        let entries = entries.iter().copied().collect();
        contents((Path::new("x.tar"), blob), &entries).map_err(|error| error.to_string())
    }

    #[test]
    fn of_every_compression() {
        let tar = tar();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).unwrap();
        let zstd = zstd::bulk::compress(&tar, 1).unwrap();
        for blob in [tar.clone(), gzip.finish().unwrap(), zstd] {
            let files = read(&blob, &[0, 1, 2, 3, 4, 9]).unwrap();
            assert_eq!(files.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4], "regular files only");
            assert_eq!((&*files[&1], &*files[&2], &*files[&4]), (&b"small"[..], &b""[..], &b"later"[..]));
            assert!(files[&3] == b"0123456789".repeat(PIECE / 4));
            assert_eq!(read(&blob, &[1]).unwrap()[&1], b"small");
            assert!(read(&blob, &[]).unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_broken_is_said_unless_it_comes_later() {
        let tar = tar();
        assert_eq!(read(&tar[..tar.len() / 2], &[1]).unwrap()[&1], b"small");
        let cut = read(&tar[..tar.len() / 2], &[4]).unwrap_err();
        assert!(cut.contains("x.tar") && cut.contains("is no tar"), "{cut}");
        let text = read(b"not a tar", &[0]).unwrap_err();
        assert!(text.contains("x.tar"), "{text}");
    }

    #[test]
    fn holes_are_zeros() {
        let segment = |offset, length| crate::slice::Segment { offset, length };
        let map = Some(vec![segment(1, 2), segment(4, 1)]);
        let content = Content { offset: 3, stored: 3, size: 6, map };
        let mut file = File { content, stored: Vec::new() };
        file.take(b"..", 0);
        file.take(b".AB", 2);
        assert!(!file.is_whole());
        file.take(b"C....", 5);
        assert!(file.is_whole());
        assert_eq!(file.bytes(), b"\0AB\0C\0");
    }
}
