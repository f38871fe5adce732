//! Real BUILD files, those in the folders of `STRATA_BUILD_FILES` (as `PATH` lists folders): what `configure` writes into them is what its diff
//! says, stays as it is when it comes by again, and leaves `buildifier` nothing to reformat that it wouldn't have reformatted before.
//!
//! `.ci/run` names the folders and `buildifier`:
//!
//! ```text
//! STRATA_BUILD_FILES=… STRATA_BUILDIFIER=path/to/buildifier cargo test -p configure --test corpus -- --ignored
//! ```

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "a test says where its inputs are")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use support::{Workspace, gnu_patch};

/// How many files there are at least, and images that are written for them.
const FEW: (usize, usize) = (100, 20);

/// Adds the texts of the BUILD files below a folder. Links aren't followed.
fn find(folder: &Path, found: &mut BTreeSet<Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name, kind) = (entry.path(), entry.file_name(), entry.file_type().unwrap());
        if kind.is_dir() {
            find(&path, found);
        } else if kind.is_file() && (name == "BUILD" || name == "BUILD.bazel") {
            found.extend(fs::read(&path));
        }
    }
}

/// What `buildifier -mode=check` says of all files, in order.
fn buildifier(workspace: &Workspace) -> Vec<String> {
    let program =
        env::var_os("STRATA_BUILDIFIER").expect("STRATA_BUILDIFIER is not set: it names buildifier");
    let mut command = Command::new(fs::canonicalize(program).unwrap());
    let output = command.args(["-mode=check", "-r", "."]).current_dir(workspace.root()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let mut lines: Vec<_> = String::from_utf8_lossy(&said).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
#[ignore = "takes BUILD files of others, GNU patch and buildifier: .ci/run has them"]
fn files_of_others() {
    let folders = env::var_os("STRATA_BUILD_FILES").expect("STRATA_BUILD_FILES is not set: it names folders");
    let mut texts = BTreeSet::new();
    env::split_paths(&folders).for_each(|folder| find(&folder, &mut texts));
    assert!(texts.len() >= FEW.0, "{} BUILD files in {}", texts.len(), folders.display());

    let paths: Vec<_> = (0..texts.len()).map(|number| format!("p{number}/BUILD.bazel")).collect();
    let files: Vec<_> = paths.iter().map(String::as_str).zip(texts).collect();
    let (fixed, patched) = (Workspace::new(&files), Workspace::new(&files));
    let before = buildifier(&fixed);

    let output = patched.command("", "-mode=diff").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    gnu_patch(&patched.root(), &output.stdout);

    let run = fixed.run("");
    assert_eq!(run.code, 0, "{}", run.err);
    let diff = String::from_utf8_lossy(&output.stdout);
    let images = diff.lines().filter(|line| line.starts_with('+') && line.ends_with("_image(")).count();
    assert!(images >= FEW.1, "{images} images: {}", run.summary());
    for (path, _) in &files {
        assert_eq!(
            fixed.read(path).escape_ascii().to_string(),
            patched.read(path).escape_ascii().to_string(),
            "{path}"
        );
    }
    let again = fixed.run("");
    assert!(again.code == 0 && again.summary().starts_with("nothing to change: "), "{}", again.err);
    assert_eq!(buildifier(&fixed), before);
}
