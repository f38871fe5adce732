//! Tars on disk to stages: what is in each, and where its contents are.
//!
//! Invariants: the stages come in the order of the tars, and so does the first error, whatever thread was done first; a tar is
//! validated from its first byte to its last, contents of plain ones aside, which are read later.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use oci::{atomic, media_type::Compression};

use crate::{
    attributes::MAX_OWNER_NAME,
    entries::{MAX_XATTRS, check_target},
    entry::{Device, Entry, Kind, Names, Owner},
    error::Error,
    format::TAR_BLOCK,
    import::{
        Stop,
        decompress::decompress,
        found::{self, Found},
        scan::Scanner,
        sniff::{Sniffed, sniff},
    },
    layer::granted_threads,
    merge::Stage,
    path::{ImagePath, printable},
    read::MOST_READERS,
    slice::{Slice, TarFile},
    whiteout::Whiteout,
    xattr::Xattrs,
};

/// How much of a compressed tar is read, and unpacked, at a time.
const PIECE: usize = 256 << 10;
/// How much of a plain tar is read at a time. Small contents are passed over within it.
const HEADERS: usize = 64 << 10;

/// Reads `tars` with several threads, and hands out what is in them in their order. What is compressed is unpacked beside
/// `output`.
///
/// # Errors
/// Those of the first tar that cannot be read, and of `take`.
pub(crate) fn read(
    tars: &[PathBuf],
    output: &Path,
    mut take: impl FnMut(Stage) -> Result<(), Error>,
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, stages) = mpsc::sync_channel(1);
        for _ in 0..granted_threads().get().min(MOST_READERS).min(tars.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                let mut spool = Spool { output, file: None, end: 0 };
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(tar) = tars.get(index) else { break };
                    // Nobody takes it after an error elsewhere.
                    if sender.send((index, read_tar(tar, index, &mut spool))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        for (index, stage) in stages {
            early.insert(index, stage);
            while let Some(stage) = early.remove(&wanted) {
                take(stage?)?;
                wanted += 1;
            }
        }
        Ok(())
    })
}

/// The contents of compressed tars, one after the other. One file a thread: hundreds of tars would need as many open ones.
struct Spool<'a> {
    output: &'a Path,
    file: Option<Arc<File>>,
    end: u64,
}

impl Spool<'_> {
    fn file(&mut self) -> Result<Arc<File>, Error> {
        if self.file.is_none() {
            self.file = Some(Arc::new(atomic::unnamed(self.output)?));
        }
        Ok(Arc::clone(self.file.as_ref().expect("just made")))
    }
}

/// Reads what is in one tar.
fn read_tar(path: &Path, index: usize, spool: &mut Spool<'_>) -> Result<Stage, Error> {
    let failed = |operation| move |source| Error::Source { operation, path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed("open"))?;
    let mut head = Vec::with_capacity(TAR_BLOCK);
    (&mut file).take(TAR_BLOCK as u64).read_to_end(&mut head).map_err(failed("read"))?;
    file.rewind().map_err(failed("read"))?;
    let name: Arc<Path> = path.into();
    match sniff(&head) {
        Sniffed::Other(words) => Err(Error::NotATar { path: path.to_owned(), problem: words.into() }),
        Sniffed::Tar(Compression::None) => {
            let tar = TarFile::new(Arc::clone(&name), None, index);
            Reading::new(name, tar).headers(file)
        }
        Sniffed::Tar(compression) => {
            let unpacked = spool.file()?;
            let tar = TarFile::new(Arc::clone(&name), Some((Arc::clone(&unpacked), spool.end)), index);
            let (stage, length) =
                Reading::new(name, tar).unpack(file, compression, (&unpacked, spool.output))?;
            spool.end += length;
            Ok(stage)
        }
    }
}

/// A tar that is being read.
struct Reading {
    path: Arc<Path>,
    tar: Arc<TarFile>,
    stage: Stage,
    /// Those of the last entry that had some: neighbours mostly have the same.
    names: Option<Arc<Names>>,
    xattrs: Option<Arc<Xattrs>>,
}

impl Reading {
    fn new(path: Arc<Path>, tar: TarFile) -> Self {
        Self { path, tar: Arc::new(tar), stage: Stage::default(), names: None, xattrs: None }
    }

