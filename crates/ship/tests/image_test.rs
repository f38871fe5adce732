//! The binary as Bazel starts it for an `oci_image_test`: what passes, and above all what does not.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

use std::path::{Path, PathBuf};
use std::process::Command;

use oci::{Compression, Family, Platform};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::client::FakeClient;
use testing::docker::{Answer, Call, FakeDocker, ask_for_manifest, introduce};
use testing::image::{self, Image};

/// The folder of the target in an execution root.
const BIN: &str = "bazel-out/k8-fastbuild/bin/app";
const HEAD: &str = "schemaVersion: 2.0.0\n";

fn file(name: &str) -> Value {
    json!({ "rlocation": format!("_main/app/{name}"), "path": format!("{BIN}/{name}") })
}

/// An image of two layers, of which the upper one replaces a file of the lower one.
fn example(platform: &str) -> Image {
    let platform: Platform = platform.parse().unwrap();
    let release = format!("ID={platform}\n");
    let lower = [("etc/os-release", release.as_bytes()), ("etc/motd", b"old\n")];
    let layers = vec![
        image::layer("//app:lower", &lower, Compression::Gzip),
        image::layer("//app:upper", &[("etc/motd", b"new\n"), ("srv/app", b"\x7fELF")], Compression::Zstd),
    ];
    image::image(&platform, Family::Oci, layers)
}

/// A test target in a folder.
struct Target {
    root: TempDir,
    spec: Value,
}

impl Target {
    /// The test of one image with one config, whose layers are in a layout.
    fn new(config: &str) -> Self {
        Self::of(&[&example("linux/amd64")], config)
    }

    /// The test of an index of these images, or of the only one.
    fn of(images: &[&Image], config: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(BIN);
        std::fs::create_dir_all(&folder).unwrap();
        image::write_layout(
            &folder.join("layout"),
            images,
            images.iter().map(|image| image.descriptor()).collect(),
            &[],
        );
        let put = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
        put("checks.yaml", config.as_bytes());
        let (mut manifests, mut configs) = (Vec::new(), Vec::new());
        for (at, image) in images.iter().enumerate() {
            put(&format!("{at}.manifest.json"), &image.manifest);
            put(&format!("{at}.config.json"), &image.config);
            manifests.push(file(&format!("{at}.manifest.json")));
            configs.push(file(&format!("{at}.config.json")));
        }
        let top = if images.len() == 1 {
            manifests.remove(0)
        } else {
            put("index.json", &image::index(images));
            file("index.json")
        };
        let spec = json!({
            "v": 1,
            "command": "test",
            "label": "//app:image_test",
            "self": format!("{BIN}/image_test.run.json"),
            "content": { "root": top, "manifests": manifests, "configs": configs, "blob_trees": [file("layout")] },
            "test": { "configs": [file("checks.yaml")] },
        });
        let binary: PathBuf = Path::new(env!("CARGO_BIN_EXE_ship")).canonicalize().unwrap();
        std::os::unix::fs::symlink(binary, folder.join("image_test.run")).unwrap();
        Self { root, spec }
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.spec["test"][field] = value;
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(BIN).join(name)
    }

    /// Runs it; returns exit code, output and errors.
    fn run(&self, environment: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
        std::fs::write(self.path("image_test.run.json"), self.spec.to_string()).unwrap();
        let mut command = Command::new(self.path("image_test.run"));
        command.args(arguments).env_clear().env("HOME", self.root.path()).current_dir(self.root.path());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

/// Config, exit code, and the lines that are printed.
type Case<'a> = (&'a str, i32, &'a [&'a str]);

