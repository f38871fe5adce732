//! `assemble index`: an index of images for several platforms, made from their descriptors.

use std::{collections::BTreeMap, mem, path::PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use oci::{
    Descriptor, Family, Index, Platform,
    json::canonical,
    media_type::{self, Kind},
};
use serde::Deserialize;

use crate::{
    built_for::BuiltFor,
    files::{self, IdentityArgs},
    lines,
};

/// Arguments of `assemble index`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Attributes of the index: JSON, or the path of a file that holds it.
    #[arg(long, value_name = "JSON|FILE")]
    spec: String,
    /// Descriptor of an image, or of another index.
    #[arg(long, value_name = "DESCRIPTOR")]
    image: Vec<PathBuf>,
    /// Annotations, one KEY=VALUE a line.
    #[arg(long, value_name = "FILE")]
    annotations_file: Option<PathBuf>,
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
    /// What is known of the images, in their order.
    images: Vec<Named>,
}

/// An image as the rules know it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// Label of the target, for messages.
    label: String,
    /// What the index had it built for.
    built_for: Option<BuiltFor>,
}

/// An image or index that is to be listed.
#[derive(Debug)]
struct Listed {
    /// For messages.
    name: String,
    built_for: Option<BuiltFor>,
    descriptor: Descriptor,
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
    let mut spec: Spec = files::read_spec(&args.spec)?;
    let label = spec.label.clone();
    let (bytes, descriptor) = (|| {
        let annotations = args.annotations_file.as_deref();
        lines::read("annotations", annotations, &mut spec.annotations, lines::map)?;
        let images = read(mem::take(&mut spec.images), &args.image)?;
        build(spec, &images)
    })()
    .with_context(|| label)?;
    files::write_all([(args.index.as_path(), bytes)].into_iter().chain(args.identity.contents(&descriptor)?))
}

/// Reads the descriptors of the images.
fn read(named: Vec<Named>, paths: &[PathBuf]) -> Result<Vec<Listed>> {
    ensure!(
        named.len() == paths.len(),
        "the spec names {} images and --image {}: they go together",
        named.len(),
        paths.len()
    );
    let listed = named.into_iter().zip(paths).map(|(named, path)| {
        let descriptor = Descriptor::parse(&files::read(path)?)
            .with_context(|| format!("cannot understand {}", path.display()))?;
        let Named { label, built_for } = named;
        let name = match &built_for {
            Some(platform) => format!("{label} for {}", platform.label),
            None => label,
        };
        Ok(Listed { name, built_for, descriptor })
    });
    listed.collect()
}

/// Puts an index together.
fn build(spec: Spec, images: &[Listed]) -> Result<(Vec<u8>, Descriptor)> {
    ensure!(!images.is_empty(), "an index needs at least one image: add one to images");
    let mut platforms: BTreeMap<Platform, &str> = BTreeMap::new();
    for image in images {
        check(image)?;
        let Some(platform) = &image.descriptor.platform else { continue };
        // arm64 and arm64/v8 are one platform to a runtime.
        let variant = platform.full_variant().map(ToOwned::to_owned);
        if let Some(other) = platforms.insert(Platform { variant, ..platform.clone() }, &image.name) {
            bail!(
                "two images are for {platform}, and a runtime would take either: {other} and {}; take one of them out, \
                 or build it for another platform",
                image.name
            );
        }
    }
    let annotations = spec.annotations.unwrap_or_default();
    ensure!(!annotations.contains_key(""), "annotations: a key is empty: give it a name, or take it out");
    let family = family(spec.media_types, images)?;
    let mut index = Index::new(family, images.iter().map(|image| image.descriptor.clone()).collect());
    index.annotations = annotations;
    let media_type = index.media_type.clone().context("an index has a media type")?;
    let bytes = canonical(&index)?;
    let descriptor = Descriptor::of(media_type, &bytes);
    Ok((bytes, descriptor))
}

