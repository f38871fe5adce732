//! What `bazel run //app:image.push -- --help` prints, to be read as people read it: `tests/expected/*.txt`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::fixture::{RunTarget, file};

/// A file of this crate's tests, from where cargo starts them (the crate's folder) or from where Bazel does (the root).
fn expected(name: &str) -> PathBuf {
    let path = Path::new("tests/expected").join(name);
    if path.parent().is_some_and(Path::exists) { path } else { Path::new("crates/ship").join(path) }
}

#[test]
fn help_is_what_is_checked_in() {
    let push = RunTarget::new(&json!({
        "repository": "registry.example.com/team/app", "remote_tags": ["latest", "{STABLE_GIT_COMMIT}"],
    }));
    let load = RunTarget::new(&json!({}));
    load.change_spec(|spec| {
        spec["command"] = json!("load");
        spec["label"] = json!("//app:image.load");
        spec["load"] = json!({ "repo_tags": ["team/app:latest"] });
    });
    let deploy = RunTarget::new(&json!({}));
    deploy.change_spec(|spec| {
        spec["command"] = json!("deploy");
        spec["label"] = json!("//app:all");
        let member = |command: &str| json!({ "command": command, "label": format!("//app:image.{command}") });
        spec["deploy"] = json!({ "members": [member("push"), member("load")] });
    });
    let all = [(&push, "push_help.txt"), (&load, "load_help.txt"), (&deploy, "deploy_help.txt")];
    for (target, name) in all {
        let ended = target.run(&["--help"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        let checked_in = std::fs::read_to_string(expected(name)).unwrap_or_default();
        assert!(
            ended.stdout == checked_in,
            "the help is not what crates/ship/tests/expected/{name} holds. If it reads well, put this there:\n{}",
            ended.stdout
        );
    }
    assert_eq!(push.run(&["-h"]).stdout, push.run(&["--help"]).stdout, "there is no second, longer help");
}

#[test]
fn help_names_what_is_declared() {
    for (declared, says) in [
        (json!({}), "pushes its image to the repository of --repository."),
        (json!({ "repository_file": file("repository") }), "to the repository that bazel-out/"),
        (json!({ "repository": "r.example/a", "remote_tags_file": file("tags") }), "tags it as bazel-out/"),
        (
            json!({ "repository": "r.example/a", "remote_tags": ["1"], "platform_tags": ["{tag}-{arch}"] }),
            "to r.example/a and tags it 1, and its image for each platform {tag}-{arch}.",
        ),
        (
            json!({ "signer": { "label": "//:signer", "tool": file("tool") } }),
            "all that it names is there and //:signer has signed it.",
        ),
    ] {
        let ended = RunTarget::new(&declared).run(&["--help"]);
        let words: Vec<&str> = ended.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(says), "{says} in {}", ended.stdout);
    }
}
