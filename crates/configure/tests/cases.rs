//! Each folder of `tests/cases` is a workspace, before and after.
//!
//! `X.in` is what the file `X` holds before `configure` runs in a copy, `X.out` what it holds after; without `X.out` it stays. A line of
//! `arguments` is given to it. `output` is what it prints, and its exit code. A second run must change nothing.
//!
//! `UPDATE_CASES=1 cargo test -p configure --test cases` writes what came of it; read the difference before you commit it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[test]
#[allow(clippy::disallowed_methods, reason = "who writes a case says so by a variable")]
fn every_case_ends_as_expected() {
    let mut failed = Vec::new();
    // Bazel starts tests in the root of the repository, cargo in the package.
    let folder =
        ["tests/cases", "crates/configure/tests/cases"].map(Path::new).into_iter().find(|path| path.exists());
    let cases = children(folder.unwrap());
    assert!(cases.len() > 10, "{} cases", cases.len());
    for case in cases {
        let found = run(&case);
        let expected = expectation(&case);
        if found == expected {
            continue;
        }
        if env::var_os("UPDATE_CASES").is_some() {
            accept(&case, &found);
        } else {
            failed.push(format!("{}:\n{}", case.display(), differences(&expected, &found)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The files of a workspace by path, and `output`.
type Files = BTreeMap<PathBuf, String>;

fn run(case: &Path) -> Files {
    let workspace = tempfile::tempdir().unwrap();
    let root = workspace.path();
    for (path, text) in read(case) {
        if path.extension() == Some(OsStr::new("in")) {
            let target = root.join(path.with_extension(""));
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, text).unwrap();
        }
    }
    if !root.join("MODULE.bazel").exists() {
        fs::write(root.join("MODULE.bazel"), "").unwrap();
    }
    let given = read(root);

    let arguments = fs::read_to_string(case.join("arguments")).unwrap_or_default();
    let output = configure(root, &arguments);
    let mut files = read(root);
    files.retain(|path, text| given.get(path) != Some(text));
    if !arguments.contains("diff") && !arguments.contains("print") {
        let once = read(root);
        configure(root, &arguments);
        assert_eq!(once, read(root), "{}: the second run changes something", case.display());
    }
    files.insert("output".into(), output);
    files
}

fn configure(root: &Path, arguments: &str) -> String {
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_configure")).unwrap();
    let output = Command::new(program)
        .current_dir(root)
        .env_remove("BUILD_WORKSPACE_DIRECTORY")
        .env_remove("BUILD_WORKING_DIRECTORY")
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let mut text = String::new();
    for stream in [&output.stdout, &output.stderr] {
        text.push_str(&String::from_utf8_lossy(stream));
    }
    writeln!(text, "exit code {}", output.status.code().unwrap()).unwrap();
    text
}

fn expectation(case: &Path) -> Files {
    let is_outcome = |path: &Path| path.extension() == Some(OsStr::new("out"));
    read(case)
        .into_iter()
        .filter(|(path, _)| is_outcome(path) || path == Path::new("output"))
        .map(|(path, text)| (if is_outcome(&path) { path.with_extension("") } else { path }, text))
        .collect()
}

fn accept(case: &Path, found: &Files) {
    for path in expectation(case).into_keys() {
        let file = if path == Path::new("output") { path } else { outcome(&path) };
        fs::remove_file(case.join(file)).unwrap();
    }
    for (path, text) in found {
        let file = if path == Path::new("output") { path.clone() } else { outcome(path) };
        fs::write(case.join(file), text).unwrap();
    }
}

fn outcome(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".out");
    name.into()
}

fn differences(expected: &Files, found: &Files) -> String {
    let paths: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let mut text = String::new();
    for path in paths.into_iter().filter(|path| expected.get(*path) != found.get(*path)) {
        let of = |files: &Files| files.get(path).cloned().unwrap_or_default();
        writeln!(text, "--- {}: expected\n{}--- found\n{}", path.display(), of(expected), of(found)).unwrap();
    }
    text
}

fn read(root: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in children(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
                files.insert(path.strip_prefix(root).unwrap().to_owned(), text);
            }
        }
    }
    files
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
