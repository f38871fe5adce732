//! A tar from elsewhere as a layer.
//!
//! Told by its bytes, validated, hashed and, if asked for, recompressed in one pass over the file. Invariants: what is kept is
//! never rewritten; what is recompressed has the same `diff_id`, byte for byte; memory does not depend on what the file
//! claims.
//!
//! Container runtimes read layers with Go's `archive/tar`, so a tar means here what it means there, and whatever they would
//! refuse is refused: unknown types, among them old GNU sparse (`S`) and contiguous files (`7`); fields that are no
//! numbers; broken pax records and sparse maps; extensions over 1 MiB. As there, the blocks of zeros at the end may be
//! missing, and so may the padding before them; global pax headers must be well-formed, and change nothing; a second pax header in front of an
//! entry replaces the first; types that have no content have none, whatever their size says. These are refused here and
//! accepted there, since each is a mistake that would show late or never:
//!
//! | what | why |
//! |---|---|
//! | bytes other than zeros after the end | runtimes stop reading there: the second of two joined tars would be missing |
//! | an empty file | a tar of nothing has 1,024 zeros; this is an interrupted write |
//! | extensions that end early, or have no entry behind them | the entry is lost |
//! | a path or hard link that leads out of the root | Docker refuses it, containerd places it at the root |
//! | no name, except for a directory (the root); no target | no system can make it |
//! | negative owners, modes and device numbers | -1 stands for "leave it" in `chown(2)` |
//!
//! One path twice is accepted everywhere, the later one counts, and a warning names it. A file that is a whole image, an OCI
//! image layout or what `docker save` writes, is no layer, although runtimes would unpack it as one.

mod check;
pub(crate) mod decompress;
mod extensions;
pub(crate) mod fields;
pub(crate) mod found;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub(crate) mod locate;
mod raw;
pub(crate) mod scan;
pub(crate) mod sniff;
mod sparse;

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    num::NonZeroUsize,
    path::Path,
};

use oci::{atomic::AtomicFile, digest::Hasher, layer_json::LayerJson, media_type::Compression};

use crate::{
    codec::Codec,
    engine::{self, Members, Written},
    error::Error,
    format::TAR_BLOCK,
    import::{check::Checks, decompress::decompress, scan::Scanner, sniff::Sniffed},
    layer::{Description, describe, finish},
    mtree::Listing,
};

/// How much is read from the file, and decompressed, at a time.
const READ: usize = 256 << 10;

/// Why a scan ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The tar is bad; what is wrong with it, in words.
    Bad(String),
    /// Whoever takes the entries has failed.
    Error(Error),
}

/// What becomes of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// They stay as they are.
    Keep,
    /// A plain tar is compressed with this; what is compressed stays as it is.
    CompressPlain(Codec),
    /// The tar is compressed with this, whatever it was before.
    Recompress(Codec),
}

impl Treatment {
    /// The codec to write with, or `None` to keep the bytes.
    const fn codec(self, found: Compression) -> Option<Codec> {
        match (self, found) {
            (Self::Recompress(codec), _) | (Self::CompressPlain(codec), Compression::None) => Some(codec),
            (Self::Keep | Self::CompressPlain(_), _) => None,
        }
    }
}

/// Imports the tar at `source`. Without a place for the blob it is kept as it is; with one, it is written there even then.
/// `warn` is told what is no error and yet worth a look, as that a tar to be compressed has no place to go.
///
/// # Errors
/// [`Error::NotATar`] and [`Error::Damaged`] say what is wrong with the file; no output is left behind.
pub fn import(
    source: &Path,
    treatment: Treatment,
    threads: NonZeroUsize,
    description: Description,
    (blob, metadata, mtree): (Option<&Path>, &Path, &Path),
    warn: &mut dyn FnMut(&str),
) -> Result<LayerJson, Error> {
    let open = |error| Error::Source { operation: "open", path: source.to_owned(), source: error };
    let file = File::open(source).map_err(open)?;
    let mut blob_file = blob.map(AtomicFile::create).transpose()?;
    let mut mtree_file = AtomicFile::create(mtree)?;
    let mut checks = Checks::default();
    let layer = import_checked(
        (source, file),
        treatment,
        threads,
        description,
        blob_file.as_mut().zip(blob),
        (BufWriter::new(&mut mtree_file), mtree),
        (&mut checks, warn),
    )?;
    if let Some(files) = checks.image() {
        return Err(Error::IsImage { path: source.to_owned(), files });
    }
    finish(&layer, blob_file, mtree_file, metadata)?;
    Ok(layer)
}

/// As [`import`], for a tar that is somewhere else than in a file of its own, and whose outputs are in the caller's hands.
/// The paths stand for them in messages. It is known to be a layer, whatever is in it.
///
/// # Errors
/// As for [`import`].
pub fn import_from(
    input: (&Path, impl Read),
    treatment: Treatment,
    threads: NonZeroUsize,
    description: Description,
    blob: Option<(&mut AtomicFile, &Path)>,
    mtree: (impl Write, &Path),
    warn: &mut dyn FnMut(&str),
) -> Result<LayerJson, Error> {
    import_checked(input, treatment, threads, description, blob, mtree, (&mut Checks::default(), warn))
}

