//! One file for each subcommand.

mod import;
mod layer;

use std::{collections::BTreeMap, path::PathBuf};

use ::layer::layer::Description;
use clap::{Args, Subcommand};
use oci::platform::Platform;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    // It has many flags.
    Layer(Box<layer::Layer>),
    Import(import::Import),
}

impl Command {
    /// Runs the one that was asked for. `warn` is told what is no error and yet worth a look.
    pub(crate) fn run(self, warn: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
        match self {
            Self::Layer(layer) => layer.run(),
            Self::Import(import) => import.run(warn),
        }
    }
}

/// What every layer is given.
#[derive(Debug, Args)]
struct Common {
    /// Where to write the layer.json.
    #[arg(long, value_name = "FILE")]
    metadata: PathBuf,
    /// Where to write the listing.
    #[arg(long, value_name = "FILE")]
    mtree: PathBuf,
    /// Label of the target, for the image's history.
    #[arg(long, value_name = "LABEL")]
    created_by: String,
}

impl Common {
    fn description(&self, platform: Option<Platform>, annotations: BTreeMap<String, String>) -> Description {
        Description { created_by: self.created_by.clone(), platform, annotations }
    }
}
