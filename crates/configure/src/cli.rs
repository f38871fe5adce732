//! The command line: gazelle's, so that fingers that know it find their way.
//!
//! Flags are written with one dash or two (`-mode=diff`, `--mode=diff`), their values behind `=` or as the next argument;
//! switches take a value behind `=` only (`-r=false`). Of a flag that is there twice the last counts, since the target that `bazel run`
//! starts has flags of its own before those that are typed; of `-exclude` all count.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ErrorKind};
use clap::{ArgAction, CommandFactory as _, Parser, ValueEnum};

use crate::languages::LANGUAGES;

/// What happens to what would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Write it to the files
    Fix,
    /// Print it as a unified diff, and exit 1 if there is one
    Diff,
    /// Print the new content of each file that would change
    Print,
}

/// Writes the image targets of the binaries in BUILD files.
#[derive(Debug, Parser)]
#[command(
    name = "configure",
    override_usage = "configure [update|fix] [flags] [dirs...]",
    after_help = AFTER,
    max_term_width = 100,
    args_override_self = true
)]
struct Flags {
    /// What to do with changes: fix (write them; the default), diff (print them, and exit 1 if there are some) or print (the new content of
    /// each file that would change)
    #[arg(long, value_enum, hide_possible_values = true)]
    mode: Option<Mode>,

    /// The same as -mode=diff
    #[arg(
        long,
        value_name = "BOOL",
        default_value = "false",
        default_missing_value = "true",
        hide_default_value = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, action = ArgAction::Set, hide_possible_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    check: bool,

    /// Whether to work on the subdirectories of dirs too
    #[arg(long, value_name = "BOOL", default_value = "true", default_missing_value = "true")]
    #[arg(num_args = 0..=1, require_equals = true, action = ArgAction::Set, hide_possible_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    r: bool,

    /// Names of BUILD files; of several in a directory, the one named first counts
    #[arg(long = "build_file_name", value_name = "NAMES", value_delimiter = ',', value_parser = file_name)]
    #[arg(action = ArgAction::Set, default_value = "BUILD.bazel,BUILD")]
    build_file_names: Vec<String>,

    /// Directories and BUILD files to leave out, relative to the root; may be given again. ** spans directories
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Languages to write images for (default: all)
    #[arg(long, value_name = "LANGS", value_delimiter = ',', value_parser = languages(), action = ArgAction::Set)]
    lang: Option<Vec<String>>,

    /// The root of the repository (default: the workspace of `bazel run`, else the nearest directory that has a
    /// MODULE.bazel, REPO.bazel, WORKSPACE.bazel or WORKSPACE)
    #[arg(long = "repo_root", value_name = "DIR")]
    repo_root: Option<PathBuf>,

    /// Take warnings for errors
    #[arg(
        long,
        value_name = "BOOL",
        default_value = "false",
        default_missing_value = "true",
        hide_default_value = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, action = ArgAction::Set, hide_possible_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    strict: bool,

    /// Where to work, subdirectories included (default: the root)
    #[arg(value_name = "DIRS")]
    dirs: Vec<PathBuf>,
}

const AFTER: &str = "\
Examples:
  bazel run //:configure                          write what is missing, everywhere
  bazel run //:configure -- services/api          only there and below
  bazel run //:configure -- -mode=diff -lang=go   show what would change for Go
  bazel run //:configure -- -r=false services     not in its subdirectories

Flags have one dash or two. `update` and `fix`, gazelle's commands, do the same.

Exit codes: 0 done or nothing to do, 1 -mode=diff found a change, 2 usage, 3 a file could not be read, parsed or \
written (the others are done)";

/// What the command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What to do with changes.
    pub mode: Mode,
    /// Whether subdirectories are worked on.
    pub recursive: bool,
    /// Names of BUILD files, best first; at least one.
    pub build_file_names: Vec<String>,
    /// Globs of what to leave out, relative to the root.
    pub exclude: Vec<String>,
    /// Languages to write images for; none for all.
    pub langs: Option<Vec<String>>,
    /// The root, as typed.
    pub root: Option<PathBuf>,
    /// Whether warnings are errors.
    pub strict: bool,
    /// Where to work, as typed; nothing for the root.
    pub dirs: Vec<PathBuf>,
}

