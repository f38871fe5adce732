//! What can be wrong with a layer.
//!
//! Invariant: every message names the path or file, and says what to do where that is not plain from what is wrong.

use std::{io, path::PathBuf};

use oci::{atomic::AtomicError, media_type::Compression};

use crate::{
    attributes::{ModeError, MtimeError, NamesError, OwnerError},
    codec::CompressError,
    format::MAX_HEADER,
    glob::GlobError,
    links::LinkError,
    part::PartError,
    path::{ImagePath, PathProblem},
    xattr::XattrError,
};

/// Why a layer could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The entries file breaks its format.
    #[error("{}:{line}: {problem}", file.display())]
    Entries {
        /// The entries file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        problem: EntriesProblem,
    },
    /// Two different things at one path.
    #[error("two files at {path}: {first} and {second}. Keep one, or give one of them another path")]
    TwoFiles {
        /// The path in the image.
        path: ImagePath,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// One thing, declared twice with different modes.
    #[error("two modes for {path}: {first:04o} and {second:04o}. Declare one")]
    TwoModes {
        /// The path in the image.
        path: ImagePath,
        /// One of them.
        first: u16,
        /// The other.
        second: u16,
    },
    /// A whiteout that cannot be.
    #[error("nothing can delete {path}: {problem}")]
    Whiteout {
        /// What was to be deleted, or the opaque directory.
        path: ImagePath,
        /// What is wrong.
        problem: PathProblem,
    },
    /// A file that nobody declared as a whiteout, and that would be one.
    #[error(
        "{path} would be no file in the image: by its name it tells runtimes to {deletes}. Rename it, or, if that is          meant, leave it out and declare it with `whiteouts` or `opaque`"
    )]
    WhiteoutName {
        /// The path in the image.
        path: ImagePath,
        /// What it would do.
        deletes: String,
    },
    /// A path that the layer deletes and writes.
    #[error(
        "{path} is in `whiteouts`, and this layer writes it. What it writes replaces what layers below have there; to be rid          of all that they have in a directory, name it in `opaque`"
    )]
    DeletedAndWritten {
        /// The path in the image.
        path: ImagePath,
    },
    /// Something that is no directory is above something else.
    #[error("{parent} is {what}, but {child} ({child_what}) needs a directory there. Move one of them")]
    NotADirectory {
        /// The path that would have to be a directory.
        parent: ImagePath,
        /// What it is.
        what: String,
        /// The path below it.
        child: ImagePath,
        /// What that is.
        child_what: String,
    },
    /// A glob that no path matches.
    #[error(
        "no path in the layer matches the glob {glob:?} of `{attribute}`: correct it or take it away. `*` stops at slashes, `**` does not"
    )]
    UnmatchedGlob {
        /// The attribute that it stands in.
        attribute: &'static str,
        /// The glob.
        glob: String,
    },
    /// Merged tars, or what is declared on top of them, have things of two types at one path.
    #[error(
        "{path} is {first}, and {second}. What is merged into one layer must be of one type at each path: take one of them out, \
         or give the tars layers of their own"
    )]
    ChangesType {
        /// The path in the image.
        path: ImagePath,
        /// What comes first.
        first: String,
        /// What comes later.
        second: String,
    },
    /// A hard link in a merged tar leads nowhere.
    #[error(
        "{path} in {} is a hard link to {target}, and neither that tar nor those before it have a file there. Put the tar that has it before \
         this one, or make this one with both", tar.display()
    )]
    LinkTarget {
        /// The tar.
        tar: PathBuf,
        /// The link.
        path: ImagePath,
        /// What it leads to.
        target: ImagePath,
    },
    /// The contents of a compressed tar cannot be put aside.
    #[error("cannot unpack {} to a temporary file in {}", tar.display(), directory.display())]
    Spool {
        /// The tar.
        tar: PathBuf,
        /// Where the file is.
        directory: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// An entry of a tar that no layer can hold.
    #[error("{path} in {}: {problem}", tar.display())]
    TarEntry {
        /// The tar.
        tar: PathBuf,
        /// The path as it stands there.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What is said of an entry is too much for its header.
    #[error(
        "{path} would have a header of {length} bytes, with its extended attributes; at most {MAX_HEADER} are written, and no \
         file system stores that much of them"
    )]
    LongHeader {
        /// The path in the image.
        path: ImagePath,
        /// Length of the header with its pax records.
        length: usize,
    },
    /// A file or directory on disk cannot be used.
    #[error("cannot {operation} {}", path.display())]
    Source {
        /// What was tried, as a verb.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A link in a tree leads nowhere, or around.
    #[error("{} is a symbolic link that leads nowhere: links in a tree are followed", path.display())]
    DeadLink {
        /// The link.
        path: PathBuf,
        /// What following it said.
        source: io::Error,
    },
    /// A link in a tree leads to a directory that it is in.
    #[error("{} is a symbolic link to a directory that it is in: links in a tree are followed, and this one has no end", path.display())]
    CyclicLink {
        /// The link.
        path: PathBuf,
    },
    /// A socket, a device or the like.
    #[error("{} is neither file, directory nor symbolic link: a layer cannot hold it", path.display())]
    Special {
        /// The file.
        path: PathBuf,
    },
    /// A directory where a file was promised.
    #[error(
        "{0} is a directory, and was declared as the file {image_path}. Bazel does not see into a directory among sources: \
         name its files, as with glob([\"{0}/**\"])",
        path.display()
    )]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Where it should go.
        image_path: ImagePath,
    },
    /// A name in a tree that no image path can have.
    #[error("{} cannot be placed in the image: {problem}", path.display())]
    Name {
        /// The file on disk.
        path: PathBuf,
        /// What is wrong.
        problem: PathProblem,
    },
    /// A file grew or shrank while it was read.
    #[error("{} changed its size while it was read (it had {size} bytes). Whatever writes it must be done first", path.display())]
    SizeChanged {
        /// The file.
        path: PathBuf,
        /// Its size when it was opened.
        size: u64,
    },
    /// An output cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// An output cannot be created or put in place.
    #[error(transparent)]
    Output(#[from] AtomicError),
    /// A declared link cannot be what it should be.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The layer cannot be the part that it is said to be.
    #[error(transparent)]
    Part(#[from] PartError),
    /// A compressor failed.
    #[error(transparent)]
    Compress(#[from] CompressError),
    /// A file that should be a tar is none.
    #[error("{} is no tar: {problem}", path.display())]
    NotATar {
        /// The file.
        path: PathBuf,
        /// What it is instead, or what is wrong with it, and what to do.
        problem: String,
    },
    /// A tar that should be a layer is a whole image.
    #[error(
        "{} is an image, with {files} at its root, and no layer: name it as base of an oci_image, or give it to oci_import; \
         if those files are meant for the image, pack them by oci_layer(tars = ...)",
        path.display()
    )]
    IsImage {
        /// The file.
        path: PathBuf,
        /// By which it is known.
        files: &'static str,
    },
    /// The compressed stream around a tar is damaged.
    #[error("{} is damaged: its {compression} data cannot be read after {offset} bytes of tar", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it is compressed.
        compression: Compression,
        /// How much of the tar came out.
        offset: u64,
        /// What the decompressor says.
        source: io::Error,
    },
    /// Another stage of the pipeline has failed, and its error is the one to tell. Never leaves this crate.
    #[error("stopped, since another part failed")]
    Stopped,
}

