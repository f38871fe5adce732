//! `assemble index`: an index of images for several platforms, made from their descriptors.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use oci::{
    Descriptor, Family, Index, Platform,
    json::canonical,
    media_type::{self, Kind},
};
use serde::Deserialize;

use crate::files::{self, IdentityArgs};

/// Arguments of `assemble index`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Attributes of the index: JSON, or the path of a file that holds it.
    #[arg(long, value_name = "JSON|FILE")]
    spec: String,
    /// Descriptor of an image, or of another index.
    #[arg(long, value_name = "DESCRIPTOR")]
    image: Vec<PathBuf>,
    /// Where to write the index.
    #[arg(long, value_name = "OUT")]
    index: PathBuf,
    #[command(flatten)]
    identity: IdentityArgs,
}

/// Attributes of an index.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Spec {
    /// Label of the target, for messages.
    label: String,
    annotations: Option<BTreeMap<String, String>>,
    media_types: MediaTypes,
}

/// The choice of a family of media types. The images keep theirs: their bytes are not changed.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MediaTypes {
    /// Docker's if all images are of it, else OCI's.
    Base,
    #[default]
    Oci,
    Docker,
}

/// Writes index, descriptor and digest.
///
/// # Errors
/// Whatever is wrong with the inputs, beginning with the label of the target.
pub fn run(args: &Args) -> Result<()> {
    let spec: Spec = files::read_spec(&args.spec)?;
    let label = spec.label.clone();
    let images: Result<Vec<_>> = args.image.iter().map(|path| read(path)).collect();
    let (bytes, descriptor) = images.and_then(|images| build(spec, &images)).with_context(|| label)?;
    files::write_all([(args.index.as_path(), bytes)].into_iter().chain(args.identity.contents(&descriptor)?))
}

/// Reads a descriptor; the path stays with it for messages.
fn read(path: &Path) -> Result<(&Path, Descriptor)> {
    let descriptor = Descriptor::parse(&files::read(path)?);
    Ok((path, descriptor.with_context(|| format!("cannot understand {}", path.display()))?))
}

/// Puts an index together; the paths are for messages.
fn build(spec: Spec, images: &[(&Path, Descriptor)]) -> Result<(Vec<u8>, Descriptor)> {
    ensure!(!images.is_empty(), "an index needs at least one image: add one to images");
    let mut platforms: BTreeMap<Platform, &Path> = BTreeMap::new();
    for (path, descriptor) in images {
        check(path, descriptor)?;
        let Some(platform) = &descriptor.platform else { continue };
        // arm64 and arm64/v8 are one platform to a runtime.
        let variant = platform.full_variant().map(ToOwned::to_owned);
        if let Some(other) = platforms.insert(Platform { variant, ..platform.clone() }, path) {
            bail!(
                "two images are for {platform}, and a runtime would take either: {} and {}; take one out of images, \
                 or build it for another platform",
                other.display(),
                path.display()
            );
        }
    }
    let annotations = spec.annotations.unwrap_or_default();
    ensure!(!annotations.contains_key(""), "annotations: a key is empty: give it a name, or take it out");
    let family = family(spec.media_types, images)?;
    let mut index = Index::new(family, images.iter().map(|(_, descriptor)| descriptor.clone()).collect());
    index.annotations = annotations;
    let media_type = index.media_type.clone().context("an index has a media type")?;
    let bytes = canonical(&index)?;
    let descriptor = Descriptor::of(media_type, &bytes);
    Ok((bytes, descriptor))
}

/// Checks that a descriptor may stand in an index: it is of an index, or of a manifest for some platform.
fn check(path: &Path, descriptor: &Descriptor) -> Result<()> {
    match media_type::kind(&descriptor.media_type) {
        Some(Kind::Index) => Ok(()),
        Some(Kind::Manifest) if descriptor.platform.is_some() => Ok(()),
        Some(Kind::Manifest) => {
            bail!(
                "{} names no platform, so no runtime would choose it: build it with oci_image",
                path.display()
            )
        }
        _ => bail!(
            "{} is of the media type {}, and an index lists images and indexes",
            path.display(),
            descriptor.media_type
        ),
    }
}

