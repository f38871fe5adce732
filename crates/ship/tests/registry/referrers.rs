//! Pushes with artifacts that are about the image, and pushes of such an artifact.

use oci::LayerJson;
use registry::referrers::tag;
use serde_json::json;
use testing::artifact::{Artifact, sbom};
use testing::image::{image, layer};
use testing::registry::FakeRegistry;

use super::fixture::{RunTarget, file};

/// `target` with an SBOM that goes with its image.
fn with_sbom(target: RunTarget) -> (RunTarget, Artifact) {
    let artifact = sbom("text", &target.image.descriptor());
    let layer = LayerJson {
        digest: oci::Digest::of(&artifact.file),
        diff_id: oci::Digest::of(&artifact.file),
        size: artifact.file.len() as u64,
        uncompressed_size: None,
        media_type: "application/spdx+json".to_owned(),
        ..target.image.layers[0].metadata.clone()
    };
    for (name, bytes) in [
        ("sbom.manifest.json", &artifact.manifest),
        ("sbom.empty.json", &artifact.config),
        ("sbom.layer.json", &layer.to_json().unwrap()),
        ("sbom.spdx.json", &artifact.file),
    ] {
        std::fs::write(target.path(name), bytes).unwrap();
    }
    target.change_spec(|spec| {
        let content = &mut spec["content"];
        content["referrers"] = json!([{ "label": "//app:sbom", "manifest": file("sbom.manifest.json") }]);
        content["configs"].as_array_mut().unwrap().push(file("sbom.empty.json"));
        content["layers"].as_array_mut().unwrap().push(json!({
            "label": "//app:sbom", "metadata": file("sbom.layer.json"), "blob": file("sbom.spdx.json"),
        }));
    });
    (target, artifact)
}

#[test]
fn artifacts_go_with_the_image() {
    for lists in [true, false] {
        let fake = FakeRegistry::start();
        if lists {
            fake.list_referrers();
        }
        let (target, artifact) = with_sbom(RunTarget::to(&fake.host()));
        let subject = target.image.digest();
        let pushed = target.run(&[]);
        assert_eq!(pushed.code, Some(0), "{pushed:?}");
        assert_eq!(
            pushed.stdout,
            format!("{}/app@{subject}\n", fake.host()),
            "the image alone is the result"
        );
        let attached = format!("attached: //app:sbom ({}), to {subject}", artifact.digest());
        let by_tag = format!("{attached}, under the tag {}\n", tag(&subject));
        let expected = if lists { attached + "\n" } else { by_tag };
        assert!(pushed.stderr.contains(&expected), "{pushed:?}");
        assert!(
            pushed.stderr.contains("pushed 4 blobs (") && pushed.stderr.contains(", 1 attached, in "),
            "{pushed:?}"
        );
        assert!(fake.manifests("app").contains(&artifact.digest()));
        assert_eq!(fake.tags("app").len(), if lists { 1 } else { 2 });
    }
}

#[test]
fn a_dry_run_says_what_would_be_attached() {
    let fake = FakeRegistry::start();
    let (target, artifact) = with_sbom(RunTarget::to(&fake.host()));
    let ended = target.run(&["--dry-run"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected =
        format!("would attach: //app:sbom ({}), to {}\n", artifact.digest(), target.image.digest());
    assert!(ended.stderr.contains(&expected) && ended.stderr.contains(", 1 attached"), "{ended:?}");
    assert!(fake.requests().iter().all(|request| request.method == "HEAD"));
}

#[test]
fn an_embedded_registry_gets_them_too() {
    let (target, _) = with_sbom(RunTarget::to("declared.example"));
    let ended = target.run(&["--registry", "embedded"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("read back 2 manifests and 4 blobs"), "{ended:?}");
}

#[test]
fn what_is_about_another_platform_stays_behind() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let one = layer("//app:0", &[("f", b"1")], oci::Compression::Gzip);
    let arm64 = image(&"linux/arm64".parse().unwrap(), oci::Family::Oci, vec![one]);
    let amd64 = target.image.clone();
    let (target, artifact) = with_sbom(target.with_index(&[&amd64, &arm64]));
    let ended = target.run(&["--platform", "linux/arm64"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = format!(
        "not attached: //app:sbom ({}), which is about something that is not pushed",
        artifact.digest()
    );
    assert!(ended.stderr.contains(&expected), "{ended:?}");
    assert_eq!(fake.manifests("app"), [arm64.digest()]);
    let ended = target.run(&[]);
    assert!(ended.stderr.contains(&format!("to {}", amd64.digest())), "{ended:?}");
    assert!(fake.manifests("app").contains(&artifact.digest()));
}

#[test]
fn an_artifact_by_itself() {
    let fake = FakeRegistry::start();
    let (target, artifact) = with_sbom(RunTarget::to(&fake.host()));
    target.change_spec(|spec| {
        spec["content"]["root"] = file("sbom.manifest.json");
        spec["content"]["referrers"] = json!([]);
    });
    let pushed = target.run(&[]);
    assert_eq!(pushed.code, Some(0), "{pushed:?}");
    assert_eq!(pushed.stdout, format!("{}/app@{}\n", fake.host(), artifact.digest()));
    assert!(
        pushed.stderr.contains(", under the tag sha256-") && pushed.stderr.contains("1 attached"),
        "{pushed:?}"
    );
    let subject = target.image.digest();
    let tags: Vec<_> = fake.tags("app").into_keys().collect();
    assert_eq!(tags, ["1".to_owned(), tag(&subject).to_string()]);
}
