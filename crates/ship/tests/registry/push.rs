//! Pushes: results on standard output, all else on standard error, and an exit code for each way to fail.

use std::process::Stdio;
use std::time::{Duration, Instant};

use oci::{Compression, Family, Platform};
use serde_json::json;
use testing::image::{image, layer};
use testing::registry::{FakeRegistry, Fault, Login};

use super::fixture::{Ended, RunTarget, send_signal, ship};

#[test]
fn pushes_and_prints_the_reference_alone() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let reference = format!("{}/app@{}\n", fake.host(), target.image.digest());
    let first = target.run(&["--tag", "2", "-t", "1"]);
    assert_eq!((first.code, &first.stdout), (Some(0), &reference), "{first:?}");
    assert!(first.stderr.contains("pushed 2 blobs ("), "{first:?}");
    assert!(first.stderr.ends_with(" s\ntagged it 1, 2\n"), "{first:?}");
    assert!(first.stderr.contains("sent: //app:layer (sha256:"), "{first:?}");
    assert!(!first.stderr.contains('\u{1b}'), "{first:?}");
    assert_eq!(fake.tags("app").into_keys().collect::<Vec<_>>(), ["1", "2"]);
    fake.forget_requests();
    let second = target.run(&[]);
    assert_eq!((second.code, &second.stdout), (Some(0), &reference), "{second:?}");
    assert!(second.stderr.starts_with("pushed 0 blobs (0 B), 2 already there, in "), "{second:?}");
    assert_eq!(fake.requests().len(), 2);
}

#[test]
fn no_more_is_under_way_at_once_than_jobs_say() {
    let images = ["amd64", "arm64", "s390x", "riscv64"].map(|architecture| {
        let layer = layer("//app:layer", &[("file", architecture.as_bytes())], Compression::Gzip);
        image(&Platform::new("linux", architecture), Family::Oci, vec![layer])
    });
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host()).with_index(&images.each_ref());
    // Long enough that all that may begin has begun.
    fake.fail("PUT", "/blobs/", 8, Fault::Slow(Duration::from_millis(800)));
    let ended = target.run(&["--jobs", "3"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fake.most_at_once(), 3, "{ended:?}");
    target.run(&["--jobs", "0"]).failed(2, &["--jobs"]);
}

#[test]
fn flags_replace_what_is_declared() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to("declared.example");
    for (flags, repository) in [
        (vec!["-r".to_owned(), format!("{}/other", fake.host())], "other"),
        (vec!["--registry".to_owned(), fake.host()], "app"),
        (vec!["--registry".to_owned(), fake.host(), "--repository=x/y".to_owned()], "x/y"),
    ] {
        let ended = target.run(&flags.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(fake.tags(repository).len(), 1, "{flags:?}");
    }
}

