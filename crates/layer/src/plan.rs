//! From what was declared to the entries of the layer.
//!
//! Invariant: the result is sorted by path, has every path once, every directory above every entry, and does not
//! depend on the order of the declarations, that of tars aside.

use std::{
    collections::BTreeSet,
    fs::{self},
    path::{Path, PathBuf},
};

use crate::{
    below::leave_out,
    entries::{Declarations, Declared, DeclaredKind, check_target},
    entry::{Entry, Kind},
    error::Error,
    host,
    links::{LinkError, Links},
    merge::{self, Tree, link_again},
    part::{self, Part, PartError},
    path::ImagePath,
    pattern::Pattern,
    settings::Settings,
    staging::is_declared_link,
    walk::{Found, walk},
    whiteout,
};

/// Decides the entries of a layer: walks trees, resolves what is declared twice, merges tars, adds parents, applies the
/// settings. Temporary files, for the contents of compressed tars, are beside `output`; they have no name, and go with the
/// entries.
///
/// # Errors
/// Conflicts between declarations, globs that match nothing, and what is wrong on disk with trees, links and tars.
pub fn plan(declarations: Declarations, output: &Path) -> Result<Vec<Entry>, Error> {
    plan_some(declarations, None, output, |_| Ok(()))
}

/// As [`plan`], of which `choose` leaves a part: it is given all entries, sorted, with all that is said of them. `links` says
/// which declared links stay links.
fn plan_some(
    Declarations { entries, settings }: Declarations,
    links: Option<&Links<'_>>,
    output: &Path,
    choose: impl FnOnce(&mut Vec<Entry>) -> Result<(), PartError>,
) -> Result<Vec<Entry>, Error> {
    let (tars, entries) = tars(entries);
    let mut entries = expand(entries, &settings, links)?;
    // Kind and mode too, so that an error names the same two whatever the order was.
    entries.sort_unstable_by(|a, b| (&a.path, &a.kind, a.mode).cmp(&(&b.path, &b.kind, b.mode)));
    let mut entries = merge(entries)?;
    let mut shared = BTreeSet::new();
    if !tars.is_empty() {
        let mut tree = Tree::default();
        merge::read(&tars, output, |stage| tree.add(stage))?;
        tree.add(whiteout::stage(entries)?)?;
        (entries, shared) = tree.into_entries(&settings)?;
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    }
    let missing = missing_parents(&entries)?;
    entries.extend(missing.into_iter().map(|path| settings.entry(path, Kind::Directory, None)));
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    whiteout::check(&entries)?;
    settings.apply(&mut entries)?;
    choose(&mut entries)?;
    // After it, since the first name of a file may be another part's.
    link_again(&mut entries, &shared);
    Ok(entries)
}

/// Decides the entries of a layer as [`plan`] does, and leaves out what `lower` layers of the same image have already. Those
/// are as declared, lowest first; nothing that they name is looked at.
///
/// # Errors
/// As for [`plan`].
pub fn plan_above(
    declarations: Declarations,
    lower: &[Declarations],
    output: &Path,
) -> Result<Vec<Entry>, Error> {
    if lower.is_empty() {
        return plan(declarations, output);
    }
    let entries = plan(declarations.clone(), output)?;
    Ok(leave_out(entries, &declarations, lower))
}

/// What a layer is planned with, beside what is declared for it. By default it holds all of that.
#[derive(Debug, Clone, Default)]
pub struct Planning {
    /// Its part of what is declared.
    pub part: Part,
    /// Layers of the same image below it, lowest first, as declared: what they have is left out.
    pub lower: Vec<Declarations>,
    /// Declared links that stay links, by their path; others are followed. `None`: all stay.
    pub preserve_symlinks: Option<Pattern>,
    /// Whether the layer is packed anew when a file in a tree gets another name, so that whole trees may be unused.
    pub names_are_known: bool,
}

/// What a layer holds, of what is declared for several.
#[derive(Debug)]
pub struct Planned {
    /// The entries, as [`plan`] gives them.
    pub entries: Vec<Entry>,
    /// The sources on disk that are declared and that nothing of is in them, sorted.
    pub unused: Vec<PathBuf>,
}

/// Decides the entries of a layer that holds a part of what is declared. The settings are those of the whole: a glob must
/// match something, in whichever layer that is.
///
/// # Errors
/// As for [`plan`], [`PartError`], and links that cannot be what they should be.
pub fn plan_part(declarations: &Declarations, planning: &Planning, output: &Path) -> Result<Planned, Error> {
    let Planning { part, lower, preserve_symlinks, names_are_known } = planning;
    let declared = &declarations.entries;
    let links = preserve_symlinks.as_ref().map(|preserve| Links::new(preserve, declared));
    let choose = |entries: &mut _| part::take(part, entries);
    let mut entries = plan_some(declarations.clone(), links.as_ref(), output, choose)?;
    if !lower.is_empty() {
        entries = leave_out(entries, declarations, lower);
    }
    let unused = part::unused(declared, &entries, &part.claims, links.as_ref(), *names_are_known);
    let unused = unused.into_iter().map(Path::to_owned).collect();
    Ok(Planned { entries, unused })
}

