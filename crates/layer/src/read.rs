//! Files read ahead by several threads, handed out in the order of the entries.
//!
//! Opening and reading many small files costs more than hashing them, and it waits for the kernel: several threads do it
//! at once. Entries are dealt in runs of [`RUN`] to the readers, in turn, so that order needs no bookkeeping.
//!
//! Invariants: each file is opened once and read once. Content below [`LARGE`] comes with its chunk; a larger file comes
//! open, to be read in pieces. A reader is ahead by at most [`AHEAD`] chunks, a chunk holds little more than
//! [`CHUNK`] bytes or one large file, so memory and open files are bounded. An error stays at its place in the order.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek},
    ops::Range,
    path::{Path, PathBuf},
    thread::Scope,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use oci::Digest;

use crate::{
    entry::{Entry, Kind},
    error::Error,
    format::LARGE,
    path::ImagePath,
};

/// Most readers there are: with page cache or a fast disk, four read faster than one core hashes.
pub(crate) const MOST_READERS: usize = 4;
/// Entries dealt to a reader at a time. Few, so that all readers are near the place that is needed next.
const RUN: usize = 32;
/// Chunks that a reader may be ahead.
const AHEAD: usize = 4;
/// Content from which on a chunk is handed over.
const CHUNK: usize = 256 << 10;
/// How much of a large file decides about its mode.
const HEAD: usize = 4;

/// What an entry brings from disk.
pub(crate) enum Content<'a> {
    /// No regular file, or an empty one that is on no disk.
    None,
    /// A small file, whole, with its digest if that was asked for and it is not empty.
    Small { bytes: &'a [u8], digest: Option<Digest> },
    /// A large file, opened, and how it begins.
    Large { file: File, size: u64, head: [u8; HEAD] },
}

/// Some entries of one run, read.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    items: Vec<Result<Item, Error>>,
}

enum Item {
    None,
    Small { range: Range<usize>, digest: Option<Digest> },
    Large { file: File, size: u64, head: [u8; HEAD] },
}

/// The contents of entries, in their order.
pub(crate) struct Reads {
    readers: Vec<Receiver<Chunk>>,
    bytes: Vec<u8>,
    items: std::vec::IntoIter<Result<Item, Error>>,
    next: usize,
}

/// Starts up to `readers` threads that read ahead, and take digests of small files if `digests` says so.
pub(crate) fn read_ahead<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    entries: &'env [Entry],
    readers: usize,
    digests: bool,
) -> Reads {
    let readers = readers.min(MOST_READERS).min(entries.len().div_ceil(RUN)).max(1);
    let start = |reader| {
        let (sender, receiver) = bounded(AHEAD);
        scope.spawn(move || {
            let runs = entries.chunks(RUN).skip(reader).step_by(readers);
            // Nobody waits for the rest after an error elsewhere.
            let _ = runs.map(|run| read_run(run, digests, &sender)).find(Result::is_err);
        });
        receiver
    };
    Reads {
        readers: (0..readers).map(start).collect(),
        bytes: Vec::new(),
        items: Vec::new().into_iter(),
        next: 0,
    }
}

impl Reads {
    /// The content of the next entry. To be called once for each.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub(crate) fn next(&mut self) -> Result<Content<'_>, Error> {
        let reader = self.next / RUN % self.readers.len();
        self.next += 1;
        let item = loop {
            if let Some(item) = self.items.next() {
                break item?;
            }
            let Chunk { bytes, items } = self.readers[reader].recv().map_err(|_| Error::Stopped)?;
            (self.bytes, self.items) = (bytes, items.into_iter());
        };
        Ok(match item {
            Item::None => Content::None,
            Item::Small { range, digest } => Content::Small { bytes: &self.bytes[range], digest },
            Item::Large { file, size, head } => Content::Large { file, size, head },
        })
    }
}

/// Nobody takes what is read.
struct Unwanted;

/// Reads the entries of one run. Chunks end with it, so that the other side knows whose turn it is by counting.
fn read_run(run: &[Entry], digests: bool, sender: &Sender<Chunk>) -> Result<(), Unwanted> {
    let mut chunk = Chunk::default();
    for entry in run {
        let item = match &entry.kind {
            Kind::File(source) => open(&entry.path, source, digests, &mut chunk.bytes),
            _ => Ok(Item::None),
        };
        let full = matches!(item, Ok(Item::Large { .. })) || chunk.bytes.len() >= CHUNK;
        chunk.items.push(item);
        if full {
            sender.send(std::mem::take(&mut chunk)).map_err(|_| Unwanted)?;
        }
    }
    if chunk.items.is_empty() { Ok(()) } else { sender.send(chunk).map_err(|_| Unwanted) }
}

/// Opens a file, and reads it to the end of `bytes` if it is small.
fn open(image_path: &ImagePath, path: &Path, digests: bool, bytes: &mut Vec<u8>) -> Result<Item, Error> {
    let (mut file, metadata) = open_file(path)?;
    let size = metadata.len();
    if metadata.is_dir() {
        return Err(Error::Directory { path: path.to_owned(), image_path: image_path.clone() });
    }
    if !metadata.is_file() {
        return Err(Error::Special { path: path.to_owned() });
    }
    if size >= LARGE {
        let mut head = [0; HEAD];
        let read = file.read_exact(&mut head).and_then(|()| file.rewind());
        read.map_err(|source| read_failed(path, source))?;
        return Ok(Item::Large { file, size, head });
    }
    let start = bytes.len();
    // One byte more than there should be, so that the last read shows a file that has grown.
    bytes.resize(start + usize::try_from(size).expect("below LARGE") + 1, 0);
    let end =
        start + read_up_to(&mut file, &mut bytes[start..]).map_err(|source| read_failed(path, source))?;
    if (end - start) as u64 != size {
        return Err(Error::SizeChanged { path: path.to_owned(), size });
    }
    bytes.truncate(end);
    let digest = (digests && size > 0).then(|| Digest::of(&bytes[start..end]));
    Ok(Item::Small { range: start..end, digest })
}

pub(crate) fn open_file(path: &Path) -> Result<(File, Metadata), Error> {
    let failed = |source| Error::Source { operation: "open", path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    Ok((file, metadata))
}

pub(crate) fn read_failed(path: &Path, source: io::Error) -> Error {
    Error::Source { operation: "read", path: PathBuf::from(path), source }
}

/// Fills `buffer`, which ends just behind where the file should, until it is full or the file is at its end.
fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => {
                filled += count;
                // A regular file gives less than asked for only at its end, which is one byte before the buffer's.
                if filled + 1 == buffer.len() {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
