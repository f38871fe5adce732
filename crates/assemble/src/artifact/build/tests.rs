use oci::{Document, Platform};
use serde_json::{Value, json};

use super::*;

const SPDX: &str = "application/spdx+json";

fn content(media_type: &str, bytes: &[u8]) -> Content {
    Content { name: "sbom.json".to_owned(), descriptor: Descriptor::of(media_type, bytes) }
}

/// An SBOM without a config.
fn sbom() -> Parts {
    let mut file = content(SPDX, b"sbom");
    file.descriptor.annotations.insert("org.opencontainers.image.title".into(), "sbom.json".into());
    Parts {
        artifact_type: Some(SPDX.to_owned()),
        config: content(EMPTY, b"{}"),
        files: vec![file],
        subject: None,
        annotations: BTreeMap::new(),
    }
}

fn built(parts: Parts) -> Value {
    serde_json::from_slice(&build(parts).unwrap().manifest).unwrap()
}

#[test]
fn without_a_config() {
    let empty = json!({
        "mediaType": "application/vnd.oci.empty.v1+json", "data": "e30=", "size": 2,
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    });
    let expected = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": SPDX,
        "config": empty,
        "layers": [{
            "mediaType": SPDX, "size": 4, "digest": Digest::of(b"sbom"),
            "annotations": {"org.opencontainers.image.title": "sbom.json"},
        }],
    });
    assert_eq!(built(sbom()), expected);
    let nothing = built(Parts { files: vec![content(EMPTY, b"{}")], ..sbom() });
    assert_eq!((&nothing["layers"], &nothing["config"]), (&json!([empty]), &empty));
}

#[test]
fn with_a_config_that_says_what_it_is() {
    let config = content("application/vnd.cncf.helm.config.v1+json", b"chart");
    let parts = Parts { artifact_type: None, config, ..sbom() };
    let Artifact { manifest, descriptor } = build(parts).unwrap();
    let Document::Manifest(parsed) = Document::parse(&manifest).unwrap() else { panic!("no manifest") };
    assert_eq!((parsed.is_image(), parsed.artifact_type), (false, None));
    assert_eq!(descriptor, Descriptor::of(media_type::OCI_MANIFEST, &manifest));
}

#[test]
fn about_something() {
    let mut subject = Descriptor::of(media_type::DOCKER_MANIFEST, b"image");
    subject.platform = Some(Platform::new("linux", "amd64"));
    let annotations = [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())].into();
    let artifact = build(Parts { subject: Some(subject), annotations, ..sbom() }).unwrap();
    let text = String::from_utf8(artifact.manifest).unwrap();
    assert!(text.contains(r#""annotations":{"a":"1","b":"2"}"#), "{text}");
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let expected =
        json!({"mediaType": media_type::DOCKER_MANIFEST, "digest": Digest::of(b"image"), "size": 5});
    assert_eq!(manifest["subject"], expected);
    assert_eq!(artifact.descriptor.artifact_type.as_deref(), Some(SPDX));
    let theirs = oci_spec::image::ImageManifest::from_reader(text.as_bytes()).unwrap();
    assert_eq!(theirs.artifact_type().as_ref().unwrap().to_string(), SPDX);
    assert_eq!(theirs.subject().as_ref().unwrap().size(), 5);
}

#[test]
fn refused() {
    let file = |media_type: &str| Parts { files: vec![content(media_type, b"x")], ..sbom() };
    let config = |media_type: &str| Parts { config: content(media_type, b"x"), ..sbom() };
    let cases = [
        (Parts { artifact_type: Some("sbom".into()), ..sbom() }, "artifact_type: \"sbom\" is no media type"),
        (Parts { artifact_type: None, ..sbom() }, "set artifact_type, or config and config_media_type"),
        (file("text"), "media_types, for sbom.json: \"text\" is no media type"),
        (config("text/"), "config_media_type, for sbom.json: \"text/\" is no media type"),
        (file(media_type::OCI_INDEX), "take for a manifest"),
        (config(media_type::OCI_CONFIG), "use oci_image"),
        (file(media_type::OCI_FOREIGN_LAYER_GZIP), "would not be pushed"),
        (file(EMPTY), "is the type of `{}` alone"),
        (Parts { files: vec![], ..sbom() }, "needs a layer"),
        (Parts { annotations: [(String::new(), String::new())].into(), ..sbom() }, "a key is empty"),
        (
            Parts { subject: Some(Descriptor::of(SPDX, b"x")), ..sbom() },
            "must be an image, an index or an artifact",
        ),
    ];
    for (parts, expected) in cases {
        let error = format!("{:#}", build(parts).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
}