/// Takes the tars, in their order, out of what is declared.
fn tars(declared: Vec<Declared>) -> (Vec<PathBuf>, Vec<Declared>) {
    let mut tars = Vec::new();
    let mut others = declared;
    others.retain_mut(|declared| match &mut declared.kind {
        DeclaredKind::Tar(path) => {
            tars.push(std::mem::take(path));
            false
        }
        _ => true,
    });
    (tars, others)
}

/// One entry for each declaration, and for each file and directory of a tree.
fn expand(
    declared: Vec<Declared>,
    settings: &Settings,
    links: Option<&Links<'_>>,
) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::with_capacity(declared.len());
    for Declared { path, kind, mode } in declared {
        let kind = match kind {
            DeclaredKind::Tree(directory) => {
                expand_tree(&mut entries, &path, &directory, mode, settings)?;
                continue;
            }
            DeclaredKind::File(source) => Kind::File(source),
            DeclaredKind::Symlink(target) => Kind::Symlink(target.into_bytes().into()),
            DeclaredKind::Output(output) if !is_declared_link(&output) => Kind::File(output),
            DeclaredKind::Readlink(link) | DeclaredKind::Output(link) => match links {
                None => Kind::Symlink(read_link(&link)?),
                Some(links) if links.stays(&path) => {
                    Kind::Symlink(links.target(&path, &link, read_link(&link)?)?)
                }
                Some(_) if leads_to_directory(&path, &link)? => {
                    expand_tree(&mut entries, &path, &link, mode, settings)?;
                    continue;
                }
                Some(_) => Kind::File(link),
            },
            DeclaredKind::Directory => Kind::Directory,
            DeclaredKind::Empty => Kind::Empty,
            DeclaredKind::Whiteout | DeclaredKind::Opaque => {
                let of =
                    if kind == DeclaredKind::Whiteout { whiteout::of_path } else { whiteout::of_contents };
                entries.push(of(&path, settings.mtime).map_err(|problem| Error::Whiteout { path, problem })?);
                continue;
            }
            DeclaredKind::Tar(_) => unreachable!("taken out before"),
        };
        entries.push(settings.entry(path, kind, mode));
    }
    Ok(entries)
}

/// Adds what a tree holds, of which regular files have the tree's mode.
fn expand_tree(
    entries: &mut Vec<Entry>,
    path: &ImagePath,
    directory: &Path,
    mode: Option<u16>,
    settings: &Settings,
) -> Result<(), Error> {
    let found = walk(path, directory)?.into_iter().filter(|found| !found.path.is_root());
    entries.extend(found.map(|Found { path, kind }| {
        let mode = if matches!(kind, Kind::File(_)) { mode } else { None };
        settings.entry(path, kind, mode)
    }));
    Ok(())
}

/// Whether a link that is followed leads to a directory.
fn leads_to_directory(path: &ImagePath, link: &Path) -> Result<bool, LinkError> {
    let nowhere = |source| LinkError::LeadsNowhere { path: path.clone(), link: link.to_owned(), source };
    Ok(fs::metadata(link).map_err(nowhere)?.is_dir())
}

/// The target of a link on disk, as it was declared.
fn read_link(link: &Path) -> Result<Box<[u8]>, Error> {
    let failed =
        |source| Error::Source { operation: "read the symbolic link", path: link.to_owned(), source };
    let target = fs::read_link(link).map_err(failed)?;
    let bytes = host::bytes(target.as_os_str()).map(declared_target).ok_or("the target is not Unicode");
    let checked = bytes.and_then(|bytes| check_target(bytes).map(|()| bytes));
    checked.map(Into::into).map_err(|problem| failed(std::io::Error::other(problem)))
}

/// What Bazel was told that a link's target is. It makes `.` an empty path, and sends remote workers that.
const fn declared_target(target: &[u8]) -> &[u8] {
    if target.is_empty() { b"." } else { target }
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
            let (first, second) = (last.describe(), entry.describe());
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
                        what: found.describe(),
                        child: child.path.clone(),
                        child_what: child.describe(),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux makes no link without a target; the file systems of remote workers show some.
    #[test]
    fn targets_as_remote_workers_have_them() {
        for (found, declared) in [("", "."), (".", "."), ("..", ".."), ("./a/", "./a/")] {
            assert_eq!(declared_target(found.as_bytes()), declared.as_bytes());
        }
    }
}
