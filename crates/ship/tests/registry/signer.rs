//! Pushes with a signer: what it is given, and that no tag names what it didn't sign.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testing::registry::FakeRegistry;

use super::fixture::{Ended, RunTarget, file, send_signal};

/// A push to `fake` that is signed by a script, called with `args`.
fn signed(fake: &FakeRegistry, script: &str, args: &Value) -> RunTarget {
    let target = RunTarget::to(&fake.host());
    target.change_spec(|spec| {
        spec["push"]["signer"] = json!({ "label": "//app:signer", "tool": file("sign er"), "args": args });
    });
    put_tool(&target, script);
    target
}

/// The tool of `target`.
fn put_tool(target: &RunTarget, script: &str) {
    fs::write(target.path("sign er"), format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(target.path("sign er"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A script that writes its arguments, a line each, to `arguments` in the folder of the target.
fn write_arguments(fake: &FakeRegistry, args: &Value) -> RunTarget {
    let target = signed(fake, "", args);
    put_tool(&target, &format!(r#"printf '%s\n' "$@" >'{}'"#, target.path("arguments").display()));
    target
}

fn arguments(target: &RunTarget) -> Vec<String> {
    let text = fs::read_to_string(target.path("arguments")).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn signs_when_all_is_there_and_before_tags_move() {
    let fake = FakeRegistry::start();
    // What the tool does is a push of its own, as cosign's is, so that the registry sees when it was.
    let signature = RunTarget::new(&json!({ "repository": "r.example/x" }));
    let (repository, digest) = (format!("{}/app", fake.host()), signature.image.digest());
    let script = format!(
        "echo noise\nexec '{}' --repository \"$2\" --tag \"sha256-${{3#sha256:}}.sig\"",
        signature.path("image.push.run").display()
    );
    let target = signed(&fake, &script, &json!([["sign"], ["{repository}"], ["{digest}"]]));
    let ended = target.run(&["-t", "2"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, format!("{repository}@{}\n", target.image.digest()));
    for says in ["\nsigning: \"", " sign ", "\nnoise\n", &format!("\n{repository}@{digest}\n")] {
        assert!(ended.stderr.contains(says), "{says:?} in {}", ended.stderr);
    }
    let puts = fake.requests().into_iter().filter(|request| request.method == "PUT");
    let manifests: Vec<_> = puts
        .filter_map(|request| Some(request.path.strip_prefix("/v2/app/manifests/")?.to_owned()))
        .collect();
    let image = target.image.digest();
    assert_eq!(manifests, [image.to_string(), format!("sha256-{}.sig", image.hex()), "1".into(), "2".into()]);
}

#[test]
fn arguments_arrive_whole() {
    let fake = FakeRegistry::start();
    let (host, args) = (
        fake.host(),
        json!([
            ["a b"],
            ["it's"],
            ["\"q\""],
            ["$HOME `x` $(y) * ; &&"],
            [""],
            ["ü\\n"],
            [r#"{"k": "{other}"}"#],
            ["--key=", file("config.json"), "!"],
            ["-a=commit={STABLE_COMMIT}"],
            ["{reference}"],
            ["<{registry}|{repository}|{digest}>"],
        ]),
    );
    let target = write_arguments(&fake, &args).with_status("STABLE_COMMIT 4fa2 {digest}\n", "");
    let ended = target.run(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let digest = target.image.digest();
    assert_eq!(
        arguments(&target),
        [
            "a b".to_owned(),
            "it's".to_owned(),
            "\"q\"".to_owned(),
            "$HOME `x` $(y) * ; &&".to_owned(),
            String::new(),
            "ü\\n".to_owned(),
            r#"{"k": "{other}"}"#.to_owned(),
            format!("--key={}!", target.path("config.json").display()),
            "-a=commit=4fa2 {digest}".to_owned(),
            format!("{host}/app@{digest}"),
            format!("<{host}|{host}/app|{digest}>"),
        ]
    );
    // The flags of the command line count.
    let ended = target.run(&["-r", &format!("{host}/x/y")]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(arguments(&target)[9], format!("{host}/x/y@{digest}"));
}

#[test]
fn without_a_placeholder_the_reference_comes_last() {
    let fake = FakeRegistry::start();
    for (args, expected) in [
        (json!([]), vec![]),
        (json!([["sign"], ["--yes"]]), vec!["sign", "--yes"]),
        (json!([["{STABLE_A}"]]), vec!["value"]),
    ] {
        let target = write_arguments(&fake, &args).with_status("STABLE_A value\n", "");
        let ended = target.run(&[]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let reference = format!("{}/app@{}", fake.host(), target.image.digest());
        assert_eq!(arguments(&target), [expected, vec![&reference]].concat());
    }
}

#[test]
fn it_runs_where_the_user_is_with_its_variables() {
    let fake = FakeRegistry::start();
    let target = signed(&fake, r#"printf '%s\n' "$PWD" "$KEY" "$WHAT" >&2"#, &json!([]));
    target.change_spec(|spec| {
        spec["push"]["signer"]["env"] = json!({ "KEY": [file("config.json")], "WHAT": ["{digest} a"] });
    });
    let user = tempfile::tempdir().unwrap();
    let output = target.command(&[]).env("BUILD_WORKING_DIRECTORY", user.path()).output();
    let ended = Ended::of(output.unwrap());
    let expected = format!(
        "{}\n{}\n{} a\n",
        user.path().canonicalize().unwrap().display(),
        target.path("config.json").display(),
        target.image.digest()
    );
    assert!(ended.stderr.contains(&expected), "{expected} in {ended:?}");
}

#[test]
fn a_signer_that_fails_leaves_tags_alone_and_another_run_repeats_it() {
    let fake = FakeRegistry::start();
    let target = signed(&fake, "exit 3", &json!([["sign"]]));
    let reference = format!("{}/app@{}", fake.host(), target.image.digest());
    let file = target.path("digest");
    let tool = target.path("sign er");
    target.run(&["--digest-file", file.to_str().unwrap()]).failed(
        1,
        &[
            "error: //app:image.push: push: the signer //app:signer failed, exit status: 3: ",
            &format!("{tool:?} sign {reference}\n"),
            &format!("{reference} is in the registry, by its digest, and no tag was moved"),
            "Another run sends nothing again, signs, and",
        ],
    );
    assert!(fake.tags("app").is_empty() && !file.exists());
    assert_eq!(fake.manifests("app"), [target.image.digest()]);
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o644)).unwrap();
    target
        .run(&[])
        .failed(1, &["cannot start the signer //app:signer", "no tag was moved", "ermission denied"]);
    fake.forget_requests();
    put_tool(&target, "exit 0");
    let ended = target.run(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("pushed 0 blobs") && fake.count("", "/blobs/") == 0, "{ended:?}");
    assert_eq!(fake.tags("app").into_keys().collect::<Vec<_>>(), ["1"]);
}

#[test]
fn what_is_wrong_with_a_signer_is_told_before_anything_is_sent() {
    let fake = FakeRegistry::start();
    let target = signed(&fake, "", &json!([["{STABLE_COMIT}"]])).with_status("STABLE_COMMIT 1\n", "");
    target.run(&[]).failed(2, &["args of //app:signer: nothing is known of {STABLE_COMIT}", "STABLE_COMMIT"]);
    fs::remove_file(target.path("sign er")).unwrap();
    target.change_spec(|spec| spec["push"]["signer"]["args"] = json!([]));
    target.run(&[]).failed(2, &["cannot find _main/app/sign er"]);
    assert!(fake.requests().is_empty());
}

#[test]
fn neither_a_dry_run_nor_the_embedded_registry_is_signed() {
    let fake = FakeRegistry::start();
    let target = write_arguments(&fake, &json!([["sign"], ["a b"]]));
    let reference = format!("{}/app@{}", fake.host(), target.image.digest());
    for (flags, says) in [
        (vec!["--dry-run"], format!("would sign: {:?} sign \"a b\" {reference}\n", target.path("sign er"))),
        (vec!["--registry", "embedded"], "not signed by //app:signer: ".to_owned()),
    ] {
        let ended = target.run(&flags);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stderr.contains(&says), "{says} in {ended:?}");
        assert!(!target.path("arguments").exists());
    }
    assert!(fake.tags("app").is_empty() && fake.manifests("app").is_empty());
}

#[test]
fn interrupted_the_tool_ends_and_no_tag_moves() {
    let fake = FakeRegistry::start();
    for signal in ["INT", "TERM"] {
        let target = signed(&fake, "", &json!([]));
        let (written, pid) = (target.path("pid.new"), target.path("pid"));
        let script = format!(
            "echo $$ >'{}'\n/bin/mv '{0}' '{}'\nexec /bin/sleep 60",
            written.display(),
            pid.display()
        );
        put_tool(&target, &script);
        let mut command = target.command(&[]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while !pid.exists() {
            assert!(started.elapsed() < Duration::from_secs(20), "the tool was not started");
            std::thread::sleep(Duration::from_millis(10));
        }
        send_signal(signal, child.id());
        Ended::of(child.wait_with_output().unwrap())
            .failed(130, &["no tag names anything that is incomplete"]);
        let pid = fs::read_to_string(pid).unwrap();
        let gone = format!("! kill -0 {} 2>/dev/null", pid.trim());
        let gone = || Command::new("/bin/sh").args(["-c", &gone]).status().unwrap().success();
        while !gone() {
            assert!(started.elapsed() < Duration::from_secs(20), "the tool outlived the push");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(fake.tags("app").is_empty() && started.elapsed() < Duration::from_secs(20));
    }
}
