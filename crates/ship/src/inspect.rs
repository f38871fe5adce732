//! `inspect`: shows what is in an image or an index, from the report that the build wrote. Nothing is asked of anybody.

mod text;

use std::path::Path;

use anyhow::Context as _;
use oci::Platform;
use oci::report::{AnyReport, Report};

use crate::environment::Environment;
use crate::exit::{Exit, usage};
use crate::runfiles::{Runfiles, Start};
use crate::spec::Spec;
use crate::ui::Ui;

/// Flags of `inspect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the report as JSON, as the output group `report` has it
    #[arg(long)]
    pub json: bool,
    /// Of an index, show the image for this platform alone
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub platform: Option<Platform>,
}

/// The first paragraph of the help of an inspect target.
#[must_use]
pub fn about(spec: &Spec) -> String {
    format!(
        "{} shows what is in its image, or in each of an index: config, layers, and links of one layer that another \
         replaces.\n\n\
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
    let report = AnyReport::parse(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
    let shown = match (&args.platform, &report) {
        (None, _) if args.json => String::from_utf8(bytes).context("JSON is text")?,
        (None, AnyReport::Index(index)) => text::show_index(index),
        (None, AnyReport::Image(image)) => text::show(image),
        (Some(platform), report) => {
            let image = image(report, platform)?;
            if args.json { String::from_utf8(image.to_json()?)? } else { text::show(image) }
        }
    };
    ui.result(shown.trim_end())?;
    Ok(Exit::Done)
}

/// The image for `platform`.
fn image<'a>(report: &'a AnyReport, platform: &Platform) -> anyhow::Result<&'a Report> {
    let (found, images) = match report {
        AnyReport::Index(index) => (index.image(platform), index.images.as_slice()),
        AnyReport::Image(image) => (Some(&**image), std::slice::from_ref(&**image)),
    };
    let fits = |image: &&Report| image.platform.as_ref().is_some_and(|there| platform.matches(there));
    found.filter(fits).ok_or_else(|| {
        let there: Vec<String> =
            images.iter().filter_map(|image| image.platform.as_ref().map(ToString::to_string)).collect();
        usage(format!("there is no image for {platform}; there are images for: {}", there.join(", ")))
    })
}
