//! Whiteouts: how a layer says what of the layers below it is gone (OCI image-spec, layer.md, "Whiteouts").
//!
//! An empty file `DIR/.wh.NAME` deletes `DIR/NAME`, and `DIR/.wh..wh..opq` all that layers below have in DIR. They are
//! 0:0 and 0644 whatever is declared of files, since no runtime keeps them as files.
//! Invariant: an entry whose name begins with `.wh.` is a whiteout that somebody declared, and no path is both
//! deleted and written. With `.wh.d` before `d/` in one layer, umoci 0.4.7 deletes what lower layers have in `d`, and Docker
//! 20.10.24, containerd 1.6.20 and podman 4.3.1 show it again; after `d/`, these three refuse to unpack the layer.

use std::{path::Path, sync::Arc};

use crate::{
    attributes::FILE_MODE,
    entry::{Entry, Kind, Owner},
    error::Error,
    merge::Stage,
    path::{ImagePath, PathProblem},
};

/// What the name of a whiteout begins with; the rest is the name of what is gone.
const PREFIX: &[u8] = b".wh.";
/// Name of what makes a directory opaque.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// The whiteout that deletes a path of layers below.
///
/// # Errors
/// Where its path is too long, or is that of a whiteout itself.
pub(crate) fn of_path(path: &ImagePath, mtime: i64) -> Result<Entry, PathProblem> {
    let name = path.name();
    if name.starts_with(PREFIX) {
        return Err(PathProblem::Whiteout);
    }
    Ok(entry(path.parent().join(&[PREFIX, name].concat())?, mtime))
}

/// The whiteout that hides all that layers below have in a directory.
///
/// # Errors
/// Where its path is too long.
pub(crate) fn of_contents(directory: &ImagePath, mtime: i64) -> Result<Entry, PathProblem> {
    Ok(entry(directory.join(OPAQUE)?, mtime))
}

fn entry(path: ImagePath, mtime: i64) -> Entry {
    Entry {
        path,
        kind: Kind::Whiteout,
        mode: Some(FILE_MODE),
        owner: Owner::default(),
        names: None,
        xattrs: None,
        mtime,
        tar: None,
    }
}

/// What an entry deletes of the layers below, if it is a whiteout: a path, or all in a directory.
pub(crate) fn deleted(entry: &Entry) -> Option<ImagePath> {
    let name = entry.path.name().strip_prefix(PREFIX).filter(|_| entry.kind == Kind::Whiteout)?;
    let parent = entry.path.parent();
    if entry.path.name() == OPAQUE { Some(parent) } else { parent.join(name).ok() }
}

/// What a whiteout says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whiteout {
    /// A path is gone. The tar is where that stands, if not among the declarations.
    Path { path: ImagePath, tar: Option<Arc<Path>> },
    /// All in a directory is gone.
    Contents { directory: ImagePath, tar: Option<Arc<Path>> },
}

impl Whiteout {
    /// What the name of an entry says, whatever its type.
    ///
    /// # Errors
    /// Why no runtime would do what it says.
    pub(crate) fn parse(path: &ImagePath, tar: Option<&Arc<Path>>) -> Result<Option<Self>, &'static str> {
        let (directory, tar) = (path.parent(), tar.cloned());
        match path.name().strip_prefix(PREFIX) {
            None => Ok(None),
            Some(_) if path.name() == OPAQUE => Ok(Some(Self::Contents { directory, tar })),
            Some(name) if name.starts_with(PREFIX) => {
                Err("this is bookkeeping of AUFS, which is no part of an image. Take it out of the tar")
            }
            Some(name) => match directory.join(name) {
                Ok(path) => Ok(Some(Self::Path { path, tar })),
                Err(_) => Err("a whiteout must name what is gone. Take it out of the tar"),
            },
        }
    }
}

/// Divides declared entries, which are sorted by path, into whiteouts and others.
///
/// # Errors
/// [`Error::DeletedAndWritten`]: on top of tars that could be meant, but nowhere else.
pub(crate) fn stage(entries: Vec<Entry>) -> Result<Stage, Error> {
    let mut stage = Stage::default();
    for entry in entries {
        let whiteout =
            if entry.kind == Kind::Whiteout { Whiteout::parse(&entry.path, None) } else { Ok(None) };
        match whiteout.expect("made of a path") {
            Some(whiteout) => stage.whiteouts.push(whiteout),
            None => stage.entries.push(entry),
        }
    }
    for whiteout in &stage.whiteouts {
        let Whiteout::Path { path, .. } = whiteout else { continue };
        let below = [path.as_bytes(), b"/"].concat();
        let writes = |from: &[u8]| stage.entries.partition_point(|entry| entry.path.as_bytes() < from);
        let at = stage.entries.get(writes(path.as_bytes())).is_some_and(|entry| entry.path == *path);
        let under =
            stage.entries.get(writes(&below)).is_some_and(|entry| entry.path.as_bytes().starts_with(&below));
        if at || under {
            return Err(Error::DeletedAndWritten { path: path.clone() });
        }
    }
    Ok(stage)
}

/// Checks the invariant over all entries of a layer, sorted and with all parents among them.
pub(crate) fn check(entries: &[Entry]) -> Result<(), Error> {
    for entry in entries {
        // Directories are entries themselves, so the last name is all there is to look at.
        let Some(deleted) = entry.path.name().strip_prefix(PREFIX) else { continue };
        if entry.kind != Kind::Whiteout {
            return Err(Error::WhiteoutName {
                path: entry.path.clone(),
                deletes: deletes(&entry.path, deleted),
            });
        }
        if entry.path.name() == OPAQUE {
            continue;
        }
        let path = entry.path.parent().join(deleted).unwrap_or_else(|_| entry.path.clone());
        if entries.binary_search_by(|entry| entry.path.cmp(&path)).is_ok() {
            return Err(Error::DeletedAndWritten { path });
        }
    }
    Ok(())
}

/// What an entry of this path would do, for messages.
fn deletes(path: &ImagePath, deleted: &[u8]) -> String {
    let parent = path.parent();
    match parent.join(deleted) {
        _ if path.name() == OPAQUE => format!("hide all that layers below have in {parent}"),
        Ok(deleted) if !deleted.name().starts_with(PREFIX) => format!("delete {deleted} of the layers below"),
        _ => "do something of their own".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ImagePath {
        ImagePath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn names() {
        for (text, whiteout) in [("a/b", "/a/.wh.b"), ("a", "/.wh.a"), ("a/.b", "/a/.wh..b")] {
            let entry = of_path(&path(text), 7).unwrap();
            assert_eq!((entry.path.to_string(), entry.mtime), (whiteout.to_owned(), 7));
        }
        assert_eq!(of_contents(&path("a/b"), 0).unwrap().path.to_string(), "/a/b/.wh..wh..opq");
        assert_eq!(of_path(&path("a/.wh.b"), 0), Err(PathProblem::Whiteout));
        let long = path(&["x"; 2048].join("/"));
        assert_eq!(of_path(&long, 0), Err(PathProblem::TooLong { length: 4099 }));
        assert_eq!(of_contents(&long, 0), Err(PathProblem::TooLong { length: 4108 }));
    }
}
