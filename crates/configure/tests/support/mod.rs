//! Workspaces in temporary folders, and the binary in them.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A BUILD file whose binary has no image.
pub(crate) const BINARY: &str =
    "load(\"@rules_go//go:def.bzl\", \"go_binary\")\n\ngo_binary(\n    name = \"server\",\n)\n";

/// A repository. Its folder has a blank in its name, and so has each path in what is tested.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Workspace {
    /// A repository with these files; a MODULE.bazel is added.
    pub(crate) fn new<T: AsRef<[u8]>>(files: &[(&str, T)]) -> Self {
        let workspace = Self { folder: tempfile::tempdir().unwrap() };
        workspace.write("MODULE.bazel", "bazel_dep(name = \"rules_strata\")\n");
        for (path, text) in files {
            workspace.write(path, text);
        }
        workspace
    }

    pub(crate) fn root(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join("work space")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = fs::canonicalize(self.folder.path()).unwrap().join("work space").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Whether a BUILD file has an image.
    pub(crate) fn has_image(&self, path: &str) -> bool {
        self.read(path).windows(9).any(|bytes| bytes == b"go_image(")
    }

    /// The program, to be run in the root, or in a folder of it.
    pub(crate) fn command(&self, folder: &str, line: &str) -> Command {
        // Bazel gives a path relative to the folder that the test starts in.
        let mut command = Command::new(fs::canonicalize(env!("CARGO_BIN_EXE_configure")).unwrap());
        command.args(line.split_whitespace()).current_dir(self.path(folder)).env_clear();
        command
    }

    /// Runs it in the root.
    pub(crate) fn run(&self, line: &str) -> Run {
        self.run_in("", line)
    }

    /// Runs it in a folder of the root.
    pub(crate) fn run_in(&self, folder: &str, line: &str) -> Run {
        Run::of(&self.command(folder, line).output().unwrap())
    }

    /// All files below the root with their contents; links as where they lead.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        add(&self.root(), &mut files);
        files
    }
}

fn add(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            files.insert(path.clone(), fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes());
        } else if path.is_dir() {
            add(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The last line on standard error.
    pub(crate) fn summary(&self) -> &str {
        self.err.lines().last().unwrap_or_default()
    }
}

/// GNU patch. The diff must fit exactly, without a line that is elsewhere or a context that differs.
pub(crate) fn gnu_patch(folder: &Path, diff: &[u8]) {
    let mut command = Command::new("patch");
    command.args(["-p0", "--fuzz=0", "--no-backup-if-mismatch"]).current_dir(folder);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("patch is needed: apt-get install patch");
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(diff).unwrap());
        child.wait_with_output().unwrap()
    });
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.lines().all(|line| line.starts_with("patching file ")), "{said}");
}
