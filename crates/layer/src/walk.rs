//! Trees on disk, walked when the layer is packed and never earlier.
//!
//! Invariant: links are followed, since a tree that was built remotely arrives as files, and one staged in a sandbox as
//! links to them: both must give the same layer. The order of the directory does not matter, as entries are sorted
//! later.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    entry::Kind,
    error::Error,
    host,
    path::{ImagePath, PathProblem},
};

/// Calls `found` for `directory` itself, placed at `path`, and for everything below it.
///
/// # Errors
/// Directories that cannot be read, dead and endless links, special files, and names that no image path can have.
pub(crate) fn walk(
    path: &ImagePath,
    directory: &Path,
    found: &mut impl FnMut(ImagePath, Kind),
) -> Result<(), Error> {
    descend(path, directory, &mut Vec::new(), found)
}

/// `above` is the way down to `directory` on disk, links as they were taken.
fn descend(
    path: &ImagePath,
    directory: &Path,
    above: &mut Vec<PathBuf>,
    found: &mut impl FnMut(ImagePath, Kind),
) -> Result<(), Error> {
    let failed =
        |source| Error::Source { operation: "read the directory", path: directory.to_owned(), source };
    found(path.clone(), Kind::Directory);
    above.push(directory.to_owned());
    for child in fs::read_dir(directory).map_err(failed)? {
        let child = child.map_err(failed)?;
        let on_disk = child.path();
        let name = child.file_name();
        let bad_name = |problem| Error::Name { path: on_disk.clone(), problem };
        let joined = host::bytes(&name).ok_or(PathProblem::Nul).and_then(|name| path.join(name));
        let in_image = joined.map_err(bad_name)?;
        let mut kind = child.file_type().map_err(failed)?;
        let is_link = kind.is_symlink();
        if is_link {
            kind = fs::metadata(&on_disk).map_err(|source| dead_link(&on_disk, source))?.file_type();
        }
        if kind.is_file() {
            found(in_image, Kind::File(on_disk));
        } else if kind.is_dir() {
            if is_link && leads_up(&on_disk, above).map_err(failed)? {
                return Err(Error::CyclicLink { path: on_disk });
            }
            descend(&in_image, &on_disk, above, found)?;
        } else {
            return Err(Error::Special { path: on_disk });
        }
    }
    above.pop();
    Ok(())
}

fn dead_link(path: &Path, source: io::Error) -> Error {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied => Error::Source { operation: "follow the link", path, source },
        _ => Error::DeadLink { path, source },
    }
}

/// Whether a link leads to one of the directories that the walk is in.
fn leads_up(link: &Path, above: &[PathBuf]) -> io::Result<bool> {
    let target = fs::canonicalize(link)?;
    for directory in above {
        if fs::canonicalize(directory)? == target {
            return Ok(true);
        }
    }
    Ok(false)
}
