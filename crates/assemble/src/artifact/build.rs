//! The manifest itself, from what is known of each part.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use oci::{
    Descriptor, Digest, Family, Manifest,
    json::canonical,
    media_type::{self, Kind, OCI_EMPTY},
};

use super::media_type::check;

/// The media type of the value that stands for nothing.
pub(super) const EMPTY: &str = OCI_EMPTY;
/// That value.
const EMPTY_VALUE: &[u8] = b"{}";
/// The same in base64, as a descriptor may carry it.
const EMPTY_DATA: &str = "e30=";

/// Bytes that are somewhere, and what a manifest says of them.
#[derive(Debug)]
pub(super) struct Content {
    /// The file, for messages.
    pub(super) name: String,
    pub(super) descriptor: Descriptor,
}

/// What an artifact consists of.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) artifact_type: Option<String>,
    pub(super) config: Content,
    pub(super) files: Vec<Content>,
    pub(super) subject: Option<Descriptor>,
    pub(super) annotations: BTreeMap<String, String>,
}

/// An artifact.
#[derive(Debug)]
pub(super) struct Artifact {
    pub(super) manifest: Vec<u8>,
    pub(super) descriptor: Descriptor,
}

/// Puts the manifest together.
pub(super) fn build(parts: Parts) -> Result<Artifact> {
    let Parts { artifact_type, config, files, subject, annotations } = parts;
    check_type("config_media_type", &config)?;
    for file in &files {
        check_type("media_types", file)?;
    }
    match &artifact_type {
        Some(artifact_type) => {
            check(artifact_type).context("artifact_type")?;
        }
        None => ensure!(
            config.descriptor.media_type != EMPTY,
            "nothing says what the artifact is: set artifact_type, or config and config_media_type"
        ),
    }
    ensure!(!files.is_empty(), "a manifest needs a layer: `{{}}` where there is no file");
    ensure!(!annotations.contains_key(""), "annotations: a key is empty: give it a name, or take it out");
    let layers = files.into_iter().map(|file| with_data(file.descriptor)).collect();
    let mut manifest = Manifest::new(Family::Oci, with_data(config.descriptor), layers);
    manifest.artifact_type = artifact_type;
    manifest.subject = subject.map(bare).transpose()?;
    manifest.annotations = annotations;
    let bytes = canonical(&manifest)?;
    let mut descriptor = Descriptor::of(media_type::OCI_MANIFEST, &bytes);
    descriptor.artifact_type = manifest.artifact_type;
    Ok(Artifact { manifest: bytes, descriptor })
}

/// Checks the media type of a part: well-formed, and none that makes something else of the artifact.
fn check_type(attribute: &str, content: &Content) -> Result<()> {
    let Content { name, descriptor } = content;
    let media_type = descriptor.media_type.as_str();
    check(media_type).with_context(|| format!("{attribute}, for {name}"))?;
    match media_type::kind(media_type) {
        Some(Kind::Manifest | Kind::Index) => bail!(
            "{attribute}: {name} has {media_type}, which registries take for a manifest of theirs: give it another type"
        ),
        Some(Kind::Config) => bail!(
            "{attribute}: {name} has {media_type}, which makes an image of the artifact: use oci_image, or another type"
        ),
        Some(Kind::Layer { foreign: true, .. }) => bail!(
            "{attribute}: {name} has {media_type}, which says that it isn't to be distributed, so it would not be pushed: \
             give it another type"
        ),
        _ => {}
    }
    ensure!(
        media_type != EMPTY || descriptor.digest == Digest::of(EMPTY_VALUE),
        "{attribute}: {name} has {EMPTY}, and that is the type of `{{}}` alone: give it another type"
    );
    Ok(())
}

/// The empty value is so small that its descriptor carries it, as the specification shows it.
fn with_data(mut descriptor: Descriptor) -> Descriptor {
    if descriptor.media_type == EMPTY {
        descriptor.data = Some(EMPTY_DATA.to_owned());
    }
    descriptor
}

/// A subject as a manifest names it: what it is for and of what platform it says itself.
fn bare(subject: Descriptor) -> Result<Descriptor> {
    ensure!(
        matches!(media_type::kind(&subject.media_type), Some(Kind::Manifest | Kind::Index)),
        "subject is of the media type {}, and must be an image, an index or an artifact",
        subject.media_type
    );
    Ok(Descriptor::new(subject.media_type, subject.digest, subject.size))
}

#[cfg(test)]
mod tests;
