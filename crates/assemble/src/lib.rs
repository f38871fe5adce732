//! Writes metadata: manifests, indexes, base imports and layout directories.
//!
//! Each subcommand is one module with its `Args` and one `run`. Outputs depend on the inputs alone, and they
//! appear all together or, if anything is wrong, not at all. Manifests and indexes are made from descriptions
//! of layers: no layer blob is opened for them.

pub mod arguments;
pub mod base;
pub mod index;
pub mod layout;
pub mod manifest;

mod built_for;
mod files;

use clap::{Parser, Subcommand};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "assemble",
    about = "Writes metadata of OCI images",
    after_help = "A single argument @FILE stands for the lines of FILE, one argument a line."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the manifest and config of an image from descriptions of its layers.
    Manifest(Box<manifest::Args>),
    /// Writes the index of images for several platforms.
    Index(index::Args),
    /// Takes the manifest and config of a base image out of a layout directory, verifying all of it.
    Base(base::Args),
    /// Writes a layout directory with everything that a manifest or index names.
    Layout(layout::Args),
}

impl Cli {
    /// Does what the command line says; `warn` is told what is no error and yet worth a look.
    ///
    /// # Errors
    /// Whatever is wrong with the inputs, with a chain of causes; nothing has been written then.
    pub fn run(self, warn: impl FnMut(&str)) -> anyhow::Result<()> {
        match self.command {
            Command::Manifest(args) => manifest::run(&args, warn),
            Command::Index(args) => index::run(&args),
            Command::Base(args) => base::run(&args),
            Command::Layout(args) => layout::run(&args),
        }
    }
}
