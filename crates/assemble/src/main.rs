//! The `assemble` binary: parses its arguments, calls the library, and prints an error once.
//!
//! Exit codes: 0 done, 1 failed (nothing was written), 2 wrong usage.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = match assemble::arguments::expand(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return fail(2, &error),
    };
    let result = assemble::Cli::parse_from(arguments).run(|warning| say("warning", warning));
    result.map_or_else(|error| fail(1, &error), |()| ExitCode::SUCCESS)
}

fn fail(code: u8, error: &anyhow::Error) -> ExitCode {
    say("error", &format!("{error:#}"));
    ExitCode::from(code)
}

fn say(severity: &str, message: &str) {
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(io::stderr(), "assemble: {severity}: {message}");
}
