//! `assemble base`: the one image of a layout directory that becomes a base.
//!
//! Manifest and config are passed on as the bytes that they are, and only after every blob of the image was
//! read and found to be what its descriptor says: later actions take the digests on trust.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use oci::{
    Descriptor, Digest, Document, Platform,
    config::Config,
    layout::Layout,
    media_type::{self, Kind},
};

use crate::files;

/// Indexes in indexes are followed to this depth; nobody nests more than one.
const MAX_DEPTH: usize = 8;

/// Arguments of `assemble base`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The layout directory.
    #[arg(long, value_name = "DIR")]
    layout: PathBuf,
    /// Label of the target that needs the base, for messages.
    #[arg(long)]
    label: String,
    /// The platform to choose, if there are several, as os/architecture or os/architecture/variant.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<Platform>,
    /// Where to write the manifest.
    #[arg(long, value_name = "OUT")]
    manifest: PathBuf,
    /// Where to write the config.
    #[arg(long, value_name = "OUT")]
    config: PathBuf,
}

/// Writes manifest and config of the base.
///
/// # Errors
/// Whatever is wrong with the layout, beginning with the label of the target.
pub fn run(args: &Args) -> Result<()> {
    let image = find(&args.layout, args.platform.as_ref())
        .with_context(|| format!("{}: cannot use {} as a base", args.label, args.layout.display()))?;
    files::write_all([(args.manifest.as_path(), image.manifest), (args.config.as_path(), image.config)])
}

/// The bytes of a manifest and its config.
#[derive(Debug)]
struct Image {
    manifest: Vec<u8>,
    config: Vec<u8>,
}

/// Finds the image, and verifies it.
fn find(dir: &Path, wanted: Option<&Platform>) -> Result<Image> {
    if let Some(wanted) = wanted {
        wanted.check_known()?;
    }
    let layout = Layout::open(dir)?;
    let mut candidates = BTreeMap::new();
    collect(&layout, &layout.index().manifests, MAX_DEPTH, &mut candidates)?;
    ensure!(!candidates.is_empty(), "it holds no image: its index.json lists none");
    // A layout of one image, not behind an index, offers no choice: the base decides the image's platform, also of one
    // that is built on a machine of another.
    let sole = candidates.len() == 1
        && layout.index().manifests.iter().any(|listed| candidates.contains_key(&listed.digest));
    let chosen = choose(candidates.into_values().collect(), wanted.filter(|_| !sole))?;
    let (manifest, document) = layout.read_document(&chosen.descriptor)?;
    let Document::Manifest(parsed) = document else { bail!("{} is no manifest", chosen.descriptor.digest) };
    ensure!(
        parsed.is_image(),
        "it holds no image: {} is of {}",
        chosen.descriptor.digest,
        parsed.config.media_type
    );
    let config = layout.read_blob(&parsed.config)?;
    for layer in &parsed.layers {
        verify_layer(&layout, layer)?;
    }
    Ok(Image { manifest, config })
}

/// An image that may be meant.
#[derive(Debug)]
struct Candidate {
    descriptor: Descriptor,
    platform: Platform,
}

/// Gathers the images that `descriptors` name, through nested indexes, each once. Nothing is read of those
/// whose platform is told: layouts often lack the blobs of other platforms.
fn collect(
    layout: &Layout,
    descriptors: &[Descriptor],
    depth: usize,
    candidates: &mut BTreeMap<Digest, Candidate>,
) -> Result<()> {
    ensure!(depth > 0, "its indexes are nested more than {MAX_DEPTH} deep");
    for descriptor in descriptors.iter().filter(|descriptor| !is_attestation(descriptor)) {
        let is_index = media_type::kind(&descriptor.media_type) == Some(Kind::Index);
        let platform = match &descriptor.platform {
            Some(platform) if !is_index => platform.clone(),
            _ => match layout.read_document(descriptor)?.1 {
                Document::Index(index) => {
                    collect(layout, &index.manifests, depth - 1, candidates)?;
                    continue;
                }
                Document::Manifest(manifest) if manifest.is_image() => {
                    read_platform(layout, &manifest.config)?
                }
                // Signatures and SBOMs lie beside images.
                Document::Manifest(_) => continue,
            },
        };
        let candidate = Candidate { descriptor: descriptor.clone(), platform };
        candidates.entry(descriptor.digest).or_insert(candidate);
    }
    Ok(())
}

/// The platform that a config names.
fn read_platform(layout: &Layout, config: &Descriptor) -> Result<Platform> {
    Config::parse(&layout.read_blob(config)?)
        .and_then(|config| config.platform())
        .with_context(|| format!("cannot understand {}", layout.blob_path(&config.digest).display()))
}

