//! What the process was started with, read once. The rest of the crate takes it as a value, so that tests can say
//! what the environment is.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use anyhow::Context as _;

use crate::bazel;

/// Directories and preferences of whoever started this process.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// What paths on the command line are relative to: where `bazel run` was typed, else the working directory.
    pub directory: PathBuf,
    /// The workspace that `bazel run` was typed in, or that this process is a test of; none where Bazel didn't start it.
    pub workspace: Option<PathBuf>,
    /// The command that writes what a test finds missing; none where this process isn't such a test.
    pub fix: Option<String>,
    /// Whether a diff on standard output is to be coloured.
    pub colour: bool,
}

impl Environment {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// If the system doesn't tell the working directory, or a test doesn't find its workspace.
    pub fn of_process() -> anyhow::Result<Self> {
        let working = std::env::current_dir().context("cannot tell the working directory")?;
        let workspace = match variable("BUILD_WORKSPACE_DIRECTORY") {
            Some(workspace) => Some(PathBuf::from(workspace)),
            None => bazel::root_of_test(variable)?,
        };
        Ok(Self {
            directory: variable("BUILD_WORKING_DIRECTORY").map_or(working, PathBuf::from),
            workspace,
            fix: bazel::fix_command(variable),
            colour: colour(variable, io::stdout().is_terminal()),
        })
    }
}

/// A variable; none if it is unset or empty.
#[allow(
    clippy::disallowed_methods,
    reason = "where people are, and whether they want colour, is in no other place"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether to colour: as <https://no-color.org> and <https://bixense.com/clicolors> say.
fn colour(variable: impl Fn(&str) -> Option<OsString>, terminal: bool) -> bool {
    if variable("NO_COLOR").is_some() {
        return false;
    }
    let forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    forced || terminal && variable("TERM").is_none_or(|value| value != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours() {
        for (variables, terminal, expected) in [
            ("", true, true),
            ("", false, false),
            ("TERM=dumb", true, false),
            ("NO_COLOR=1", true, false),
            ("CLICOLOR_FORCE=1", false, true),
            ("CLICOLOR_FORCE=0", false, false),
            ("CLICOLOR_FORCE=0", true, true),
            ("NO_COLOR=1 CLICOLOR_FORCE=1", true, false),
        ] {
            let variable = |name: &str| {
                let pairs = variables.split(' ').filter_map(|pair| pair.split_once('='));
                pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.into()).next()
            };
            assert_eq!(colour(variable, terminal), expected, "{variables} {terminal}");
        }
    }
}
