//! The images that an index, and every index in it, lists.

use oci::config::Config;
use oci::manifest::Document;
use oci::{Descriptor, Manifest, Platform};
use registry::content::Content;

/// An image.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Its manifest.
    pub descriptor: Descriptor,
    /// What it runs on: as the index says, else as its config does; none for what has no config, such as an artifact.
    pub platform: Option<Platform>,
}

impl Image {
    /// The descriptor with the platform, as layouts and archives list it.
    #[must_use]
    pub fn listed(&self) -> Descriptor {
        Descriptor { platform: self.platform.clone(), ..self.descriptor.clone() }
    }
}

/// The images below `root`, in the order in which runtimes search; `root` itself if it is one.
///
/// # Errors
/// If a manifest or index can't be read.
pub fn below(content: &Content, root: &Descriptor) -> anyhow::Result<Vec<Image>> {
    let mut images = Vec::new();
    collect(content, root, &mut images)?;
    Ok(images)
}

fn collect(content: &Content, at: &Descriptor, images: &mut Vec<Image>) -> anyhow::Result<()> {
    match content.document(&at.digest)? {
        Document::Index(index) => {
            for child in &index.manifests {
                collect(content, child, images)?;
            }
        }
        Document::Manifest(manifest) => {
            let platform = at.platform.clone().or_else(|| platform_of(content, &manifest));
            if !images.iter().any(|known| known.descriptor.digest == at.digest) {
                images.push(Image { descriptor: at.clone(), platform });
            }
        }
    }
    Ok(())
}

fn platform_of(content: &Content, manifest: &Manifest) -> Option<Platform> {
    let config = content.bytes(&manifest.config.digest).ok()?;
    Config::parse(&config).ok()?.platform().ok()
}