/// Whether it is one of the manifests that `docker buildx` puts beside images, for `unknown/unknown`.
fn is_attestation(descriptor: &Descriptor) -> bool {
    descriptor.annotations.contains_key("vnd.docker.reference.type")
        || descriptor.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
}

/// The one candidate for the platform; without a platform, the only one.
fn choose(candidates: Vec<Candidate>, wanted: Option<&Platform>) -> Result<Candidate> {
    let names = |candidates: &[Candidate]| {
        let mut names: Vec<_> = candidates.iter().map(|c| c.platform.to_string()).collect();
        names.sort();
        names.join(", ")
    };
    let all = names(&candidates);
    let matching = |c: &Candidate| wanted.is_none_or(|wanted| wanted.matches(&c.platform));
    let mut matching: Vec<_> = candidates.into_iter().filter(matching).collect();
    if let Some(wanted) = wanted {
        ensure!(
            !matching.is_empty(),
            "it holds no image for {wanted}, only for {all}: build for one of these, or make the layout with {wanted}"
        );
        // linux/arm also matches arm/v6, unless there is one for what linux/arm means by itself.
        let exact = |c: &Candidate| c.platform.full_variant() == wanted.full_variant();
        if matching.len() > 1 && matching.iter().any(exact) {
            matching.retain(exact);
        }
    }
    if matching.len() > 1 {
        let several = names(&matching);
        match wanted {
            None => bail!("it holds several images, for {several}: say which by a platform"),
            Some(wanted) => bail!(
                "it holds several images that fit {wanted}, for {several}: name the variant, or make a layout with one"
            ),
        }
    }
    matching.pop().context("it holds no image")
}

