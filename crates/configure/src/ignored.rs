//! What Bazel leaves out of a repository: `.bazelignore`, and `ignore_directories` in REPO.bazel.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use buildfile::{Expr, ExprKind, File, Statement};
use globset::GlobSet;

use crate::glob;

/// The file with a path in each line. <https://bazel.build/run/bazelrc#bazelignore>
pub const BAZELIGNORE: &str = ".bazelignore";
/// The file whose `ignore_directories` holds globs. <https://bazel.build/rules/lib/globals/repo>
pub const REPO: &str = "REPO.bazel";

/// Directories that Bazel doesn't look into.
#[derive(Debug, Default)]
pub struct Ignored {
    paths: BTreeSet<PathBuf>,
    globs: GlobSet,
}

/// A file about ignored directories can't be read; the run goes on as if it weren't there.
#[derive(Debug, thiserror::Error)]
pub enum IgnoredError {
    /// By the system.
    #[error("cannot read it: {0}")]
    Unreadable(#[from] io::Error),
    /// By the grammar.
    #[error("{message}")]
    Syntax {
        /// Offset of the place, in bytes.
        offset: usize,
        /// What is wrong there.
        message: String,
        /// The text of the file.
        text: Vec<u8>,
    },
    /// By one of its globs.
    #[error("{0}")]
    Glob(#[from] globset::Error),
}

impl Ignored {
    /// Reads the files at the root of a repository. Those that can't be read count as not there, and come back with why.
    pub fn read(root: &Path) -> (Self, Vec<(&'static str, IgnoredError)>) {
        let mut errors = Vec::new();
        let mut read = |name| match fs::read(root.join(name)) {
            Ok(text) => text,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    errors.push((name, error.into()));
                }
                Vec::new()
            }
        };
        let paths = lines(&read(BAZELIGNORE));
        let repo = read(REPO);
        let globs = ignore_directories(&repo).unwrap_or_else(|error| {
            errors.push((REPO, error));
            GlobSet::empty()
        });
        (Self { paths, globs }, errors)
    }

    /// Whether Bazel leaves out a directory, given relative to the root.
    pub fn leaves_out(&self, directory: &Path) -> bool {
        self.paths.contains(directory) || self.globs.is_match(directory)
    }
}

/// The paths in a `.bazelignore`.
fn lines(text: &[u8]) -> BTreeSet<PathBuf> {
    String::from_utf8_lossy(text)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        // Without `.` and double slashes.
        .map(|line| Path::new(line).components().filter(|part| part.as_os_str() != ".").collect())
        .filter(|path: &PathBuf| !path.as_os_str().is_empty())
        .collect()
}

/// The globs of the `ignore_directories([…])` in a REPO.bazel.
fn ignore_directories(text: &[u8]) -> Result<GlobSet, IgnoredError> {
    let file = buildfile::parse(text).map_err(|error| IgnoredError::Syntax {
        offset: error.offset,
        message: error.message.into_owned(),
        text: text.to_owned(),
    })?;
    let globs: Vec<_> = strings(&file);
    Ok(glob::bazel(globs.iter().map(String::as_str))?)
}

fn strings(file: &File<'_>) -> Vec<String> {
    let calls = file.statements.iter().filter_map(Statement::as_call);
    let calls = calls.filter(|call| call.callee.as_name() == Some(b"ignore_directories"));
    let items = calls.flat_map(|call| &call.arguments).flat_map(|argument| match &argument.value.kind {
        ExprKind::List(items) => items.as_slice(),
        _ => &[],
    });
    items.filter_map(Expr::as_string).map(|glob| String::from_utf8_lossy(glob).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_count() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(BAZELIGNORE), "# no\n\n./a/\nb//c\r\n.\n*/d").unwrap();
        let repo = "repo(default_visibility = [])\nignore_directories([\n    \"**/gen\",\n    'x',\n])\n";
        fs::write(root.path().join(REPO), repo).unwrap();
        let (ignored, errors) = Ignored::read(root.path());
        assert!(errors.is_empty(), "{errors:?}");
        for (path, expected) in [
            ("", false),
            ("a", true),
            ("a/b", false), // Nobody asks, since `a` isn't looked into.
            ("b/c", true),
            ("b", false),
            ("e/d", false),
            ("gen", true),
            ("y/z/gen", true),
            ("x", true),
            ("y/x", false),
        ] {
            assert_eq!(ignored.leaves_out(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_and_ignores_nothing() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(BAZELIGNORE)).unwrap();
        fs::write(root.path().join(REPO), "ignore_directories([\"a\"").unwrap();
        let (ignored, errors) = Ignored::read(root.path());
        let names: Vec<_> = errors.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, [BAZELIGNORE, REPO]);
        assert!(!ignored.leaves_out(Path::new("a")));
        assert_eq!(Ignored::read(&root.path().join("none")).1.len(), 0);
    }
}
