//! `assemble base`: the one image of a layout directory or an archive that becomes a base.
//!
//! Manifest and config are passed on as the bytes that they are, and only after every blob of the image was
//! read and found to be what its descriptor says: later actions take the digests on trust. An archive is split: its
//! layers go to a directory of blobs, each once.
//!
//! ```text
//! store    where the blobs of an OCI layout are: in a directory, or in an archive
//! layout   the image of an OCI layout
//! docker   the image of an archive that `docker save` wrote before Docker 25: it has no manifest, so one is made
//! archive  which of the two an archive is
//! choose   which image it is, where there are several
//! tree     the directory of blobs
//! ```

mod archive;
mod choose;
mod docker;
mod layout;
mod store;
mod tree;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use oci::{Descriptor, Platform, config::Config, layout::Layout, manifest::Document};

use self::{choose::Wanted, store::Store, tree::Tree};
use crate::files::{self, OptionalIdentityArgs};

/// Arguments of `assemble base`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The layout directory, or an archive: of `docker save`, or an OCI layout in a tar, plain or compressed.
    #[arg(long, value_name = "DIR|FILE")]
    source: PathBuf,
    /// Label of the target that needs the base, for messages.
    #[arg(long)]
    label: String,
    /// The platform to choose, if there are several, as os/architecture or os/architecture/variant.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<Platform>,
    /// The name to choose, if there are several images.
    #[arg(long, value_name = "NAME[:TAG]")]
    reference: Option<String>,
    /// Where to write the layers of an archive, as blobs/sha256/HEX. Of a layout directory, nothing is written there.
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// The source must be an archive, since nobody looks for its layers but in the tree.
    #[arg(long, requires = "tree")]
    archive: bool,
    /// Where to write the manifest.
    #[arg(long, value_name = "OUT")]
    manifest: PathBuf,
    /// Where to write the config.
    #[arg(long, value_name = "OUT")]
    config: PathBuf,
    #[command(flatten)]
    identity: OptionalIdentityArgs,
}

/// Writes manifest and config of the base, and of an archive the layers. `warn` is told what is no error and yet worth a look.
///
/// # Errors
/// Whatever is wrong with the source, beginning with the label of the target; nothing is written then.
pub fn run(args: &Args, mut warn: impl FnMut(&str)) -> Result<()> {
    let mut warn = |words: &str| warn(&format!("{}: {words}", args.label));
    let mut tree = args.tree.as_deref().map(Tree::create).transpose()?;
    let image = find(args, tree.as_mut(), &mut warn)
        .with_context(|| format!("{}: cannot use {} as a base", args.label, args.source.display()))?;
    let outputs =
        [(args.manifest.as_path(), image.manifest.clone()), (args.config.as_path(), image.config.clone())];
    let identity = args.identity.contents(|| image.descriptor())?;
    let files = files::stage(outputs.into_iter().chain(identity))?;
    if let Some(tree) = tree {
        tree.commit()?;
    }
    files::commit(files)
}

/// The bytes of a manifest and its config.
#[derive(Debug)]
struct Image {
    manifest: Vec<u8>,
    config: Vec<u8>,
}

impl Image {
    /// The descriptor of the manifest, with its platform.
    fn descriptor(&self) -> Result<Descriptor> {
        let document = Document::parse(&self.manifest)?;
        let platform = Config::parse(&self.config)?.platform()?;
        let descriptor = Descriptor::of(document.media_type(), &self.manifest);
        Ok(Descriptor { platform: Some(platform), ..descriptor })
    }
}

/// Finds the image, verifies it, and puts its layers into `tree` if they are in an archive.
fn find(args: &Args, tree: Option<&mut Tree>, warn: &mut dyn FnMut(&str)) -> Result<Image> {
    let wanted = Wanted { platform: args.platform.as_ref(), reference: args.reference.as_deref() };
    wanted.check()?;
    if !args.source.is_file() {
        ensure!(
            !args.archive,
            "it is a directory, and has the name of an archive: give it another name, without an ending such as .tar"
        );
        let store = Store::Directory(Layout::open(&args.source)?);
        let image = layout::find(&store, wanted)?;
        layout::verify_layers(&store, &image)?;
        return Ok(image.into());
    }
    let tree =
        tree.context("it is a file, and --tree does not say where to write the layers of an archive")?;
    archive::find(&args.source, wanted, tree, warn)
}

#[cfg(test)]
mod tests;
