//! A run target in a folder: the binary under its name, the spec beside it, the files where the build has them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use testing::image::{Image, small};
use testing::registry::FakeRegistry;

/// The folder of the run target in an execution root.
const BIN: &str = "bazel-out/k8-fastbuild/bin/app";

/// The binary. Bazel says where it is relative to the working directory.
fn binary() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_ship")).canonicalize().unwrap()
}

/// The binary as a plain program, with nothing in its environment.
pub(crate) fn ship() -> Command {
    let mut command = Command::new(binary());
    command.env_clear();
    command
}

/// How a spec names a file in the folder of the target.
pub(crate) fn file(name: &str) -> Value {
    json!({ "rlocation": format!("_main/app/{name}"), "path": format!("{BIN}/{name}") })
}

/// A push target `//app:image.push` of one image.
pub(crate) struct RunTarget {
    root: TempDir,
    pub(crate) image: Image,
}

impl RunTarget {
    /// The target, with these declarations in its `push`.
    pub(crate) fn new(push: &Value) -> Self {
        let (root, image) = (tempfile::tempdir().unwrap(), small());
        let target = Self { root, image };
        std::fs::create_dir_all(target.path("")).unwrap();
        target.image.write_files(&target.path(""));
        target.write_spec(&json!({
            "v": 1,
            "command": "push",
            "label": "//app:image.push",
            "self": format!("{BIN}/image.push.run.json"),
            "content": {
                "root": file("manifest.json"),
                "configs": [file("config.json")],
                "layers": [{ "label": "//app:layer", "metadata": file("0.layer.json"), "blob": file("0.blob") }],
            },
            "push": push,
        }));
        // A link, as in runfiles: what lies beside the link is what counts.
        std::os::unix::fs::symlink(binary(), target.path("image.push.run")).unwrap();
        target
    }

    /// One that pushes to the repository `app` of `host`, with the tag `1`.
    pub(crate) fn to(host: &str) -> Self {
        Self::new(&json!({ "repository": format!("{host}/app"), "remote_tags": ["1"] }))
    }

    /// A file in the folder of the target.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(BIN).join(name)
    }

    /// The target with Bazel's status files, which hold this.
    pub(crate) fn with_status(self, stable: &str, volatile: &str) -> Self {
        std::fs::write(self.path("stable-status.txt"), stable).unwrap();
        std::fs::write(self.path("volatile-status.txt"), volatile).unwrap();
        self.change_spec(|spec| {
            spec["status"] = json!([file("stable-status.txt"), file("volatile-status.txt")]);
        });
        self
    }

    /// Changes the spec.
    pub(crate) fn change_spec(&self, change: impl FnOnce(&mut Value)) {
        let mut spec =
            serde_json::from_slice(&std::fs::read(self.path("image.push.run.json")).unwrap()).unwrap();
        change(&mut spec);
        self.write_spec(&spec);
    }

    /// Moves the layer to the repository `base` of `registry`, as one of a pulled base.
    pub(crate) fn with_layer_at(&self, registry: &FakeRegistry) {
        registry.insert_blob("base", self.image.layers[0].blob.clone());
        std::fs::remove_file(self.path("0.blob")).unwrap();
        self.change_spec(|spec| {
            spec["content"]["sources"] = json!([{ "registry": registry.host(), "repository": "base" }]);
            spec["content"]["layers"][0]["blob"] = Value::Null;
        });
    }

    /// The target with the index of `images` in place of its image.
    pub(crate) fn with_index(self, images: &[&Image]) -> Self {
        let (mut manifests, mut configs, mut layers) = (Vec::new(), Vec::new(), Vec::new());
        for (at, image) in images.iter().enumerate() {
            let name = |part: &str| format!("{at}/{part}");
            std::fs::create_dir(self.path(&name(""))).unwrap();
            image.write_files(&self.path(&name("")));
            manifests.push(file(&name("manifest.json")));
            configs.push(file(&name("config.json")));
            layers.push(json!({
                "label": format!("//app:{at}"), "metadata": file(&name("0.layer.json")), "blob": file(&name("0.blob")),
            }));
        }
        std::fs::write(self.path("index.json"), testing::image::index(images)).unwrap();
        self.change_spec(|spec| {
            spec["content"] =
                json!({ "root": file("index.json"), "manifests": manifests, "configs": configs, "layers": layers });
        });
        self
    }

    /// Replaces the spec.
    pub(crate) fn write_spec(&self, spec: &Value) {
        std::fs::write(self.path("image.push.run.json"), spec.to_string()).unwrap();
    }

    /// The command that runs it, with nothing in its environment but a home of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("image.push.run"));
        command.args(arguments).env_clear().env("HOME", self.root.path()).current_dir(self.root.path());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    /// The home of [`RunTarget::command`].
    pub(crate) fn home(&self) -> &Path {
        self.root.path()
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Checks that it failed with `code`, said all of `says`, and printed no result.
    pub(crate) fn failed(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        for say in says {
            assert!(self.stderr.contains(say), "{say:?} in {}", self.stderr);
        }
    }
}

/// Sends a signal by name. By the shell's own `kill`: not every machine has the program.
pub(crate) fn send_signal(name: &str, process: u32) {
    let sent = Command::new("/bin/sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap();
    assert!(sent.success(), "no signal {name} for {process}: {sent}");
}