#[test]
fn an_embedded_registry_shows_what_was_built() {
    let target = RunTarget::to("declared.example/team");
    let ended = target.run(&["--registry", "embedded"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let end = format!("/team/app@{}\n", target.image.digest());
    assert!(ended.stdout.starts_with("127.0.0.1:") && ended.stdout.ends_with(&end), "{ended:?}");
    for says in
        ["//app:layer", "tar+gzip", "1 layer", "read back 1 manifest and 2 blobs", "every digest is right"]
    {
        assert!(ended.stderr.contains(says), "{says} in {}", ended.stderr);
    }
}

#[test]
fn a_digest_file_is_where_the_user_is() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let user = tempfile::tempdir().unwrap();
    let output = target.command(&["--digest-file", "d"]).env("BUILD_WORKING_DIRECTORY", user.path()).output();
    assert_eq!(Ended::of(output.unwrap()).code, Some(0));
    assert_eq!(std::fs::read_to_string(user.path().join("d")).unwrap(), target.image.digest().to_string());
}

#[test]
fn a_dry_run_sends_nothing() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let file = target.path("digest");
    let ended = target.run(&["--dry-run", "--digest-file", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("would send: //app:layer"), "{ended:?}");
    assert!(ended.stderr.contains("would push 2 blobs"), "{ended:?}");
    assert!(ended.stderr.ends_with(" s\nwould tag it 1\n"), "{ended:?}");
    assert!(!file.exists() && fake.requests().iter().all(|request| request.method == "HEAD"));
}

#[test]
fn credentials_come_from_docker_config() {
    let fake = FakeRegistry::start();
    fake.require(Login::Basic { user: "u".into(), password: "p".into() });
    let target = RunTarget::to(&fake.host());
    target
        .run(&[])
        .failed(4, &["//app:image.push", "wants credentials", ".docker/config.json", "docker login"]);
    let folder = target.home().join(".docker");
    std::fs::create_dir(&folder).unwrap();
    let write = |auth: &str| {
        let json = json!({ "auths": { fake.host(): { "auth": auth } } });
        std::fs::write(folder.join("config.json"), json.to_string()).unwrap();
    };
    write("dTpx");
    target.run(&[]).failed(4, &["It refuses the credentials", ".docker/config.json", "log in again"]);
    write("dTpw");
    let ended = target.run(&["-v"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stderr.contains("the credentials came from") && !ended.stderr.contains("dTpw"),
        "{ended:?}"
    );
}

#[test]
fn a_registry_that_fails() {
    let host = |fake: &FakeRegistry| fake.host();
    for (method, fault, code, says) in [
        ("HEAD", Fault::status(401), 4, "the registry answered 401"),
        ("POST", Fault::status(403), 4, "the registry answered 403"),
        ("POST", Fault::status(404), 1, "Check the repository's name"),
        (
            "HEAD",
            Fault::Answer(429, vec![("retry-after", "3600".to_owned())], String::new()),
            1,
            "It limits how often it may be asked: try again in 3600 s, with fewer --jobs, or logged in",
        ),
        ("PUT", Fault::status(500), 1, "The failure is the registry's"),
        ("PUT", Fault::Cut, 1, "cut the connection"),
    ] {
        let fake = FakeRegistry::start();
        let target = RunTarget::to(&host(&fake));
        let file = target.path("digest");
        fake.fail(method, "", usize::MAX, fault);
        let ended = target.run(&["--digest-file", file.to_str().unwrap()]);
        ended.failed(code, &["error: //app:image.push: push: ", says, &host(&fake)]);
        assert!(fake.tags("app").is_empty() && !file.exists());
    }
}

#[test]
fn a_registry_that_is_not_there() {
    let fake = FakeRegistry::start();
    let host = fake.host();
    drop(fake);
    RunTarget::to(&host).run(&[]).failed(5, &["//app:image.push", &format!("nothing listens at {host}")]);
}

#[test]
fn a_host_that_nobody_knows() {
    let ended = RunTarget::to("no-such-registry.invalid").run(&[]);
    ended.failed(5, &["//app:image.push", "no-such-registry.invalid"]);
}

#[test]
fn plain_http_where_tls_is_wanted() {
    let fake = FakeRegistry::start();
    // It leads to this machine, and is yet no loopback address.
    let host = fake.host().replace("127.0.0.1", "0.0.0.0");
    let target = RunTarget::to(&host);
    target.run(&[]).failed(5, &[&format!("no TLS connection to {host}"), "--insecure"]);
    let ended = target.run(&["--insecure"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fake.tags("app").len(), 1);
}

#[test]
fn some_tags_refused_is_partly_done() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    fake.fail("PUT", "/manifests/two", usize::MAX, Fault::status(403));
    target.run(&["-t", "two"]).failed(3, &["moved 1, but not two", "403"]);
}

#[test]
fn names_that_no_registry_takes_are_refused_before_anything_is_sent() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let host = fake.host();
    let repository = |path: &str| vec!["-r".to_owned(), format!("{host}/{path}")];
    let tag = |tag: &str| vec!["--tag".to_owned(), tag.to_owned()];
    for (flags, says) in [
        (repository("Team/App"), "must be lower case: try"),
        (repository("a b"), "has ' '"),
        (repository("a//b"), "has an empty part"),
        (repository("a:1"), "--repository"),
        (repository(&format!("a@{}", target.image.digest())), "--repository"),
        (vec!["-r".to_owned(), "https://r.example/x".to_owned()], "without \"https://\""),
        (tag("a+b"), "--tag: tag \"a+b\" has '+'"),
        (tag(""), "is empty"),
        (tag(".x"), "begins with '.'"),
        (tag("a b"), "tag \"a b\" has ' '"),
        (tag("{STABLE_TAG}"), "--tag: nothing is known of {STABLE_TAG}"),
        (tag(&"x".repeat(129)), "at most 128"),
        (vec!["--registry".to_owned(), "http://x".to_owned()], "--registry"),
        (vec!["--jobs".to_owned(), "0".to_owned()], "--jobs"),
        (vec!["--no-such-flag".to_owned()], "--no-such-flag"),
    ] {
        target.run(&flags.iter().map(String::as_str).collect::<Vec<_>>()).failed(2, &[says]);
    }
    for declared in [
        json!({}),
        json!({ "repository": "r.example/X" }),
        json!({ "repository": "r/x", "remote_tags": ["A b"] }),
    ] {
        RunTarget::new(&declared).run(&[]).failed(2, &[]);
    }
    assert!(fake.requests().is_empty());
    // Upper case is fine in tags.
    assert_eq!(target.run(&["--tag", "Upper_Case"]).code, Some(0));
}

#[test]
fn damaged_and_missing_files_are_named() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    std::fs::write(target.path("0.blob"), "not the layer").unwrap();
    target.run(&[]).failed(1, &["//app:layer (sha256:", "bin/app/0.blob"]);
    std::fs::remove_file(target.path("0.blob")).unwrap();
    target.run(&[]).failed(
        2,
        &["layer //app:layer", "cannot find _main/app/0.blob", "image.push.run.runfiles", "bazel run"],
    );
    std::fs::write(target.path("0.layer.json"), r#"{"v":2}"#).unwrap();
    std::fs::write(target.path("0.blob"), "").unwrap();
    target.run(&[]).failed(1, &["//app:layer", "0.layer.json"]);
    std::fs::write(target.path("manifest.json"), "{}").unwrap();
    target.run(&[]).failed(1, &["//app:"]);
    target.write_spec(&json!({ "v": 2 }));
    target.run(&[]).failed(2, &["image.push.run.json", "version 2"]);
    assert!(fake.tags("app").is_empty());
}

#[test]
fn a_spec_can_be_named_on_a_plain_command_line() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let spec = target.path("image.push.run.json");
    let run = |command: &str| Ended::of(ship().args([command, "--spec"]).arg(&spec).output().unwrap());
    assert_eq!(run("push").code, Some(0));
    run("load").failed(2, &["is a spec for push: say `ship push`"]);
    target.change_spec(|spec| spec["command"] = json!("inspect"));
    run("load").failed(2, &["is a spec for inspect: start //app:image.push itself"]);
}

#[test]
fn interrupted_it_ends_and_names_nothing() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    for signal in ["INT", "TERM"] {
        fake.forget_requests();
        fake.fail("PUT", "/blobs/", 2, Fault::Slow(Duration::from_secs(60)));
        let mut command = target.command(&[]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while fake.count("PUT", "/blobs/") < 2 {
            assert!(started.elapsed() < Duration::from_secs(20), "no upload began");
            std::thread::sleep(Duration::from_millis(10));
        }
        send_signal(signal, child.id());
        let ended = Ended::of(child.wait_with_output().unwrap());
        ended.failed(130, &["interrupted: no tag names anything that is incomplete"]);
        assert!(fake.tags("app").is_empty() && started.elapsed() < Duration::from_secs(20));
    }
}
