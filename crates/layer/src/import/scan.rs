//! Validates a tar while its bytes go by, and says what is in it.
//!
//! A scanner is fed pieces of any size and never asks for more, so that one pass serves digests, compressor and listing
//! alike. Invariants: memory is bounded by [`MAX_EXTENSION`] whatever the input claims, which rules out readers that pull;
//! entries are understood as Go's `archive/tar` does, since the container runtimes that will unpack the layer are written
//! with it. [`crate::import`] says where this is stricter.

use std::ops::Range;

use crate::{
    format::TAR_BLOCK,
    import::{
        Stop,
        extensions::{Extensions, PaxSparse},
        fields::parse_number,
        found::{Found, Kind},
        raw::Raw,
        sniff::{checksum_is_right, describe, is_zero},
        sparse::{self, MAX_MAP, OLD_ENTRY, TextMap, is_consistent},
    },
    path::printable,
    slice::Segment,
};

/// Longest pax or GNU extension that is kept. Go's reader has the same bound.
const MAX_EXTENSION: u64 = 1 << 20;

/// The map of an old sparse file: the entries in its header, whether there are more, its real size. In a block behind it:
/// the entries, whether there are more.
const OLD_MAP: Range<usize> = 386..482;
const OLD_MORE: usize = 482;
const OLD_SIZE: Range<usize> = 483..495;
const OLD_BLOCK: Range<usize> = 0..504;
const OLD_BLOCK_MORE: usize = 504;

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
    /// Content, and behind it padding, to pass over.
    Skip {
        content: u64,
        padding: u64,
    },
    /// An extension to keep: what it is for, its bytes so far, its size, and its padding.
    Keep {
        flag: u8,
        bytes: Vec<u8>,
        size: u64,
        padded: u64,
    },
    /// More blocks of an old sparse map.
    OldMap(Box<Partial>),
    /// A sparse map as text at the start of the content.
    TextMap {
        partial: Box<Partial>,
        text: TextMap,
    },
    /// One block of zeros: a second one ends the archive.
    Zero,
    /// After the end, where only zeros may stand.
    End,
}

