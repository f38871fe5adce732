mod archives;

use std::{fs, path::Path};

use oci::{Compression, Digest, Family, media_type};
use testing::image;

use super::*;

fn example(platform: &str) -> image::Image {
    let layer = image::layer("//base:layer", &[("os", platform.as_bytes())], Compression::Gzip);
    image::image(&platform.parse().unwrap(), Family::Oci, vec![layer])
}

fn arguments(source: &Path, outputs: &Path) -> Args {
    Args {
        source: source.to_owned(),
        label: "//:base".into(),
        platform: None,
        reference: None,
        tree: Some(outputs.join("tree")),
        archive: false,
        manifest: outputs.join("manifest.json"),
        config: outputs.join("config.json"),
        identity: OptionalIdentityArgs::default(),
    }
}

/// The image in a layout directory, or the error.
fn image_in(dir: &Path, wanted: Option<&str>) -> Result<Image, String> {
    let platform = wanted.map(|wanted| wanted.parse().unwrap());
    let args = Args { platform, tree: None, ..arguments(dir, dir) };
    find(&args, None, &mut |_| {}).map_err(|error| format!("{error:#}"))
}

/// The platforms whose image is found, or the error.
fn found(dir: &Path, wanted: Option<&str>) -> Result<Platform, String> {
    Ok(Config::parse(&image_in(dir, wanted)?.config).unwrap().platform().unwrap())
}

#[test]
fn bytes_stay_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let platform = Platform::new("linux", "amd64");
    let config = b"{ \"os\": \"linux\",\n \"architecture\": \"amd64\" }\n".to_vec();
    let image = image::with_config(&platform, Family::Docker, vec![], config);
    image.write_layout(&dir.path().join("layout"));
    let found = image_in(&dir.path().join("layout"), None).unwrap();
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
        (&config, Some(&vec![b'x'; image.config.len()]), &[&config, "is damaged", "its digest is sha256:"]),
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