#[test]
fn metadata_and_files_of_the_merged_tree() {
    let cases: &[Case<'_>] = &[
        (
            "metadataTest: {entrypoint: [/bin/base], cmd: [--base], user: 1000, labels: [{key: base, value: yes}]}\n\
             fileExistenceTests: [{name: app, path: /srv/app, permissions: -rw-r--r--, uid: 0}]\n\
             fileContentTests:\n- {name: release, path: /etc/os-release, expectedContents: ['^ID=linux/amd64$|ID']}\n\
             - {name: motd, path: etc/motd, expectedContents: [new], excludedContents: [old]}\n",
            0,
            &[
                "PASS  Metadata Test",
                "PASS  File Existence Test: app",
                "PASS  File Content Test: release",
                "PASS  File Content Test: motd",
                "//app:image_test: 4 passed, 0 failed",
            ],
        ),
        (
            "metadataTest: {user: root, envVars: [{key: PATH, value: /bin}]}\n",
            1,
            &[
                "FAIL  Metadata Test (app/checks.yaml:2)",
                "      the variable PATH should be \"/bin\", and is \"/usr/bin:/bin\"",
                "      user should be \"root\", and is \"1000\"",
                "//app:image_test: 0 passed, 1 failed",
            ],
        ),
        (
            "fileExistenceTests:\n- {name: gone, path: /gone}\n- {name: there, path: /etc/motd, shouldExist: false}\n\
             - {name: mode, path: /srv/app, isExecutableBy: any}\n",
            1,
            &[
                "FAIL  File Existence Test: gone (app/checks.yaml:3)",
                "      /gone should exist, and does not: there is no /gone",
                "FAIL  File Existence Test: there (app/checks.yaml:4)",
                "      /etc/motd should not exist, and does: -rw-r--r-- 0:0",
                "FAIL  File Existence Test: mode (app/checks.yaml:5)",
                "      /srv/app should be executable by anybody, and has -rw-r--r--",
                "//app:image_test: 0 passed, 3 failed",
            ],
        ),
        (
            "fileContentTests:\n- {name: motd, path: /etc/motd, expectedContents: [old]}\n\
             - {name: none, path: /etc/none}\nlicenseTests: [{files: [/srv/app]}]\n",
            1,
            &[
                "FAIL  File Content Test: motd (app/checks.yaml:3)",
                "      /etc/motd should match \"old\", and is:",
                "        | new",
                "FAIL  File Content Test: none (app/checks.yaml:4)",
                "      /etc/none should be a file, and cannot be read: there is no /etc/none",
                "PASS  License Test",
                "//app:image_test: 1 passed, 2 failed",
            ],
        ),
    ];
    for (config, code, lines) in cases {
        let (found, stdout, stderr) = Target::new(&format!("{HEAD}{config}")).run(&[], &[]);
        assert_eq!(
            (found, stdout.lines().collect::<Vec<_>>()),
            (*code, lines.to_vec()),
            "{config}: {stderr}"
        );
    }
}

#[test]
fn layers_that_are_listed_are_not_read_for_their_listings() {
    let config = format!(
        "{HEAD}fileExistenceTests: [{{name: from, path: /from/listing, uid: 7}}]\n\
         fileContentTests: [{{name: motd, path: /etc/motd, expectedContents: [new]}}]\n"
    );
    let target = Target::new(&config)
        .with("listings", json!([{ "metadata": file("1.layer.json"), "mtree": file("1.mtree") }]));
    let layer = &example("linux/amd64").layers[1].metadata;
    std::fs::write(target.path("1.layer.json"), layer.to_json().unwrap()).unwrap();
    // The first entry is that of the layer, whose content is read; the other one only this listing has.
    let rest = "mode=0644 uid=7 gid=0 size=4 time=0.0";
    let listing = format!("#mtree\n./etc/motd type=file {rest}\n./from/listing type=file {rest}\n");
    std::fs::write(target.path("1.mtree"), listing).unwrap();
    let (code, stdout, stderr) = target.run(&[], &[]);
    assert_eq!((code, stdout.contains("2 passed, 0 failed")), (0, true), "{stdout}{stderr}");
}

#[test]
fn a_filter_and_xml() {
    let config = format!(
        "{HEAD}fileExistenceTests: [{{name: app, path: /srv/app}}, {{name: b, path: /b}}]\nmetadataTest: {{user: 1000}}\n"
    );
    let target = Target::new(&config);
    let xml = target.path("test.xml");
    let environment = [("XML_OUTPUT_FILE", xml.to_str().unwrap())];
    let (code, _, stderr) = target.run(&environment, &[]);
    assert_eq!(code, 1, "{stderr}");
    let written = std::fs::read_to_string(&xml).unwrap();
    assert!(written.contains("tests=\"3\" failures=\"1\" skipped=\"0\""), "{written}");
    assert!(written.contains("<failure message=\"/b should exist, and does not"), "{written}");
    for (environment, arguments, lines) in [
        (
            ("TESTBRIDGE_TEST_ONLY", "Test: app$"),
            &[][..],
            "PASS  File Existence Test: app\n//app:image_test: 1 passed, 0 failed\n",
        ),
        (
            ("TESTBRIDGE_TEST_ONLY", "Test: b"),
            &["--filter=^Meta"],
            "PASS  Metadata Test\n//app:image_test: 1 passed, 0 failed\n",
        ),
        (
            ("TESTBRIDGE_TEST_ONLY", "nothing"),
            &[],
            "//app:image_test: no test has a name that matches \"nothing\", so none was run\n",
        ),
    ] {
        let (code, stdout, stderr) = target.run(&[environment], arguments);
        assert_eq!((code, stdout.as_str()), (0, lines), "{stderr}");
    }
}

