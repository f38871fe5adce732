//! Small artifacts, made in memory: one file, no config, and what it is about.

use oci::{Descriptor, Digest, Family, Manifest, json::canonical, media_type};

/// An artifact: the bytes of all its parts.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The manifest.
    pub manifest: Vec<u8>,
    /// The config, `{}`.
    pub config: Vec<u8>,
    /// The file.
    pub file: Vec<u8>,
}

/// An SBOM with this text, annotated with it too, about `subject`.
///
/// # Panics
/// Never: a manifest is JSON.
#[must_use]
pub fn sbom(text: &str, subject: &Descriptor) -> Artifact {
    let (config, file) = (b"{}".to_vec(), text.as_bytes().to_vec());
    let layer = Descriptor::of("application/spdx+json", &file);
    let config_descriptor = Descriptor::of(media_type::OCI_EMPTY, &config);
    let mut manifest = Manifest::new(Family::Oci, config_descriptor, vec![layer]);
    manifest.artifact_type = Some("application/spdx+json".to_owned());
    manifest.subject = Some(Descriptor::new(&subject.media_type, subject.digest, subject.size));
    manifest.annotations = [("text".to_owned(), text.to_owned())].into();
    Artifact { manifest: canonical(&manifest).expect("a manifest is JSON"), config, file }
}

impl Artifact {
    /// The descriptor of the manifest.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::of(media_type::OCI_MANIFEST, &self.manifest)
    }

    /// The digest of the manifest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }

    /// Every blob: manifest, config, file.
    pub fn blobs(&self) -> impl Iterator<Item = &[u8]> {
        [&self.manifest, &self.config, &self.file].into_iter().map(Vec::as_slice)
    }
}
