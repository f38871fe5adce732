//! Validates a tar while its bytes go by, and says what is in it.
//!
//! A scanner is fed pieces of any size and never asks for more, so that one pass serves digests, compressor and listing
//! alike. Invariants: memory is bounded by [`MAX_EXTENSION`] whatever the input claims, which rules out readers that pull; entries are understood as
//! Go's `archive/tar` does, since the container runtimes that will unpack the layer are written with it.

use std::{borrow::Cow, io, ops::Range};

use crate::{
    format::TAR_BLOCK,
    import::{
        fields::{
            DEVICE_MAJOR, DEVICE_MINOR, Extensions, GID, MODE, MTIME, REAL_SIZE, SIZE, UID, clean,
            parse_number, parse_records,
        },
        sniff::{checksum_is_right, describe, is_zero},
    },
    mtree::{Line, Type},
    path::printable,
};

/// Longest pax or GNU extension that is kept. Go's reader has the same bound.
const MAX_EXTENSION: u64 = 1 << 20;

/// Reads a tar piece by piece.
pub(crate) struct Scanner {
    state: State,
    block: [u8; TAR_BLOCK],
    filled: usize,
    /// Bytes that came before the block being filled.
    offset: u64,
    entries: u64,
    extensions: Extensions,
    /// Path of the last entry, for errors in what follows it.
    last: Vec<u8>,
}

/// What the next bytes are.
enum State {
    Header,
    /// Content and padding to pass over.
    Skip(u64),
    /// An extension to keep: what it is for, its bytes so far, its size, and its padding.
    Keep {
        flag: u8,
        bytes: Vec<u8>,
        size: u64,
        padded: u64,
    },
    /// More blocks of an old GNU sparse map, then this much content.
    SparseMap(u64),
    /// One block of zeros: a second one ends the archive.
    Zero,
    /// After the end, where anything may stand.
    End,
}

