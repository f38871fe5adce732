//! Writes metadata: manifests, indexes, base imports, layout directories and archives; and what layers of a base are made of
//! that nobody has as files: packages unpacked, certificates bundled.
//!
//! Each subcommand is one module with its `Args` and one `run`. Outputs depend on the inputs alone, and they
//! appear all together or, if anything is wrong, not at all. Manifests and indexes are made from descriptions
//! of layers: no layer blob is opened for them.

pub mod archive;
pub mod arguments;
pub mod artifact;
pub mod base;
pub mod ca_certs;
pub mod debs;
pub mod index;
pub mod index_report;
pub mod layout;
mod lines;
pub mod manifest;
pub mod reference;
pub mod report;
pub mod tree;

mod built_for;
mod content;
mod files;
mod stack;

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
    /// Writes the manifest of an artifact: files that are no image.
    Artifact(artifact::Args),
    /// Takes the manifest and config of a base image out of a layout directory or an archive, verifying all of it.
    Base(base::Args),
    /// Writes the tree that a container of an image sees, as one listing.
    Tree(tree::Args),
    /// Writes what is in an image, as JSON.
    Report(report::Args),
    /// Writes what is in an index, as JSON, from reports on its images.
    IndexReport(index_report::Args),
    /// Writes an archive with everything that a manifest or index names, for `docker load` and others.
    Archive(archive::Args),
    /// Writes a layout directory with everything that a manifest or index names.
    Layout(layout::Args),
    /// Writes the name of an image in a repository, by digest.
    Reference(reference::Args),
    /// Writes the tar of a layer that has the files of Debian packages, and their descriptions for scanners.
    Debs(debs::Args),
    /// Writes one bundle of the certificates in files, directories and packages.
    CaCerts(ca_certs::Args),
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
            Command::Artifact(args) => artifact::run(&args),
            Command::Base(args) => base::run(&args, warn),
            Command::Tree(args) => tree::run(&args, warn),
            Command::Report(args) => report::run(&args, warn),
            Command::IndexReport(args) => index_report::run(&args),
            Command::Archive(args) => archive::run(&args, warn),
            Command::Layout(args) => layout::run(&args),
            Command::Reference(args) => reference::run(&args),
            Command::Debs(args) => debs::run(&args),
            Command::CaCerts(args) => ca_certs::run(&args),
        }
    }
}
