//! Packs layers: the tool behind every `OciLayer` and `OciLayerImport` action.
//!
//! An input of every layer action, so it does nothing else: what changes here invalidates every layer in every cache. It
//! reads no environment and no clock.

mod arguments;
mod commands;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser;

use crate::commands::Command;

/// Exit codes, the same in every binary of the project: 0 done, 1 failed, 2 wrong usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Packs layers of OCI images.
#[derive(Debug, Parser)]
#[command(name = "pack", disable_help_subcommand = true, disable_version_flag = true)]
struct Opts {
    #[command(subcommand)]
    command: Command,
}

/// Runs the command line `arguments`, program name first, and tells how it went. The one place that prints errors.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let result = arguments::expand(arguments.into_iter().collect()).map(Opts::try_parse_from);
    let opts = match result {
        Ok(Ok(opts)) => opts,
        Ok(Err(error)) => {
            // Help that was asked for is no error, and goes to standard output.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            return error.print().map_or(Exit::Failed, |()| exit).into();
        }
        Err(error) => return complain(&error, Exit::Usage),
    };
    // Where standard error is closed, nobody wants to hear it.
    let mut warn = |warning: &str| drop(writeln!(io::stderr(), "pack: warning: {warning}"));
    match opts.command.run(&mut warn) {
        Ok(()) => Exit::Done.into(),
        Err(error) => complain(&error, Exit::Failed),
    }
}

/// One line, with all causes.
fn complain(error: &anyhow::Error, exit: Exit) -> ExitCode {
    // Where standard error is closed, the exit code still tells.
    let _ = writeln!(io::stderr(), "pack: {error:#}");
    exit.into()
}
