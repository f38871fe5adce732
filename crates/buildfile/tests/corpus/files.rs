//! Finds BUILD files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A BUILD file.
pub(crate) struct BuildFile {
    pub(crate) path: PathBuf,
    pub(crate) text: Vec<u8>,
}

/// Folders to look in, as `PATH` lists them. There have to be many files in them.
const FOLDERS: &str = "STRATA_BUILD_FILES";

/// How many files a corpus has that is asked for by name.
const FEW: usize = 100;

/// How BUILD files are called. What is called `BUILD.x` is often a template.
const NAMES: [&str; 2] = ["BUILD", "BUILD.bazel"];

/// All BUILD files, each text once, in an order that depends on the texts alone.
pub(crate) fn all() -> Vec<BuildFile> {
    #[allow(clippy::disallowed_methods, reason = "a test says where its inputs are")]
    let (asked, home) = (env::var_os(FOLDERS), env::var_os("HOME"));
    let mut found = BTreeMap::new();
    if let Some(folders) = &asked {
        for folder in env::split_paths(folders) {
            find(&folder, &mut found);
        }
        assert!(found.len() >= FEW, "{} BUILD files in {FOLDERS}={}", found.len(), folders.display());
    } else {
        // Where cargo starts tests, and where Bazel does: with the files that BUILD.bazel names.
        let here = if Path::new("crates/buildfile").is_dir() { "." } else { "../.." };
        find(Path::new(here), &mut found);
        find(Path::new("/usr/share/bazel"), &mut found);
        let cache = home.map(|home| Path::new(&home).join(".cache/rules_strata"));
        for debian in cache.iter().flat_map(fs::read_dir).flatten().flatten() {
            if debian.file_name().to_string_lossy().starts_with("debian-") {
                find(&debian.path().join("usr/share/bazel"), &mut found);
            }
        }
        assert!(!found.is_empty(), "no BUILD file here, nor in /usr/share/bazel: set {FOLDERS}");
    }
    found.into_iter().map(|(text, path)| BuildFile { path, text }).collect()
}

/// Adds the BUILD files below a folder. Symbolic links to folders aren't followed.
fn find(folder: &Path, found: &mut BTreeMap<Vec<u8>, PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if name != "target" && name != ".git" {
                find(&path, found);
            }
        } else if NAMES.iter().any(|&build| build == name)
            && let Ok(text) = fs::read(&path)
        {
            found.insert(text, path);
        }
    }
}
