//! Files and directories that appear complete or not at all.
//!
//! Each is written under a temporary name in the folder where it will be, and renamed at the end; what is
//! dropped before that is removed. Names are told apart by process and count, so nothing random is needed.
//!
//! What is there and is no file, such as a pipe or `/dev/stderr`, is never replaced: it is written to as it is.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Seek as _, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Writes `bytes` to a file at `path`, replacing one that is there.
///
/// # Errors
/// [`AtomicError`]
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), AtomicError> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(|source| AtomicError::new("write", path, source))?;
    file.commit()
}

/// A file that is not at its place yet.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    /// None for what is written to as it is.
    pending: Option<Pending>,
}

impl AtomicFile {
    /// Opens a temporary file beside `path`, for writing. A link to a file stays, and that file is replaced. What is
    /// there and is no file is opened itself, and has what was written at once.
    ///
    /// # Errors
    /// [`AtomicError`]
    pub fn create(path: &Path) -> Result<Self, AtomicError> {
        let Some(place) = replaceable(path) else {
            let file = File::options().write(true).create(true).truncate(true).open(path);
            let file = file.map_err(|source| AtomicError::new("open", path, source))?;
            return Ok(Self { file, pending: None });
        };
        let open = |temporary: &Path| File::options().write(true).create_new(true).open(temporary);
        let (temporary, file) = claim(&place, open)?;
        Ok(Self { file, pending: Some(Pending::new(temporary, &place)) })
    }

    /// Forgets what was written so far.
    ///
    /// # Errors
    /// Of the system; always for a pipe, which has been read already.
    pub fn restart(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        self.file.set_len(0)
    }

    /// Puts the file at its place, replacing a file that is there.
    ///
    /// # Errors
    /// [`AtomicError`]; the temporary file is then gone.
    pub fn commit(self) -> Result<(), AtomicError> {
        let Self { file, pending } = self;
        // Windows renames no open file.
        drop(file);
        pending.map_or(Ok(()), |mut pending| pending.rename())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Where to put a file that is to be at `path`; none where what is there can't be replaced.
fn replaceable(path: &Path) -> Option<PathBuf> {
    match fs::symlink_metadata(path) {
        // What is wrong with the folder shows when the file is made.
        Err(_) => Some(path.to_owned()),
        Ok(metadata) if metadata.is_file() => Some(path.to_owned()),
        // These stand for what a process has open, also where that is a file.
        Ok(_) if ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder)) => None,
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(path).ok().filter(|real| real.is_file()),
        Ok(_) => None,
    }
}

/// Opens a file for writing and reading, in the folder of `path`, that has no name and goes when it is closed.
///
/// # Errors
/// [`AtomicError`]
pub fn unnamed(path: &Path) -> Result<File, AtomicError> {
    let (temporary, file) =
        claim(path, |temporary| File::options().read(true).write(true).create_new(true).open(temporary))?;
    // Windows, too, lets go of the name of an open file.
    fs::remove_file(&temporary)
        .map_err(|source| AtomicError::new("remove the name of", &temporary, source))?;
    Ok(file)
}

/// A directory that is not at its place yet.
#[derive(Debug)]
pub struct AtomicDir(Pending);

impl AtomicDir {
    /// Makes a temporary directory beside `path`.
    ///
    /// # Errors
    /// [`AtomicError`]
    pub fn create(path: &Path) -> Result<Self, AtomicError> {
        let (temporary, ()) = claim(path, |temporary| fs::create_dir(temporary))?;
        Ok(Self(Pending::new(temporary, path)))
    }

    /// Where the directory is now: what it shall hold is written there.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.temporary
    }

    /// Puts the directory at its place. An empty directory that is there is replaced, since Bazel makes one
    /// for each directory that an action declares; one that holds something is an error.
    ///
    /// # Errors
    /// [`AtomicError`]; the temporary directory is then gone.
    pub fn commit(mut self) -> Result<(), AtomicError> {
        if self.0.destination.is_dir() {
            let path = &self.0.destination;
            fs::remove_dir(path).map_err(|source| AtomicError::new("replace the directory", path, source))?;
        }
        self.0.rename()
    }
}

/// Something under a temporary name, which is removed on drop unless it was renamed.
#[derive(Debug)]
struct Pending {
    temporary: PathBuf,
    destination: PathBuf,
    renamed: bool,
}

impl Pending {
    fn new(temporary: PathBuf, path: &Path) -> Self {
        Self { temporary, destination: path.to_owned(), renamed: false }
    }