/// A sparse file whose map is being read.
struct Partial {
    found: Found,
    map: Vec<Segment>,
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
        found: &mut impl FnMut(Found) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        while !bytes.is_empty() {
            match &mut self.state {
                State::End => {
                    let Some(at) = bytes.iter().position(|byte| *byte != 0) else {
                        self.offset += bytes.len() as u64;
                        return Ok(());
                    };
                    return Err(Stop::Bad(format!(
                        "it goes on after its end, which is the two blocks of zeros before its byte {}. Runtimes would not \
                         see the rest. If these are several tars in one file, make them one with oci_layer(tars = …)",
                        self.offset + at as u64
                    )));
                }
                State::Skip { .. } => {
                    let passed = self.pass_over(bytes.len() as u64);
                    bytes = &bytes[usize::try_from(passed).expect("at most what there is")..];
                }
                State::Header
                | State::Keep { .. }
                | State::OldMap(_)
                | State::TextMap { .. }
                | State::Zero => {
                    let count = bytes.len().min(TAR_BLOCK - self.filled);
                    self.block[self.filled..self.filled + count].copy_from_slice(&bytes[..count]);
                    self.filled += count;
                    bytes = &bytes[count..];
                    if self.filled == TAR_BLOCK {
                        self.filled = 0;
                        let state = std::mem::replace(&mut self.state, State::Header);
                        self.state = self.take_block(state, found)?;
                        self.offset += TAR_BLOCK as u64;
                    }
                }
            }
        }
        Ok(())
    }

    /// Passes over content that comes next, up to `most` bytes of it, and says how much that is: so much need not be fed.
    pub(crate) fn pass_over(&mut self, most: u64) -> u64 {
        let State::Skip { content, padding } = &mut self.state else { return 0 };
        let passed = most.min(content.saturating_add(*padding));
        let of_content = passed.min(*content);
        *content -= of_content;
        *padding -= passed - of_content;
        if *content == 0 && *padding == 0 {
            self.state = State::Header;
        }
        self.offset += passed;
        passed
    }

    /// The bytes are at their end.
    ///
    /// # Errors
    /// Where that is in the middle of an entry. The blocks of zeros at the end, and the padding before them, may be
    /// missing, as some tools leave them out and every runtime does without.
    pub(crate) fn finish(&self) -> Result<(), String> {
        let between = self.filled == 0 && self.extensions.is_empty();
        match self.state {
            State::End | State::Zero if between => Ok(()),
            State::Header | State::Skip { content: 0, .. } if between && self.entries > 0 => Ok(()),
            State::Header if self.offset == 0 => Err(describe(&self.block[..self.filled]).into()),
            _ => Err(format!(
                "it is cut short: it ends after {} bytes, in or after {}. Make or fetch it again",
                self.offset + self.filled as u64,
                printable(&self.last)
            )),
        }
    }

    /// Takes a whole block, and says what comes next.
    fn take_block(
        &mut self,
        state: State,
        found: &mut impl FnMut(Found) -> Result<(), Stop>,
    ) -> Result<State, Stop> {
        match state {
            State::Header if is_zero(&self.block) => Ok(State::Zero),
            State::Zero if is_zero(&self.block) => Ok(State::End),
            State::Header => self.take_header(found),
            State::Zero => Err(Stop::Bad(format!(
                "after {} bytes one block of zeros stands between entries, where two would end the archive",
                self.offset
            ))),
            State::Keep { flag, mut bytes, size, padded } => {
                bytes.extend_from_slice(&self.block);
                if (bytes.len() as u64) < padded {
                    return Ok(State::Keep { flag, bytes, size, padded });
                }
                bytes.truncate(usize::try_from(size).expect("at most MAX_EXTENSION"));
                self.extensions.add(flag, &bytes).map_err(|problem| {
                    Stop::Bad(format!(
                        "the pax header before {} bytes {problem}",
                        self.offset + TAR_BLOCK as u64
                    ))
                })?;
                Ok(State::Header)
            }
            State::OldMap(mut partial) => {
                let Partial { found: entry, map } = &mut *partial;
                sparse::parse_old(&self.block[OLD_BLOCK], map).ok_or_else(|| bad_map(entry))?;
                if map.len() > MAX_MAP / OLD_ENTRY {
                    return Err(bad_map(entry));
                }
                if self.block[OLD_BLOCK_MORE] == 0 {
                    self.emit_sparse(*partial, found)
                } else {
                    Ok(State::OldMap(partial))
                }
            }
            State::TextMap { mut partial, mut text } => {
                let bad = || bad_map(&partial.found);
                let rest = partial.found.content.stored.checked_sub(TAR_BLOCK as u64).ok_or_else(bad)?;
                let map = text.push(&self.block).map_err(|_| bad())?;
                partial.found.content.stored = rest;
                match map {
                    Some(map) => self.emit_sparse(Partial { map, ..*partial }, found),
                    None => Ok(State::TextMap { partial, text }),
                }
            }
            State::Skip { .. } | State::End => unreachable!("these take no blocks"),
        }
    }

    fn take_header(&mut self, found: &mut impl FnMut(Found) -> Result<(), Stop>) -> Result<State, Stop> {
        if !checksum_is_right(&self.block) {
            return Err(Stop::Bad(if self.offset == 0 {
                describe(&self.block).to_owned()
            } else {
                format!(
                    "the header after {} bytes (behind {}) has a wrong checksum. Make or fetch it again",
                    self.offset,
                    printable(&self.last)
                )
            }));
        }
        let invalid =
            |field: &str| Stop::Bad(format!("the header after {} bytes has no valid {field}", self.offset));
        let raw = Raw::parse(&self.block).map_err(invalid)?;
        if matches!(raw.flag, b'x' | b'g' | b'L' | b'K') {
            let size = u64::try_from(raw.size).map_err(|_| invalid("size"))?;
            return self.begin_extension(raw.flag, size);
        }
        let extensions = std::mem::take(&mut self.extensions);
        self.last = extensions.path().unwrap_or(&raw.name).to_vec();
        let sparse = extensions.sparse().map_err(invalid)?;
        let mut entry = Found::new(&raw, &extensions, &sparse, self.offset).map_err(Stop::Bad)?;
        if entry.flag == b'S' {
            let size = parse_number(&self.block[OLD_SIZE]).and_then(|size| u64::try_from(size).ok());
            entry.content.size = size.ok_or_else(|| invalid("real size"))?;
            let mut map = Vec::new();
            sparse::parse_old(&self.block[OLD_MAP], &mut map).ok_or_else(|| bad_map(&entry))?;
            let partial = Partial { found: entry, map };
            return if self.block[OLD_MORE] == 0 {
                self.emit_sparse(partial, found)
            } else {
                Ok(State::OldMap(Box::new(partial)))
            };
        }
        match sparse {
            PaxSparse::No => self.emit(entry, found),
            _ if entry.kind != Kind::File => Err(bad_map(&entry)),
            PaxSparse::Map(map) => self.emit_sparse(Partial { found: entry, map }, found),
            PaxSparse::InContent => {
                let partial = Partial { found: entry, map: Vec::new() };
                Ok(State::TextMap { partial: Box::new(partial), text: TextMap::default() })
            }
        }
    }

    fn begin_extension(&mut self, flag: u8, size: u64) -> Result<State, Stop> {
        if size > MAX_EXTENSION {
            return Err(Stop::Bad(format!(
                "the extended header after {} bytes claims {size} bytes; at most {MAX_EXTENSION} are read",
                self.offset
            )));
        }
        if size == 0 {
            self.extensions.add(flag, &[]).expect("nothing is well-formed");
            return Ok(State::Header);
        }
        let padded = size.next_multiple_of(TAR_BLOCK as u64);
        Ok(State::Keep { flag, bytes: Vec::new(), size, padded })
    }

    /// Hands out a sparse file, whose map is complete.
    fn emit_sparse(
        &mut self,
        Partial { found: mut entry, map }: Partial,
        found: &mut impl FnMut(Found) -> Result<(), Stop>,
    ) -> Result<State, Stop> {
        if !is_consistent(&map, entry.content.size, entry.content.stored) {
            return Err(bad_map(&entry));
        }
        entry.content.map = Some(map);
        self.emit(entry, found)
    }

    /// Hands out an entry whose content comes next.
    fn emit(
        &mut self,
        mut entry: Found,
        found: &mut impl FnMut(Found) -> Result<(), Stop>,
    ) -> Result<State, Stop> {
        if entry.kind == Kind::File {
            entry.content.offset = self.offset + TAR_BLOCK as u64;
        }
        let content = entry.content.stored;
        found(entry)?;
        self.entries += 1;
        if content == 0 {
            return Ok(State::Header);
        }
        // A padding that overflows comes after more than any input holds.
        let padded = content.checked_next_multiple_of(TAR_BLOCK as u64).unwrap_or(u64::MAX);
        Ok(State::Skip { content, padding: padded - content })
    }
}

