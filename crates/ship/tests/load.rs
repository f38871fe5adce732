//! The binary as `bazel run //app:image.load` starts it, against runtimes that a test brings along.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

use std::path::{Path, PathBuf};
use std::process::Command;

use oci::{Compression, Family, Platform};
use serde_json::json;
use tempfile::TempDir;
use testing::client::FakeClient;
use testing::docker::{Answer, Call, FakeDocker, ask_for_manifest, introduce, introduce_podman};
use testing::image::{Image, image, layer};

/// The folder of the run target in an execution root.
const BIN: &str = "bazel-out/k8-fastbuild/bin/app";

/// A load target of a small image, declared to be named `app:latest` and `app:v1`; returns the execution root.
fn run_target() -> TempDir {
    run_target_of(&testing::image::small())
}

/// The same of an image with one layer.
fn run_target_of(image: &Image) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(BIN);
    std::fs::create_dir_all(&folder).unwrap();
    image.write_files(&folder);
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
fn load_with(root: &TempDir, environment: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(root.path().join(BIN).join("image.load.run"));
    command.args(arguments).env_clear().env("HOME", root.path()).current_dir(root.path());
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The same with `DOCKER_HOST` alone.
fn load(root: &TempDir, docker_host: &str, arguments: &[&str]) -> (i32, String, String) {
    load_with(root, &[("DOCKER_HOST", docker_host)], arguments)
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
    let (code, stdout, stderr) = load(&root, &fake.host(), &[]);
    assert_eq!((code, stdout.as_str()), (0, "Loaded image: app:latest\nLoaded image: app:v1\n"), "{stderr}");
    assert!(stderr.contains("already there: 1 of 1 layers; moved: 0 B of"), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "no terminal, no colours: {stderr:?}");
    assert!(
        stderr.contains(&format!("loading into docker 28.2.2 (linux/amd64) at {}", fake.host())),
        "{stderr}"
    );

    let (code, stdout, stderr) = load(&root, &fake.host(), &["--tag", "r.example/other"]);
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
        let (code, stdout, stderr) = load(&root, &fake.host(), &[]);
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
    let (code, stdout, stderr) = load(&root, &missing, &[]);
    assert_eq!((code, stdout.as_str()), (5, ""), "{stderr}");
    assert!(stderr.contains(&format!("{missing} (from DOCKER_HOST): no such file")), "{stderr}");

    let (code, stdout, stderr) = load(&root, "ssh://build", &[]);
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
    let (code, stdout, stderr) = load(&root, &fake.host(), &[]);
    let digest = testing::image::small().digest();
    let expected = format!("Loaded image: app:4fa2\nLoaded image: app:{}\n", digest.hex());
    assert_eq!((code, stdout), (0, expected), "{stderr}");

    for (names, says) in [
        ("\r\n", "names.txt is empty and should hold a name a line"),
        ("app:1\napp:{STABLE_COMIT}\n", "names.txt:2: nothing is known of {STABLE_COMIT}"),
        ("app:1\n\nApp:2\n", "names.txt:3: `App:2` is no name for an image"),
    ] {
        put("names.txt", names);
        let (code, stdout, stderr) = load(&root, &fake.host(), &[]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(says), "{says} in {stderr}");
    }
}

#[test]
fn names_are_checked_before_a_daemon_is_looked_for() {
    let root = run_target();
    for (tag, says) in [("App:latest", "try \"app\""), ("app:a b", "`app:a b`"), ("app:", "is empty")] {
        let (code, stdout, stderr) = load(&root, "unix:///missing.sock", &["--tag", tag]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(says) && !stderr.contains("missing.sock"), "{says} in {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn podman_is_loaded_into_and_names_are_printed_as_it_has_them() {
    let root = run_target();
    let fake = FakeDocker::start(root.path(), |call: Call| async move {
        match introduce_podman(&call, "4.3.1") {
            Some(answer) => answer,
            None if call.path == "/libpod/images/pull" => {
                ask_for_manifest(&call).await.unwrap();
                Answer::lines(&[r#"{"images":["0b"],"id":"0b"}"#])
            }
            None => Answer::new(200, "{}"),
        }
    });
    let host = fake.host();
    for (environment, arguments) in [
        (("CONTAINER_HOST", host.as_str()), &[][..]),
        (("CONTAINER_HOST", host.as_str()), &["--runtime", "podman"]),
        (("DOCKER_HOST", host.as_str()), &[]),
    ] {
        let (code, stdout, stderr) = load_with(&root, &[environment], arguments);
        let expected = "Loaded image: docker.io/library/app:latest\nLoaded image: docker.io/library/app:v1\n";
        assert_eq!((code, stdout.as_str()), (0, expected), "{stderr}");
        assert!(stderr.contains("loading into podman 4.3.1 (linux/amd64) at unix://"), "{stderr}");
    }
}

#[test]
fn containerd_is_loaded_into_with_its_namespace_named() {
    let root = run_target();
    let socket = root.path().join("containerd.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let cases = [("*' version'", r"printf 'Server:\n  Version:  1.6.20\n'")];
    let fake = FakeClient::install(root.path(), "ctr", &cases);
    let (address, path) = (socket.to_str().unwrap(), root.path().to_str().unwrap());
    let mut environment = vec![("CONTAINERD_ADDRESS", address), ("PATH", path)];
    for namespace in ["default", "k8s.io"] {
        let (code, stdout, stderr) = load_with(&root, &environment, &["--tag", "app"]);
        assert_eq!((code, stdout.as_str()), (0, "Loaded image: docker.io/library/app:latest\n"), "{stderr}");
        assert!(stderr.contains(&format!("unix://{address}, namespace {namespace} ")), "{stderr}");
        let calls = fake.calls();
        assert!(calls.last().unwrap().starts_with(&format!("--address {address} --namespace {namespace} ")));
        environment.push(("CONTAINERD_NAMESPACE", "k8s.io"));
    }
}

#[test]
fn a_runtime_that_is_not_there_is_named_with_everything_that_was_tried() {
    let root = run_target();
    let path = root.path().to_str().unwrap();
    let missing = root.path().join("missing.sock");
    let missing = missing.to_str().unwrap();
    let (as_url, bad) = (format!("unix://{missing}"), "https://h:1");
    for (environment, arguments, expected, parts) in [
        (
            ("CONTAINER_HOST", as_url.as_str()),
            &[][..],
            5,
            ["no podman answers", "missing.sock (from CONTAINER_HOST): no such file"],
        ),
        (
            ("CONTAINERD_ADDRESS", missing),
            &[],
            5,
            ["no containerd answers", "CONTAINERD_ADDRESS): no such file"],
        ),
        (("HOME", path), &["--runtime", "nerdctl"], 5, ["no nerdctl answers", "not on PATH"]),
        (("CONTAINER_HOST", bad), &[], 2, [bad, "write unix:///PATH"]),
    ] {
        let (code, stdout, stderr) = load_with(&root, &[environment, ("PATH", path)], arguments);
        assert_eq!((code, stdout.as_str()), (expected, ""), "{stderr}");
        assert!(parts.iter().all(|part| stderr.contains(part)), "{parts:?} in {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_started_with_all_arguments_that_follow() {
    let root = run_target();
    let fake = daemon(&root, "28.2.2", || Answer::lines(&[DONE]));
    let (host, path) = (fake.host(), root.path().to_str().unwrap());
    let environment = [("DOCKER_HOST", host.as_str()), ("PATH", path)];

    let (code, stdout, stderr) = load_with(&root, &environment, &["--run"]);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("`docker`, and that is not on PATH"), "{stderr}");
    assert_eq!(fake.calls(), [""; 0], "nothing is loaded where no container can be started");

    let client = FakeClient::install(root.path(), "docker", &[("*", "echo from the container; exit 7")]);
    let arguments = ["--tag", "app:mine", "--run", "--tag", "a b", "-v"];
    let (code, stdout, stderr) = load_with(&root, &environment, &arguments);
    assert_eq!((code, stdout.as_str()), (7, "from the container\n"), "{stderr}");
    assert!(stderr.contains("Loaded image: app:mine"), "{stderr}");
    let run = format!("--host {host} run --rm --interactive --network=host app:mine");
    assert_eq!(client.calls(), [format!("{run} --tag a b -v")]);

    let (code, _, stderr) = load_with(&root, &environment, &["--tag", "app:mine", "--run"]);
    assert_eq!((code, client.calls().last()), (7, Some(&run)), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_on_disk_of_layers_as_gzip_when_a_container_takes_over() {
    let zstd = layer("//app:layer", &[("app", b"app")], Compression::Zstd);
    let root = run_target_of(&image(&Platform::new("linux", "amd64"), Family::Oci, vec![zstd]));
    let fake = daemon(&root, "20.10.24", || Answer::lines(&[DONE]));
    let temporary = root.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    FakeClient::install(root.path(), "docker", &[("*", "exit 7")]);
    let (host, path) = (fake.host(), root.path().to_str().unwrap());
    let environment =
        [("DOCKER_HOST", host.as_str()), ("PATH", path), ("TMPDIR", temporary.to_str().unwrap())];
    let (code, _, stderr) = load_with(&root, &environment, &["--run"]);
    assert_eq!(code, 7, "{stderr}");
    assert!(stderr.contains("as gzip go //app:layer"), "{stderr}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "{stderr}");
}
