//! Content that is a part of a tar on disk.
//!
//! Invariant: reading gives the file as it was before it became part of the tar, holes as zeros; nothing is read but what is
//! asked for, so that many threads can read from one tar.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use crate::{error::Error, host};

/// A tar whose contents can be read at any place.
#[derive(Debug)]
pub struct TarFile {
    /// As it was given.
    path: Arc<Path>,
    /// Where its bytes are if not there: in this file from that place on.
    spool: Option<(Arc<File>, u64)>,
    /// Its place among the tars of the layer.
    index: usize,
}

impl TarFile {
    pub(crate) const fn new(path: Arc<Path>, spool: Option<(Arc<File>, u64)>, index: usize) -> Self {
        Self { path, spool, index }
    }
}

/// A stretch of a sparse file that is stored; between them are holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    /// Where it is in the file.
    pub(crate) offset: u64,
    /// How long it is.
    pub(crate) length: u64,
}

/// The content of one file in a tar. Two are equal if they are of one entry.
#[derive(Debug, Clone)]
pub struct Slice {
    tar: Arc<TarFile>,
    /// Where it begins in the tar, which no two entries share.
    offset: u64,
    /// Its size, holes counted.
    size: u64,
    /// What is stored, if there are holes.
    map: Option<Arc<Vec<Segment>>>,
}

impl PartialEq for Slice {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Slice {}

impl PartialOrd for Slice {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Slice {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.tar.index, self.offset).cmp(&(other.tar.index, other.offset))
    }
}

impl Slice {
    pub(crate) fn new(tar: &Arc<TarFile>, offset: u64, size: u64, map: Option<Vec<Segment>>) -> Self {
        Self { tar: Arc::clone(tar), offset, size, map: map.map(Arc::new) }
    }

    /// How many bytes it has, holes counted.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn tar(&self) -> &Path {
        &self.tar.path
    }

    /// Opens it for reading from its beginning.
    ///
    /// # Errors
    /// If the tar is gone.
    pub fn open(&self) -> Result<SliceReader, Error> {
        let (file, base) = match &self.tar.spool {
            Some((file, base)) => (Arc::clone(file), *base),
            None => {
                let path = &self.tar.path;
                let failed = |source| Error::Source { operation: "open", path: path.to_path_buf(), source };
                (Arc::new(File::open(path).map_err(failed)?), 0)
            }
        };
        let start = base + self.offset;
        Ok(SliceReader { slice: self.clone(), file, start, stored: start, at: 0, segment: 0 })
    }
}

/// Reads a slice.
#[derive(Debug)]
pub struct SliceReader {
    slice: Slice,
    file: Arc<File>,
    /// Where the first byte that is stored is in the file.
    start: u64,
    /// Where the next byte that is stored is in the file.
    stored: u64,
    /// Where the next byte is in the content.
    at: u64,
    /// The segment that `at` is in or before.
    segment: usize,
}

impl SliceReader {
    /// Goes back to the beginning.
    pub(crate) const fn rewind(&mut self) {
        (self.stored, self.at, self.segment) = (self.start, 0, 0);
    }

    /// What comes next: so many bytes, and whether they are stored.
    fn next(&mut self) -> (u64, bool) {
        let rest = self.slice.size - self.at;
        let Some(map) = &self.slice.map else { return (rest, true) };
        while let Some(Segment { offset, length }) = map.get(self.segment) {
            if self.at < *offset {
                return (offset - self.at, false);
            }
            if self.at < offset + length {
                return (offset + length - self.at, true);
            }
            self.segment += 1;
        }
        (rest, false)
    }
}

impl Read for SliceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, is_stored) = self.next();
        let count = usize::try_from(count).map_or(buffer.len(), |count| count.min(buffer.len()));
        let buffer = &mut buffer[..count];
        let count = if is_stored {
            let count = host::read_at(&self.file, buffer, self.stored)?;
            self.stored += count as u64;
            count
        } else {
            buffer.fill(0);
            count
        };
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn holes_are_zeros() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"headerABCDEtail").unwrap();
        let tar = Arc::new(TarFile::new(file.path().into(), None, 0));
        let map = |pairs: &[(u64, u64)]| {
            Some(pairs.iter().map(|&(offset, length)| Segment { offset, length }).collect::<Vec<_>>())
        };
        type Case<'a> = (Option<Vec<Segment>>, u64, &'a [u8]);
        let cases: [Case<'_>; 6] = [
            (None, 5, b"ABCDE"),
            (None, 0, b""),
            (map(&[(0, 5)]), 7, b"ABCDE\0\0"),
            (map(&[(1, 2), (4, 3)]), 8, b"\0AB\0CDE\0"),
            (map(&[(0, 0), (2, 5), (7, 0)]), 7, b"\0\0ABCDE"),
            (map(&[]), 3, b"\0\0\0"),
        ];
        for (map, size, expected) in cases {
            let mut reader = Slice::new(&tar, 6, size, map).open().unwrap();
            for _ in 0..2 {
                let mut got = Vec::new();
                let mut small = [0; 2];
                while let count @ 1.. = reader.read(&mut small).unwrap() {
                    got.extend_from_slice(&small[..count]);
                }
                assert_eq!(got, expected);
                reader.rewind();
            }
        }
        let spooled =
            Arc::new(TarFile::new(Path::new("gone").into(), Some((Arc::new(file.reopen().unwrap()), 4)), 0));
        let mut got = String::new();
        Slice::new(&spooled, 2, 5, None).open().unwrap().read_to_string(&mut got).unwrap();
        assert_eq!(got, "ABCDE");
        let error = Slice::new(&Arc::new(TarFile::new(Path::new("gone").into(), None, 0)), 0, 1, None).open();
        assert_eq!(error.unwrap_err().to_string(), "cannot open gone");
    }
}
