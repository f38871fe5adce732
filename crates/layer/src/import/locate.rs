//! What is in a tar on disk, and where its contents are: for those who want them in another order than they come.
//!
//! Invariants: a tar is validated from its first byte to its last, contents of plain ones aside, which are read later, in place;
//! a compressed one is unpacked once, to a file without a name.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, Write},
    path::Path,
    sync::Arc,
};

use oci::{atomic, media_type::Compression};

use super::{
    Stop,
    decompress::decompress,
    found::Found,
    scan::Scanner,
    sniff::{Sniffed, sniff},
};
use crate::{error::Error, format::TAR_BLOCK, slice::TarFile};

/// How much of a compressed tar is read, and unpacked, at a time.
const PIECE: usize = 256 << 10;
/// How much of a plain tar is read at a time. Small contents are passed over within it.
const HEADERS: usize = 64 << 10;

/// The contents of compressed tars, one after the other. One file a thread: hundreds of tars would need as many open ones.
pub(crate) struct Spool<'a> {
    output: &'a Path,
    file: Option<Arc<File>>,
    end: u64,
}

impl<'a> Spool<'a> {
    /// A spool that will be in the folder of `output`, once there is something to put into it.
    pub(crate) const fn beside(output: &'a Path) -> Self {
        Self { output, file: None, end: 0 }
    }

    fn file(&mut self) -> Result<Arc<File>, Error> {
        if self.file.is_none() {
            self.file = Some(Arc::new(atomic::unnamed(self.output)?));
        }
        Ok(Arc::clone(self.file.as_ref().expect("just made")))
    }
}

/// A tar that is about to be read.
pub(crate) struct Located {
    path: Arc<Path>,
    file: Arc<TarFile>,
    input: File,
    /// The spool, if the tar is compressed.
    unpacked: Option<(Compression, Arc<File>)>,
}

impl Located {
    /// Opens the tar at `path`, which is at place `index` among those whose contents are compared.
    pub(crate) fn open(path: &Path, index: usize, spool: &mut Spool<'_>) -> Result<Self, Error> {
        let failed = |operation| move |source| Error::Source { operation, path: path.to_owned(), source };
        let mut input = File::open(path).map_err(failed("open"))?;
        let mut head = Vec::with_capacity(TAR_BLOCK);
        (&mut input).take(TAR_BLOCK as u64).read_to_end(&mut head).map_err(failed("read"))?;
        input.rewind().map_err(failed("read"))?;
        let unpacked = match sniff(&head) {
            Sniffed::Other(words) => {
                return Err(Error::NotATar { path: path.to_owned(), problem: words.into() });
            }
            Sniffed::Tar(Compression::None) => None,
            Sniffed::Tar(compression) => Some((compression, spool.file()?)),
        };
        let path: Arc<Path> = path.into();
        let place = unpacked.as_ref().map(|(_, file)| (Arc::clone(file), spool.end));
        let file = Arc::new(TarFile::new(Arc::clone(&path), place, index));
        Ok(Self { path, file, input, unpacked })
    }

    /// What slices of its contents refer to.
    pub(crate) const fn file(&self) -> &Arc<TarFile> {
        &self.file
    }

    /// Hands out every entry, in order.
    pub(crate) fn scan(
        self,
        spool: &mut Spool<'_>,
        take: &mut impl FnMut(Found) -> Result<(), Stop>,
    ) -> Result<(), Error> {
        let Self { path, input, unpacked, .. } = self;
        let mut entries = Entries { path: &path, scanner: Scanner::new(), take };
        match unpacked {
            None => entries.headers(input),
            Some((compression, file)) => {
                spool.end += entries.unpack(input, compression, (&file, spool.output))?;
                Ok(())
            }
        }
    }
}

/// The entries of a tar, one by one.
struct Entries<'a, F> {
    path: &'a Path,
    scanner: Scanner,
    take: &'a mut F,
}

impl<F: FnMut(Found) -> Result<(), Stop>> Entries<'_, F> {
    /// Reads the headers of a plain tar, and passes over contents.
    fn headers(&mut self, file: File) -> Result<(), Error> {
        let path = self.path;
        let failed = |source| Error::Source { operation: "read", path: path.to_owned(), source };
        let length = file.metadata().map_err(failed)?.len();
        let mut file = BufReader::with_capacity(HEADERS, file);
        let mut at = 0;
        loop {
            let passed = self.scanner.pass_over(length.saturating_sub(at));
            let distance = i64::try_from(passed).expect("no file is longer");
            file.seek_relative(distance).map_err(failed)?;
            let bytes = file.fill_buf().map_err(failed)?;
            let count = bytes.len();
            if count == 0 {
                return self.finish();
            }
            self.feed(bytes)?;
            file.consume(count);
            at += passed + count as u64;
        }
    }

    /// Unpacks a compressed tar to the end of `spool`, which is beside `output`, and says how long it is.
    fn unpack(
        &mut self,
        file: File,
        compression: Compression,
        (mut spool, output): (&File, &Path),
    ) -> Result<u64, Error> {
        let path = self.path;
        let mut offset = 0;
        let damaged = |offset, source| Error::Damaged { path: path.to_owned(), compression, offset, source };
        let input = BufReader::with_capacity(PIECE, file);
        let mut input = decompress(compression, input).map_err(|source| damaged(offset, source))?;
        let mut piece = vec![0; PIECE];
        loop {
            let bytes = match input.read(&mut piece) {
                Ok(count) => &piece[..count],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(damaged(offset, error)),
            };
            if bytes.is_empty() {
                self.finish()?;
                return Ok(offset);
            }
            offset += bytes.len() as u64;
            self.feed(bytes)?;
            spool.write_all(bytes).map_err(|source| Error::Spool {
                tar: path.to_owned(),
                directory: output.parent().unwrap_or(output).to_owned(),
                source,
            })?;
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.scanner.feed(bytes, self.take).map_err(|stop| match stop {
            Stop::Bad(problem) => Error::NotATar { path: self.path.to_owned(), problem },
            Stop::Error(error) => error,
        })
    }

    fn finish(&self) -> Result<(), Error> {
        let path = self.path;
        self.scanner.finish().map_err(|problem| Error::NotATar { path: path.to_owned(), problem })
    }
}
