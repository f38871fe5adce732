//! What is in an image, from the report that the build wrote.

use oci::report::{Report, VERSION};
use serde_json::{Value, json};

use super::fixture::{RunTarget, file};

/// An inspect target with the report of its image.
fn inspect() -> (RunTarget, Vec<u8>) {
    let target = RunTarget::new(&json!({}));
    target.change_spec(|spec| {
        spec["command"] = json!("inspect");
        spec["label"] = json!("//app:image.inspect");
        spec["inspect"] = json!({ "report": file("report.json") });
    });
    let config: Value = serde_json::from_slice(&target.image.config).unwrap();
    let report = Report {
        v: VERSION,
        label: "//app:image".to_owned(),
        digest: target.image.digest(),
        media_type: oci::media_type::OCI_MANIFEST.to_owned(),
        size: 12,
        platform: Some(target.image.platform.clone()),
        annotations: [].into(),
        config: config.as_object().unwrap().clone(),
        layers: vec![],
        replaced_links: vec![],
    };
    let bytes = report.to_json().unwrap();
    std::fs::write(target.path("report.json"), &bytes).unwrap();
    (target, bytes)
}

#[test]
fn shows_text_or_json_on_standard_output_without_colours() {
    let (target, report) = inspect();
    let shown = target.run(&[]);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{shown:?}");
    assert!(shown.stdout.contains(&target.image.digest().to_string()), "{shown:?}");
    assert!(!shown.stdout.contains('\u{1b}'), "{shown:?}");
    let json = target.run(&["--json"]);
    assert_eq!((json.code, json.stdout.as_bytes()), (Some(0), &*report), "{json:?}");
}

#[test]
fn what_is_no_report_is_named() {
    let (target, _) = inspect();
    std::fs::write(target.path("report.json"), "{}").unwrap();
    target.run(&[]).failed(1, &["//app:image.inspect: inspect", "report.json"]);
    std::fs::remove_file(target.path("report.json")).unwrap();
    target.run(&[]).failed(2, &["cannot find _main/app/report.json"]);
}