#[test]
fn configs_are_read_before_anything_else_and_all_of_them() {
    for (config, says) in [
        ("", "app/checks.yaml:1: the file is empty"),
        ("schemaVersion: 2.0.0\nfileTests: []\n", "app/checks.yaml:2: the config has no field `fileTests`"),
        ("schemaVersion: 2.0.0\nmetadataTest: {user: [a]}\n", "app/checks.yaml:2: `user` is a list"),
    ] {
        let mut target = Target::new(config).with("configs", json!([file("checks.yaml"), file("more.yaml")]));
        std::fs::write(target.path("more.yaml"), "schemaVersion: 1.0.0\n").unwrap();
        target.spec["content"]["blob_trees"] = json!([]);
        let (code, stdout, stderr) = target.run(&[], &[]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        for say in [says, "app/more.yaml:1: schemaVersion 1.0.0 is not read", "//app:image_test: test"] {
            assert!(stderr.contains(say), "{say} in {stderr}");
        }
    }
}

#[test]
fn a_layer_that_is_not_at_hand_is_named() {
    let mut target = Target::new(&format!("{HEAD}fileExistenceTests: [{{name: a, path: /a}}]\n"));
    target.spec["content"]["blob_trees"] = json!([]);
    let (code, stdout, stderr) = target.run(&[], &[]);
    let digest = example("linux/amd64").layers[0].metadata.digest.to_string();
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("a layer is not at hand") && stderr.contains(&digest), "{stderr}");
}

#[test]
fn of_an_index_one_image_is_tested() {
    let images = [example("linux/arm64"), example("linux/amd64"), example("linux/s390x")];
    let images: Vec<&Image> = images.iter().collect();
    let config = |id: &str| {
        format!("{HEAD}fileContentTests: [{{name: id, path: /etc/os-release, expectedContents: ['{id}']}}]\n")
    };
    let here = Platform::new("linux", Platform::of_this_machine().architecture).to_string();
    for (declared, arguments, expected) in [
        (Value::Null, &[][..], here.as_str()),
        (json!("linux/s390x"), &[], "linux/s390x"),
        (json!("linux/s390x"), &["--platform=linux/arm64"], "linux/arm64"),
    ] {
        let target = Target::of(&images, &config(expected)).with("platform", declared);
        let (code, stdout, stderr) = target.run(&[], arguments);
        assert_eq!(code, 0, "{expected}: {stdout}{stderr}");
    }
    let target = Target::of(&images, &config("x")).with("platform", json!("linux/riscv64"));
    let (code, _, stderr) = target.run(&[], &[]);
    let says =
        "there is no image for linux/riscv64; there are images for: linux/arm64, linux/amd64, linux/s390x";
    assert!(code == 2 && stderr.contains(says), "{stderr}");
}

const COMMANDS: &str = "fileExistenceTests: [{name: app, path: /srv/app}]\ncommandTests:\n\
    - {name: version, command: /srv/app, args: [--version, 'a b'], expectedOutput: ['^1\\.2'], exitCode: 3}\n";

