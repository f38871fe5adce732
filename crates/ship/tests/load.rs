//! The binary as `bazel run //app:image.load` starts it, against a docker daemon on a socket.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use testing::docker::{Answer, Call, FakeDocker, ask_for_manifest, introduce};

/// The folder of the run target in an execution root.
const BIN: &str = "bazel-out/k8-fastbuild/bin/app";

/// A load target of a small image, declared to be named `app:latest` and `app:v1`; returns the execution root.
fn run_target() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(BIN);
    std::fs::create_dir_all(&folder).unwrap();
    testing::image::small().write_files(&folder);
    let file =
        |name: &str| json!({ "rlocation": format!("_main/app/{name}"), "path": format!("{BIN}/{name}") });
    let spec = json!({
        "v": 1,
        "command": "load",
        "label": "//app:image.load",
        "self": format!("{BIN}/image.load.run.json"),
        "content": {
            "root": file("manifest.json"),
            "configs": [file("config.json")],
            "layers": [{ "label": "//app:layer", "metadata": file("0.layer.json"), "blob": file("0.blob") }],
        },
        "load": { "repo_tags": ["app:latest", "app:v1"] },
    });
    std::fs::write(folder.join("image.load.run.json"), spec.to_string()).unwrap();
    let binary: PathBuf = Path::new(env!("CARGO_BIN_EXE_ship")).canonicalize().unwrap();
    std::os::unix::fs::symlink(binary, folder.join("image.load.run")).unwrap();
    root
}

/// Runs the target with this in its environment, beside a home of its own; returns exit code, output and errors.
fn load(root: &TempDir, docker_host: Option<&str>, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(root.path().join(BIN).join("image.load.run"));
    command.args(arguments).env_clear().env("HOME", root.path()).current_dir(root.path());
    command.envs(docker_host.map(|host| ("DOCKER_HOST", host)));
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A daemon of that release that asks for the manifest when it is told to pull, and then answers `pull`.
fn daemon(root: &TempDir, release: &'static str, pull: fn() -> Answer) -> FakeDocker {
    FakeDocker::start(root.path(), move |call: Call| async move {
        match introduce(&call, release) {
            Some(answer) => answer,
            None if call.path == "/images/create" => {
                ask_for_manifest(&call).await.unwrap();
                pull()
            }
            None => Answer::new(201, ""),
        }
    })
}

type MakeAnswer = fn() -> Answer;

const DONE: &str = r#"{"status":"Status: Downloaded newer image"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn prints_what_is_loaded_and_says_what_moved() {
    let root = run_target();
    let fake = daemon(&root, "28.2.2", || Answer::lines(&[DONE]));
    let (code, stdout, stderr) = load(&root, Some(&fake.host()), &[]);
    assert_eq!((code, stdout.as_str()), (0, "Loaded image: app:latest\nLoaded image: app:v1\n"), "{stderr}");
    assert!(stderr.contains("already there: 1 of 1 layers; moved: 0 B of"), "{stderr}");

    let (code, stdout, stderr) = load(&root, Some(&fake.host()), &["--tag", "r.example/other"]);
    assert_eq!((code, stdout.as_str()), (0, "Loaded image: r.example/other:latest\n"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_daemon_says_is_passed_on() {
    const FULL: &str =
        r#"{"errorDetail":{"message":"no space left on device"},"error":"no space left on device"}"#;
    let answers: [(MakeAnswer, &str); 2] = [
        (|| Answer::lines(&[FULL]), "no space left on device"),
        (|| Answer::error(500, "the disk is on fire"), "answered 500: the disk is on fire"),
    ];
    for (pull, says) in answers {
        let root = run_target();
        let fake = daemon(&root, "28.2.2", pull);
        let (code, stdout, stderr) = load(&root, Some(&fake.host()), &[]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        for part in ["//app:image.load", says, &fake.host()] {
            assert!(stderr.contains(part), "{part} in {stderr}");
        }
    }
}

#[test]
fn without_a_daemon_every_socket_tried_is_named() {
    let root = run_target();
    let missing = format!("unix://{}/missing.sock", root.path().display());
    let (code, stdout, stderr) = load(&root, Some(&missing), &[]);
    assert_eq!((code, stdout.as_str()), (5, ""), "{stderr}");
    assert!(stderr.contains(&format!("{missing} (from DOCKER_HOST): no such file")), "{stderr}");

    let (code, stdout, stderr) = load(&root, Some("ssh://build"), &[]);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("forward the socket"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_may_be_in_files_and_hold_stamps() {
    let root = run_target();
    let file = |name: &str| json!({ "rlocation": "x", "path": format!("{BIN}/{name}") });
    let put = |name: &str, text: &str| std::fs::write(root.path().join(BIN).join(name), text).unwrap();
    let mut spec: serde_json::Value =
        serde_json::from_slice(&std::fs::read(root.path().join(BIN).join("image.load.run.json")).unwrap())
            .unwrap();
    spec["load"] = json!({ "repo_tags_file": file("names.txt") });
    spec["status"] = json!([file("stable-status.txt")]);
    put("image.load.run.json", &spec.to_string());
    put("stable-status.txt", "STABLE_COMMIT 4fa2\n");
    put("names.txt", "app:{STABLE_COMMIT}\r\n\r\napp:{digest}\r\n");
    let fake = daemon(&root, "28.2.2", || Answer::lines(&[DONE]));
    let (code, stdout, stderr) = load(&root, Some(&fake.host()), &[]);
    let digest = testing::image::small().digest();
    let expected = format!("Loaded image: app:4fa2\nLoaded image: app:{}\n", digest.hex());
    assert_eq!((code, stdout), (0, expected), "{stderr}");

    for (names, says) in [
        ("\r\n", "names.txt is empty and should hold a name a line"),
        ("app:1\napp:{STABLE_COMIT}\n", "names.txt:2: nothing is known of {STABLE_COMIT}"),
    ] {
        put("names.txt", names);
        let (code, stdout, stderr) = load(&root, Some(&fake.host()), &[]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(says), "{says} in {stderr}");
    }
}

#[test]
fn names_are_checked_before_a_daemon_is_looked_for() {
    let root = run_target();
    for (tag, says) in [("App:latest", "try \"app\""), ("app:a b", "`app:a b`"), ("app:", "is empty")] {
        let (code, stdout, stderr) = load(&root, Some("unix:///missing.sock"), &["--tag", tag]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(says) && !stderr.contains("missing.sock"), "{says} in {stderr}");
    }
}
