//! The places that a run target is started from: each finds its spec and its files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use testing::registry::FakeRegistry;

use super::fixture::{Ended, RunTarget};

const EXECUTABLE: &str = "image.push.run";
const SPEC: &str = "image.push.run.json";

/// Links the files of `target` whose names `which` takes into `folder`.
fn link(target: &RunTarget, folder: &Path, which: impl Fn(&str) -> bool) {
    fs::create_dir_all(folder).unwrap();
    for entry in fs::read_dir(target.path("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if which(&name) {
            symlink(target.path(&name), folder.join(&name)).unwrap();
        }
    }
}

fn is_program(name: &str) -> bool {
    name == EXECUTABLE || name == SPEC
}

/// Runs `command` with nothing in its environment but what was set for it, in `folder`, and checks that it pushes.
fn pushes(fake: &FakeRegistry, target: &RunTarget, command: &mut Command, folder: &Path) {
    fake.forget_manifests();
    let ended = Ended::of(command.current_dir(folder).output().unwrap());
    let expected = format!("{}/app@{}\n", fake.host(), target.image.digest());
    assert_eq!((ended.code, &ended.stdout), (Some(0), &expected), "{ended:?}");
    assert_eq!(fake.tags("app").len(), 1);
}

#[test]
fn by_a_bare_name_through_path() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let mut command = Command::new(EXECUTABLE);
    command.env_clear().env("PATH", target.path(""));
    pushes(&fake, &target, &mut command, Path::new("/"));
}

#[test]
fn by_a_relative_name() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let folder = target.path("");
    pushes(&fake, &target, Command::new(format!("./{EXECUTABLE}")).env_clear(), &folder);
    let name = format!("app/{EXECUTABLE}");
    pushes(&fake, &target, Command::new(name).env_clear(), folder.parent().unwrap());
}

#[test]
fn in_the_runfiles_of_another_program() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let other = tempfile::tempdir().unwrap();
    let tree = other.path().join("my deploy.runfiles");
    link(&target, &tree.join("_main/app"), |_| true);
    // The tree is found by the executable's own path; a variable of some other program's changes nothing.
    for variable in ["RUNFILES_DIR", "RUNFILES_MANIFEST_FILE"] {
        let mut command = Command::new(format!("app/{EXECUTABLE}"));
        command.env_clear().env(variable, "/elsewhere");
        pushes(&fake, &target, &mut command, &tree.join("_main"));
    }
}

#[test]
fn by_a_runfiles_manifest_alone_with_spaces_in_paths() {
    let fake = FakeRegistry::start();
    let target = RunTarget::to(&fake.host());
    let other = tempfile::tempdir().unwrap();
    let (programs, files) = (other.path().join("my programs"), other.path().join("my files"));
    link(&target, &programs, is_program);
    link(&target, &files, |name| !is_program(name));
    let lines: Vec<String> = ["manifest.json", "config.json", "0.layer.json", "0.blob"]
        .iter()
        .map(|name| format!("_main/app/{name} {}\n", files.join(name).display()))
        .collect();
    let manifest = other.path().join("a manifest");
    fs::write(&manifest, lines.concat()).unwrap();
    let executable = programs.join(EXECUTABLE);
    let mut command = Command::new(&executable);
    command.env_clear().env("RUNFILES_MANIFEST_FILE", &manifest);
    pushes(&fake, &target, &mut command, Path::new("/"));

    fs::rename(&manifest, programs.join(format!("{EXECUTABLE}.runfiles_manifest"))).unwrap();
    pushes(&fake, &target, Command::new(&executable).env_clear(), Path::new("/"));
}

#[test]
fn without_its_spec_it_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let target = RunTarget::to("r.example");
    link(&target, folder.path(), |name| name == EXECUTABLE);
    let ended = Ended::of(Command::new(folder.path().join(EXECUTABLE)).env_clear().output().unwrap());
    ended.failed(2, &["image.push.run.json", "beside"]);
}
