//! Deploy targets: many pushes and loads by one command, with the registry counting.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use oci::{Compression, Family, Platform};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::docker::{Answer, Call, FakeDocker, ask_for_manifest, introduce};
use testing::image::{Image, image, layer, small};
use testing::registry::{FakeRegistry, Fault, Login};

use super::fixture::{Ended, send_signal, ship};

/// The folder of the target in an execution root.
const BIN: &str = "bazel-out/k8-fastbuild/bin/app";

/// A deploy target `//app:all`.
struct Deploy {
    root: TempDir,
    images: Vec<Image>,
    members: Vec<Value>,
}

impl Deploy {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join(BIN)).unwrap();
        Self { root, images: Vec::new(), members: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(BIN).join(name)
    }

    /// One that pushes a small image to each of these, and what it is tagged there.
    fn to(repositories: &[(&str, &str)]) -> Self {
        repositories.iter().enumerate().fold(Self::new(), |deploy, (number, (repository, tag))| {
            let push = json!({ "repository": repository, "remote_tags": [tag] });
            deploy.with(&format!("push{number}"), sibling(number, 2), "push", &push)
        })
    }

    /// The same with a member `//app:NAME` more.
    fn with(mut self, name: &str, image: Image, command: &str, declared: &Value) -> Self {
        let folder = self.path(name);
        std::fs::create_dir(&folder).unwrap();
        image.write_files(&folder);
        let file = |part: &str| {
            let below = format!("{name}/{part}");
            json!({ "rlocation": format!("_main/app/{below}"), "path": format!("{BIN}/{below}") })
        };
        let layers = image.layers.iter().enumerate().map(|(at, layer)| {
            json!({
                "label": layer.metadata.history.created_by,
                "metadata": file(&format!("{at}.layer.json")),
                "blob": file(&format!("{at}.blob")),
            })
        });
        self.members.push(json!({
            "command": command,
            "label": format!("//app:{name}"),
            "content": {
                "root": file("manifest.json"), "configs": [file("config.json")], "layers": layers.collect::<Vec<_>>(),
            },
            command: declared,
        }));
        self.images.push(image);
        self
    }

    /// The digest of a member's image.
    fn digest(&self, number: usize) -> String {
        self.images[number].digest().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let spec = json!({
            "v": 1,
            "command": "deploy",
            "label": "//app:all",
            "self": format!("{BIN}/all.run.json"),
            "deploy": { "members": self.members },
        });
        std::fs::write(self.path("all.run.json"), spec.to_string()).unwrap();
        let executable = self.path("all.run");
        if !executable.exists() {
            std::os::unix::fs::symlink(ship().get_program(), &executable).unwrap();
        }
        let mut command = Command::new(executable);
        command.args(arguments).env_clear().env("HOME", self.root.path()).current_dir(self.root.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    /// Runs it, and returns what it wrote to `--digests-out` as well; null if it wrote nothing.
    fn run_for_digests(&self, arguments: &[&str]) -> (Ended, Value) {
        let file = self.root.path().join("digests.json");
        let ended = self.run(&[arguments, &["--digests-out", file.to_str().unwrap()]].concat());
        let written = std::fs::read(&file).ok().map(|json| serde_json::from_slice(&json).unwrap());
        (ended, written.unwrap_or_default())
    }
}

/// An image of which all layers but the last are those of its siblings.
fn sibling(number: usize, layers: usize) -> Image {
    let one = |text: String| layer(&format!("//app:{text}"), &[("file", text.as_bytes())], Compression::Gzip);
    let shared = (1..layers).map(|at| one(format!("shared{at}")));
    image(
        &Platform::new("linux", "amd64"),
        Family::Oci,
        shared.chain([one(format!("own{number}"))]).collect(),
    )
}

#[test]
fn twenty_images_in_three_repositories_send_each_blob_once() {
    let fake = FakeRegistry::start();
    let deploy = (0..20).fold(Deploy::new(), |deploy, number| {
        let repository = format!("{}/{}", fake.host(), ["a", "b", "c"][number % 3]);
        let push = json!({ "repository": repository, "remote_tags": [format!("v{number}")] });
        deploy.with(&format!("push{number:02}"), sibling(number, 10), "push", &push)
    });
    let (ended, digests) = deploy.run_for_digests(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let line = |number: usize| {
        let repository = ["a", "b", "c"][number % 3];
        format!("//app:push{number:02} {}/{repository}@{}\n", fake.host(), deploy.digest(number))
    };
    assert_eq!(ended.stdout, (0..20).map(line).collect::<String>());
    assert!(ended.stderr.contains("20 targets done, in "), "{ended:?}");
    // Nine layers that all have, and of each image a layer and a config.
    assert_eq!(fake.count("PUT", "/blobs/uploads/"), 9 + 2 * 20);
    for number in 0..20 {
        let tags = fake.tags(["a", "b", "c"][number % 3]);
        assert_eq!(tags[&format!("v{number}")].to_string(), deploy.digest(number));
        let told = &digests[format!("//app:push{number:02}")];
        assert_eq!(told["tags"], json!([format!("v{number}")]));
        assert!(told["reference"].as_str().unwrap().ends_with(&deploy.digest(number)), "{told}");
    }
    fake.forget_requests();
    assert_eq!(deploy.run(&[]).code, Some(0));
    // Whether there are credentials, once a repository; then each image and its tag.
    assert_eq!((fake.count("HEAD", ""), fake.count("PUT", ""), fake.requests().len()), (23, 20, 43));
}

#[test]
fn each_registry_gets_what_goes_there() {
    let (one, two) = (FakeRegistry::start(), FakeRegistry::start());
    let names = [format!("{}/a", one.host()), format!("{}/b", two.host())];
    let deploy = Deploy::to(&[(&names[0], "1"), (&names[1], "1")]);
    assert_eq!(deploy.run(&["--jobs", "1"]).code, Some(0));
    for (fake, repository) in [(&one, "a"), (&two, "b")] {
        assert_eq!(fake.count("PUT", "/blobs/uploads/"), 3);
        assert_eq!(fake.tags(repository).len(), 1);
    }
}

#[test]
fn one_failure_leaves_the_others_valid() {
    for (method, part, status, says) in [
        ("PUT", "/v2/a/manifests/", 500, "PUT http://127.0.0.1"),
        ("PUT", "/v2/a/blobs/", 500, "The failure is the registry's"),
        ("POST", "/v2/a/blobs/", 403, "use an account that may push"),
    ] {
        let fake = FakeRegistry::start();
        fake.fail(method, part, usize::MAX, Fault::status(status));
        let [a, b, c] = ["a", "b", "c"].map(|name| format!("{}/{name}", fake.host()));
        let deploy = Deploy::to(&[(&a, "1"), (&b, "1"), (&c, "2")]);
        let (ended, digests) = deploy.run_for_digests(&[]);
        let (b, c) = (format!("{b}@{}", deploy.digest(1)), format!("{c}@{}", deploy.digest(2)));
        assert_eq!((ended.code, ended.stdout), (Some(3), format!("//app:push1 {b}\n//app:push2 {c}\n")));
        let start = "error: //app:all: deploy: 1 of 3 targets failed:\n  //app:push0: push: ";
        assert!(ended.stderr.contains(start) && ended.stderr.contains(says), "{}", ended.stderr);
        let expected = json!({
            "//app:push1": { "reference": b, "tags": ["1"] }, "//app:push2": { "reference": c, "tags": ["2"] },
        });
        assert_eq!(digests, expected);
        assert!(fake.tags("a").is_empty() && fake.tags("b").len() == 1 && fake.tags("c").len() == 1);
    }
}

#[test]
fn exit_codes_when_all_fail() {
    let fake = FakeRegistry::start();
    let gone = FakeRegistry::start().host();
    let [a, b] = ["a", "b"].map(|name| format!("{}/{name}", fake.host()));
    let (far, further) = (format!("{gone}/a"), format!("{gone}/b"));
    fake.fail("POST", "", usize::MAX, Fault::status(403));
    for (repositories, code) in [([&a, &b], 4), ([&far, &further], 5), ([&a, &far], 1)] {
        let deploy = Deploy::to(&repositories.map(|repository| (repository.as_str(), "1")));
        let (ended, digests) = deploy.run_for_digests(&[]);
        ended.failed(code, &["2 of 2 targets failed:", "//app:push0: push: ", "//app:push1: push: "]);
        assert_eq!(digests, json!({}));
    }
}

#[test]
fn flags_go_to_every_push() {
    let fake = FakeRegistry::start();
    let deploy = Deploy::to(&[("declared.example/a", "1"), ("other.example/x/b", "2")]);
    let flags = ["--registry", &fake.host(), "--tag", "v3", "-t", "latest"];
    let dry = deploy.run_for_digests(&[&flags[..], &["--dry-run"]].concat());
    assert_eq!((dry.0.code, dry.1), (Some(0), Value::Null), "{:?}", dry.0);
    for says in [
        "//app:push0: would push 3 blobs (",
        "//app:push1: would push 2 blobs (",
        ", 1 mounted\n",
        "//app:push1: would tag it v3, latest\n",
    ] {
        assert!(dry.0.stderr.contains(says), "{says} in {}", dry.0.stderr);
    }
    assert!(fake.requests().iter().all(|request| request.method == "HEAD"));
    let ended = deploy.run(&flags);
    assert_eq!((ended.code, &ended.stdout), (Some(0), &dry.0.stdout), "{ended:?}");
    for repository in ["a", "x/b"] {
        assert_eq!(fake.tags(repository).into_keys().collect::<Vec<_>>(), ["latest", "v3"]);
    }
    let embedded = deploy.run(&["--registry", "embedded"]);
    assert_eq!((embedded.code, embedded.stdout.lines().count()), (Some(0), 2), "{embedded:?}");
}

#[test]
fn what_is_wrong_with_any_is_found_before_anything_is_sent() {
    let fake = FakeRegistry::start();
    let [a, b] = ["a", "b"].map(|name| format!("{}/{name}", fake.host()));
    let wrong_tag = Deploy::to(&[(&a, "1"), (&b, "v 1")]);
    wrong_tag.run(&[]).failed(2, &["deploy: nothing was sent: //app:push1: remote_tags: tag \"v 1\""]);
    let conflict = Deploy::to(&[(&a, "1"), (&a, "1")]);
    conflict.run(&[]).failed(
        2,
        &["//app:push0 and //app:push1 both set", "/a:1, to different images", "other tags or repositories"],
    );
    Deploy::to(&[(&a, "1"), (&a, "2")]).run(&["-t", "3"]).failed(2, &["both set", "/a:3"]);
    let damaged = Deploy::to(&[(&a, "1"), (&b, "1")]);
    std::fs::write(damaged.path("push1/0.blob"), "").unwrap();
    damaged.run(&[]).failed(2, &["//app:push1: //app:shared1 (sha256:", "0.blob has 0 bytes"]);
    std::fs::remove_file(damaged.path("push1/0.blob")).unwrap();
    std::fs::remove_file(damaged.path("push0/config.json")).unwrap();
    damaged.run(&[]).failed(
        2,
        &["nothing was sent, since 2 things are wrong:\n  //app:push0: ", "\n  //app:push1: ", "0.blob"],
    );
    let load = Deploy::to(&[(&a, "1")]).with("load", small(), "load", &json!({ "repo_tags": ["App"] }));
    load.run(&[]).failed(2, &["//app:load: repo_tags: `App` is no name for an image"]);
    let no_folder = Deploy::to(&[(&a, "1")]);
    no_folder.run(&["--digests-out", "missing/x"]).failed(1, &["--digests-out", "missing/x"]);
    assert!(fake.requests().is_empty());
    // The same image twice under one tag is no conflict.
    let same = json!({ "repository": a, "remote_tags": ["1"] });
    let same = Deploy::new().with("x", small(), "push", &same).with("y", small(), "push", &same);
    assert_eq!(same.run(&[]).code, Some(0));
}

#[test]
fn without_credentials_nothing_is_sent_to_anybody() {
    let (open, closed) = (FakeRegistry::start(), FakeRegistry::start());
    closed.require(Login::Basic { user: "u".into(), password: "p".into() });
    let names = [format!("{}/a", open.host()), format!("{}/b", closed.host())];
    let deploy = Deploy::to(&[(&names[0], "1"), (&names[1], "1")]);
    deploy.run(&[]).failed(4, &["nothing was sent: //app:push1: ", "It wants credentials", "docker login"]);
    assert!(open.requests().iter().all(|request| request.method == "HEAD") && open.tags("a").is_empty());
    let folder = deploy.root.path().join(".docker");
    std::fs::create_dir(&folder).unwrap();
    let config = json!({ "auths": { closed.host(): { "auth": "dTpw" } } });
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    assert_eq!(deploy.run(&[]).code, Some(0));
    assert_eq!((open.tags("a").len(), closed.tags("b").len()), (1, 1));
}

#[test]
fn where_a_registry_does_not_mount_it_says_so() {
    let fake = FakeRegistry::start();
    fake.refuse_mounts();
    let [a, b] = ["a", "b"].map(|name| format!("{}/{name}", fake.host()));
    let ended = Deploy::to(&[(&a, "1"), (&b, "1")]).run(&["-v"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let says = "sent to b too, since the registry did not mount it from a: //app:shared1 (sha256:";
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
}

#[test]
fn interrupted_it_tells_what_was_done() {
    let fake = FakeRegistry::start();
    let [a, b] = ["a", "b"].map(|name| format!("{}/{name}", fake.host()));
    fake.fail("PUT", "/v2/b/manifests/", 1, Fault::Slow(Duration::from_secs(60)));
    let deploy = Deploy::to(&[(&a, "1"), (&b, "1")]);
    let digests = deploy.root.path().join("digests");
    let mut command = deploy.command(&["--digests-out", digests.to_str().unwrap()]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while fake.count("PUT", "/v2/b/manifests/") + fake.tags("a").len() < 2 {
        assert!(started.elapsed() < Duration::from_secs(20), "the second push did not come that far");
        std::thread::sleep(Duration::from_millis(10));
    }
    // The answer to the first push's tag is on its way.
    std::thread::sleep(Duration::from_millis(200));
    send_signal("INT", child.id());
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.stdout), (Some(130), format!("//app:push0 {a}@{}\n", deploy.digest(0))));
    assert!(ended.stderr.contains("interrupted: no tag names"), "{}", ended.stderr);
    let written: Value = serde_json::from_slice(&std::fs::read(digests).unwrap()).unwrap();
    assert_eq!(written.as_object().unwrap().keys().collect::<Vec<_>>(), ["//app:push0"]);
}

/// A daemon that loads what it is asked to.
fn daemon(folder: &Path) -> FakeDocker {
    FakeDocker::start(folder, move |call: Call| async move {
        match introduce(&call, "28.2.2") {
            Some(answer) => answer,
            None if call.path == "/images/create" => {
                ask_for_manifest(&call).await.unwrap();
                Answer::lines(&[r#"{"status":"Status: Downloaded newer image"}"#])
            }
            None => Answer::new(201, ""),
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_and_loads_together() {
    let fake = FakeRegistry::start();
    let repository = format!("{}/a", fake.host());
    let deploy = Deploy::to(&[(&repository, "1")])
        .with("load", small(), "load", &json!({ "repo_tags": ["app:latest", "app:v1"] }))
        .with("other", sibling(7, 2), "load", &json!({ "repo_tags": ["other"] }));
    let docker = daemon(deploy.root.path());
    let run = |host: &str, flags: &[&str]| {
        Ended::of(deploy.command(flags).env("DOCKER_HOST", host).output().unwrap())
    };
    let pushed = format!("//app:push0 {repository}@{}\n", deploy.digest(0));

    let dry = run("unix:///nowhere", &["--dry-run"]);
    assert_eq!((dry.code, &dry.stdout), (Some(0), &pushed), "{dry:?}");
    assert!(dry.stderr.contains("//app:load: would load app:latest, app:v1\n"), "{dry:?}");
    assert!(fake.tags("a").is_empty());

    let ended = run(&docker.host(), &["--runtime", "docker"]);
    let loaded = "Loaded image: app:latest\nLoaded image: app:v1\nLoaded image: other:latest\n";
    assert_eq!((ended.code, ended.stdout), (Some(0), pushed.clone() + loaded), "{}", ended.stderr);
    assert!(ended.stderr.contains("//app:load: loading into docker 28.2.2"), "{}", ended.stderr);
    assert!(ended.stderr.contains("3 targets done"), "{}", ended.stderr);

    let missing = format!("unix://{}/missing", deploy.root.path().display());
    let ended = run(&missing, &[]);
    assert_eq!((ended.code, ended.stdout), (Some(3), pushed), "{}", ended.stderr);
    assert!(ended.stderr.contains("2 of 3 targets failed:\n  //app:load: load: "), "{}", ended.stderr);
}

#[test]
fn its_spec_can_be_named_on_a_plain_command_line() {
    let fake = FakeRegistry::start();
    let deploy = Deploy::to(&[(&format!("{}/a", fake.host()), "1")]);
    deploy.command(&[]);
    let spec = deploy.path("all.run.json");
    let run = |command: &str| Ended::of(ship().args([command, "--spec"]).arg(&spec).output().unwrap());
    assert_eq!(run("deploy").code, Some(0));
    run("push").failed(2, &["is a spec for deploy: say `ship deploy`"]);
}