    /// Reads the headers of a plain tar, and passes over contents.
    fn headers(mut self, file: File) -> Result<Stage, Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Source { operation: "read", path, source }
        };
        let length = file.metadata().map_err(failed(&self.path))?.len();
        let mut file = BufReader::with_capacity(HEADERS, file);
        let mut scanner = Scanner::new();
        let mut at = 0;
        loop {
            let passed = scanner.pass_over(length.saturating_sub(at));
            let distance = i64::try_from(passed).expect("no file is longer");
            file.seek_relative(distance).map_err(failed(&self.path))?;
            let bytes = file.fill_buf().map_err(failed(&self.path))?;
            let count = bytes.len();
            if count == 0 {
                return self.finish(&scanner);
            }
            self.feed(&mut scanner, bytes)?;
            file.consume(count);
            at += passed + count as u64;
        }
    }

    /// Unpacks a compressed tar to the end of `spool`, which is beside `output`, and says how long it is.
    fn unpack(
        mut self,
        file: File,
        compression: Compression,
        (mut spool, output): (&File, &Path),
    ) -> Result<(Stage, u64), Error> {
        let mut offset = 0;
        let damaged = |path: &Path, offset, source| {
            let path = path.to_owned();
            Error::Damaged { path, compression, offset, source }
        };
        let input = BufReader::with_capacity(PIECE, file);
        let mut input =
            decompress(compression, input).map_err(|source| damaged(&self.path, offset, source))?;
        let mut scanner = Scanner::new();
        let mut piece = vec![0; PIECE];
        loop {
            let bytes = match input.read(&mut piece) {
                Ok(count) => &piece[..count],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(damaged(&self.path, offset, error)),
            };
            if bytes.is_empty() {
                return Ok((self.finish(&scanner)?, offset));
            }
            offset += bytes.len() as u64;
            self.feed(&mut scanner, bytes)?;
            spool.write_all(bytes).map_err(|source| Error::Spool {
                tar: self.path.to_path_buf(),
                directory: output.parent().unwrap_or(output).to_owned(),
                source,
            })?;
        }
    }

    fn feed(&mut self, scanner: &mut Scanner, bytes: &[u8]) -> Result<(), Error> {
        scanner.feed(bytes, &mut |found| self.take(found)).map_err(|stop| match stop {
            Stop::Bad(problem) => self.not_a_tar(problem),
            Stop::Error(error) => error,
        })
    }

    fn finish(self, scanner: &Scanner) -> Result<Stage, Error> {
        scanner.finish().map_err(|problem| self.not_a_tar(problem))?;
        Ok(self.stage)
    }

    fn not_a_tar(&self, problem: String) -> Error {
        Error::NotATar { path: self.path.to_path_buf(), problem }
    }

    /// Takes an entry of the tar.
    fn take(&mut self, found: Found) -> Result<(), Stop> {
        let bad = |problem: String| {
            let (tar, path) = (self.path.to_path_buf(), printable(&found.path).into_owned());
            Stop::Error(Error::TarEntry { tar, path, problem })
        };
        let path = ImagePath::parse(&found.path).map_err(|problem| bad(problem.to_string()))?;
        if path.is_root() {
            // A layer has no entry for it.
            return match found.kind {
                found::Kind::Directory => Ok(()),
                _ => Err(bad("it has no name, and is no directory".into())),
            };
        }
        if let Some(whiteout) =
            Whiteout::parse(&path, Some(&self.path)).map_err(|problem| bad(problem.into()))?
        {
            self.stage.whiteouts.push(whiteout);
            return Ok(());
        }
        let kind = self.kind(&found).map_err(bad)?;
        let id = |name, id: u64| {
            // The highest one stands for "leave it" in chown(2).
            let id = u32::try_from(id).ok().filter(|id| *id != u32::MAX);
            id.ok_or_else(|| bad(format!("Linux has no {name} as high as that")))
        };
        let owner = Owner { uid: id("uid", found.uid)?, gid: id("gid", found.gid)? };
        let size: usize = found.xattrs.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
        if size > MAX_XATTRS {
            return Err(bad(format!(
                "its extended attributes have {size} bytes; at most {MAX_XATTRS} are taken"
            )));
        }
        let is_long = |name: &[u8]| name.len() > MAX_OWNER_NAME;
        if found.names.iter().any(|names| is_long(&names.user) || is_long(&names.group)) {
            return Err(bad(format!("its owner has a name of more than {MAX_OWNER_NAME} bytes")));
        }
        let Found { mode, names, xattrs, mtime, .. } = found;
        let (names, xattrs) = (share(&mut self.names, names), share(&mut self.xattrs, xattrs));
        let tar = Some(Arc::clone(&self.path));
        self.stage.entries.push(Entry { path, kind, mode: Some(mode), owner, names, xattrs, mtime, tar });
        Ok(())
    }

    fn kind(&self, found: &Found) -> Result<Kind, String> {
        let device = |major, minor| {
            Device::new(major, minor).ok_or_else(|| format!("Linux has no device {major}, {minor}"))
        };
        Ok(match &found.kind {
            found::Kind::File => {
                let content = &found.content;
                Kind::Slice(Slice::new(&self.tar, content.offset, content.size, content.map.clone()))
            }
            found::Kind::Directory => Kind::Directory,
            found::Kind::Symlink(target) => {
                check_target(target)?;
                Kind::Symlink(target.as_slice().into())
            }
            found::Kind::Hardlink(target) => {
                Kind::Hardlink(ImagePath::parse(target).map_err(|problem| format!("its target: {problem}"))?)
            }
            &found::Kind::Character { major, minor } => Kind::Character(device(major, minor)?),
            &found::Kind::Block { major, minor } => Kind::Block(device(major, minor)?),
            found::Kind::Fifo => Kind::Fifo,
        })
    }
}

/// `value`, shared with the last one if that is the same.
fn share<T: PartialEq>(last: &mut Option<Arc<T>>, value: Option<T>) -> Option<Arc<T>> {
    let value = value?;
    if last.as_deref() != Some(&value) {
        *last = Some(Arc::new(value));
    }
    last.clone()
}
