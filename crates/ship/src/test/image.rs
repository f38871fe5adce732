//! The tree of an image and the files that tests look at, from its layers.
//!
//! Invariant: a layer of which there is a listing is read only for contents, and then up to the last of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use layer::contents::contents;
use layer::import::{Treatment, import_from};
use layer::layer::{Description, granted_threads};
use layer::overlay::{Origin, Tree};
use oci::config::Config;
use oci::manifest::Document;
use oci::{Descriptor, Digest, LayerJson};
use structure::{Image, config::Suite};

use crate::spec;
use crate::target::Target;
use crate::ui::Ui;

/// Reads what `suites` ask for of the image that `target` is.
///
/// # Errors
/// If a layer is not at hand, or is not what it should be.
pub(super) fn read(target: &Target, test: &spec::Test, suites: &[Suite], ui: &Ui) -> anyhow::Result<Image> {
    let content = &target.content;
    let Document::Manifest(manifest) = content.document(&target.root.digest)? else {
        anyhow::bail!("{} is an index, and should be an image", content.name(&target.root.digest));
    };
    let config = Config::parse(&content.bytes(&manifest.config.digest)?)?;
    let listings = listings(target, test)?;
    let mut tree = Tree::default();
    for layer in &manifest.layers {
        let listing = match listings.get(&layer.digest) {
            Some(path) => {
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
            }
            None => list(target, layer, ui)?,
        };
        tree.add(&listing).with_context(|| format!("the layer {}", content.name(&layer.digest)))?;
    }
    let mut image = Image::new(config, tree)?;
    let mut wanted: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for file in suites.iter().flat_map(|suite| image.files_of(suite)) {
        wanted.entry(file.origin.layer).or_default().insert(file.origin.entry);
    }
    for (layer, entries) in wanted {
        let descriptor = &manifest.layers[layer];
        let (name, blob) = open(target, descriptor)?;
        for (entry, bytes) in contents((&name, blob), &entries)? {
            image.insert(Origin { layer, entry }, bytes);
        }
    }
    Ok(image)
}

/// The listings that the build has, by the digests of their layers.
fn listings(target: &Target, test: &spec::Test) -> anyhow::Result<BTreeMap<Digest, PathBuf>> {
    let listing = |listing: &spec::Listing| {
        let path = target.files.find(&listing.metadata)?;
        let json = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let metadata =
            LayerJson::parse(&json).with_context(|| format!("{} is no layer.json", path.display()))?;
        Ok((metadata.digest, target.files.find(&listing.mtree)?))
    };
    test.listings.iter().map(listing).collect()
}

/// Lists a layer that nobody has listed.
fn list(target: &Target, layer: &Descriptor, ui: &Ui) -> anyhow::Result<String> {
    let (name, blob) = open(target, layer)?;
    let description = Description { created_by: String::new(), platform: None, annotations: [].into() };
    let mut listing = Vec::new();
    let outputs = (&mut listing, Path::new("the listing"));
    let mut warn = |words: &str| ui.detail(words);
    import_from((&name, blob), Treatment::Keep, granted_threads(), description, None, outputs, &mut warn)?;
    String::from_utf8(listing).context("a listing is text")
}

/// The bytes of a layer, verified where they are read to the end, and its name.
fn open(target: &Target, layer: &Descriptor) -> anyhow::Result<(PathBuf, Box<dyn std::io::Read + Send>)> {
    let blob = target.content.open_sized(&layer.digest, layer.size);
    let blob = blob.context("a layer is not at hand, so that its files cannot be tested")?;
    Ok((target.content.name(&layer.digest).into(), blob))
}
