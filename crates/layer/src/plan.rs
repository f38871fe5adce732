//! From what was declared to the entries of the layer.
//!
//! Invariant: the result is sorted by path, has every path once, every directory above every entry, and does not
//! depend on the order of the declarations.

use std::{
    collections::BTreeSet,
    fs::{self},
    path::Path,
};

use crate::{
    attributes::{Attributes, FILE_MODE, ModeGlobs, default_directory_mode},
    entries::{Declared, DeclaredKind, check_target},
    entry::{Entry, Kind},
    error::Error,
    host,
    path::{ImagePath, printable},
    walk::{Found, walk},
};

/// Mode of symbolic links, which no system looks at.
const SYMLINK_MODE: u16 = 0o777;

/// Decides the entries of a layer: walks trees, resolves what is declared twice, adds parents, sets modes.
///
/// # Errors
/// Conflicts between declarations, and what is wrong on disk with trees and links.
pub fn plan(declared: Vec<Declared>, attributes: &Attributes) -> Result<Vec<Entry>, Error> {
    let mut entries = expand(declared, attributes)?;
    // Kind and mode too, so that an error names the same two whatever the order was.
    entries.sort_unstable_by(|a, b| (&a.path, &a.kind, a.mode).cmp(&(&b.path, &b.kind, b.mode)));
    let mut entries = merge(entries)?;
    let missing = missing_parents(&entries)?;
    entries.extend(missing.into_iter().map(|path| entry(path, Kind::Directory, None, attributes)));
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    set_modes(&mut entries, attributes)?;
    Ok(entries)
}

const fn entry(path: ImagePath, kind: Kind, mode: Option<u16>, attributes: &Attributes) -> Entry {
    Entry { path, kind, mode, owner: attributes.owner, mtime: attributes.mtime }
}

/// One entry for each declaration, and for each file and directory of a tree.
fn expand(declared: Vec<Declared>, attributes: &Attributes) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::with_capacity(declared.len());
    for Declared { path, kind, mode } in declared {
        let kind = match kind {
            DeclaredKind::Tree(directory) => {
                let found = walk(&path, &directory)?.into_iter().filter(|found| !found.path.is_root());
                entries.extend(found.map(|Found { path, kind }| {
                    let mode = if matches!(kind, Kind::File(_)) { mode } else { None };
                    entry(path, kind, mode, attributes)
                }));
                continue;
            }
            DeclaredKind::File(source) => Kind::File(source),
            DeclaredKind::Symlink(target) => Kind::Symlink(target.into_bytes().into()),
            DeclaredKind::Readlink(link) => Kind::Symlink(read_link(&link)?),
            DeclaredKind::Directory => Kind::Directory,
            DeclaredKind::Empty => Kind::Empty,
        };
        entries.push(entry(path, kind, mode, attributes));
    }
    Ok(entries)
}

/// The target of a link on disk, verbatim.
fn read_link(link: &Path) -> Result<Box<[u8]>, Error> {
    let failed =
        |source| Error::Source { operation: "read the symbolic link", path: link.to_owned(), source };
    let target = fs::read_link(link).map_err(failed)?;
    let bytes = host::bytes(target.as_os_str()).ok_or("the target is not Unicode");
    let checked = bytes.and_then(|bytes| check_target(bytes).map(|()| bytes));
    checked.map(Into::into).map_err(|problem| failed(std::io::Error::other(problem)))
}

/// Leaves one of the entries of each path. They come sorted by path.
fn merge(entries: Vec<Entry>) -> Result<Vec<Entry>, Error> {
    let mut merged: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(last) = merged.last_mut().filter(|last| last.path == entry.path) else {
            merged.push(entry);
            continue;
        };
        if last.kind != entry.kind {
            let (first, second) = (describe(&last.kind), describe(&entry.kind));
            return Err(Error::TwoFiles { path: entry.path, first, second });
        }
        match (last.mode, entry.mode) {
            (Some(first), Some(second)) if first != second => {
                return Err(Error::TwoModes { path: entry.path, first, second });
            }
            // A declared mode beats none.
            _ => last.mode = last.mode.or(entry.mode),
        }
    }
    Ok(merged)
}

/// The directories above entries that are no entries themselves. `entries` is sorted.
fn missing_parents(entries: &[Entry]) -> Result<BTreeSet<ImagePath>, Error> {
    let mut missing = BTreeSet::new();
    let mut last: &[u8] = b"";
    for child in entries {
        for (distance, parent) in child.path.parents().enumerate() {
            // Neighbours mostly share their directory.
            if distance == 0 && parent == last {
                break;
            }
            if distance == 0 {
                last = parent;
            }
            if let Ok(at) = entries.binary_search_by(|entry| entry.path.as_bytes().cmp(parent)) {
                let found = &entries[at];
                if found.kind != Kind::Directory {
                    return Err(Error::NotADirectory {
                        parent: found.path.clone(),
                        what: describe(&found.kind),
                        child: child.path.clone(),
                        child_what: describe(&child.kind),
                    });
                }
                // What is above it is its own affair.
                break;
            }
            if !missing.insert(ImagePath::of_parent(parent)) {
                break;
            }
        }
    }
    Ok(missing)
}

/// What an entry is, for messages.
fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Directory => "a directory".into(),
        Kind::Symlink(target) => format!("a symbolic link to {}", printable(target)),
        Kind::Empty => "an empty file".into(),
        Kind::File(source) => source.display().to_string(),
    }
}

fn set_modes(entries: &mut [Entry], attributes: &Attributes) -> Result<(), Error> {
    let mut globs = ModeGlobs::new(&attributes.mode_globs);
    for Entry { path, kind, mode, .. } in entries {
        let own = *mode;
        *mode = match kind {
            Kind::Symlink(_) => own.or(Some(SYMLINK_MODE)),
            Kind::Directory => {
                let by_glob = globs.mode(path, true);
                own.or(by_glob).or_else(|| Some(default_directory_mode(path.as_bytes())))
            }
            Kind::Empty | Kind::File(_) => {
                let by_glob = globs.mode(path, false);
                let default = if *kind == Kind::Empty { Some(FILE_MODE) } else { None };
                own.or(by_glob).or(attributes.file_mode).or(default)
            }
        };
    }
    globs.check_all_used()
}
