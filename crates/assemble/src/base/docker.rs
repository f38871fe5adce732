//! The image of an archive without a manifest, as `docker save` wrote it before Docker 25, and many tools do.
//!
//! Such an archive holds a config and layers, plain tars as a rule. A registry wants a manifest, so one is made, in Docker's
//! media types, as `docker push` would. Plain layers are compressed with gzip in our own format, as `tars` of an
//! `oci_image` are: the same bytes on every machine, a third of the size in every cache, push and pull; it costs its time once, in
//! an action that is cached by the archive. Config and `diff_ids` stay, and so does what Docker calls the image's ID.

use std::{collections::BTreeMap, io, path::PathBuf};

use ::layer::{
    codec::Codec,
    import::{Treatment, import_from},
    layer::{Description, granted_threads},
    members::Members,
    slice::Slice,
};
use anyhow::{Context as _, Result, bail, ensure};
use oci::{
    Descriptor, Digest, Family, LayerJson, Manifest, Platform,
    archive::DOCKER_MANIFEST,
    config::Config,
    json::{self, canonical},
    media_type::{self, Kind},
};
use serde::Deserialize;

use super::{
    Image,
    choose::{Candidate, Wanted, choose, no_such_name},
    store::read_small,
    tree::Tree,
};

/// One image of the archive, as `manifest.json` has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

impl Entry {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.repo_tags.iter().flatten().map(String::as_str)
    }
}

/// Finds the image, and puts its layers into `tree`.
pub(super) fn find(
    members: &Members,
    manifest: &[u8],
    wanted: Wanted<'_>,
    tree: &Tree,
    warn: &mut dyn FnMut(&str),
) -> Result<Image> {
    let entries: Vec<Entry> = json::parse("a list of images as `docker save` writes it", manifest)
        .with_context(|| format!("cannot understand {DOCKER_MANIFEST} of {}", members.path().display()))?;
    ensure!(!entries.is_empty(), "it holds no image: its {DOCKER_MANIFEST} lists none");
    let candidates: Vec<_> = entries.iter().filter(|entry| wanted.takes(entry.names())).collect();
    if let (true, Some(reference)) = (candidates.is_empty(), wanted.reference) {
        return Err(no_such_name(reference, entries.iter().flat_map(Entry::names)));
    }
    let candidates: Vec<_> =
        candidates.into_iter().map(|entry| candidate(members, entry)).collect::<Result<_>>()?;
    let sole = candidates.len() == 1;
    let (entry, bytes) = choose(candidates, wanted.platform.filter(|_| !sole))?;

    let diff_ids = Config::parse(&bytes)
        .and_then(|config| config.diff_ids())
        .with_context(|| format!("cannot understand {}", named(members, &entry.config)))?;
    let names = entry.layers.as_deref().unwrap_or_default();
    ensure!(
        names.len() == diff_ids.len(),
        "its {DOCKER_MANIFEST} lists {} layers, and the config {} has {}: save the image again",
        names.len(),
        entry.config,
        diff_ids.len()
    );
    let mut split: BTreeMap<&Slice, LayerJson> = BTreeMap::new();
    let mut layers = Vec::with_capacity(names.len());
    for (name, diff_id) in names.iter().zip(&diff_ids) {
        let slice = members.file(name)?.with_context(|| {
            format!(
                "{} is missing, which its {DOCKER_MANIFEST} lists as a layer: save the image again",
                named(members, name)
            )
        })?;
        let layer = match split.get(slice) {
            Some(layer) => layer.clone(),
            None => add_layer(members, name, slice, tree, warn)?,
        };
        ensure!(
            layer.diff_id == *diff_id,
            "{} is damaged: its tar is {}, and the config says {diff_id}. Save the image again",
            named(members, name),
            layer.diff_id
        );
        split.insert(slice, layer.clone());
        layers.push(layer);
    }
    Ok(Image { manifest: make_manifest(&bytes, &layers)?, config: bytes })
}

/// An image that may be meant, with the bytes of its config.
fn candidate<'a>(members: &Members, entry: &'a Entry) -> Result<Candidate<(&'a Entry, Vec<u8>)>> {
    let name = || named(members, &entry.config);
    let bytes = read_small(members, &entry.config)?.with_context(|| {
        format!("{} is missing, which its {DOCKER_MANIFEST} lists as a config: save the image again", name())
    })?;
    if let Some(digest) = digest_of_name(&entry.config) {
        let found = Digest::of(&bytes);
        ensure!(found == digest, "{} is damaged: its digest is {found}. Save the image again", name());
    }
    let platform: Platform = Config::parse(&bytes)
        .and_then(|config| config.platform())
        .with_context(|| format!("cannot understand {}", name()))?;
    Ok(Candidate { image: (entry, bytes), platform, names: entry.names().map(str::to_owned).collect() })
}

/// The digest that the name of a config is made of: `HEX.json`, `sha256:HEX` or `blobs/sha256/HEX`. Names may be others.
fn digest_of_name(name: &str) -> Option<Digest> {
    let name = name.rsplit('/').next()?;
    let hex = name.trim_end_matches(".json").trim_start_matches("sha256:");
    format!("sha256:{hex}").parse().ok()
}

/// Puts a layer into `tree`, compressed if it is plain.
fn add_layer(
    members: &Members,
    name: &str,
    slice: &Slice,
    tree: &Tree,
    warn: &mut dyn FnMut(&str),
) -> Result<LayerJson> {
    let shown = PathBuf::from(named(members, name));
    let description = Description { created_by: String::new(), platform: None, annotations: BTreeMap::new() };
    tree.write(|file, path| {
        let layer = import_from(
            (&shown, slice.open()?),
            Treatment::CompressPlain(Codec::GZIP),
            granted_threads(),
            description,
            Some((file, path)),
            (io::sink(), path),
            warn,
        )?;
        Ok((layer.digest, layer))
    })
}

/// The manifest that the image would have in a registry.
fn make_manifest(config: &[u8], layers: &[LayerJson]) -> Result<Vec<u8>> {
    // Docker's family has no zstd.
    let any_zstd = layers.iter().any(|layer| media_type::is_zstd_layer(&layer.media_type));
    let family = if any_zstd { Family::Oci } else { Family::Docker };
    let descriptors = layers.iter().map(|layer| {
        let media_type = media_type::in_family(&layer.media_type, family)?.to_owned();
        Ok(Descriptor::new(media_type, layer.digest, layer.size))
    });
    let descriptors = descriptors.collect::<Result<_>>()?;
    let Some(media_type) = Kind::Config.media_type(family) else { bail!("{family:?} has no type of config") };
    Ok(canonical(&Manifest::new(family, Descriptor::of(media_type, config), descriptors))?)
}

/// A member of the archive, for messages.
fn named(members: &Members, name: &str) -> String {
    format!("{name} in {}", members.path().display())
}
