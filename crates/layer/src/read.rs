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
    slice::SliceReader,
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
    Large { input: Input, size: u64, head: [u8; HEAD] },
}

/// An open file, on disk or in a tar.
pub(crate) enum Input {
    File(File),
    Slice(SliceReader),
}

impl Input {
    /// Opens the content of an entry that has one, and gives its size.
    ///
    /// # Errors
    /// If it cannot be opened, or is no regular file.
    pub(crate) fn open(entry: &Entry) -> Result<Option<(Self, u64)>, Error> {
        match &entry.kind {
            Kind::File(path) => {
                let (file, metadata) = open_file(path)?;
                if metadata.is_dir() {
                    return Err(Error::Directory { path: path.to_owned(), image_path: entry.path.clone() });
                }
                if !metadata.is_file() {
                    return Err(Error::Special { path: path.to_owned() });
                }
                Ok(Some((Self::File(file), metadata.len())))
            }
            Kind::Slice(slice) => Ok(Some((Self::Slice(slice.open()?), slice.size()))),
            Kind::Directory
            | Kind::Symlink(_)
            | Kind::Empty
            | Kind::Whiteout
            | Kind::Hardlink(_)
            | Kind::Character(_)
            | Kind::Block(_)
            | Kind::Fifo => Ok(None),
        }
    }

    /// Goes back to the beginning.
    ///
    /// # Errors
    /// If that is gone.
    pub(crate) fn rewind(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.rewind(),
            Self::Slice(reader) => {
                reader.rewind();
                Ok(())
            }
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Slice(reader) => reader.read(buffer),
        }
    }
}

/// Where the content of an entry is, for messages.
pub(crate) fn input_path(entry: &Entry) -> &Path {
    match &entry.kind {
        Kind::File(path) => path,
        Kind::Slice(slice) => slice.tar(),
        _ => Path::new(""),
    }
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
    Large { input: Input, size: u64, head: [u8; HEAD] },
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
            Item::Large { input, size, head } => Content::Large { input, size, head },
        })
    }
}

/// Nobody takes what is read.
struct Unwanted;

/// Reads the entries of one run. Chunks end with it, so that the other side knows whose turn it is by counting.
fn read_run(run: &[Entry], digests: bool, sender: &Sender<Chunk>) -> Result<(), Unwanted> {
    let mut chunk = Chunk::default();
    for entry in run {
        let item = open(entry, digests, &mut chunk.bytes);
        let full = matches!(item, Ok(Item::Large { .. })) || chunk.bytes.len() >= CHUNK;
        chunk.items.push(item);
        if full {
            sender.send(std::mem::take(&mut chunk)).map_err(|_| Unwanted)?;
        }
    }
    if chunk.items.is_empty() { Ok(()) } else { sender.send(chunk).map_err(|_| Unwanted) }
}

/// Opens the content of an entry, and reads it to the end of `bytes` if it is small.
fn open(entry: &Entry, digests: bool, bytes: &mut Vec<u8>) -> Result<Item, Error> {
    let Some((mut input, size)) = Input::open(entry)? else { return Ok(Item::None) };
    let path = input_path(entry);
    if size >= LARGE {
        let mut head = [0; HEAD];
        let read = input.read_exact(&mut head).and_then(|()| input.rewind());
        read.map_err(|source| read_failed(path, source))?;
        return Ok(Item::Large { input, size, head });
    }
    let start = bytes.len();
    // One byte more than there should be, so that the last read shows a file that has grown.
    bytes.resize(start + usize::try_from(size).expect("below LARGE") + 1, 0);
    let end =
        start + read_up_to(&mut input, &mut bytes[start..]).map_err(|source| read_failed(path, source))?;
    if (end - start) as u64 != size {
        return Err(Error::SizeChanged { path: path.to_owned(), size });
    }
    bytes.truncate(end);
    let digest = (digests && size > 0).then(|| Digest::of(&bytes[start..end]));
    Ok(Item::Small { range: start..end, digest })
}

fn open_file(path: &Path) -> Result<(File, Metadata), Error> {
    let failed = |source| Error::Source { operation: "open", path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    Ok((file, metadata))
}

pub(crate) fn read_failed(path: &Path, source: io::Error) -> Error {
    Error::Source { operation: "read", path: PathBuf::from(path), source }
}

/// Fills `buffer`, which ends just behind where the file should, until it is full or the file is at its end.
fn read_up_to(input: &mut Input, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => {
                filled += count;
                // A regular file gives less than asked for only at its end, which is one byte before the buffer's, and a
                // slice where a hole begins or ends.
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