/// Verifies a layer. One that may not be distributed is fetched from its own URL by whoever runs the image.
fn verify_layer(layout: &Layout, layer: &Descriptor) -> Result<()> {
    let foreign = matches!(media_type::kind(&layer.media_type), Some(Kind::Layer { foreign: true, .. }));
    if foreign && !layout.blob_path(&layer.digest).exists() {
        return Ok(());
    }
    Ok(layout.verify_blob(layer)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use oci::{Compression, Family};
    use testing::image;

    use super::*;

    fn example(platform: &str) -> image::Image {
        let layer = image::layer("//base:layer", &[("os", platform.as_bytes())], Compression::Gzip);
        image::image(&platform.parse().unwrap(), Family::Oci, vec![layer])
    }

    /// The platforms whose image is found, or the error.
    fn found(dir: &Path, wanted: Option<&str>) -> Result<Platform, String> {
        let wanted = wanted.map(|wanted| wanted.parse().unwrap());
        let image = find(dir, wanted.as_ref()).map_err(|error| format!("{error:#}"))?;
        Ok(Config::parse(&image.config).unwrap().platform().unwrap())
    }

    #[test]
    fn bytes_stay_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let platform = Platform::new("linux", "amd64");
        let config = b"{ \"os\": \"linux\",\n \"architecture\": \"amd64\" }\n".to_vec();
        let image = image::with_config(&platform, Family::Docker, vec![], config);
        image.write_layout(&dir.path().join("layout"));
        let found = find(&dir.path().join("layout"), None).unwrap();
        assert_eq!((found.manifest, found.config), (image.manifest, image.config));
    }

    #[test]
    fn one_image_of_several() {
        let images = ["linux/amd64", "linux/arm64/v8", "linux/arm/v6", "linux/arm/v7"].map(example);
        let refs: Vec<_> = images.iter().collect();
        let index = image::index(&refs);
        let nested = Descriptor::of(media_type::OCI_INDEX, &index);
        let listed: Vec<_> = images.iter().map(image::Image::descriptor).collect();
        let untold = listed.iter().map(|d| Descriptor { platform: None, ..d.clone() }).collect();
        for roots in [listed, untold, vec![nested.clone(), nested]] {
            let dir = tempfile::tempdir().unwrap();
            let dir = dir.path().join("layout");
            image::write_layout(&dir, &refs, roots, &[&index]);
            let cases = [
                ("linux/amd64", "linux/amd64"),
                ("linux/arm64", "linux/arm64/v8"),
                ("linux/arm", "linux/arm/v7"),
                ("linux/arm/v6", "linux/arm/v6"),
            ];
            for (wanted, expected) in cases {
                assert_eq!(found(&dir, Some(wanted)).unwrap().to_string(), expected);
            }
            let all = "linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64/v8";
            let error = found(&dir, None).unwrap_err();
            assert!(error.contains(&format!("several images, for {all}: say which")), "{error}");
            let error = found(&dir, Some("linux/s390x")).unwrap_err();
            assert!(error.contains(&format!("no image for linux/s390x, only for {all}")), "{error}");
            let error = found(&dir, Some("linux/x86_64")).unwrap_err();
            assert!(error.contains("did you mean \"amd64\""), "{error}");
        }
    }

    #[test]
    fn one_image_for_another_platform() {
        let image = example("linux/arm64");
        let index = image::index(&[&image]);
        let roots = [image.descriptor(), Descriptor::of(media_type::OCI_INDEX, &index)];
        let [alone, behind_index] = roots.map(|root| {
            let dir = tempfile::tempdir().unwrap();
            image::write_layout(&dir.path().join("layout"), &[&image], vec![root], &[&index]);
            dir
        });
        for wanted in [None, Some("linux/amd64")] {
            assert_eq!(found(&alone.path().join("layout"), wanted).unwrap().architecture, "arm64");
        }
        let error = found(&behind_index.path().join("layout"), Some("linux/amd64")).unwrap_err();
        assert!(error.contains("no image for linux/amd64, only for linux/arm64"), "{error}");
    }

    #[test]
    fn what_lies_beside_images_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("layout");
        let (image, other) = (example("linux/amd64"), example("linux/arm64"));
        let mut attestation = Descriptor::of(media_type::OCI_MANIFEST, b"not in the layout");
        attestation.platform = Some(Platform::new("unknown", "unknown"));
        let artifact = oci::Manifest::new(Family::Oci, Descriptor::of(media_type::OCI_EMPTY, b"{}"), vec![]);
        let artifact = oci::json::canonical(&artifact).unwrap();
        let roots = vec![
            attestation,
            Descriptor::of(media_type::OCI_MANIFEST, &artifact),
            // Of another platform, and incomplete.
            other.descriptor(),
            image.descriptor(),
        ];
        image::write_layout(&dir, &[&image], roots, &[&artifact]);
        assert_eq!(found(&dir, Some("linux/amd64")).unwrap().architecture, "amd64");
        assert!(found(&dir, Some("linux/arm64")).unwrap_err().contains("lacks the blob"));
    }

    #[test]
    fn damaged_layouts() {
        // The file, what it then holds (None: it is removed), and what the error says.
        type Case<'a> = (&'a str, Option<&'a [u8]>, &'a [&'a str]);
        let image = example("linux/amd64");
        let blob = |digest: Digest| format!("blobs/sha256/{}", digest.hex());
        let (config, layer) = (blob(Digest::of(&image.config)), blob(image.layers[0].metadata.digest));
        let manifest = blob(image.digest());
        let cases: [Case<'_>; 9] = [
            ("index.json", None, &["has no index.json", "give the directory that holds"]),
            ("oci-layout", None, &["has no oci-layout"]),
            ("index.json", Some(br#"{"schemaVersion":2,"manifests":[]}"#), &["it holds no image"]),
            (&manifest, None, &["lacks the blob", "image.manifest"]),
            (&manifest, Some(b"{}"), &[&manifest, "2 bytes"]),
            (
                &config,
                Some(&vec![b'x'; image.config.len()]),
                &[&config, "is damaged", "its digest is sha256:"],
            ),
            (&config, None, &["lacks the blob", "image.config"]),
            (&layer, None, &["lacks the blob", "image.layer", "make the layout again"]),
            (
                &layer,
                Some(&vec![b'x'; image.layers[0].blob.len()]),
                &[&layer, "its digest is sha256:", "says sha256:"],
            ),
        ];
        for (name, content, expected) in cases {
            let dir = tempfile::tempdir().unwrap();
            let layout = dir.path().join("layout");
            image.write_layout(&layout);
            match content {
                Some(content) => fs::write(layout.join(name), content).unwrap(),
                None => fs::remove_file(layout.join(name)).unwrap(),
            }
            let error = found(&layout, None).unwrap_err();
            for expected in expected {
                assert!(error.contains(expected), "{name}: {error}");
            }
        }
    }

    #[test]
    fn foreign_layers_may_be_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("layout");
        let mut image = example("linux/amd64");
        let mut manifest: oci::Manifest = serde_json::from_slice(&image.manifest).unwrap();
        manifest.layers[0].media_type = media_type::OCI_FOREIGN_LAYER_GZIP.to_owned();
        image.manifest = oci::json::canonical(&manifest).unwrap();
        image.write_layout(&dir);
        let blob = dir.join("blobs/sha256").join(image.layers[0].metadata.digest.hex());
        fs::remove_file(&blob).unwrap();
        found(&dir, None).unwrap();
        fs::write(&blob, "wrong").unwrap();
        assert!(found(&dir, None).unwrap_err().contains("damaged"));
    }
}