    fn rename(&mut self) -> Result<(), AtomicError> {
        fs::rename(&self.temporary, &self.destination)
            .map_err(|source| AtomicError::new("put in place", &self.destination, source))?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.renamed {
            // Nothing can be done about a failure here, and the error that led here matters more.
            let _ = if self.temporary.is_dir() {
                fs::remove_dir_all(&self.temporary)
            } else {
                fs::remove_file(&self.temporary)
            };
        }
    }
}

/// Makes something under a name that nobody else has, in the folder of `path`.
fn claim<T>(path: &Path, make: impl Fn(&Path) -> io::Result<T>) -> Result<(PathBuf, T), AtomicError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        return Err(AtomicError::new("create", path, io::Error::other("the path ends in no name")));
    };
    loop {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{}.tmp", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let temporary = path.with_file_name(temporary);
        match make(&temporary) {
            Ok(made) => return Ok((temporary, made)),
            // Left behind by a process of the same id that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(AtomicError::new("create", path, source)),
        }
    }
}

/// A file or directory could not be written. Nothing was left behind.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}", path.display())]
pub struct AtomicError {
    /// What was tried, as a verb.
    pub operation: &'static str,
    /// Where it should have been.
    pub path: PathBuf,
    /// What went wrong.
    pub source: io::Error,
}

impl AtomicError {
    fn new(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self { operation, path: path.to_owned(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_at_commit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_is_written_to() {
        use std::os::fd::AsRawFd as _;
        for folder in ["/dev/fd", "/proc/self/fd"] {
            let (reader, writer) = io::pipe().unwrap();
            write(&Path::new(folder).join(writer.as_raw_fd().to_string()), b"digest").unwrap();
            drop(writer);
            assert_eq!(io::read_to_string(reader).unwrap(), "digest");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_so_does_what_is_no_file() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "old").unwrap();
        for (link, to) in [("to-file", "file"), ("to-null", "/dev/null"), ("to-nothing", "nothing")] {
            symlink(to, at(link)).unwrap();
            write(&at(link), b"new").unwrap();
            assert!(at(link).is_symlink(), "{link}");
        }
        assert_eq!(fs::read(at("file")).unwrap(), b"new");
        assert_eq!(fs::read(at("nothing")).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["file", "nothing", "to-file", "to-nothing", "to-null"]);
        let error = write(dir.path(), b"new").unwrap_err();
        assert_eq!((error.operation, error.path.as_path()), ("open", dir.path()));
    }

    #[test]
    fn nothing_stays_of_what_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(&dir.path().join("file")).unwrap();
        file.write_all(b"half").unwrap();
        let tree = AtomicDir::create(&dir.path().join("tree")).unwrap();
        fs::write(tree.path().join("x"), "half").unwrap();
        assert_eq!(names(dir.path()).len(), 2);
        drop((file, tree));
        assert_eq!(names(dir.path()), [""; 0]);
    }

    #[test]
    fn what_a_killed_process_of_the_same_id_left_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        // More than all tests of this process can have counted.
        for count in 0..500 {
            fs::write(dir.path().join(format!(".out.{}-{count}.tmp", process::id())), "half").unwrap();
        }
        write(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(dir.path()).len(), 501);
    }

    #[test]
    fn a_file_without_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = unnamed(&dir.path().join("out")).unwrap();
        file.write_all(b"content").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        assert_eq!(io::read_to_string(&file).unwrap(), "content");
        assert_eq!(names(dir.path()), [""; 0]);
        assert!(unnamed(&dir.path().join("missing/out")).unwrap_err().to_string().contains("missing/out"));
    }

    #[test]
    fn a_directory_replaces_an_empty_one_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tree");
        for attempt in ["absent", "empty"] {
            let tree = AtomicDir::create(&path).unwrap();
            fs::write(tree.path().join("x"), attempt).unwrap();
            tree.commit().unwrap();
            assert_eq!(fs::read_to_string(path.join("x")).unwrap(), attempt);
            fs::remove_file(path.join("x")).unwrap();
        }
        fs::write(path.join("kept"), "").unwrap();
        let error = AtomicDir::create(&path).unwrap().commit().unwrap_err();
        assert!(error.to_string().contains("replace the directory"), "{error}");
        assert_eq!(names(&path), ["kept"]);
        assert_eq!(names(dir.path()), ["tree"]);
    }

    #[test]
    fn errors_name_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let error = write(&dir.path().join("missing/out"), b"").unwrap_err();
        assert!(error.to_string().contains("missing/out"), "{error}");
        assert!(write(Path::new("/"), b"").is_err());
    }
}
