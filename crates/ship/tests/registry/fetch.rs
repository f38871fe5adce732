//! `ship fetch`, as an action runs it, and pushes of images whose base is in another registry.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use oci::Digest;
use serde_json::{Value, json};
use testing::proxy::FakeProxy;
use testing::registry::{FakeRegistry, Fault, Login, Moved};

use super::fixture::{Ended, RunTarget, send_signal, ship};

const LAYER: &[u8] = b"a layer of a base";

/// A registry with the layer in its repository `base`.
fn registry() -> FakeRegistry {
    let fake = FakeRegistry::start();
    fake.insert_blob("base", LAYER);
    fake
}

/// `ship fetch` of the layer into `blob` in `folder`, which is its home too.
fn fetch(folder: &Path, sources: &[String]) -> Command {
    let mut command = ship();
    command.current_dir(folder).env("HOME", folder).args(["fetch", "--label", "@base//:layer"]);
    command.args(["--digest", &Digest::of(LAYER).to_string(), "--size", &LAYER.len().to_string()]);
    command.args(["--output", "blob"]);
    for source in sources {
        command.args(["--source", source]);
    }
    command
}

fn run(command: &mut Command) -> Ended {
    Ended::of(command.output().unwrap())
}

#[test]
fn fetches_and_says_nothing() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), registry());
    let ended = run(&mut fetch(folder.path(), &[format!("{}/base", fake.host())]));
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""), "{ended:?}");
    assert_eq!(std::fs::read(folder.path().join("blob")).unwrap(), LAYER);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn mirrors_in_order_and_every_reason() {
    let (folder, empty, good) = (tempfile::tempdir().unwrap(), FakeRegistry::start(), registry());
    let [empty_base, good_base] = [&empty, &good].map(|fake| format!("{}/base", fake.host()));
    assert_eq!(run(&mut fetch(folder.path(), &[empty_base.clone(), good_base.clone()])).code, Some(0));
    assert_eq!((empty.requests().len(), good.requests().len()), (1, 1));
    std::fs::remove_file(folder.path().join("blob")).unwrap();
    good.fail("GET", "", usize::MAX, Fault::Damage);
    run(&mut fetch(folder.path(), &[empty_base.clone(), good_base.clone()])).failed(
        1,
        &[
            "error: cannot get @base//:layer (sha256:",
            &format!("  {empty_base}: "),
            "answered 404",
            &format!("  {good_base}: "),
            "damages content",
        ],
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing half-written");
}

#[test]
fn exit_codes() {
    let (folder, fake, gone) = (tempfile::tempdir().unwrap(), registry(), FakeRegistry::start());
    let gone_base = format!("{}/base", gone.host());
    drop(gone);
    fake.require(Login::Basic { user: "u".into(), password: "p".into() });
    let base = format!("{}/base", fake.host());
    for (sources, code, says) in [
        (vec![], 2, "--source REGISTRY/REPOSITORY"),
        (vec!["r.example/a:1".to_owned()], 2, "has a tag"),
        (vec![gone_base.clone()], 5, "--action_env=HTTPS_PROXY"),
        (vec![gone_base, base], 4, "--action_env=DOCKER_CONFIG"),
    ] {
        run(&mut fetch(folder.path(), &sources)).failed(code, &[says]);
    }
}

#[test]
fn credentials_in_one_order() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), registry());
    fake.require(Login::Basic { user: "u".into(), password: "p".into() });
    let config = |auth: &str| json!({ "auths": { fake.host(): { "auth": auth } } }).to_string();
    let home = folder.path().join(".docker");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("config.json"), config("dTpw")).unwrap();
    let source = [format!("{}/base", fake.host())];
    let ended = run(fetch(folder.path(), &source).arg("-v"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let names = format!("{}: the credentials came from {}", fake.host(), home.join("config.json").display());
    assert!(ended.stderr.contains(&names) && !ended.stderr.contains("dTpw"), "{ended:?}");
    // The environment goes before files: u:q is wrong.
    run(fetch(folder.path(), &source).env("DOCKER_AUTH_CONFIG", config("dTpx")))
        .failed(4, &["It refuses the credentials", "$DOCKER_AUTH_CONFIG"]);
    // Bazel's helpers go before the environment.
    let helper = folder.path().join("helper");
    std::fs::write(&helper, "#!/bin/sh\necho '{\"headers\":{\"Authorization\":[\"Basic dTpw\"]}}'\n")
        .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&helper, mode).unwrap();
    let rc = format!("common --credential_helper=127.0.0.1={}\n", helper.display());
    std::fs::write(folder.path().join(".bazelrc"), rc).unwrap();
    let ended = run(fetch(folder.path(), &source).env("DOCKER_AUTH_CONFIG", config("dTpx")).arg("-v"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let names =
        format!("the credentials came from {} ({}/.bazelrc)", helper.display(), folder.path().display());
    assert!(ended.stderr.contains(&names) && !ended.stderr.contains("dTpw"), "{ended:?}");
}

#[test]
fn a_proxy_from_the_environment() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), registry());
    let proxy = FakeProxy::to(&fake.host());
    let source = ["http://registry.invalid/base".to_owned()];
    let with =
        |source: &[String], variable: &str| run(fetch(folder.path(), source).env(variable, proxy.url()));
    let ended = with(&source, "http_proxy");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let url = format!("GET http://registry.invalid/v2/base/blobs/{}", Digest::of(LAYER));
    assert_eq!(proxy.asked(), [url]);
    // The tunnel leads to something that speaks no TLS, which is told apart from a proxy that can't be reached.
    with(&["registry.invalid/base".to_owned()], "HTTPS_PROXY")
        .failed(5, &["no TLS connection to registry.invalid"]);
    assert_eq!(proxy.asked()[1], "CONNECT registry.invalid:443");
    // Loopback is never asked through a proxy, and NO_PROXY is heeded.
    let direct = [format!("{}/base", fake.host())];
    assert_eq!(with(&direct, "http_proxy").code, Some(0));
    run(fetch(folder.path(), &source).env("http_proxy", proxy.url()).env("NO_PROXY", ".invalid"))
        .failed(5, &["no host is known as registry.invalid"]);
    assert_eq!(proxy.asked().len(), 2);
}

