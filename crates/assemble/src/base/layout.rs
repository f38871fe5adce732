//! The image of an OCI image layout.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use oci::{
    Descriptor, Digest, Document, Manifest, Platform,
    archive::{IMAGE_NAME, REF_NAME},
    config::Config,
    manifest::MAX_DEPTH,
    media_type::{self, Kind},
};

use super::{
    choose::{Candidate, Wanted, choose, no_such_name},
    store::Store,
    tree::Tree,
};

/// An image whose layers have not been looked at.
#[derive(Debug)]
pub(super) struct Found {
    bytes: Vec<u8>,
    manifest: Manifest,
    config: Vec<u8>,
}

impl From<Found> for super::Image {
    fn from(found: Found) -> Self {
        Self { manifest: found.bytes, config: found.config }
    }
}

/// Finds the image.
pub(super) fn find(store: &Store<'_>, wanted: Wanted<'_>) -> Result<Found> {
    let listed = &store.index().manifests;
    let roots: Vec<_> = listed.iter().filter(|root| wanted.takes(names(root))).collect();
    if let (true, Some(reference)) = (roots.is_empty(), wanted.reference) {
        return Err(no_such_name(reference, listed.iter().flat_map(names)));
    }
    let mut candidates = BTreeMap::new();
    for root in &roots {
        collect(store, [*root], &names(root).next().map(str::to_owned), MAX_DEPTH, &mut candidates)?;
    }
    ensure!(!candidates.is_empty(), "it holds no image: its index.json lists none");
    // A layout of one image, not behind an index, offers no choice: the base decides the image's platform, also of one
    // that is built on a machine of another.
    let sole = candidates.len() == 1 && roots.iter().any(|root| candidates.contains_key(&root.digest));
    let candidates = candidates.into_values().collect();
    let chosen = choose(candidates, wanted.platform.filter(|_| !sole))?;
    let (bytes, document) = store.read_document(&chosen)?;
    let Document::Manifest(manifest) = document else { bail!("{} is no manifest", chosen.digest) };
    ensure!(manifest.is_image(), "it holds no image: {} is of {}", chosen.digest, manifest.config.media_type);
    let config = store.read(&manifest.config)?;
    Ok(Found { bytes, manifest, config })
}

/// Reads every layer, and verifies it.
pub(super) fn verify_layers(store: &Store<'_>, image: &Found) -> Result<()> {
    let mut layers = image.manifest.layers.iter();
    layers.try_for_each(|layer| if is_elsewhere(store, layer)? { Ok(()) } else { store.verify(layer) })
}

/// Puts every layer into `tree`, verified.
pub(super) fn copy_layers(store: &Store<'_>, image: &Found, tree: &Tree) -> Result<()> {
    for layer in &image.manifest.layers {
        if !is_elsewhere(store, layer)? {
            let copied = tree.copy(&layer.digest, store.open(layer)?);
            copied.with_context(|| store.damaged(&layer.digest))?;
        }
    }
    Ok(())
}

/// Whether a layer is not there and need not be: it may not be distributed, and whoever runs the image fetches it from its own
/// URL.
fn is_elsewhere(store: &Store<'_>, layer: &Descriptor) -> Result<bool> {
    Ok(layer.is_foreign_layer() && !store.has(&layer.digest)?)
}

/// The names that a layout has for what it lists: containerd's, which is one in full, first.
fn names(descriptor: &Descriptor) -> impl Iterator<Item = &str> {
    [IMAGE_NAME, REF_NAME].into_iter().filter_map(|key| descriptor.annotations.get(key).map(String::as_str))
}

/// Gathers the images that `descriptors` name, through nested indexes, each once. Nothing is read of those
/// whose platform is told: layouts often lack the blobs of other platforms.
fn collect<'a>(
    store: &Store<'_>,
    descriptors: impl IntoIterator<Item = &'a Descriptor>,
    name: &Option<String>,
    depth: usize,
    candidates: &mut BTreeMap<Digest, Candidate<Descriptor>>,
) -> Result<()> {
    ensure!(depth > 0, "its indexes are nested more than {MAX_DEPTH} deep");
    for descriptor in descriptors.into_iter().filter(|descriptor| !is_attestation(descriptor)) {
        let is_index = media_type::kind(&descriptor.media_type) == Some(Kind::Index);
        let platform = match &descriptor.platform {
            Some(platform) if !is_index => platform.clone(),
            _ => match store.read_document(descriptor)?.1 {
                Document::Index(index) => {
                    collect(store, &index.manifests, name, depth - 1, candidates)?;
                    continue;
                }
                Document::Manifest(manifest) if manifest.is_image() => {
                    read_platform(store, &manifest.config)?
                }
                // Signatures and SBOMs lie beside images.
                Document::Manifest(_) => continue,
            },
        };
        let new = || Candidate { image: descriptor.clone(), platform, names: Vec::new() };
        candidates.entry(descriptor.digest).or_insert_with(new).names.extend(name.clone());
    }
    Ok(())
}

/// The platform that a config names.
fn read_platform(store: &Store<'_>, config: &Descriptor) -> Result<Platform> {
    Config::parse(&store.read(config)?)
        .and_then(|config| config.platform())
        .with_context(|| format!("cannot understand {}", store.name(&config.digest)))
}

/// Whether it is one of the manifests that `docker buildx` puts beside images, for `unknown/unknown`.
fn is_attestation(descriptor: &Descriptor) -> bool {
    descriptor.annotations.contains_key("vnd.docker.reference.type")
        || descriptor.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
}