#[test]
fn without_a_runtime_a_command_fails_or_is_skipped_aloud() {
    let config = format!("{HEAD}{COMMANDS}");
    let (code, stdout, stderr) =
        Target::new(&config).run(&[("DOCKER_HOST", "unix:///missing.sock"), ("PATH", "/nowhere")], &[]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    for say in [
        "PASS  File Existence Test: app",
        "FAIL  Command Test: version (app/checks.yaml:4)",
        "it needs a container runtime",
        "/missing.sock (from DOCKER_HOST): no such file",
        "docs/test-images.md",
        "command_tests = \"skip\"",
        "1 passed, 1 failed",
    ] {
        assert!(stdout.contains(say), "{say} in {stdout}");
    }
    let (code, stdout, stderr) = Target::new(&config).with("command_tests", json!("skip")).run(&[], &[]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(
        stdout,
        "PASS  File Existence Test: app\n\
         SKIP  Command Test: version: commands are not run, as command_tests = \"skip\" says\n\
         //app:image_test: 1 passed, 0 failed, 1 skipped\n"
    );
}

/// A daemon that takes the image.
fn daemon(root: &Path) -> FakeDocker {
    FakeDocker::start(root, move |call: Call| async move {
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
async fn commands_run_in_containers_and_nothing_is_left() {
    let cases: &[(&str, i32, &[&str])] = &[
        ("echo 1.2.3; echo warning >&2; exit 3", 0, &["PASS  Command Test: version", "2 passed, 0 failed"]),
        (
            "echo 2.0 >&2; exit 3",
            1,
            &["FAIL  Command Test: version", "      standard output should match \"^1\\\\.2\", and is empty"],
        ),
    ];
    for (does, code, says) in cases {
        let target = Target::new(&format!("{HEAD}{COMMANDS}"));
        let fake = daemon(target.root.path());
        let client = FakeClient::install(target.root.path(), "docker", &[("*' run '*", does)]);
        let (host, path) = (fake.host(), target.root.path().to_str().unwrap());
        let (found, stdout, stderr) = target.run(&[("DOCKER_HOST", &host), ("PATH", path)], &[]);
        assert_eq!(found, *code, "{stdout}{stderr}");
        for say in *says {
            assert!(stdout.contains(say), "{say} in {stdout}");
        }
        let calls: Vec<String> =
            client.calls().iter().map(|call| call.replace(&format!("--host {host} "), "")).collect();
        let image = calls[0].split(' ').find(|word| word.starts_with("strata-test:")).unwrap();
        let container = format!("strata-test-{}-0", &image[image.len() - 6..]);
        assert_eq!(
            calls,
            [
                format!("run --name={container} --entrypoint=/srv/app {image} --version a b"),
                format!("inspect --format={{{{.State.Error}}}} {container}"),
                format!("rm --force --volumes {container}"),
                format!("rmi {image}"),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn setup_options_and_what_a_daemon_refuses() {
    let config = format!(
        "{HEAD}globalEnvVars: [{{key: PATH, value: '/env:$PATH'}}]\ncommandTests:\n\
         - {{name: one, setup: [[mkdir, /x]], command: ls, args: [$PATH], envVars: [{{key: A, value: a b}}]}}\n\
         containerRunOptions: {{user: root, privileged: true, allocateTty: true, envFile: v.env, envVars: [SECRET],\n  \
         capabilities: [NET_ADMIN], bindMounts: ['/a:/b']}}\n"
    );
    let target = Target::new(&config);
    let fake = daemon(target.root.path());
    let folder = target.root.path();
    let (host, path) = (fake.host(), folder.to_str().unwrap());
    let install = |run: &str, inspect: &str| {
        let cases = [("*' run '*", run), ("*' commit '*", "echo sha256:0b"), ("*' inspect '*", inspect)];
        FakeClient::install(folder, "docker", &cases)
    };
    let client = install("", "");
    let environment = [("DOCKER_HOST", host.as_str()), ("PATH", path), ("SECRET", "s")];
    let (code, stdout, stderr) = target.run(&environment, &[]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    let calls: Vec<String> = client
        .calls()
        .iter()
        .map(|call| call.replace(&format!("--host {host} "), ""))
        .filter(|call| !call.starts_with("inspect"))
        .collect();
    let image = calls[0].split(' ').find(|word| word.starts_with("strata-test:")).unwrap();
    let container = format!("strata-test-{}", &image[image.len() - 6..]);
    let options = "--user=root --privileged=true --tty=true --env-file=v.env --env=SECRET=s --cap-add=NET_ADMIN \
                   --volume=/a:/b --env=PATH=/env:/usr/bin:/bin --env=A=a b";
    assert_eq!(
        calls,
        [
            format!("run --name={container}-0 --entrypoint=mkdir {options} {image} /x"),
            format!("commit {container}-0"),
            format!("run --name={container}-1 --entrypoint=ls {options} sha256:0b /env:/usr/bin:/bin"),
            format!("rm --force --volumes {container}-1"),
            "rmi sha256:0b".to_owned(),
            format!("rm --force --volumes {container}-0"),
            format!("rmi {image}"),
        ]
    );
    for (run, inspect, environment, says) in [
        ("exit 1", "", &environment[..], "setup: [\"mkdir\", \"/x\"] should end with 0, and ended with 1"),
        (
            "exit 127",
            "echo no such file",
            &environment,
            "docker cannot start [\"mkdir\", \"/x\"]: no such file",
        ),
        ("echo full >&2; exit 125", "exit 1", &environment, "docker cannot start [\"mkdir\", \"/x\"]: full"),
        ("kill -9 $$", "", &environment, "docker cannot start [\"mkdir\", \"/x\"]"),
        ("", "", &environment[..2], "names SECRET, which is not set: pass it on by --test_env=SECRET"),
    ] {
        install(run, inspect);
        let (code, stdout, stderr) = target.run(environment, &[]);
        assert_eq!(code, 1, "{stdout}{stderr}");
        assert!(stdout.contains("FAIL  Command Test: one") && stdout.contains(says), "{says} in {stdout}");
    }
}
