//! `inspect`: shows what is in an image, from the report that the build wrote. Nothing is asked of anybody.

mod text;

use std::path::Path;

use anyhow::Context as _;
use oci::report::Report;

use crate::environment::Environment;
use crate::exit::{Exit, usage};
use crate::runfiles::{Runfiles, Start};
use crate::spec::Spec;
use crate::ui::Ui;

/// Flags of `inspect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the report as JSON, as the output group `report` has it.
    #[arg(long)]
    pub json: bool,
}

/// The first paragraph of the help of an inspect target.
#[must_use]
pub fn about(spec: &Spec) -> String {
    format!(
        "{} shows what is in its image: config, layers, and links of one layer that another replaces.\n\n\
         It reads what the build wrote, and asks no registry and no runtime.",
        spec.label
    )
}

/// Shows the image of `spec`, which was read from `spec_path`, on standard output.
///
/// # Errors
/// If the report isn't found or isn't one.
pub fn run(
    spec: &Spec,
    spec_path: &Path,
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let files = Runfiles::new(&Start::of_target(spec_path, &spec.own_path, environment))?;
    let report = spec
        .inspect
        .report
        .as_ref()
        .ok_or_else(|| usage("the spec names no report: build the target again"))?;
    let path = files.find(report)?;
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let report = Report::parse(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
    let shown =
        if args.json { String::from_utf8(bytes).context("JSON is text")? } else { text::show(&report) };
    ui.result(shown.trim_end())?;
    Ok(Exit::Done)
}
