//! The binary as `bazel run //app:sign` starts it, with a cosign that says what it was given.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use oci::digest::Digest;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The folder of the run target in an execution root.
const BIN: &str = "bazel-out/k8-fastbuild/bin/app";

fn file(name: &str) -> Value {
    json!({ "rlocation": format!("_main/app/{name}"), "path": format!("{BIN}/{name}") })
}

/// A target with this `cosign` in its spec; returns the execution root and the digest of its image. In its folder `path` is
/// a cosign that prints its arguments and its working directory, and fails if told to.
fn run_target(cosign: &Value) -> (TempDir, Digest) {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(BIN);
    std::fs::create_dir_all(root.path().join("path")).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    let image = testing::image::small();
    image.write_files(&folder);
    for name in ["path/cosign", &format!("{BIN}/my_cosign")] {
        let path = root.path().join(name);
        std::fs::write(&path, "#!/bin/sh\nprintf '[%s]' \"$@\"\npwd\nexit ${FAIL:-0}\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let spec = json!({
        "v": 1,
        "command": "cosign",
        "label": "//app:sign",
        "self": format!("{BIN}/sign.run.json"),
        "content": { "root": file("manifest.json") },
        "cosign": cosign,
    });
    std::fs::write(folder.join("sign.run.json"), spec.to_string()).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_ship")).canonicalize().unwrap();
    std::os::unix::fs::symlink(binary, folder.join("sign.run")).unwrap();
    let digest = Digest::of(&std::fs::read(folder.join("manifest.json")).unwrap());
    (root, digest)
}

/// Runs the target with this folder of the execution root as `PATH`; returns exit code, output and errors.
fn run(root: &TempDir, path: &str, fail: &str, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(root.path().join(BIN).join("sign.run"))
        .args(arguments)
        .env_clear()
        .env("PATH", root.path().join(path))
        .env("FAIL", fail)
        .env("BUILD_WORKING_DIRECTORY", root.path().join("path"))
        .current_dir(root.path())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn signs_by_digest_with_the_cosign_on_path() {
    let (root, digest) = run_target(&json!({ "repository": "r.example:5000/app" }));
    let (code, output, errors) = run(&root, "path", "0", &["--key", "my key", "-y"]);
    assert_eq!(code, 0, "{errors}");
    let directory = root.path().join("path").canonicalize().unwrap();
    assert_eq!(
        output,
        format!("[sign][r.example:5000/app@{digest}][--key][my key][-y]{}\n", directory.display())
    );
}

#[test]
fn attests_a_file_with_the_declared_cosign() {
    let attestation = json!({ "predicate": file("config.json"), "type": "spdxjson" });
    let (root, digest) = run_target(&json!({
        "repository": "r.example/app", "attestation": attestation, "tool": file("my_cosign"),
    }));
    let (code, output, errors) = run(&root, "nowhere", "0", &["--repository=other.example/app"]);
    assert_eq!(code, 0, "{errors}");
    let predicate = root.path().join(BIN).join("config.json");
    let expected = format!(
        "[attest][other.example/app@{digest}][--predicate][{}][--type][spdxjson]",
        predicate.display()
    );
    assert!(output.starts_with(&expected), "{output}");
}

#[test]
fn shows_what_it_starts_without_what_was_typed() {
    let (root, digest) = run_target(&json!({ "repository": "r.example/app" }));
    for (typed, rest) in [(&["--registry-password", "hunter2"][..], " …"), (&[], "")] {
        let (code, output, errors) = run(&root, "path", "0", typed);
        assert_eq!(code, 0, "{errors}");
        assert!(typed.iter().all(|word| output.contains(&format!("[{word}]"))), "{output}");
        assert_eq!(errors, format!("cosign sign r.example/app@{digest}{rest}\n"));
    }
}

#[test]
fn says_what_is_wrong() {
    let declared = json!({ "repository": "r.example/app" });
    for (cosign, path, fail, arguments, code, says) in [
        (&declared, "path", "3", vec![], 1, "cosign sign: exit status: 3"),
        (&declared, "nowhere", "0", vec![], 1, "no cosign on PATH"),
        (&declared, "path", "0", vec!["--repository"], 2, "--repository needs a value"),
        (&declared, "path", "0", vec!["--repository", "R.example/UPPER"], 2, "--repository:"),
        (&json!({}), "path", "0", vec![], 2, "set the attribute repository"),
    ] {
        let (root, _) = run_target(cosign);
        let (found, output, errors) = run(&root, path, fail, &arguments);
        assert_eq!(found, code, "{says}: {output}{errors}");
        assert!(errors.contains(says), "{errors}");
    }
}

#[test]
fn helps() {
    let (root, _) = run_target(&json!({ "repository": "r.example/app" }));
    let (code, output, _) = run(&root, "nowhere", "0", &["--help"]);
    assert_eq!(code, 0);
    for says in
        ["//app:sign runs `cosign sign`", "in r.example/app", "bazel run //app:sign --", "--repository"]
    {
        assert!(output.contains(says), "{output}");
    }
}
