//! Replacing a BUILD file: at once, with its mode, and only while it is what was read.

use std::fs::{self, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file was not replaced. It is as it was, and nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Nobody may write to it.
    #[error(
        "read-only, and would change: make it writable (`chmod u+w`), or leave it out with `# oci:ignore` in it"
    )]
    ReadOnly,
    /// It is a link to somewhere else.
    #[error(
        "a link to {0}, outside of the repository, and would change: change that file by hand, or leave the link out with \
         -exclude"
    )]
    Outside(PathBuf),
    /// Somebody changed it meanwhile.
    #[error("changed while it was worked on, and left as it is: run this again")]
    Changed,
    /// By the system.
    #[error("cannot {operation}: {source}")]
    Failed {
        /// What was tried.
        operation: &'static str,
        /// Why it didn't work.
        source: io::Error,
    },
}

/// Where the bytes of a BUILD file are: links followed.
///
/// # Errors
/// [`WriteError`]
pub fn place(root: &Path, path: &Path) -> Result<PathBuf, WriteError> {
    let is_link = fs::symlink_metadata(path).map_err(|e| failed("look at it", e))?.is_symlink();
    if !is_link {
        return Ok(path.to_owned());
    }
    let real = fs::canonicalize(path).map_err(|e| failed("follow the link", e))?;
    if real.starts_with(root) { Ok(real) } else { Err(WriteError::Outside(real)) }
}

/// Puts `new` into the file at `path`, which held `old` when it was read. `root` is the root of the repository: a link to a file in it
/// stays, and the file is replaced.
///
/// # Errors
/// [`WriteError`]
pub fn replace(root: &Path, path: &Path, old: &[u8], new: &[u8]) -> Result<(), WriteError> {
    let place = place(root, path)?;
    let metadata = fs::metadata(&place).map_err(|e| failed("look at it", e))?;
    if metadata.permissions().readonly() {
        return Err(WriteError::ReadOnly);
    }
    let folder = place.parent().unwrap_or(root);
    // Removed when it is dropped, so whatever goes wrong.
    let mut temporary = tempfile::Builder::new()
        .prefix(".configure-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(|e| failed("create a file beside it", e))?;
    temporary.write_all(new).map_err(|e| failed("write the new content", e))?;
    keep(&metadata, temporary.as_file()).map_err(|e| failed("give the new content its mode", e))?;
    let now = fs::read(&place).map_err(|e| failed("read it again", e))?;
    if now == new {
        // Another run was faster.
        return Ok(());
    }
    if now != old {
        return Err(WriteError::Changed);
    }
    temporary.persist(&place).map_err(|e| failed("put the new content in place", e.error))?;
    Ok(())
}

fn failed(operation: &'static str, source: io::Error) -> WriteError {
    WriteError::Failed { operation, source }
}

/// Gives a file the mode and, as far as this user may, the owner of another.
#[cfg(unix)]
fn keep(metadata: &Metadata, file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        // Only root may give files away: for all others it would never have been different.
        let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
    }
    file.set_permissions(metadata.permissions())
}

/// Gives a file the mode of another.
#[cfg(not(unix))]
fn keep(metadata: &Metadata, file: &fs::File) -> io::Result<()> {
    file.set_permissions(metadata.permissions())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[allow(
        clippy::unwrap_used,
        reason = "clippy.toml allows it in test functions, and not in their helpers"
    )]
    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn modes_and_links_stay() {
        let temporary = tempfile::tempdir().unwrap();
        let root = &fs::canonicalize(temporary.path()).unwrap();
        let (file, link) = (root.join("BUILD.real"), root.join("BUILD"));
        symlink("BUILD.real", &link).unwrap();
        for (number, mode) in [0o600, 0o755, 0o666, 0o4744].into_iter().enumerate() {
            fs::write(&file, "old").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            replace(root, if number % 2 == 0 { &file } else { &link }, b"old", b"new").unwrap();
            assert_eq!(fs::read(&file).unwrap(), b"new");
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, mode, "{mode:o}");
        }
        assert!(link.is_symlink());
        assert_eq!(names(root), ["BUILD", "BUILD.real"]);
    }

    #[test]
    fn what_cannot_be_replaced_stays_as_it_is() {
        let temporary = tempfile::tempdir().unwrap();
        let top = &fs::canonicalize(temporary.path()).unwrap();
        let root = &top.join("root");
        fs::create_dir(root).unwrap();
        fs::write(top.join("outside"), "old").unwrap();
        symlink("../outside", root.join("link")).unwrap();
        symlink("nothing", root.join("dangling")).unwrap();
        for name in ["read-only", "changed"] {
            fs::write(root.join(name), "old").unwrap();
        }
        fs::set_permissions(root.join("read-only"), fs::Permissions::from_mode(0o444)).unwrap();
        let before = names(root);
        for (name, read, part) in [
            ("link", "old", "outside of the repository"),
            ("dangling", "old", "cannot follow the link"),
            ("read-only", "old", "chmod u+w"),
            ("changed", "older", "run this again"),
            ("gone", "old", "cannot look at it"),
        ] {
            let error = replace(root, &root.join(name), read.as_bytes(), b"new").unwrap_err().to_string();
            assert!(error.contains(part), "{name}: {error}");
        }
        for path in [top.join("outside"), root.join("read-only"), root.join("changed")] {
            assert_eq!(fs::read(path).unwrap(), b"old");
        }
        assert_eq!(names(root), before);
        // What is there already needs no second run.
        replace(root, &root.join("changed"), b"older", b"old").unwrap();
    }
}
