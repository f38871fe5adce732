//! Trees on disk, walked when the layer is packed and never earlier.
//!
//! Reading 2,000 directories takes as long as hashing 50 MB, and nothing can be packed before all names are known: several
//! threads walk. Invariants: links are followed, since a tree that was built remotely arrives as files, and one staged
//! in a sandbox as links to them: both must give the same layer. Neither the order in directories nor the number of
//! threads matters, as entries are sorted later, and of several errors the one with the first path is told.

use std::{
    fs::{self, DirEntry},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::{
    entry::Kind,
    error::Error,
    host,
    layer::granted_threads,
    path::{ImagePath, PathProblem},
};

/// Most threads that walk: the kernel's locks on a file system leave little for more.
const MOST_WALKERS: usize = 4;
/// Directories that wait before further threads are worth starting.
const WORTH_THREADS: usize = 8;

/// Something in a tree.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: ImagePath,
    pub(crate) kind: Kind,
}

/// Everything in the tree at `directory`, itself included, placed at `path`; in no order.
///
/// # Errors
/// Directories that cannot be read, dead and endless links, special files, and names that no image path can have.
pub(crate) fn walk(path: &ImagePath, directory: &Path) -> Result<Vec<Found>, Error> {
    let root = Directory { path: path.clone(), on_disk: directory.into(), above: None };
    let mut walked = Walked::default();
    let mut waiting = vec![root];
    while waiting.len() < WORTH_THREADS
        && let Some(next) = waiting.pop()
    {
        next.read(&mut walked, &mut waiting);
    }
    if !waiting.is_empty() {
        let helpers = granted_threads().get().min(MOST_WALKERS) - 1;
        walk_together(&Queue::new(waiting), helpers, &mut walked);
    }
    let Walked { found, failed } = walked;
    failed.into_iter().min_by(|(a, _), (b, _)| a.cmp(b)).map_or(Ok(found), |(_, error)| Err(error))
}

/// Walks what waits in `queue`, with so many threads beside this one.
fn walk_together(queue: &Queue, helpers: usize, walked: &mut Walked) {
    let work = |walked: &mut Walked| {
        while let Some(next) = queue.take() {
            let mut below = Vec::new();
            next.read(walked, &mut below);
            queue.done(below);
        }
    };
    thread::scope(|scope| {
        let helpers: Vec<_> = (0..helpers)
            .map(|_| {
                scope.spawn(|| {
                    let mut walked = Walked::default();
                    work(&mut walked);
                    walked
                })
            })
            .collect();
        work(walked);
        for helper in helpers {
            let Walked { found, failed } =
                helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            walked.found.extend(found);
            walked.failed.extend(failed);
        }
    });
}

/// Directories that wait to be read.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: Vec<Directory>,
    /// Threads that read a directory now and may find more.
    busy: usize,
}

impl Queue {
    const fn new(waiting: Vec<Directory>) -> Self {
        Self { state: Mutex::new(State { waiting, busy: 0 }), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next directory, or `None` once there will be none.
    fn take(&self) -> Option<Directory> {
        let mut state = self.lock();
        loop {
            if let Some(next) = state.waiting.pop() {
                state.busy += 1;
                return Some(next);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A directory that was taken has been read, and these are below it.
    fn done(&self, below: Vec<Directory>) {
        let mut state = self.lock();
        state.busy -= 1;
        state.waiting.extend(below);
        drop(state);
        self.changed.notify_all();
    }
}

/// What a thread has come by.
#[derive(Default)]
struct Walked {
    found: Vec<Found>,
    /// Errors, and the paths on disk where they are.
    failed: Vec<(PathBuf, Error)>,
}

/// A directory to read.
struct Directory {
    path: ImagePath,
    on_disk: Arc<Path>,
    above: Option<Arc<Above>>,
}

/// The way down to a directory on disk, links as they were taken.
struct Above {
    directory: Arc<Path>,
    above: Option<Arc<Self>>,
}

impl Directory {
    /// Reads it: what is in it goes to `walked`, directories to read to `below` too.
    fn read(self, walked: &mut Walked, below: &mut Vec<Self>) {
        let children = match fs::read_dir(&self.on_disk) {
            Ok(children) => children,
            Err(source) => return walked.failed.push(self.failed(source)),
        };
        let above = Arc::new(Above { directory: Arc::clone(&self.on_disk), above: self.above.clone() });
        for child in children {
            let child = match child {
                Ok(child) => child,
                Err(source) => return walked.failed.push(self.failed(source)),
            };
            match self.look_at(&child, &above) {
                Ok(Child::File(found)) => walked.found.push(found),
                Ok(Child::Directory(directory)) => below.push(directory),
                Err(error) => walked.failed.push((child.path(), error)),
            }
        }
        walked.found.push(Found { path: self.path, kind: Kind::Directory });
    }

    fn failed(&self, source: io::Error) -> (PathBuf, Error) {
        let path = self.on_disk.to_path_buf();
        (path.clone(), Error::Source { operation: "read the directory", path, source })
    }

    fn look_at(&self, child: &DirEntry, above: &Arc<Above>) -> Result<Child, Error> {
        let on_disk = child.path();
        let name = child.file_name();
        let joined = host::bytes(&name).ok_or(PathProblem::Nul).and_then(|name| self.path.join(name));
        let path = match joined {
            Ok(path) => path,
            Err(problem) => return Err(Error::Name { path: on_disk, problem }),
        };
        let of_directory = |source| self.failed(source).1;
        let mut kind = child.file_type().map_err(of_directory)?;
        let is_link = kind.is_symlink();
        if is_link {
            kind = fs::metadata(&on_disk).map_err(|source| dead_link(&on_disk, source))?.file_type();
        }
        if kind.is_file() {
            return Ok(Child::File(Found { path, kind: Kind::File(on_disk) }));
        }
        if !kind.is_dir() {
            return Err(Error::Special { path: on_disk });
        }
        if is_link && above.holds_target_of(&on_disk).map_err(of_directory)? {
            return Err(Error::CyclicLink { path: on_disk });
        }
        let above = Some(Arc::clone(above));
        Ok(Child::Directory(Self { path, on_disk: on_disk.into(), above }))
    }
}

/// What a directory holds.
enum Child {
    File(Found),
    Directory(Directory),
}

impl Above {
    /// Whether a link leads to one of the directories that the walk is in.
    fn holds_target_of(&self, link: &Path) -> io::Result<bool> {
        let target = fs::canonicalize(link)?;
        let mut next = Some(self);
        while let Some(Self { directory, above }) = next {
            if fs::canonicalize(directory)? == target {
                return Ok(true);
            }
            next = above.as_deref();
        }
        Ok(false)
    }
}

fn dead_link(path: &Path, source: io::Error) -> Error {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied => Error::Source { operation: "follow the link", path, source },
        _ => Error::DeadLink { path, source },
    }
}
