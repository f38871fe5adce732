//! `ship upload`, as an action runs it, and the push that comes after it.

use std::fs;

use serde_json::{Value, json};
use testing::registry::{FakeRegistry, Fault, Login};

use super::fixture::{Ended, RunTarget, file, ship};

/// Uploads the image of `target` into `uploaded` in its folder.
fn upload(target: &RunTarget) -> Ended {
    let mut command = ship();
    command.env("HOME", target.home()).current_dir(target.home()).args(["upload", "--spec"]);
    command.arg(target.path("image.push.run.json")).arg("--output").arg(target.path("uploaded"));
    Ended::of(command.output().unwrap())
}

fn uploaded(target: &RunTarget) -> Value {
    serde_json::from_slice(&fs::read(target.path("uploaded")).unwrap()).unwrap()
}

#[test]
fn uploads_by_digest_and_the_push_moves_tags_alone() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let ended = upload(&target);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""), "{ended:?}");
    let (reference, image) = (format!("{}/app@{}", fake.host(), target.image.digest()), &target.image);
    let bytes = image.layers[0].blob.len() + image.config.len();
    let done = |existed: u64, sent: u64, bytes: usize| {
        json!({
            "v": 1, "reference": reference, "existed": existed, "mounted": 0, "sent": sent, "sent_bytes": bytes,
            "foreign": 0,
        })
    };
    assert_eq!(uploaded(&target), done(0, 2, bytes));
    assert_eq!(fake.manifests("app"), [image.digest()]);
    assert!(fake.tags("app").is_empty());
    assert_eq!(upload(&target).code, Some(0));
    assert_eq!(uploaded(&target), done(2, 0, 0));

    fake.forget_requests();
    let pushed = target.run(&[]);
    assert_eq!((pushed.code, pushed.stdout), (Some(0), format!("{reference}\n")));
    let requests: Vec<_> = fake.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(requests, ["HEAD", "PUT"], "is it there, and its tag");

    // What a registry has forgotten since is sent.
    let empty = FakeRegistry::start();
    let pushed = target.run(&["--registry", &empty.host()]);
    assert!(pushed.code == Some(0) && pushed.stderr.contains("pushed 2 blobs"), "{pushed:?}");
}

#[test]
fn a_repository_that_the_build_cannot_know() {
    let fake = FakeRegistry::start();
    for (declared, says) in [
        (json!({}), vec!["push_during_build needs repository or repository_file"]),
        (json!({ "repository": "r.example/A" }), vec!["the attribute repository: ", "lower case"]),
        (
            json!({ "repository_file": file("repository") }),
            vec![
                "app/repository: nothing is known of",
                "Leave stamps to the tags, or push_during_build out",
                "{STABLE_TEAM}",
            ],
        ),
    ] {
        let target = RunTarget::new(&declared);
        fs::write(target.path("repository"), format!("{}/{{STABLE_TEAM}}/app\n", fake.host())).unwrap();
        upload(&target)
            .failed(2, &[&["error: //app:image.push: push during the build: "], &says[..]].concat());
        assert!(!target.path("uploaded").exists());
    }
    let target = RunTarget::new(&json!({ "repository_file": file("repository") }));
    fs::write(target.path("repository"), format!("{}/team/app\n", fake.host())).unwrap();
    assert_eq!(upload(&target).code, Some(0));
    assert_eq!(fake.manifests("team/app").len(), 1);
}

#[test]
fn what_an_action_lacks_is_said_and_nothing_is_left() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    fake.require(Login::Basic { user: "u".into(), password: "p".into() });
    upload(&target).failed(4, &["wants credentials", "--action_env=DOCKER_CONFIG"]);
    let folder = target.home().join(".docker");
    fs::create_dir(&folder).unwrap();
    let json = json!({ "auths": { fake.host(): { "auth": "dTpw" } } });
    fs::write(folder.join("config.json"), json.to_string()).unwrap();
    fake.fail("PUT", "/blobs/", usize::MAX, Fault::status(500));
    upload(&target).failed(1, &["The failure is the registry's"]);
    assert!(!target.path("uploaded").exists() && fake.manifests("app").is_empty());
    drop(fake);
    upload(&target).failed(5, &["nothing listens at", "--action_env=HTTPS_PROXY"]);
}
