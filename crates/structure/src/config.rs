//! Configs of container-structure-test, schema 2.0.0.
//!
//! Invariant: what is read checks something. A field that is unknown, of another type, or without effect is an error
//! with its line, since a test that does not test what somebody wrote down is worse than none.

mod fields;
mod permissions;
mod read;
#[cfg(test)]
mod tests;

use std::{fs, path::Path};

use crate::pattern::Pattern;

pub use permissions::{Permissions, shown};

/// The version that is read.
pub const SCHEMA: &str = "2.0.0";

/// What a file asks for.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// The file, for messages.
    pub file: String,
    /// `globalEnvVars`: in the environment of every command, and for `$NAME` in paths and commands.
    pub variables: Vec<Variable>,
    /// `metadataTest`.
    pub metadata: Option<Metadata>,
    /// `fileExistenceTests`.
    pub existence: Vec<Existence>,
    /// `fileContentTests`.
    pub contents: Vec<Contents>,
    /// `licenseTests`.
    pub licenses: Vec<Licenses>,
    /// `commandTests`.
    pub commands: Vec<Command>,
    /// `containerRunOptions`.
    pub options: RunOptions,
}

/// A name and a value, in the environment or among labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub key: String,
    /// The value.
    pub value: String,
}

/// A name with what its value must be.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The name.
    pub key: String,
    /// What is expected.
    pub value: ExpectedValue,
}

/// What a value must be.
#[derive(Debug, Clone)]
pub enum ExpectedValue {
    /// This text.
    Equal(String),
    /// Anything in which the pattern is found.
    Like(Pattern),
}

/// What the image's config must say. What is absent or empty is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// Its line, from 1.
    pub line: usize,
    /// Variables that must be there.
    pub env: Vec<Expected>,
    /// Variables that must not be there.
    pub unbound: Vec<String>,
    /// Labels that must be there.
    pub labels: Vec<Expected>,
    /// The whole entrypoint; empty: there must be none.
    pub entrypoint: Option<Vec<String>>,
    /// The whole command; empty: there must be none.
    pub cmd: Option<Vec<String>>,
    /// Ports that must be there, with or without a protocol.
    pub exposed_ports: Vec<String>,
    /// Ports that must not be there, with or without a protocol.
    pub unexposed_ports: Vec<String>,
    /// Volumes that must be there.
    pub volumes: Vec<String>,
    /// Volumes that must not be there.
    pub unmounted_volumes: Vec<String>,
    /// The working directory.
    pub workdir: Option<String>,
    /// The user.
    pub user: Option<String>,
}

/// What must be at a path.
#[derive(Debug, Clone)]
pub struct Existence {
    /// Its name.
    pub name: String,
    /// Its line, from 1.
    pub line: usize,
    /// The path in the image, in which `$NAME` stands for a variable. A link at its end is not followed.
    pub path: String,
    /// Whether there must be something; else nothing else is looked at.
    pub should_exist: bool,
    /// Type and permission bits.
    pub permissions: Option<Permissions>,
    /// The owner.
    pub uid: Option<u64>,
    /// The group.
    pub gid: Option<u64>,
    /// Who must be able to execute it.
    pub executable_by: Option<Executor>,
}

/// Whose execute bit is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executor {
    /// The owner's.
    Owner,
    /// The group's.
    Group,
    /// Everybody else's.
    Other,
    /// At least one of these.
    Any,
}

/// What must be in a file.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Its name.
    pub name: String,
    /// Its line, from 1.
    pub line: usize,
    /// The path in the image, links followed.
    pub path: String,
    /// All of these must be found.
    pub expected: Vec<Pattern>,
    /// None of these may be found.
    pub excluded: Vec<Pattern>,
}

/// Files that must not hold words of licences which many organisations refuse.
#[derive(Debug, Clone)]
pub struct Licenses {
    /// Its line, from 1.
    pub line: usize,
    /// Whether to look at what Debian's packages say.
    pub debian: bool,
    /// Further files.
    pub files: Vec<String>,
}

