//! Writes the image targets of the binaries in BUILD files: what `bazel run //:configure` starts.
//!
//! The command line ([`cli`]) says where to work ([`root`]). A [`walk`] visits directories, each after those above it, since
//! directives count for what lies below ([`settings`]). Each BUILD file is read, planned and edited by itself ([`file`],
//! [`package`]), and replaced at once ([`write`]) or shown ([`diff`]). Changes, messages ([`report`]) and counts
//! ([`summary`]) come out in the order of paths, whatever the number of threads ([`run`]).

pub mod bazel;
pub mod cli;
pub mod diagnostic;
pub mod diff;
pub mod directives;
pub mod environment;
pub mod exit;
pub mod file;
pub mod glob;
pub mod ignored;
pub mod label;
pub mod languages;
pub mod module_file;
pub mod package;
pub mod report;
pub mod root;
pub mod run;
pub mod scope;
pub mod settings;
pub mod summary;
pub mod walk;
pub mod write;

use std::io::{self, BufWriter, Write as _};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::run::Outputs;

/// The program: what the process was started with, to how it ends. Errors that end it are printed here and nowhere else.
#[must_use]
pub fn main() -> Exit {
    match start() {
        Ok(exit) => exit,
        Err(error) => {
            // Of wrong flags and of `-help`, clap says the exit code.
            if let Some(clap) = error.downcast_ref::<clap::Error>() {
                clap.exit();
            }
            let _ = writeln!(io::stderr(), "error: {error:#}");
            if error.is::<root::PlaceError>() { Exit::Usage } else { Exit::Failed }
        }
    }
}

fn start() -> anyhow::Result<Exit> {
    let environment = Environment::of_process()?;
    let options = cli::parse(std::env::args_os().skip(1))?;
    let (out, err) = (BufWriter::new(io::stdout().lock()), BufWriter::new(io::stderr().lock()));
    run::run(&options, &environment, Outputs { out, err })
}
