//! What is left out of the walk, and from where on: `.gitignore`, `-exclude`, `# gazelle:exclude`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobSet;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// What holds in a directory and below it, on top of what holds above.
#[derive(Debug, Default)]
pub struct Scope {
    above: Option<Arc<Scope>>,
    /// Globs, relative to a directory.
    exclude: Option<(PathBuf, GlobSet)>,
    gitignore: Option<Gitignore>,
    /// Whether a Git repository begins here: what is ignored above it says nothing about what is in it.
    repository: bool,
}

impl Scope {
    /// What holds at the root: the `.gitignore` files above it, if it lies within a Git repository, and globs relative to it.
    ///
    /// Neither `.git/info/exclude` nor the excludes of a user count: everybody is to get the same BUILD files.
    pub fn root(root: &Path, exclude: GlobSet) -> Arc<Self> {
        let mut scope = Arc::new(Self::default());
        if let Some(top) = root.ancestors().find(|path| path.join(".git").exists())
            && let Ok(within) = root.strip_prefix(top)
        {
            let mut path = top.to_owned();
            for part in within {
                scope = scope.within(&path, path.join(".gitignore").exists(), false);
                path.push(part);
            }
        }
        scope.excluding(root, exclude)
    }

    /// What holds in a directory, given whether it has a `.gitignore` and whether it is the top of a Git repository.
    pub fn within(self: &Arc<Self>, directory: &Path, gitignore: bool, repository: bool) -> Arc<Self> {
        if !gitignore && !repository {
            return Arc::clone(self);
        }
        let gitignore = gitignore.then(|| {
            let mut builder = GitignoreBuilder::new(directory);
            // A line that Git doesn't understand, or a file that nobody may read, ignores nothing.
            let _ = builder.add(directory.join(".gitignore"));
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        });
        Arc::new(Self { above: Some(Arc::clone(self)), exclude: None, gitignore, repository })
    }

    /// As this one, and without what `globs` match, relative to `directory`.
    pub fn excluding(self: &Arc<Self>, directory: &Path, globs: GlobSet) -> Arc<Self> {
        if globs.is_empty() {
            return Arc::clone(self);
        }
        let exclude = Some((directory.to_owned(), globs));
        Arc::new(Self { above: Some(Arc::clone(self)), exclude, gitignore: None, repository: false })
    }

    /// Whether an absolute path, of something in the directory that this holds in, is left out.
    pub fn leaves_out(&self, path: &Path, is_directory: bool) -> bool {
        self.excludes(path) || self.ignores(path, is_directory)
    }

    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |scope| scope.above.as_deref())
    }

    fn excludes(&self, path: &Path) -> bool {
        self.chain().filter_map(|scope| scope.exclude.as_ref()).any(|(directory, globs)| {
            path.strip_prefix(directory).is_ok_and(|relative| globs.is_match(relative))
        })
    }

    /// The nearest file that says something about a path decides, as in Git.
    fn ignores(&self, path: &Path, is_directory: bool) -> bool {
        for scope in self.chain() {
            let said = scope.gitignore.as_ref().map_or(Match::None, |file| file.matched(path, is_directory));
            if !said.is_none() {
                return said.is_ignore();
            }
            if scope.repository {
                return false;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::glob;

    #[test]
    fn the_nearest_gitignore_decides_and_a_repository_ends_it() {
        let temporary = tempfile::tempdir().unwrap();
        let top = temporary.path();
        let root = top.join("work/apps");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(top.join(".gitignore"), "*\n").unwrap();
        fs::create_dir(top.join("work/.git")).unwrap();
        fs::write(top.join("work/.gitignore"), "out*\n/apps/gone\n").unwrap();
        fs::write(root.join("a/.gitignore"), "!out-kept\n/BUILD\nonly-dirs/\n").unwrap();
        let scope = Scope::root(&root, glob::doublestar(["x/**", "a/*.no"]).unwrap());
        let in_a = scope.within(&root.join("a"), true, false);
        let in_b = in_a.within(&root.join("a/b"), false, true);
        for (scope, path, is_directory, expected) in [
            (&scope, "a", true, false),
            (&scope, "out", true, true),
            (&scope, "gone", true, true),
            (&scope, "x", true, true),
            (&scope, "x/y", false, true),
            (&in_a, "a/out-kept", true, false),
            (&in_a, "a/out", true, true),
            (&in_a, "a/BUILD", false, true),
            (&in_a, "a/only-dirs", false, false),
            (&in_a, "a/only-dirs", true, true),
            (&in_a, "a/b.no", true, true),
            (&in_b, "a/b/out", true, false),
        ] {
            assert_eq!(scope.leaves_out(&root.join(path), is_directory), expected, "{path}");
        }
    }
}
