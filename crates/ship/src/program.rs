//! Programs of others that this one starts: a loader, a signer, cosign. Nothing goes through a shell.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use tokio::process::Command;

use crate::environment::Environment;
use crate::runfiles::Runfiles;

/// A program that helps this one: it runs where the user is, finds the runfiles of its own among those of the run target,
/// and ends when this one does. What it prints goes to standard error, since standard output is for results of ours.
#[must_use]
pub fn helper(
    program: &Path,
    arguments: &[OsString],
    files: &Runfiles,
    environment: &Environment,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).envs(files.variables()).current_dir(&environment.directory);
    command.kill_on_drop(true).stdout(io::stderr());
    command
}

/// A command for people: an argument with a blank or a quote is shown in quotes.
#[must_use]
pub fn shown(program: &Path, arguments: &[OsString]) -> String {
    let words = std::iter::once(program.as_os_str()).chain(arguments.iter().map(OsString::as_os_str));
    words.map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')) {
        format!("{text:?}")
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_where_an_argument_ends() {
        let arguments = ["sign", "a b", "", "say \"x\"", "-k=v"].map(OsString::from);
        assert_eq!(shown(Path::new("/t/cosign"), &arguments), r#"/t/cosign sign "a b" "" "say \"x\"" -k=v"#);
    }
}