/// Why a scan ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The tar is bad; what is wrong with it, in words.
    Bad(String),
    /// The listing of entries could not be written.
    Listing(io::Error),
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Bad(problem)
    }
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Header,
            block: [0; TAR_BLOCK],
            filled: 0,
            offset: 0,
            entries: 0,
            extensions: Extensions::default(),
            last: Vec::new(),
        }
    }

    /// Takes the next bytes; `found` is called for each entry.
    ///
    /// # Errors
    /// What is wrong with the tar, or the error of `found`.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        found: &mut impl FnMut(&Line<'_>) -> io::Result<()>,
    ) -> Result<(), Stop> {
        while !bytes.is_empty() {
            match &mut self.state {
                State::End => return Ok(()),
                State::Skip(left) => {
                    let count = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    *left -= count as u64;
                    self.offset += count as u64;
                    bytes = &bytes[count..];
                    if *left == 0 {
                        self.state = State::Header;
                    }
                }
                State::Header | State::Keep { .. } | State::SparseMap(_) | State::Zero => {
                    let count = bytes.len().min(TAR_BLOCK - self.filled);
                    self.block[self.filled..self.filled + count].copy_from_slice(&bytes[..count]);
                    self.filled += count;
                    bytes = &bytes[count..];
                    if self.filled == TAR_BLOCK {
                        self.filled = 0;
                        self.take_block(found)?;
                        self.offset += TAR_BLOCK as u64;
                    }
                }
            }
        }
        Ok(())
    }

    /// The bytes are at their end.
    ///
    /// # Errors
    /// Where that is in the middle of an entry. The blocks of zeros at the end may be missing, as some tools leave them
    /// out and every runtime does without.
    pub(crate) fn finish(&self) -> Result<(), String> {
        let between = self.filled == 0 && self.extensions.is_empty();
        match self.state {
            State::End | State::Zero if between => Ok(()),
            State::Header if between && self.entries > 0 => Ok(()),
            State::Header if self.offset == 0 => Err(describe(&self.block[..self.filled]).into()),
            _ => Err(format!(
                "it is cut short: it ends after {} bytes, in or after {}. Make or fetch it again",
                self.offset + self.filled as u64,
                printable(&self.last)
            )),
        }
    }

    /// Takes a whole block.
    fn take_block(&mut self, found: &mut impl FnMut(&Line<'_>) -> io::Result<()>) -> Result<(), Stop> {
        match std::mem::replace(&mut self.state, State::Header) {
            State::Header if is_zero(&self.block) => self.state = State::Zero,
            State::Zero if is_zero(&self.block) => self.state = State::End,
            State::Header => self.take_header(found)?,
            State::Zero => {
                return Err(format!(
                    "after {} bytes one block of zeros stands between entries, where two would end the archive",
                    self.offset
                )
                .into());
            }
            State::Keep { flag, mut bytes, size, padded } => {
                bytes.extend_from_slice(&self.block);
                if bytes.len() as u64 == padded {
                    bytes.truncate(usize::try_from(size).expect("at most MAX_EXTENSION"));
                    self.take_extension(flag, bytes)?;
                } else {
                    self.state = State::Keep { flag, bytes, size, padded };
                }
            }
            State::SparseMap(content) => {
                // `isextended` of an extension block.
                self.state = if self.block[504] == 0 { skip(content) } else { State::SparseMap(content) };
            }
            State::Skip(_) | State::End => unreachable!("these take no blocks"),
        }
        Ok(())
    }

    fn take_header(&mut self, found: &mut impl FnMut(&Line<'_>) -> io::Result<()>) -> Result<(), Stop> {
        if !checksum_is_right(&self.block) {
            return Err(if self.offset == 0 {
                describe(&self.block).to_owned()
            } else {
                format!(
                    "the header after {} bytes (behind {}) has a wrong checksum. Make or fetch it again",
                    self.offset,
                    printable(&self.last)
                )
            }
            .into());
        }
        let header = tar::Header::from_byte_slice(&self.block);
        let number = |name: &str, field: Range<usize>| {
            let value = parse_number(&self.block[field]);
            value.ok_or_else(|| format!("the header after {} bytes has no valid {name}", self.offset))
        };
        let natural = |name: &str, field| {
            let value = u64::try_from(number(name, field)?);
            value.map_err(|_| format!("the header after {} bytes has a negative {name}", self.offset))
        };
        let flag = header.entry_type().as_byte();
        let stored = natural("size", SIZE)?;
        if matches!(flag, b'x' | b'L' | b'K') {
            if stored > MAX_EXTENSION {
                return Err(
                    format!("the extended header after {} bytes claims {stored} bytes", self.offset).into()
                );
            }
            let padded = stored.next_multiple_of(TAR_BLOCK as u64);
            self.state = State::Keep { flag, bytes: Vec::new(), size: stored, padded };
            if stored == 0 {
                self.state = State::Header;
            }
            return Ok(());
        }
        if flag == b'g' {
            self.state = skip(padded(stored));
            return Ok(());
        }
        let extensions = std::mem::take(&mut self.extensions);
        let path = extensions.path().unwrap_or(&header.path_bytes()).to_vec();
        self.last.clone_from(&path);
        let stored = extensions.number(b"size").unwrap_or(stored);
        let link = extensions.link().map(<[u8]>::to_vec);
        let link = link.or_else(|| header.link_name_bytes().map(Cow::into_owned)).unwrap_or_default();
        let device = || -> Result<(u64, u64), String> {
            Ok((natural("device", DEVICE_MAJOR)?, natural("device", DEVICE_MINOR)?))
        };
        let cleaned = clean(&path)?;
        let target = if flag == b'1' { clean(&link)? } else { link };
        let mut content = stored;
        let kind = match flag {
            b'0' | 0 if path.ends_with(b"/") && stored == 0 => Type::Directory,
            b'0' | 0 | b'7' => Type::File { size: extensions.real_size().unwrap_or(stored) },
            b'S' => Type::File { size: natural("real size", REAL_SIZE)? },
            b'1' => Type::Hardlink(&target),
            b'2' => Type::Symlink(&target),
            b'3' => device().map(|(major, minor)| Type::Character { major, minor })?,
            b'4' => device().map(|(major, minor)| Type::Block { major, minor })?,
            b'5' => Type::Directory,
            b'6' => Type::Fifo,
            other => {
                return Err(format!(
                    "{} has the type {:?}: container runtimes refuse to unpack it",
                    printable(&path),
                    char::from(other)
                )
                .into());
            }
        };
        // Go takes no content for these, whatever their size says.
        if matches!(flag, b'1'..=b'6') {
            content = 0;
        }
        let line = Line {
            path: &cleaned,
            kind,
            mode: natural("mode", MODE)? & 0o7777,
            uid: extensions.number(b"uid").map_or_else(|| natural("uid", UID), Ok)?,
            gid: extensions.number(b"gid").map_or_else(|| natural("gid", GID), Ok)?,
            mtime: match extensions.mtime() {
                Some(mtime) => mtime,
                None => number("mtime", MTIME)?,
            },
            names: None,
            xattrs: None,
        };
        found(&line).map_err(Stop::Listing)?;
        self.entries += 1;
        let sparse_map_goes_on = flag == b'S' && self.block[482] != 0;
        self.state =
            if sparse_map_goes_on { State::SparseMap(padded(content)) } else { skip(padded(content)) };
        Ok(())
    }

    fn take_extension(&mut self, flag: u8, mut bytes: Vec<u8>) -> Result<(), String> {
        let until_nul = |bytes: &mut Vec<u8>| {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            bytes.truncate(end);
        };
        match flag {
            b'L' => {
                until_nul(&mut bytes);
                self.extensions.path = Some(bytes);
            }
            b'K' => {
                until_nul(&mut bytes);
                self.extensions.link = Some(bytes);
            }
            _ => {
                let records = parse_records(&bytes);
                let records = records.ok_or_else(|| {
                    format!("the pax header before {} bytes is malformed", self.offset + 512)
                })?;
                self.extensions.records.extend(records);
            }
        }
        Ok(())
    }
}

/// Content with its padding. What would overflow is more than any input holds, and ends as cut short.
const fn padded(size: u64) -> u64 {
    match size.checked_next_multiple_of(TAR_BLOCK as u64) {
        Some(padded) => padded,
        None => u64::MAX,
    }
}

const fn skip(count: u64) -> State {
    if count == 0 { State::Header } else { State::Skip(count) }
}
