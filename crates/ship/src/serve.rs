//! `serve`: an OCI layout as a read-only registry on loopback.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use registry::content::Content;
use registry::serve::ReadOnly;

use crate::environment::Environment;
use crate::exit::{Exit, usage};
use crate::ui::Ui;

/// The repository that a layout is served as.
const NAME: &str = "image";

/// Flags of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The layout directory: it holds oci-layout, index.json and blobs.
    #[arg(value_name = "LAYOUT_DIR")]
    pub layout: PathBuf,
    /// The port on 127.0.0.1; by default any free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}

/// Serves until the process is interrupted. Prints a reference for each image of the layout on standard output.
///
/// # Errors
/// If the layout can't be read, or nothing can listen on the port.
pub async fn run(args: &Args, environment: &Environment, ui: &Ui) -> anyhow::Result<Exit> {
    let directory = environment.resolve(&args.layout);
    let layout = oci::layout::Layout::open(&directory)?;
    let roots: Vec<_> = layout.index().manifests.iter().map(|descriptor| descriptor.digest).collect();
    if roots.is_empty() {
        return Err(usage(format!("{} holds no image: its index.json is empty", directory.display())));
    }
    let mut content = Content::new();
    content.add_tree(directory.clone());
    let served = ReadOnly::serve(Arc::new(content), &roots, NAME.to_owned(), args.port)
        .with_context(|| format!("cannot serve {} on 127.0.0.1:{}", directory.display(), args.port))?;
    for reference in served.references() {
        ui.result(reference)?;
    }
    ui.say("serving until interrupted (Ctrl-C)");
    std::future::pending().await
}
