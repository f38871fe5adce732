//! The binary as the rules run it: a parameter file in, files out, and nothing half-written when it fails.

#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, and not in their helpers")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use oci::{Compression, Descriptor, Digest, Family, Platform, layout::Layout};
use testing::image;

/// Runs `assemble` in `dir` with its arguments in a file, as actions do.
fn assemble(dir: &Path, arguments: &[&str]) -> Output {
    fs::write(dir.join("params"), arguments.join("\n") + "\n").unwrap();
    // Bazel gives a path relative to the folder that the test starts in.
    let binary = fs::canonicalize(env!("CARGO_BIN_EXE_assemble")).unwrap();
    Command::new(binary).arg("@params").current_dir(dir).output().unwrap()
}

fn succeed(dir: &Path, arguments: &[&str]) -> String {
    let output = assemble(dir, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(output.stdout, b"");
    stderr
}

fn fail(dir: &Path, code: i32, arguments: &[&str]) -> String {
    let output = assemble(dir, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn from_a_base_layout_to_a_layout_for_two_platforms() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let base_layer = image::layer("//base:layer", &[("etc/os", b"base")], Compression::Gzip);
    let platform = Platform::new("linux", "arm64");
    image::image(&platform, Family::Docker, vec![base_layer]).write_layout(&dir.join("base"));
    let layer = image::layer("//app:layer", &[("app", b"binary")], Compression::Gzip);
    fs::write(dir.join("layer.json"), layer.metadata.to_json().unwrap()).unwrap();
    // As generated files: these are the ones that get linked.
    fs::create_dir(dir.join("bazel-out")).unwrap();
    fs::write(dir.join("bazel-out/blob"), &layer.blob).unwrap();

    succeed(
        dir,
        &[
            "base",
            "--source=base",
            "--label=//app:arm",
            "--platform=linux/arm64",
            "--manifest=bm",
            "--config=bc",
        ],
    );
    let spec = r#"{"v":1,"label":"//app:arm","env":[["PATH","/app:$PATH"]],"cmd":["<rules_strata:base>","line\nbreak"]}"#;
    let outputs = |name: &str| {
        ["manifest", "config", "descriptor", "digest"].map(|output| format!("--{output}={name}.{output}"))
    };
    let manifest = |name: &str, arguments: &[&str]| {
        let outputs = outputs(name);
        let outputs = outputs.iter().map(String::as_str);
        succeed(
            dir,
            &["manifest"].into_iter().chain(arguments.iter().copied()).chain(outputs).collect::<Vec<_>>(),
        )
    };
    manifest("arm", &["--base-manifest=bm", "--base-config=bc", "--layer=layer.json", "--spec", spec]);
    let spec =
        r#"{"v":1,"label":"//app:amd","platform":{"os":"linux","architecture":"amd64"},"env":[["A","$B"]]}"#;
    fs::write(dir.join("spec.json"), spec).unwrap();
    let warning = manifest("amd", &["--spec=spec.json", "--layer=layer.json"]);
    assert!(warning.starts_with("assemble: warning: //app:amd: env A refers to $B"), "{warning}");
    succeed(
        dir,
        &[
            "index",
            "--spec",
            r#"{"v":1,"label":"//app:index","images":[{"label":"//app:arm"},{"label":"//app:amd"}]}"#,
            "--image=arm.descriptor",
            "--image=amd.descriptor",
            "--index=index.json",
            "--descriptor=index.descriptor",
            "--digest=index.digest",
        ],
    );
    let index = fs::read(dir.join("index.json")).unwrap();
    assert_eq!(fs::read_to_string(dir.join("index.digest")).unwrap(), format!("{}\n", Digest::of(&index)));
    let descriptor = Descriptor::parse(&fs::read(dir.join("index.descriptor")).unwrap()).unwrap();

    // Bazel makes the folder of an output directory before the action runs.
    fs::create_dir(dir.join("layout")).unwrap();
    succeed(
        dir,
        &[
            "layout",
            "--root=index.json",
            "--manifest=arm.manifest",
            "--manifest=amd.manifest",
            "--config=arm.config",
            "--config=amd.config",
            "--layer=layer.json",
            "--blob=bazel-out/blob",
            "--blob-tree=base",
            "--output=layout",
        ],
    );
    let layout = Layout::open(&dir.join("layout")).unwrap();
    assert_eq!(layout.index().manifests, [descriptor]);
    let blobs: Vec<_> = fs::read_dir(dir.join("layout/blobs/sha256")).unwrap().map(Result::unwrap).collect();
    assert_eq!(blobs.len(), 7, "an index, two manifests, two configs, the layer and that of the base");
    for blob in blobs {
        assert!(fs::symlink_metadata(blob.path()).unwrap().is_file());
        let digest = Digest::of(&fs::read(blob.path()).unwrap());
        assert_eq!(digest.hex(), blob.file_name().to_str().unwrap());
    }
    let config = fs::read_to_string(dir.join("arm.config")).unwrap();
    assert!(config.contains(r#""Cmd":["--base","line\nbreak"]"#), "{config}");
    assert!(config.contains(r#""Env":["PATH=/app:/usr/bin:/bin"]"#), "{config}");
    assert!(
        fs::read_to_string(dir.join("arm.manifest"))
            .unwrap()
            .contains("vnd.docker.image.rootfs.diff.tar.gzip")
    );
}

#[test]
fn failures_name_the_target_once_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    image::small().write_layout(&dir.join("base"));
    fs::remove_file(dir.join("base/index.json")).unwrap();
    let spec = r#"{"v":1,"label":"//app:image","platform":{"os":"linux","architecture":"x86_64"}}"#;
    let cases: [(&[&str], &str); 3] = [
        (
            &["manifest", "--spec", spec, "--manifest=m", "--config=c", "--descriptor=d", "--digest=s"],
            "assemble: error: //app:image: unknown architecture \"x86_64\": did you mean \"amd64\"? known are 386,",
        ),
        (
            &["base", "--source=base", "--label=//app:base", "--manifest=m", "--config=c"],
            "assemble: error: //app:base: cannot use base as a base: base has no index.json",
        ),
        (
            &["base", "--source=nowhere", "--label=//app:base", "--manifest=m", "--config=c"],
            "assemble: error: //app:base: cannot use nowhere as a base: nowhere has no oci-layout",
        ),
    ];
    for (arguments, expected) in cases {
        let stderr = fail(dir, 1, arguments);
        assert!(stderr.starts_with(expected), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
    assert!(fail(dir, 2, &["base", "--source=base"]).contains("--label"));
    assert!(fail(dir, 2, &["base", "--platform=linux"]).contains("os/architecture"));
    let mut left: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["base", "params"]);
}
