//! Loads by way of an archive: to a file, and to a program that takes one. No daemon is needed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use oci::{Compression, Digest, Family};
use serde_json::{Value, json};
use testing::image::{Image, entries, image, index, layer};
use testing::registry::FakeRegistry;

use super::fixture::{Ended, RunTarget, file};

/// A load target of a small image, with these declarations.
fn load(declared: &Value) -> RunTarget {
    let target = RunTarget::new(&json!({}));
    target.change_spec(|spec| {
        spec["command"] = json!("load");
        spec["load"] = declared.clone();
    });
    target
}

fn json_of(tar: &[u8], path: &str) -> Value {
    serde_json::from_slice(&entries(tar)[path]).unwrap()
}

/// Makes a program of `script`, the loader of `target`, which is declared to be `loader`.
fn put_loader(target: &RunTarget, script: &str) {
    fs::write(target.path("loader"), format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(target.path("loader"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_file_holds_the_image_under_its_names() {
    let target = load(&json!({ "repo_tags": ["app:{STABLE_COMMIT}"], "repo_tags_file": file("names") }))
        .with_status("STABLE_COMMIT 4fa2\n", "");
    fs::write(target.path("names"), "app\r\nteam/app:{digest}\r\n").unwrap();
    let user = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = target.command(arguments).env("BUILD_WORKING_DIRECTORY", user.path()).output();
        Ended::of(output.unwrap())
    };
    let ended = run(&["--output", "image.tar"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
    assert!(
        ended.stderr.contains("image.tar (") && ended.stderr.contains("app:4fa2, app:latest"),
        "{ended:?}"
    );
    let tar = fs::read(user.path().join("image.tar")).unwrap();
    let names =
        ["app:4fa2".to_owned(), "app:latest".to_owned(), format!("team/app:{}", target.image.digest().hex())];
    assert_eq!(json_of(&tar, "manifest.json")[0]["RepoTags"], json!(names));
    for blob in target.image.blobs() {
        assert_eq!(entries(&tar)[&format!("blobs/sha256/{}", Digest::of(blob).hex())], blob);
    }

    // The same bytes on standard output, and other names.
    let output = target.command(&["--output", "-", "--tag", "other"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(json_of(&output.stdout, "manifest.json")[0]["RepoTags"], json!(["other:latest"]));
}

#[test]
fn what_goes_wrong_leaves_no_file() {
    let target = load(&json!({ "repo_tags": ["app"] }));
    fs::write(target.path("old.tar"), "old").unwrap();
    fs::write(target.path("0.blob"), "not the layer").unwrap();
    let old = target.path("old.tar");
    target
        .run(&["--output", old.to_str().unwrap()])
        .failed(1, &["cannot write --output", "old.tar", "//app:layer"]);
    assert_eq!(fs::read(&old).unwrap(), b"old");
    let left = fs::read_dir(target.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".tmp"));
    assert_eq!(left.count(), 0, "a temporary file is left");
    target
        .run(&["--output", "/missing/folder/x.tar"])
        .failed(1, &["cannot write --output /missing/folder/x.tar"]);
    target.run(&["--output", "x", "--runtime", "docker"]).failed(2, &["--output", "--runtime"]);
}

fn for_platform(platform: &str) -> Image {
    let layer = layer(&format!("//app:{platform}"), &[("file", platform.as_bytes())], Compression::Gzip);
    image(&platform.parse().unwrap(), Family::Oci, vec![layer])
}

#[test]
fn of_an_index_docker_gets_one_image_and_others_all() {
    let images = ["linux/amd64", "linux/arm64", "linux/s390x"].map(for_platform);
    let [amd, arm, z] = &images;
    let root = Digest::of(&index(&[amd, arm, z]));
    for (format, flags, expected) in [
        ("docker", &["--platform", "linux/s390x"][..], z.digest()),
        ("oci", &["--platform", "linux/s390x"], z.digest()),
        ("oci", &[], root),
    ] {
        let target = load(&json!({ "repo_tags": ["app"], "format": format })).with_index(&[amd, arm, z]);
        let output = target.command(&[&["--output", "-"], flags].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let index = json_of(&output.stdout, "index.json");
        assert_eq!(index["manifests"][0]["digest"], json!(expected.to_string()), "{format} {flags:?}");
        assert_eq!(entries(&output.stdout).contains_key("manifest.json"), format == "docker");
    }
    // The tests run on one of the first two.
    let target = load(&json!({ "repo_tags": ["app"] })).with_index(&[amd, arm, z]);
    let output = target.command(&["--output", "-"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("of the index, the image for linux/a"), "{said}");

    let target = load(&json!({ "repo_tags": ["app"] })).with_index(&[z]);
    target.run(&["--output", "x"]).failed(2, &["holds one image", "--platform", "format = \"oci\""]);
}

#[test]
fn a_loader_is_called_as_docker_is() {
    let target = load(&json!({ "repo_tags": ["app:1", "app:2"], "loader": file("loader") }));
    // What it is told and given, and where it could look for its own files.
    put_loader(
        &target,
        &format!(
            "echo \"$1 $2\" && cp \"$3\" '{0}/seen.tar' && pwd > '{0}/pwd' && echo \"$RUNFILES_DIR\" > '{0}/runfiles'",
            target.path("").display()
        ),
    );
    fs::create_dir(target.path("image.push.run.runfiles")).unwrap();
    let ended = target.run(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "Loaded image: app:1\nLoaded image: app:2\n", "{ended:?}");
    assert!(ended.stderr.contains("load --input\n"), "{ended:?}");
    let seen = fs::read(target.path("seen.tar")).unwrap();
    assert_eq!(json_of(&seen, "manifest.json")[0]["RepoTags"], json!(["app:1", "app:2"]));
    let text = |name: &str| fs::read_to_string(target.path(name)).unwrap();
    assert_eq!(Path::new(text("runfiles").trim()), target.path("image.push.run.runfiles"));
    assert_eq!(Path::new(text("pwd").trim()).canonicalize().unwrap(), target.home().canonicalize().unwrap());
}

#[test]
fn a_layer_that_only_its_registry_has_goes_into_archives_too() {
    let from = FakeRegistry::start();
    let target = load(&json!({ "repo_tags": ["app"], "loader": file("loader") }));
    target.with_layer_at(&from);
    let layer = &target.image.layers[0].blob;
    put_loader(&target, &format!("cp \"$3\" '{}/seen.tar'", target.path("").display()));
    let written = target.path("image.tar");
    for arguments in [&["--output", written.to_str().unwrap()][..], &[]] {
        let ended = target.run(arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    assert_eq!(from.moved().out, 2 * layer.len() as u64);
    for tar in ["image.tar", "seen.tar"] {
        let tar = fs::read(target.path(tar)).unwrap();
        assert_eq!(&entries(&tar)[&format!("blobs/sha256/{}", Digest::of(layer).hex())], layer);
    }
    // A registry that is gone is why there is no archive, with its exit code.
    drop(from);
    target.run(&[]).failed(5, &["//app:image.push: load", "nothing listens at"]);
    target.run(&["--output", "x"]).failed(5, &["cannot write --output x", "nothing listens at"]);
}

#[test]
fn a_loader_that_fails() {
    let target = load(&json!({ "repo_tags": ["app"], "loader": file("loader") }));
    target.run(&[]).failed(2, &["cannot find _main/app/loader"]);
    put_loader(&target, "echo no space left >&2; exit 7");
    let ended = target.run(&[]);
    ended.failed(1, &["no space left", "the loader failed, exit status: 7", "app/loader load --input"]);
    fs::remove_file(target.path("loader")).unwrap();
    symlink("/dev/null", target.path("loader")).unwrap();
    target.run(&[]).failed(1, &["cannot start the loader", "app/loader load --input"]);
    target.run(&["--run"]).failed(2, &["say --runtime too"]);
}

#[test]
fn no_archive_is_left_behind() {
    let target = load(&json!({ "repo_tags": ["app"], "loader": file("loader") }));
    put_loader(&target, "true");
    let temporary = tempfile::tempdir().unwrap();
    let output = target.command(&[]).env("TMPDIR", temporary.path()).output().unwrap();
    assert_eq!(Ended::of(output).code, Some(0));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    let missing = target.command(&[]).env("TMPDIR", "/missing/folder").output().unwrap();
    Ended::of(missing).failed(1, &["set TMPDIR to a folder with room"]);
    fs::write(target.path("0.blob"), "not the layer").unwrap();
    let damaged = target.run(&[]);
    damaged.failed(1, &["cannot make the archive for the loader", "//app:layer"]);
    assert!(!damaged.stderr.contains("TMPDIR"), "more room would not help: {damaged:?}");
}