fn family(wanted: MediaTypes, images: &[(&Path, Descriptor)]) -> Result<Family> {
    let is_docker =
        |image: &Descriptor| matches!(media_type::classify(&image.media_type), Some((Family::Docker, _)));
    let other = images.iter().find(|(_, image)| !is_docker(image));
    match (wanted, other) {
        (MediaTypes::Oci, _) | (MediaTypes::Base, Some(_)) => Ok(Family::Oci),
        (MediaTypes::Docker | MediaTypes::Base, None) => Ok(Family::Docker),
        (MediaTypes::Docker, Some((path, image))) => bail!(
            "media_types is \"docker\", and {} is of {}: set media_types = \"docker\" on that image too",
            path.display(),
            image.media_type
        ),
    }
}

#[cfg(test)]
mod tests {
    use testing::image;

    use super::*;

    fn descriptor(platform: &str, family: Family) -> Descriptor {
        image::image(&platform.parse().unwrap(), family, vec![]).descriptor()
    }

    fn built(media_types: MediaTypes, images: &[Descriptor]) -> Result<(Vec<u8>, Descriptor)> {
        let paths: Vec<_> = (0..images.len()).map(|i| PathBuf::from(format!("image{i}.json"))).collect();
        let images: Vec<_> = paths.iter().map(PathBuf::as_path).zip(images.iter().cloned()).collect();
        build(
            Spec { media_types, annotations: Some([("k".into(), "v".into())].into()), ..Spec::default() },
            &images,
        )
    }

    #[test]
    fn images_and_nested_indexes() {
        let amd64 = descriptor("linux/amd64", Family::Oci);
        let nested = built(MediaTypes::Oci, &[descriptor("linux/arm64", Family::Oci)]).unwrap().1;
        assert_eq!(nested.platform, None);
        let (bytes, descriptor) = built(MediaTypes::Oci, &[amd64.clone(), nested.clone()]).unwrap();
        assert_eq!(descriptor, Descriptor::of(media_type::OCI_INDEX, &bytes));
        let index: Index = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(index.manifests, [amd64, nested]);
        assert_eq!(index.annotations["k"], "v");
        let theirs = oci_spec::image::ImageIndex::from_reader(bytes.as_slice()).unwrap();
        assert_eq!(theirs.manifests().len(), 2);
    }

    #[test]
    fn families() {
        let (docker, oci) =
            (descriptor("linux/amd64", Family::Docker), descriptor("linux/arm64", Family::Oci));
        let only_docker = std::slice::from_ref(&docker);
        let both = &[docker.clone(), oci][..];
        let cases = [
            (MediaTypes::Base, only_docker, media_type::DOCKER_INDEX),
            (MediaTypes::Docker, only_docker, media_type::DOCKER_INDEX),
            (MediaTypes::Oci, only_docker, media_type::OCI_INDEX),
            (MediaTypes::Base, both, media_type::OCI_INDEX),
        ];
        for (wanted, images, expected) in cases {
            assert_eq!(built(wanted, images).unwrap().1.media_type, expected);
        }
        let error = built(MediaTypes::Docker, both).unwrap_err().to_string();
        assert!(error.contains("image1.json"), "{error}");
    }

    #[test]
    fn refused() {
        let amd64 = || descriptor("linux/amd64", Family::Oci);
        let cases = [
            (vec![], "at least one image"),
            (
                vec![amd64(), amd64()],
                "for linux/amd64, and a runtime would take either: image0.json and image1.json",
            ),
            (
                vec![descriptor("linux/arm64/v8", Family::Oci), descriptor("linux/arm64", Family::Oci)],
                "two images are for linux/arm64",
            ),
            (vec![Descriptor { platform: None, ..amd64() }], "image0.json names no platform"),
            (vec![Descriptor::of(media_type::OCI_LAYER, b"x")], "an index lists images and indexes"),
        ];
        for (images, expected) in cases {
            let error = built(MediaTypes::Oci, &images).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