/// A command to run in a container of the image, and what must come of it.
#[derive(Debug, Clone, Default)]
pub struct Command {
    /// Its name.
    pub name: String,
    /// Its line, from 1.
    pub line: usize,
    /// Commands before it, each in a container of its own that the next starts from.
    pub setup: Vec<Vec<String>>,
    /// Its environment beside the image's.
    pub variables: Vec<Variable>,
    /// The command and its arguments, in which `$NAME` stands for a variable of the image.
    pub arguments: Vec<String>,
    /// Standard output must have all of these.
    pub expected_output: Vec<Pattern>,
    /// Standard output may have none of these.
    pub excluded_output: Vec<Pattern>,
    /// Standard error must have all of these.
    pub expected_error: Vec<Pattern>,
    /// Standard error may have none of these.
    pub excluded_error: Vec<Pattern>,
    /// How it must end.
    pub exit_code: i64,
}

/// How the containers of command tests are started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// The user, in place of the image's.
    pub user: Option<String>,
    /// With all rights.
    pub privileged: bool,
    /// With a terminal; then everything is on standard output.
    pub allocate_tty: bool,
    /// A file of variables.
    pub env_file: Option<String>,
    /// Variables that are passed on from the environment of the test.
    pub env_vars: Vec<String>,
    /// Rights that it gets.
    pub capabilities: Vec<String>,
    /// Folders of the machine, as `docker run --volume` has them.
    pub bind_mounts: Vec<String>,
}

impl Suite {
    /// Parses a config, in YAML or JSON.
    ///
    /// # Errors
    /// [`Problem`] says where it is not a config, and how to write it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        read::suite(file, text)
    }

    /// Reads the config at `path`, which `file` stands for in messages.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn load(file: &str, path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Read { file: file.to_owned(), source };
        let bytes = fs::read(path).map_err(unreadable)?;
        let bad = |Problem { line, words }| ConfigError::Bad { file: file.to_owned(), line, words };
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            bad(Problem::new(line, "this is not UTF-8: save the file as UTF-8"))
        })?;
        Self::parse(file, &text).map_err(bad)
    }
}

impl Suite {
    /// Leaves out the tests whose names do not fit, and says whether any is left.
    pub fn keep(&mut self, fits: impl Fn(&str) -> bool) -> bool {
        self.metadata.take_if(|_| !fits(Metadata::TITLE));
        self.existence.retain(|test| fits(&test.title()));
        self.contents.retain(|test| fits(&test.title()));
        self.licenses.retain(|_| fits(Licenses::TITLE));
        self.commands.retain(|test| fits(&test.title()));
        self.has_tests()
    }

    /// Whether it tests anything.
    pub(crate) fn has_tests(&self) -> bool {
        self.metadata.is_some()
            || !self.existence.is_empty()
            || !self.contents.is_empty()
            || !self.licenses.is_empty()
            || !self.commands.is_empty()
    }
}

// The names of tests are container-structure-test's, so that filters and the history of a CI system stay as they are.

impl Metadata {
    pub(crate) const TITLE: &str = "Metadata Test";
}

impl Existence {
    pub(crate) fn title(&self) -> String {
        format!("File Existence Test: {}", self.name)
    }
}

impl Contents {
    pub(crate) fn title(&self) -> String {
        format!("File Content Test: {}", self.name)
    }
}

impl Licenses {
    pub(crate) const TITLE: &str = "License Test";
}

impl Command {
    pub(crate) fn title(&self) -> String {
        format!("Command Test: {}", self.name)
    }
}

/// What is wrong in a config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {words}")]
pub struct Problem {
    /// Where, from 1.
    pub line: usize,
    /// What, and what to do.
    pub words: String,
}

impl Problem {
    pub(crate) fn new(line: usize, words: impl Into<String>) -> Self {
        Self { line, words: words.into() }
    }
}

/// Why there is no config.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("cannot read {file}")]
    Read {
        /// The file.
        file: String,
        /// The cause.
        source: std::io::Error,
    },
    /// It is not a config.
    #[error("{file}:{line}: {words}")]
    Bad {
        /// The file.
        file: String,
        /// Where, from 1.
        line: usize,
        /// What is wrong, and what to do.
        words: String,
    },
}
