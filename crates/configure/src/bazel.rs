//! What the test `:configure.check` is told by its rule, `oci/private/configure.bzl`: where the workspace is, and what to
//! run where a BUILD file would change.
//!
//! Bazel tells a program that `bazel run` starts where the workspace is, and keeps it from a test. So the test has the
//! workspace's MODULE.bazel among its runfiles, which is a link to the file itself, or named by a manifest.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The runfiles path of a source file in the root of the workspace.
const ROOT_FILE: &str = "STRATA_CONFIGURE_ROOT_FILE";

/// The command that writes what a check finds missing.
const FIX: &str = "STRATA_CONFIGURE_FIX";

/// The names of a package's file. The root has one, or the rule could not name a file there.
const BUILD_FILES: [&str; 2] = ["BUILD.bazel", "BUILD"];

/// Why a test does not find the workspace.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is in no runfiles.
    #[error("{0} is not in the runfiles of this test: run it by `bazel test`, or start the tool itself")]
    Missing(String),
    /// The runfiles manifest can't be read.
    #[error("cannot read the runfiles manifest {}", .0.display())]
    Manifest(PathBuf, #[source] io::Error),
    /// What the runfiles name is not there.
    #[error("cannot find the workspace of {}", .0.display())]
    Unresolved(PathBuf, #[source] io::Error),
    /// The file was copied to where the BUILD files are not.
    #[error(
        "{} is a copy of the workspace's root without its BUILD files: this test must run on the machine that has \
         the workspace. Leave it out of --strategy=TestRunner=… and --test_strategy",
        .0.display()
    )]
    Copied(PathBuf),
}

/// The root of the workspace that a test of the rule checks; none in any other process.
///
/// `variable` gives the value of an environment variable that is set.
///
/// # Errors
/// If the process is such a test, and the workspace isn't where its runfiles say.
pub fn root_of_test(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<PathBuf>, Error> {
    let Some(name) = variable(ROOT_FILE).and_then(|value| value.into_string().ok()) else { return Ok(None) };
    let directories = ["RUNFILES_DIR", "TEST_SRCDIR"].into_iter().filter_map(&variable);
    let linked = directories.map(|directory| PathBuf::from(directory).join(&name)).find(|path| path.exists());
    let file = match (linked, variable("RUNFILES_MANIFEST_FILE")) {
        (Some(file), _) => file,
        (None, Some(manifest)) => listed(Path::new(&manifest), &name)?,
        (None, None) => return Err(Error::Missing(name)),
    };
    let file = file.canonicalize().map_err(|error| Error::Unresolved(file, error))?;
    let root = file.parent().unwrap_or(&file).to_owned();
    if !BUILD_FILES.iter().any(|name| root.join(name).exists()) {
        return Err(Error::Copied(root));
    }
    Ok(Some(root))
}

/// The command that a test's message is to name, such as `bazel run //:configure`; none in any other process.
pub fn fix_command(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    variable(FIX)?.into_string().ok().filter(|command| !command.is_empty())
}

/// Where a runfiles manifest says that a file is. Its name has none of the characters that manifests escape.
fn listed(manifest: &Path, name: &str) -> Result<PathBuf, Error> {
    let text =
        std::fs::read_to_string(manifest).map_err(|error| Error::Manifest(manifest.to_owned(), error))?;
    let mut entries = text.lines().filter_map(|line| line.split_once(' '));
    entries
        .find(|(rlocation, _)| *rlocation == name)
        .map(|(_, path)| PathBuf::from(path))
        .ok_or_else(|| Error::Missing(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace in a temporary folder, with runfiles beside it.
    fn workspace() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("its path").join("work space");
        std::fs::create_dir_all(&root).expect("a workspace");
        for name in ["MODULE.bazel", "BUILD"] {
            std::fs::write(root.join(name), "").expect("a file");
        }
        std::fs::create_dir_all(folder.path().join("runfiles/_main")).expect("runfiles");
        (folder, root)
    }

    fn root(variables: &[(&str, &Path)]) -> Result<Option<PathBuf>, Error> {
        root_of_test(|name| match name {
            ROOT_FILE => Some("_main/MODULE.bazel".into()),
            name => {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_os_str().to_owned())
            }
        })
    }

    #[test]
    fn other_processes_are_told_nothing() {
        assert_eq!(root_of_test(|_| None).expect("no error"), None);
        assert_eq!(fix_command(|_| None), None);
        assert_eq!(fix_command(|_| Some(OsString::new())), None);
    }

    #[test]
    fn the_command() {
        let command = fix_command(|name| (name == FIX).then(|| "bazel run //:configure".into()));
        assert_eq!(command.as_deref(), Some("bazel run //:configure"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_runfiles_leads_to_the_workspace() {
        let (folder, expected) = workspace();
        let runfiles = folder.path().join("runfiles");
        std::os::unix::fs::symlink(expected.join("MODULE.bazel"), runfiles.join("_main/MODULE.bazel"))
            .expect("a link");
        for variable in ["RUNFILES_DIR", "TEST_SRCDIR"] {
            assert_eq!(root(&[(variable, &runfiles)]).expect("a root"), Some(expected.clone()), "{variable}");
        }
    }

    #[test]
    fn without_links_a_manifest_does() {
        let (folder, expected) = workspace();
        let manifest = folder.path().join("MANIFEST");
        let lines = format!(
            "_main/MODULE.bazel.orig /nowhere\n_main/MODULE.bazel {}/MODULE.bazel\n",
            expected.display()
        );
        std::fs::write(&manifest, lines).expect("a manifest");
        let runfiles = folder.path().join("runfiles");
        let found = root(&[("RUNFILES_DIR", &runfiles), ("RUNFILES_MANIFEST_FILE", &manifest)]);
        assert_eq!(found.expect("a root"), Some(expected));
    }

    #[test]
    fn what_is_no_workspace_is_an_error() {
        let (folder, workspace) = workspace();
        let manifest = folder.path().join("MANIFEST");
        std::fs::write(&manifest, "_main/MODULE.bazel /nowhere/MODULE.bazel\n").expect("a manifest");
        let empty = folder.path().join("empty");
        std::fs::write(&empty, "").expect("a manifest");
        let copy = folder.path().join("runfiles");
        std::fs::copy(workspace.join("MODULE.bazel"), copy.join("_main/MODULE.bazel")).expect("a copy");
        let missing = folder.path().join("missing");
        for (variables, message) in [
            (vec![], "_main/MODULE.bazel is not in the runfiles"),
            (vec![("RUNFILES_DIR", missing.as_path())], "_main/MODULE.bazel is not in the runfiles"),
            (vec![("RUNFILES_MANIFEST_FILE", empty.as_path())], "_main/MODULE.bazel is not in the runfiles"),
            (vec![("RUNFILES_MANIFEST_FILE", missing.as_path())], "cannot read the runfiles manifest"),
            (
                vec![("RUNFILES_MANIFEST_FILE", manifest.as_path())],
                "cannot find the workspace of /nowhere/MODULE.bazel",
            ),
            (
                vec![("RUNFILES_DIR", copy.as_path())],
                "is a copy of the workspace's root without its BUILD files",
            ),
        ] {
            let error = root(&variables).expect_err(message).to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
