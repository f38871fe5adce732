//! An image as tests see it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use layer::{
    listed::Kind,
    overlay::{Origin, Tree},
};
use oci::config::{Config, ConfigError, field};

use crate::{
    Outcome,
    config::{Licenses, Metadata, Suite},
    contents, existence, licenses, metadata,
    resolve::{Nowhere, resolve, shown},
};

/// The largest file whose content is looked at, in bytes.
const MOST: u64 = 256 << 20;

/// An image: its config, what is at its paths, and the contents of files.
#[derive(Debug)]
pub struct Image {
    pub(crate) config: Config,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) tree: Tree,
    files: BTreeMap<Origin, Vec<u8>>,
}

/// A file that tests want to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path in the image, for messages.
    pub path: String,
    /// Where its content is.
    pub origin: Origin,
}

impl Image {
    /// An image of these parts, of which no file has been read.
    ///
    /// # Errors
    /// If the environment in the config is no list.
    pub fn new(config: Config, tree: Tree) -> Result<Self, ConfigError> {
        let entries = config.list(field::ENV)?.unwrap_or_default();
        let split = |entry: &String| {
            let (key, value) = entry.split_once('=').unwrap_or((entry, ""));
            (key.to_owned(), value.to_owned())
        };
        let env = entries.iter().map(split).collect();
        Ok(Self { config, env, tree, files: BTreeMap::new() })
    }

    /// The files whose contents the tests of `suite` look at, as far as there are such.
    #[must_use]
    pub fn files_of(&self, suite: &Suite) -> Vec<File> {
        let mut paths: BTreeSet<String> = suite.contents.iter().map(|test| test.path.clone()).collect();
        paths.extend(suite.licenses.iter().flat_map(|test| licenses::files(&self.tree, test)));
        let file = |path: &String| {
            let (path, origin, size) = self.place(path).ok()?;
            (size <= MOST).then_some(File { path, origin })
        };
        paths.iter().filter_map(file).collect()
    }

    /// Adds the content of a file.
    pub fn insert(&mut self, origin: Origin, content: Vec<u8>) {
        self.files.insert(origin, content);
    }

    /// Every test of `suite` but its commands.
    #[must_use]
    pub fn test(&self, suite: &Suite) -> Vec<Outcome> {
        let env = self.variables(suite);
        let metadata = suite.metadata.iter().map(|test| {
            let problems = metadata::problems(test, &self.config, &self.env);
            Outcome::new(suite, Metadata::TITLE, test.line, problems)
        });
        let existence = suite.existence.iter().map(|test| {
            Outcome::new(suite, test.title(), test.line, existence::problems(test, &self.tree, &env))
        });
        let contents = suite
            .contents
            .iter()
            .map(|test| Outcome::new(suite, test.title(), test.line, contents::problems(test, self)));
        let licenses = suite
            .licenses
            .iter()
            .map(|test| Outcome::new(suite, Licenses::TITLE, test.line, licenses::problems(test, self)));
        metadata.chain(existence).chain(contents).chain(licenses).collect()
    }

    /// What `$NAME` stands for in tests of `suite`: the image's environment, and over it that of the config.
    #[must_use]
    pub fn variables(&self, suite: &Suite) -> BTreeMap<String, String> {
        let mut variables = self.env.clone();
        for variable in &suite.variables {
            let value = crate::expand::expand(&variable.value, &variables);
            variables.insert(variable.key.clone(), value);
        }
        variables
    }

    /// The content of the file at `path`, links followed.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn content(&self, path: &str) -> Result<&[u8], String> {
        let (path, origin, size) = self.place(path)?;
        if size > MOST {
            return Err(format!("{path} has {size} bytes, and at most {MOST} are looked at"));
        }
        let content = self.files.get(&origin).map(Vec::as_slice);
        content.ok_or_else(|| format!("{path} is a hard link to a file that no layer has"))
    }

    /// Where the content of a file is: its path, its entry, its size.
    fn place(&self, path: &str) -> Result<(String, Origin, u64), String> {
        let found = resolve(&self.tree, path, true).map_err(|error: Nowhere| error.to_string())?;
        let shown = shown(&found.path);
        match (found.listed.kind, found.listed.origin) {
            (Kind::File { size }, Some(origin)) => Ok((shown, origin, size)),
            (Kind::Directory, _) => Err(format!("{shown} is a directory, and should be a file")),
            _ => Err(format!("{shown} is no regular file")),
        }
    }
}