fn import_checked(
    (source, mut input): (&Path, impl Read),
    treatment: Treatment,
    threads: NonZeroUsize,
    description: Description,
    blob: Option<(&mut AtomicFile, &Path)>,
    (mtree, mtree_path): (impl Write, &Path),
    (checks, warn): (&mut Checks, &mut dyn FnMut(&str)),
) -> Result<LayerJson, Error> {
    let read = |error| Error::Source { operation: "read", path: source.to_owned(), source: error };
    let mut head = Vec::with_capacity(TAR_BLOCK);
    (&mut input).take(TAR_BLOCK as u64).read_to_end(&mut head).map_err(read)?;
    let found = match sniff::sniff(&head) {
        Sniffed::Tar(compression) => compression,
        Sniffed::Other(words) => {
            return Err(Error::NotATar { path: source.to_owned(), problem: words.into() });
        }
    };
    let input = head.chain(input);
    let unlisted = |error| Error::Write { path: mtree_path.to_owned(), source: error };
    let mut listing = Listing::new(mtree).map_err(unlisted)?;
    let mut pass = Pass { source, found, threads, listing: &mut listing, mtree: mtree_path, checks, warn };
    let layer = match (treatment.codec(found), blob) {
        (Some(codec), Some(out)) => describe(pass.run(input, codec, out)?, codec, description),
        (wanted, blob) => {
            if wanted.is_some() {
                (pass.warn)(&format!(
                    "{} is a plain tar, though its name ends as that of a compressed one: it stays as it is. Name it \
                     .tar, or say compression = \"gzip\"",
                    source.display()
                ));
            }
            let (copy, path) = blob.map_or((None, source), |(copy, path)| (Some(copy), path));
            let kept = pass.keep(input, copy, path)?;
            LayerJson { layer_format: None, members: None, ..describe(kept, codec_of(found), description) }
        }
    };
    let shape = listing.finish().map_err(unlisted)?;
    Ok(LayerJson { shape: Some(shape), ..layer })
}

/// The codec that stands for a kind of compression where the level does not matter.
const fn codec_of(found: Compression) -> Codec {
    match found {
        Compression::None => Codec::None,
        Compression::Gzip => Codec::GZIP,
        Compression::Zstd => Codec::ZSTD,
    }
}

/// One pass over a tar.
struct Pass<'a, W> {
    source: &'a Path,
    found: Compression,
    threads: NonZeroUsize,
    listing: &'a mut Listing<W>,
    mtree: &'a Path,
    checks: &'a mut Checks,
    warn: &'a mut dyn FnMut(&str),
}

impl<W: Write> Pass<'_, W> {
    /// Writes the tar to `out`, compressed anew.
    fn run(
        &mut self,
        input: impl Read,
        codec: Codec,
        out: (&mut (impl Write + Send), &Path),
    ) -> Result<Written, Error> {
        let (written, ()) = engine::run(codec, self.threads, out, |members| {
            let input = BufReader::with_capacity(READ, input);
            self.pump(decompress(self.found, input).map_err(|error| self.read_failed(error, 0))?, members)
        })?;
        Ok(written)
    }

    /// Hashes the input as it is, and copies it to `copy`, which is at `path`.
    fn keep(
        &mut self,
        input: impl Read,
        copy: Option<&mut AtomicFile>,
        path: &Path,
    ) -> Result<Written, Error> {
        let plain = self.found == Compression::None;
        let hasher = (!plain).then(Hasher::new);
        let mut kept = Kept { input, copy, hasher, size: 0, failed: None };
        // The tar goes through the pipeline for its digest alone.
        let result = self.run(&mut kept, Codec::None, (&mut io::sink(), path));
        let Kept { hasher, size, failed, .. } = kept;
        if let Some(error) = failed {
            return Err(Error::Write { path: path.to_owned(), source: error });
        }
        let written = result?;
        let digest = hasher.map_or(written.diff_id, Hasher::finish);
        Ok(Written { digest, size, ..written })
    }

    /// Takes the tar, piece by piece, through the scanner and to `members`.
    fn pump(&mut self, mut tar: impl Read, members: &mut Members<'_, '_>) -> Result<(), Error> {
        let bad = |problem| Error::NotATar { path: self.source.to_owned(), problem };
        let piece = members.cuts().piece;
        let mut scanner = Scanner::new();
        let mut offset = 0;
        loop {
            let block = members.block();
            let before = block.len();
            let count = match tar.read(block.unfilled(READ.min(piece - before))) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.read_failed(error, offset)),
            };
            block.advance(count);
            offset += count as u64;
            let mut found = |entry| {
                let mut warn = |words: &str| (self.warn)(&format!("{}: {words}", self.source.display()));
                self.checks.check(&entry, &mut warn).map_err(Stop::Bad)?;
                let listed = self.listing.add(&check::line(&entry));
                listed.map_err(|source| Stop::Error(Error::Write { path: self.mtree.to_owned(), source }))
            };
            scanner.feed(&block.bytes()[before..], &mut found).map_err(|stop| match stop {
                Stop::Bad(problem) => bad(problem),
                Stop::Error(error) => error,
            })?;
            if block.len() == piece {
                members.cut()?;
            }
        }
        scanner.finish().map_err(bad)
    }

    fn read_failed(&self, source: io::Error, offset: u64) -> Error {
        let path = self.source.to_owned();
        match self.found {
            Compression::None => Error::Source { operation: "read", path, source },
            compression => Error::Damaged { path, compression, offset, source },
        }
    }
}

/// Input that is hashed, and copied, as it is read.
struct Kept<'a, R> {
    input: R,
    copy: Option<&'a mut AtomicFile>,
    /// `None` if the input is the tar itself, which is hashed anyway.
    hasher: Option<Hasher>,
    size: u64,
    /// Why the copy could not be written, since a reader can only say that it failed.
    failed: Option<io::Error>,
}

impl<R: Read> Read for Kept<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let bytes = &buffer[..count];
        self.size += count as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        if let Some(Err(error)) = self.copy.as_mut().map(|copy| copy.write_all(bytes)) {
            self.failed = Some(error);
            return Err(io::Error::other("the copy failed"));
        }
        Ok(count)
    }
}