/// Checks that an image may stand in an index: it is an index, or a manifest for some platform, and that is the one that
/// it was built for.
fn check(image: &Listed) -> Result<()> {
    let Listed { name, built_for, descriptor } = image;
    if let (Some(built_for), Some(found)) = (built_for, &descriptor.platform) {
        ensure!(
            built_for.fits(found),
            "{name} is an image for {found}, and that platform is {}: the image must follow the target platform, by a \
             base that has both, or by select() in os and architecture",
            built_for.platform
        );
    }
    match media_type::kind(&descriptor.media_type) {
        Some(Kind::Index) => Ok(()),
        Some(Kind::Manifest) if descriptor.platform.is_some() => Ok(()),
        Some(Kind::Manifest) => {
            bail!("{name} names no platform, so no runtime would choose it: build it with oci_image")
        }
        _ => bail!(
            "{name} is of the media type {}, and an index lists images and indexes",
            descriptor.media_type
        ),
    }
}

fn family(wanted: MediaTypes, images: &[Listed]) -> Result<Family> {
    let is_docker =
        |image: &Descriptor| matches!(media_type::classify(&image.media_type), Some((Family::Docker, _)));
    let other = images.iter().find(|image| !is_docker(&image.descriptor));
    match (wanted, other) {
        (MediaTypes::Oci, _) | (MediaTypes::Base, Some(_)) => Ok(Family::Oci),
        (MediaTypes::Docker | MediaTypes::Base, None) => Ok(Family::Docker),
        (MediaTypes::Docker, Some(image)) => bail!(
            "media_types is \"docker\", and {} is of {}: set media_types = \"docker\" on that image too",
            image.name,
            image.descriptor.media_type
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
        let listed = |(i, descriptor): (usize, &Descriptor)| Listed {
            name: format!("//:image{i}"),
            built_for: None,
            descriptor: descriptor.clone(),
        };
        let images: Vec<_> = images.iter().enumerate().map(listed).collect();
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
        assert!(error.contains("//:image1 "), "{error}");
    }

    #[test]
    fn refused() {
        let amd64 = || descriptor("linux/amd64", Family::Oci);
        let cases = [
            (vec![], "at least one image"),
            (
                vec![amd64(), amd64()],
                "for linux/amd64, and a runtime would take either: //:image0 and //:image1;",
            ),
            (
                vec![descriptor("linux/arm64/v8", Family::Oci), descriptor("linux/arm64", Family::Oci)],
                "two images are for linux/arm64",
            ),
            (vec![Descriptor { platform: None, ..amd64() }], "//:image0 names no platform"),
            (vec![Descriptor::of(media_type::OCI_LAYER, b"x")], "an index lists images and indexes"),
        ];
        for (images, expected) in cases {
            let error = built(MediaTypes::Oci, &images).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn built_for_a_platform() {
        let listed = |built_for: &str| Listed {
            name: "//:image for //:platform".to_owned(),
            built_for: Some(BuiltFor {
                label: "//:platform".to_owned(),
                platform: built_for.parse().unwrap(),
            }),
            descriptor: descriptor("linux/arm64/v8", Family::Oci),
        };
        build(Spec::default(), &[listed("linux/arm64")]).unwrap();
        let error = build(Spec::default(), &[listed("linux/amd64")]).unwrap_err().to_string();
        let expected =
            "//:image for //:platform is an image for linux/arm64/v8, and that platform is linux/amd64";
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn names_of_images() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("descriptor.json");
        let bytes = canonical(&descriptor("linux/amd64", Family::Oci)).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let named = |json: &str| serde_json::from_str::<Named>(json).unwrap();
        let plain = named(r#"{"label":"//:a","built_for":null}"#);
        let built = named(r#"{"label":"//:a","built_for":{"label":"//:amd64","platform":"linux/amd64"}}"#);
        let listed = read(vec![plain, built], &[path.clone(), path.clone()]).unwrap();
        let names: Vec<_> = listed.iter().map(|image| image.name.as_str()).collect();
        assert_eq!(names, ["//:a", "//:a for //:amd64"]);
        let error = read(vec![], &[path]).unwrap_err().to_string();
        assert!(error.contains("names 0 images and --image 1"), "{error}");
    }
}
