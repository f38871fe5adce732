//! The images that an index, and every index in it, lists.

use oci::config::Config;
use oci::manifest::Document;
use oci::{Descriptor, Manifest, Platform};
use registry::content::Content;

/// An image.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Its manifest, as it is named.
    pub descriptor: Descriptor,
    /// Its manifest.
    pub manifest: Manifest,
    /// What it runs on: as the index says, else as its config does; none for what has no config, such as an artifact.
    pub platform: Option<Platform>,
    /// The number of indexes above it.
    pub depth: usize,
}

impl Image {
    /// The descriptor with the platform, as layouts and archives list it.
    #[must_use]
    pub fn listed(&self) -> Descriptor {
        Descriptor { platform: self.platform.clone(), ..self.descriptor.clone() }
    }

    /// Whether it is what somebody wants who asks for `platform`. What says of no platform that it runs there fits none.
    #[must_use]
    pub fn fits(&self, platform: &Platform) -> bool {
        self.platform.as_ref().is_some_and(|there| platform.matches(there))
    }
}

/// The images below `root`, in the order in which runtimes search; `root` itself if it is one.
///
/// # Errors
/// If a manifest or index can't be read.
pub fn below(content: &Content, root: &Descriptor) -> anyhow::Result<Vec<Image>> {
    let mut images = Vec::new();
    collect(content, root, 0, &mut images)?;
    Ok(images)
}

/// Says that none of `images` is for `platform`, and what there is.
#[must_use]
pub fn none_for(platform: &Platform, images: &[Image]) -> String {
    let mut there: Vec<String> =
        images.iter().filter_map(|image| image.platform.as_ref().map(ToString::to_string)).collect();
    there.dedup();
    let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    format!("there is no image for {platform}; there are images for: {there}")
}

fn collect(content: &Content, at: &Descriptor, depth: usize, images: &mut Vec<Image>) -> anyhow::Result<()> {
    match content.document(&at.digest)? {
        Document::Index(index) => {
            for child in &index.manifests {
                collect(content, child, depth + 1, images)?;
            }
        }
        Document::Manifest(manifest) => {
            let platform = at.platform.clone().or_else(|| platform_of(content, &manifest));
            // One may be listed for several platforms, such as an image of data.
            if !images.iter().any(|known| known.descriptor.digest == at.digest && known.platform == platform)
            {
                images.push(Image { descriptor: at.clone(), manifest, platform, depth });
            }
        }
    }
    Ok(())
}

/// The platform that an image's configuration names; `None` where it names none, or there is no configuration, as in
/// artifacts.
fn platform_of(content: &Content, manifest: &Manifest) -> Option<Platform> {
    let config = content.bytes(&manifest.config.digest).ok()?;
    Config::parse(&config).ok()?.platform().ok()
}
