//! Running the binary, as every test here does.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The last arguments of `pack layer`.
pub(crate) const OUTPUTS: [&str; 8] =
    ["--blob", "blob", "--metadata", "layer.json", "--mtree", "mtree", "--created-by", "//app:layer"];

/// The binary. Bazel gives a path relative to the folder that the test starts in.
pub(crate) fn binary() -> PathBuf {
    fs::canonicalize(env!("CARGO_BIN_EXE_pack")).unwrap()
}

/// `pack`, to be run in `dir` without any environment.
pub(crate) fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(dir).env_clear();
    command
}

/// Runs `pack`.
pub(crate) fn pack(dir: &Path, arguments: &[&str]) -> Output {
    command(dir, arguments).output().unwrap()
}

/// `pack layer` over `entries`, with more arguments.
pub(crate) fn layer(dir: &Path, entries: &str, more: &[&str]) -> Output {
    fs::write(dir.join("entries"), entries).unwrap();
    pack(dir, &[&["layer", "--entries", "entries"], &OUTPUTS[..], more].concat())
}

/// What it said.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What lies in a folder, sorted.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