#[test]
fn interrupted_it_ends_and_leaves_nothing() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), registry());
    fake.fail("GET", "", 1, Fault::Slow(Duration::from_secs(60)));
    let started = Instant::now();
    let mut command = fetch(folder.path(), &[format!("{}/base", fake.host())]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while fake.requests().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20), "nothing was asked");
        std::thread::sleep(Duration::from_millis(10));
    }
    send_signal("TERM", child.id());
    Ended::of(child.wait_with_output().unwrap()).failed(130, &["interrupted"]);
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A push target to `host` of an image whose only layer is at `source`, or also here.
fn push_target(host: &str, source: &Value, blob: bool) -> RunTarget {
    let target = RunTarget::to(host);
    let spec = target.path("image.push.run.json");
    let mut spec: Value = serde_json::from_slice(&std::fs::read(spec).unwrap()).unwrap();
    spec["content"]["sources"] = json!([source]);
    spec["content"]["layers"][0]["label"] = json!("@base//:layer");
    if !blob {
        spec["content"]["layers"][0]["blob"] = Value::Null;
        std::fs::remove_file(target.path("0.blob")).unwrap();
    }
    target.write_spec(&spec);
    target
}

#[test]
fn a_push_mounts_or_streams_the_layers_of_a_pulled_base() {
    for (elsewhere, blob) in [(false, false), (false, true), (true, false)] {
        let (from, to) = (FakeRegistry::start(), FakeRegistry::start());
        let to = if elsewhere { &to } else { &from };
        let source = json!({ "registry": from.host(), "repository": "base" });
        let target = push_target(&to.host(), &source, blob);
        let layer = &target.image.layers[0].blob;
        from.insert_blob("base", layer.clone());
        let ended = target.run(&[]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let (size, config) = (layer.len() as u64, target.image.config.len() as u64);
        if elsewhere {
            assert!(ended.stderr.contains("sent: @base//:layer"), "{ended:?}");
            assert_eq!(
                (from.moved(), to.moved()),
                (Moved { out: size, into: 0 }, Moved { out: 0, into: size + config })
            );
        } else {
            assert!(ended.stderr.contains("mounted: @base//:layer"), "{ended:?}");
            assert_eq!(from.moved(), Moved { out: 0, into: config });
        }
    }
}

#[test]
fn a_base_that_cannot_be_had_is_told_with_its_exit_code() {
    let (from, to) = (FakeRegistry::start(), FakeRegistry::start());
    let source = json!({ "registry": from.host(), "repository": "base" });
    let target = push_target(&to.host(), &source, false);
    let place = format!("{}/base: GET ", from.host());
    let known = ["//app:image.push: push", "@base//:layer (sha256:", "the files of the run target", &place];
    target.run(&[]).failed(1, &[&known[..], &["answered 404"]].concat());
    from.require(Login::Never);
    target.run(&[]).failed(4, &[&known[..], &["answered 401"]].concat());
    drop(from);
    target.run(&[]).failed(5, &[&known[..], &["nothing listens at"]].concat());
}
