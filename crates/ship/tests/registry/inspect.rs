//! `inspect` of an image and of an index. No registry is asked.

use oci::report::{AnyReport, IndexReport, Report, VERSION};
use oci::{Digest, Platform};
use serde_json::json;

use super::fixture::{Ended, RunTarget, file};

fn image(label: &str, platform: &str) -> Report {
    Report {
        v: VERSION,
        label: label.into(),
        digest: Digest::of(label.as_bytes()),
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        size: 12_345,
        platform: Some(platform.parse::<Platform>().unwrap()),
        annotations: [].into(),
        config: serde_json::Map::new(),
        layers: vec![],
        replaced_links: vec![],
    }
}

/// Runs the inspect target of a report.
fn inspect(report: &[u8], arguments: &[&str]) -> Ended {
    let target = RunTarget::new(&json!({}));
    std::fs::write(target.path("report.json"), report).unwrap();
    target.change_spec(|spec| {
        spec["command"] = json!("inspect");
        spec["inspect"] = json!({ "report": file("report.json") });
    });
    target.run(arguments)
}

#[test]
fn an_index_or_one_image_of_it() {
    let (amd64, arm64) = (image("//:amd64", "linux/amd64"), image("//:arm64", "linux/arm64/v8"));
    let index = IndexReport {
        v: VERSION,
        label: "//:index".into(),
        digest: Digest::of(b"index"),
        media_type: "application/vnd.oci.image.index.v1+json".into(),
        size: 20_000,
        annotations: [].into(),
        images: vec![amd64, arm64.clone()],
    };
    let json = index.to_json().unwrap();

    let all = inspect(&json, &[]);
    assert_eq!((all.code, all.stderr.as_str()), (Some(0), ""), "{all:?}");
    for says in ["//:index\n", "20.0 kB in 2 images", "\n//:amd64\n", "\n//:arm64\n", "linux/arm64/v8  "] {
        assert!(all.stdout.contains(says), "{says:?} in {}", all.stdout);
    }
    assert_eq!(inspect(&json, &["--json"]).stdout.as_bytes(), json);

    let one = inspect(&json, &["--platform", "linux/arm64"]);
    assert!(one.stdout.starts_with("//:arm64\n") && !one.stdout.contains("//:amd64"), "{one:?}");
    let one = inspect(&json, &["--platform", "linux/arm64", "--json"]);
    assert_eq!(AnyReport::parse(one.stdout.as_bytes()).unwrap(), AnyReport::Image(Box::new(arm64)));

    let none = ["there is no image for linux/riscv64; there are images for: linux/amd64, linux/arm64/v8"];
    inspect(&json, &["--platform", "linux/riscv64"]).failed(2, &none);
}

#[test]
fn an_image_is_its_only_platform() {
    let json = image("//:amd64", "linux/amd64").to_json().unwrap();
    let plain = inspect(&json, &[]);
    assert!(plain.stdout.starts_with("//:amd64\n"), "{plain:?}");
    assert!(!plain.stdout.contains('\u{1b}'), "colours in what is no terminal: {plain:?}");
    assert_eq!(inspect(&json, &["--platform", "linux/amd64"]).stdout, plain.stdout);
    inspect(&json, &["--platform", "linux/arm64"]).failed(2, &["there are images for: linux/amd64"]);
}

#[test]
fn a_report_that_is_none_is_named() {
    inspect(b"{}", &[]).failed(1, &["//app:image.push: inspect: cannot use ", "bin/app/report.json"]);
}
