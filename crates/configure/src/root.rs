//! Where a run works: the root of the repository, and the directories in it that were asked for.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use crate::environment::Environment;

/// Files of which one marks the root of a repository.
pub const MARKERS: [&str; 4] = ["MODULE.bazel", "REPO.bazel", "WORKSPACE.bazel", "WORKSPACE"];

/// A root or a directory that can't be worked in: something is wrong with the command line.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// There is no repository around the working directory.
    #[error(
        "no repository at {0} or above: there is no {markers} in any of them. Go into one, or say -repo_root=DIR",
        markers = MARKERS.join(", ")
    )]
    NoRoot(String),
    /// It is not there, or can't be looked at.
    #[error("{what} {path}")]
    Unreadable {
        /// What it was to be, as a flag or a noun.
        what: &'static str,
        /// As it was typed.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is a label or a pattern of targets.
    #[error("{path}: a label. Name directories, relative to where you stand; those below are done too")]
    Label {
        /// As it was typed.
        path: String,
    },
    /// It is no directory.
    #[error("{what} {path}: not a directory. Name directories; the BUILD files in them are found")]
    NoDirectory {
        /// What it was to be, as a flag or a noun.
        what: &'static str,
        /// As it was typed.
        path: String,
    },
    /// It is not in the repository.
    #[error("directory {path}: not in the repository at {root}. Say -repo_root=DIR for another repository")]
    Outside {
        /// As it was typed.
        path: String,
        /// The root.
        root: String,
    },
}

/// The root of the repository, as the system knows it: absolute, without links.
///
/// # Errors
/// [`PlaceError`]
pub fn find(typed: Option<&Path>, environment: &Environment) -> Result<PathBuf, PlaceError> {
    if let Some(typed) = typed {
        return directory("-repo_root", typed, &environment.directory);
    }
    if let Some(workspace) = &environment.workspace {
        return directory("$BUILD_WORKSPACE_DIRECTORY", workspace, &environment.directory);
    }
    let here = directory("working directory", Path::new("."), &environment.directory)?;
    let root = here.ancestors().find(|path| MARKERS.iter().any(|marker| path.join(marker).is_file()));
    root.map(Path::to_owned).ok_or_else(|| PlaceError::NoRoot(here.display().to_string()))
}

fn directory(what: &'static str, typed: &Path, base: &Path) -> Result<PathBuf, PlaceError> {
    let path = typed.display().to_string();
    match fs::canonicalize(base.join(typed)) {
        Ok(real) if real.is_dir() => Ok(real),
        Ok(_) => Err(PlaceError::NoDirectory { what, path }),
        Err(source) => Err(PlaceError::Unreadable { what, path, source }),
    }
}

/// The directories that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Relative to the root; the root itself is empty.
    dirs: BTreeSet<PathBuf>,
    recursive: bool,
}

impl Asked {
    /// Directories as they were typed; the root if there are none.
    ///
    /// # Errors
    /// [`PlaceError`]
    pub fn new(
        root: &Path,
        dirs: &[PathBuf],
        recursive: bool,
        environment: &Environment,
    ) -> Result<Self, PlaceError> {
        if dirs.is_empty() {
            return Ok(Self { dirs: BTreeSet::from([PathBuf::new()]), recursive });
        }
        let dirs = dirs.iter().map(|typed| {
            // `//a` is a directory too, to the system.
            if typed.as_os_str().as_encoded_bytes().starts_with(b"//") {
                return Err(PlaceError::Label { path: typed.display().to_string() });
            }
            let real = directory("directory", typed, &environment.directory)?;
            real.strip_prefix(root).map(Path::to_owned).map_err(|_| PlaceError::Outside {
                path: typed.display().to_string(),
                root: root.display().to_string(),
            })
        });
        Ok(Self { dirs: dirs.collect::<Result<_, _>>()?, recursive })
    }

    /// The directories, relative to the root.
    pub fn dirs(&self) -> impl Iterator<Item = &Path> {
        self.dirs.iter().map(PathBuf::as_path)
    }