/// Takes the command line, without the program's name, apart.
///
/// # Errors
/// What clap says: of a wrong command line, or the text of `-help`.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Options, clap::Error> {
    let arguments = std::iter::once("configure".into()).chain(with_two_dashes(arguments));
    let mut flags = Flags::try_parse_from(arguments).map_err(|mut error| {
        // "To pass it as a value, use `-- --flag`": no directory is called so, and behind `bazel run` there is a `--` already.
        error.remove(ContextKind::Suggested);
        error
    })?;
    if flags.dirs.first().is_some_and(|dir| dir == "update" || dir == "fix") {
        flags.dirs.remove(0);
    }
    let mode = match (flags.check, flags.mode) {
        (true, Some(Mode::Fix | Mode::Print)) => {
            let message = "-check is -mode=diff: say one of them";
            return Err(Flags::command().error(ErrorKind::ArgumentConflict, message));
        }
        (true, _) => Mode::Diff,
        (false, mode) => mode.unwrap_or(Mode::Fix),
    };
    Ok(Options {
        mode,
        recursive: flags.r,
        build_file_names: flags.build_file_names,
        exclude: flags.exclude,
        langs: flags.lang,
        root: flags.repo_root,
        strict: flags.strict,
        dirs: flags.dirs,
    })
}

/// Doubles the dash of flags that have one, up to `--`. clap alone would take `-mode` for five flags of a letter each.
fn with_two_dashes(arguments: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut over = false;
    arguments.map(move |argument| {
        over |= argument == "--";
        let bytes = argument.as_encoded_bytes();
        let single = bytes.len() > 1 && bytes[0] == b'-' && bytes[1] != b'-' && bytes != b"-h";
        if over || !single {
            return argument;
        }
        let mut doubled = OsString::from("-");
        doubled.push(&argument);
        doubled
    })
}

/// One of `-build_file_name`.
fn file_name(name: &str) -> Result<String, String> {
    match name {
        "" | "." | ".." => Err("a name of a BUILD file is needed, such as BUILD.bazel".to_owned()),
        _ if name.contains('/') => Err("a name is needed, not a path".to_owned()),
        _ => Ok(name.to_owned()),
    }
}

/// One of `-lang`.
fn languages() -> impl clap::builder::TypedValueParser<Value = String> {
    clap::builder::PossibleValuesParser::new(LANGUAGES)
}

/// An error in what was typed that clap can't see: it is told in clap's way.
pub fn usage(message: impl std::fmt::Display) -> clap::Error {
    Flags::command().error(ErrorKind::ValueValidation, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Result<Options, String> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn one_dash_or_two() {
        let plain = options("").unwrap();
        assert_eq!((plain.mode, plain.recursive, plain.strict), (Mode::Fix, true, false));
        assert_eq!(plain.build_file_names, ["BUILD.bazel", "BUILD"]);
        for (line, same) in [
            ("update", ""),
            ("fix", ""),
            ("-r -mode fix -strict=false", ""),
            ("-mode=diff", "--mode diff"),
            ("-check", "-mode=diff"),
            ("--check", "--check -mode=diff"),
            ("--check=false", ""),
            ("fix -r=false a b", "--r=false a b"),
            ("-r=0 a fix", "--r=false a fix"),
            ("-r update", ""),
            ("-lang=go,py -exclude a -exclude=b", "--exclude=a --lang cc --lang go,py -exclude b"),
            ("-build_file_name=A -strict -strict fix -build_file_name=B,C", "-build_file_name=B,C -strict"),
            ("-build_file_name=BUILD", "--build_file_name BUILD"),
            ("-strict -repo_root=x", "-repo_root x --strict=true"),
        ] {
            assert_eq!(options(line).unwrap(), options(same).unwrap(), "{line}");
        }
        assert_eq!(options("-- -x").unwrap().dirs, [PathBuf::from("-x")]);
        assert_eq!(options("update ./update").unwrap().dirs, [PathBuf::from("./update")]);
    }

    #[test]
    fn wrong_ones_say_what_is_right() {
        for (line, part) in [
            ("-mode=check", "possible values: fix, diff, print"),
            ("-lang=go,cobol", "possible values: "),
            ("-x", "unexpected argument '--x'"),
            ("-r=maybe", "invalid value 'maybe'"),
            ("-check -mode=fix", "-check is -mode=diff"),
            ("-build_file_name=a/BUILD", "not a path"),
            ("-build_file_name=BUILD,", "such as BUILD.bazel"),
            ("-repo_root", "a value is required"),
        ] {
            let message = options(line).unwrap_err();
            assert!(message.contains(part), "{line}: {message}");
        }
        let unknown = options("-index=false").unwrap_err();
        assert!(!unknown.contains("-- --index"), "{unknown}");
        assert!(options("-excludes=a").unwrap_err().contains("'--exclude'"));
        for line in ["-h", "-help", "--help"] {
            let help = options(line).unwrap_err();
            assert!(help.contains("bazel run //:configure -- -mode=diff"), "{line}: {help}");
        }
    }
}
