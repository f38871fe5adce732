//! The walk over the directories of a repository, by several threads.
//!
//! It isn't the walker of the `ignore` crate, whose matchers it uses: what a BUILD file says counts for the directories below it, so
//! that it has to be read before them, and that walker hands out files and directories in any order. Here a piece
//! of work is a directory, which carries along what holds in it, and nothing is shared but the list of what is left to do.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use globset::GlobSet;

use crate::ignored::Ignored;
use crate::root::Asked;
use crate::scope::Scope;
use crate::settings::Settings;

/// What is walked.
#[derive(Debug)]
pub struct Walk<'a> {
    /// The root of the repository: absolute, without links.
    pub root: &'a Path,
    /// Where to work.
    pub asked: &'a Asked,
    /// What Bazel leaves out.
    pub ignored: &'a Ignored,
    /// What the command line leaves out: globs relative to the root.
    pub exclude: GlobSet,
    /// What holds at the root.
    pub settings: Settings,
}

/// A directory on the walk.
#[derive(Debug)]
pub struct Directory<'a> {
    /// The path relative to the root; that of the root is empty.
    pub relative: &'a Path,
    /// The path.
    pub path: &'a Path,
    /// The name of its BUILD file, which may be a link to one; none if it has none, or only one that is left out.
    pub build_file: Option<&'a OsStr>,
    /// Whether it is worked on; else it only leads to one that is.
    pub covered: bool,
    /// What holds above its BUILD file.
    pub settings: &'a Settings,
}

/// What holds below a directory.
#[derive(Debug)]
pub struct Below {
    /// Instead of what held above.
    pub settings: Settings,
    /// Globs relative to the directory, in addition to those above.
    pub exclude: GlobSet,
}

/// A directory that is to be looked at.
#[derive(Debug)]
struct Work {
    relative: PathBuf,
    scope: Arc<Scope>,
    settings: Settings,
}

impl Walk<'_> {
    /// Visits the directories that were asked for and those that lead to them, each after those above it. `visit` gets a
    /// directory or why it can't be read, and says what holds below it, if that differs from what holds above.
    /// Returns what each thread collected.
    pub fn run<T: Default + Send>(
        &self,
        visit: impl Fn(&Directory<'_>, &mut T) -> Option<Below> + Sync,
        failed: impl Fn(&Path, io::Error, &mut T) + Sync,
    ) -> Vec<T> {
        let scope = Scope::root(self.root, self.exclude.clone());
        let first = Work { relative: PathBuf::new(), scope, settings: self.settings.clone() };
        // One for each thread, which alone takes it.
        let found: Vec<Mutex<T>> = (0..rayon::current_num_threads()).map(|_| Mutex::default()).collect();
        let list = |work: Work| {
            let thread = rayon::current_thread_index().unwrap_or_default();
            let mut found = found[thread].lock().unwrap_or_else(PoisonError::into_inner);
            let mut below = Vec::new();
            match self.directory(&work, &mut below, &mut *found, &visit) {
                // It went since its parent was listed: builds and tests make and remove directories.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => failed(&work.relative, error, &mut *found),
                Ok(()) => {}
            }
            below
        };
        rayon::scope(|scope| all(scope, first, &list));
        found.into_iter().map(|found| found.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    fn directory<T>(
        &self,
        work: &Work,
        below: &mut Vec<Work>,
        found: &mut T,
        visit: impl Fn(&Directory<'_>, &mut T) -> Option<Below>,
    ) -> io::Result<()> {
        let path = self.root.join(&work.relative);
        let listing = Listing::read(&path, work.settings.build_file_names())?;
        let scope = work.scope.within(&path, listing.has_gitignore, listing.is_repository);
        let mut names = work.settings.build_file_names().iter().map(OsStr::new);
        // One that is left out still is the one that Bazel reads: another beside it means nothing.
        let build_file = names
            .find(|name| listing.build_files.iter().any(|listed| listed == name))
            .filter(|name| !scope.leaves_out(&path.join(name), false));
        let directory = Directory {
            relative: &work.relative,
            path: &path,
            build_file,
            covered: self.asked.covers(&work.relative),
            settings: &work.settings,
        };
        let (scope, settings) = match visit(&directory, found) {
            Some(below) => (scope.excluding(&path, below.exclude), below.settings),
            None => (scope, work.settings.clone()),
        };
        for name in listing.directories {
            let relative = work.relative.join(&name);
            if self.asked.reaches(&relative)
                && !self.ignored.leaves_out(&relative)
                && !scope.leaves_out(&path.join(&name), true)
            {
                below.push(Work { relative, scope: Arc::clone(&scope), settings: settings.clone() });
            }
        }
        Ok(())
    }
}

/// Does `work`, and then, on whichever thread has nothing else to do, all that comes of it.
fn all<'s>(scope: &rayon::Scope<'s>, work: Work, list: &'s (impl Fn(Work) -> Vec<Work> + Sync)) {
    for below in list(work) {
        scope.spawn(move |scope| all(scope, below, list));
    }
}

/// What matters of the entries of a directory.
#[derive(Debug, Default)]
struct Listing {
    /// Files whose names are those of BUILD files, and links to such.
    build_files: Vec<OsString>,
    /// Directories, but for `.git`; no links to some.
    directories: Vec<OsString>,
    has_gitignore: bool,
    is_repository: bool,
}

impl Listing {
    fn read(directory: &Path, build_file_names: &[String]) -> io::Result<Self> {
        let mut listing = Self::default();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name();
            if name == ".git" {
                listing.is_repository = true;
            } else if kind.is_dir() {
                listing.directories.push(name);
            } else if name == ".gitignore" {
                listing.has_gitignore = true;
            } else if build_file_names.iter().any(|known| name == known.as_str())
                // Neither a link to a directory nor a pipe is one; a link to nothing is, and an error when it is read.
                && (kind.is_file() || kind.is_symlink() && !entry.path().is_dir())
            {
                listing.build_files.push(name);
            }
        }
        Ok(listing)
    }
}