fn bad_map(entry: &Found) -> Stop {
    Stop::Bad(format!(
        "the map of the sparse file {} is broken. Make or fetch it again",
        printable(&entry.path)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tar with GNU's long names, contents, and the end.
    fn sample() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, size) in [("a".to_owned(), 0), ("long/".repeat(60) + "b", 700), ("c".into(), 512)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(size);
            builder.append_data(&mut header, path, &vec![b'x'; usize::try_from(size).unwrap()][..]).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn pieces_of_any_size_say_the_same() {
        let tar = sample();
        let scan = |piece: usize| {
            let mut scanner = Scanner::new();
            let mut entries = Vec::new();
            for bytes in tar.chunks(piece) {
                let mut found = |entry| {
                    entries.push(entry);
                    Ok(())
                };
                scanner.feed(bytes, &mut found).unwrap();
            }
            scanner.finish().unwrap();
            entries
        };
        let whole = scan(usize::MAX);
        let contents: Vec<_> =
            whole.iter().map(|entry| (entry.content.offset, entry.content.stored)).collect();
        assert_eq!(contents, [(512, 0), (512 * 4, 700), (512 * 7, 512)]);
        for piece in [1, 7, 511, 512, 513, 5000] {
            assert_eq!(scan(piece), whole, "{piece}");
        }
    }
}
