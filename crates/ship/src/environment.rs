//! What the process was started with, read once. The rest of the crate takes it as a value, so that tests can say
//! what the environment is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Arguments, variables and working directory of this process.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The executable as it was started: absolute, links in it not resolved.
    pub executable: PathBuf,
    /// All environment variables.
    pub variables: BTreeMap<String, OsString>,
    /// The directory that paths typed by the user are relative to: where `bazel run` was typed, else the working
    /// directory.
    pub directory: PathBuf,
}

impl Environment {
    /// Reads the environment of this process. Variables whose names aren't UTF-8 are left out.
    ///
    /// # Errors
    /// If the system doesn't tell the working directory or the executable.
    pub fn of_process() -> std::io::Result<Self> {
        let argv0 = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
        let variables: BTreeMap<String, OsString> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v))).collect();
        let working = std::env::current_dir()?;
        // A bare name was found through PATH: the system knows where. Anything with a directory in it stays as
        // it was typed, since the spec lies beside that name and not beside what a link points to.
        let executable =
            if argv0.components().count() > 1 { working.join(argv0) } else { std::env::current_exe()? };
        let directory =
            variables.get("BUILD_WORKING_DIRECTORY").map_or_else(|| working.clone(), PathBuf::from);
        Ok(Self { executable, variables, directory })
    }

    /// The value of a variable; none if it is unset, empty, or not UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str().filter(|value| !value.is_empty())
    }

    /// A variable that holds a path; none if it is unset or empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// A path as a user typed it, made absolute.
    pub fn resolve(&self, typed: &Path) -> PathBuf {
        self.directory.join(typed)
    }
}