/// What is wrong in a line of an entries file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntriesProblem {
    /// The first line is not the version.
    #[error(
        "the first line must be `strata-entries 2`, not {found:?}: the rules and the tool are of different releases"
    )]
    Version {
        /// What stands there.
        found: String,
    },
    /// The file ends within an entry, or within a line.
    #[error("the file ends in the middle of an entry: each has 4 lines, the last of them ended too")]
    CutShort,
    /// A line is not UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// A kind that does not exist.
    #[error(
        "unknown kind {found:?}: known are file, tree, symlink, readlink, output, dir, empty, whiteout, opaque, tar, owner, names, mode, xattr and mtime"
    )]
    Kind {
        /// What stands there.
        found: String,
    },
    /// A path that no image can have.
    #[error("bad path {path:?}: {problem}")]
    Path {
        /// What stands there.
        path: String,
        /// What is wrong with it.
        problem: PathProblem,
    },
    /// A source is missing, superfluous or impossible.
    #[error("{0}")]
    Source(&'static str),
    /// A line that holds something, and must not.
    #[error("the line must be empty, and holds {found:?}: {kind} has no {field}")]
    Superfluous {
        /// Kind of the entry.
        kind: String,
        /// What the line is for.
        field: &'static str,
        /// What stands there.
        found: String,
    },
    /// A setting of everything, twice.
    #[error("{setting} is given twice for everything")]
    Twice {
        /// Its kind.
        setting: &'static str,
    },
    /// A time that is none.
    #[error(transparent)]
    Mtime(#[from] MtimeError),
    /// A glob that is none.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// An owner that is none.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// Names that are none.
    #[error(transparent)]
    Names(#[from] NamesError),
    /// An extended attribute that is none.
    #[error(transparent)]
    Xattr(#[from] XattrError),
    /// More extended attributes than a header should hold.
    #[error(
        "the extended attributes of the layer are longer than 256 KiB together: no file system stores that much"
    )]
    Xattrs,
    /// A setting that is for some files only, for all.
    #[error("the path is empty: a glob must say which files have the extended attribute")]
    NoGlob,
    /// A mode that is none.
    #[error(transparent)]
    Mode(#[from] ModeError),
}
