//! What can be wrong with a declared link.

use std::{io, path::PathBuf};

use crate::path::ImagePath;

/// Why a declared link cannot be what it should be.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It leads to something of the build that the layer's target does not have.
    #[error(
        "{} would be a link to {}, a path of this machine, and nothing that is declared is there: add what it leads to to the target's \
         files, or have `preserve_symlinks` not match .{path}, so that the link is followed", link.display(), target.display()
    )]
    Undeclared {
        /// Where it is in the image.
        path: ImagePath,
        /// The link on disk.
        link: PathBuf,
        /// What it leads to.
        target: PathBuf,
    },
    /// It would be followed, and leads nowhere.
    #[error(
        "{} is a symbolic link that leads nowhere, and would be followed, since `preserve_symlinks` does not match .{path}: have it match, or add \
         what the link leads to to the target's files", link.display()
    )]
    LeadsNowhere {
        /// Where it is in the image.
        path: ImagePath,
        /// The link on disk.
        link: PathBuf,
        /// What following it said.
        source: io::Error,
    },
}