    /// Whether this very directory was named, or is the root where none was.
    pub fn names(&self, dir: &Path) -> bool {
        self.dirs.contains(dir)
    }

    /// Whether the BUILD file of a directory is to be worked on.
    pub fn covers(&self, dir: &Path) -> bool {
        if self.recursive { dir.ancestors().any(|above| self.dirs.contains(above)) } else { self.names(dir) }
    }

    /// Whether a directory is to be looked at: it is worked on, or leads to one that is.
    pub fn reaches(&self, dir: &Path) -> bool {
        // Paths are ordered by their parts, so that what lies below a directory comes right behind it.
        let below = self.dirs.range::<Path, _>((Bound::Included(dir), Bound::Unbounded)).next();
        below.is_some_and(|below| below.starts_with(dir)) || self.covers(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(directory: &Path) -> Environment {
        Environment { directory: directory.to_owned(), ..Environment::default() }
    }

    /// As it is printed, with its causes.
    fn told(error: PlaceError) -> String {
        format!("{:#}", anyhow::Error::new(error))
    }

    #[test]
    fn roots() {
        let temporary = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(temporary.path()).unwrap();
        fs::create_dir_all(top.join("a/b/WORKSPACE")).unwrap();
        fs::write(top.join("a/REPO.bazel"), "").unwrap();
        // A directory of that name marks nothing.
        assert_eq!(find(None, &at(&top.join("a/b"))).unwrap(), top.join("a"));
        let workspace = Environment { workspace: Some(top.clone()), ..at(&top.join("a/b")) };
        assert_eq!(find(None, &workspace).unwrap(), top);
        assert_eq!(find(Some(Path::new("..")), &workspace).unwrap(), top.join("a"));
        for (typed, part) in [
            ("x", "-repo_root x: No such file or directory (os error 2)"),
            ("../REPO.bazel", "not a directory"),
        ] {
            let error = told(find(Some(Path::new(typed)), &workspace).unwrap_err());
            assert!(error.contains(part) && error.matches("os error").count() < 2, "{error}");
        }
        let error = told(find(None, &at(Path::new("/"))).unwrap_err());
        assert!(error.contains("there is no MODULE.bazel, REPO.bazel"), "{error}");
    }

    #[test]
    fn what_is_asked_for() {
        let temporary = tempfile::tempdir().unwrap();
        let root = &fs::canonicalize(temporary.path()).unwrap();
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        fs::create_dir_all(root.join("a-b")).unwrap();
        let asked = |typed: &str, recursive| {
            let dirs: Vec<_> = typed.split_whitespace().map(PathBuf::from).collect();
            Asked::new(root, &dirs, recursive, &at(&root.join("a")))
        };
        // Of "", a, a/b, a/b/c and a-b: c is worked on, r looked at, and - neither.
        for (typed, recursive, expected) in [
            ("", true, "ccccc"),
            ("", false, "c----"),
            ("b", true, "rrcc-"),
            ("b", false, "rrc--"),
            ("../a-b ./b/c/..", true, "rrccc"),
            (".", true, "rccc-"),
            (". b/c", false, "rcrc-"),
        ] {
            let asked = asked(typed, recursive).unwrap();
            let found: String = ["", "a", "a/b", "a/b/c", "a-b"]
                .map(|dir| match (asked.covers(Path::new(dir)), asked.reaches(Path::new(dir))) {
                    (true, true) => 'c',
                    (false, true) => 'r',
                    (false, false) => '-',
                    (true, false) => '!',
                })
                .into_iter()
                .collect();
            assert_eq!(found, expected, "{typed:?} {recursive}");
        }
        for (typed, part) in [
            ("x", "directory x: No such file or directory (os error 2)"),
            ("../..", "not in the repository at "),
            ("//a/...", "//a/...: a label. Name directories"),
        ] {
            let error = told(asked(typed, true).unwrap_err());
            assert!(error.contains(part) && error.matches("os error").count() < 2, "{error}");
        }
    }
}
