//! Which part of what is declared one layer holds: several layers share an entries file, each takes its group of files.
//!
//! A file is in the first group that claims it, and each layer is packed by an action of its own, which is told what those
//! before it claim. So each decides alone, from the paths, and all decide the same. Files, links, empty files and all that trees
//! and tars hold are claimed by their path; a whiteout by the path that it deletes. A directory is in every layer that has
//! something in it, with what is said of it; one that has nothing in it is claimed as its path with a slash at the end.
//!
//! Invariant: of layers whose groups claim everything, each entry that is no directory is in exactly one. It takes that what is
//! below a tree of an earlier layer is of that tree, which Bazel sees to: no output may lie in another.

mod checks;
mod claims;
mod error;
mod unused;

use std::{borrow::Cow, collections::BTreeSet};

pub use claims::Claims;
pub use error::PartError;
pub(crate) use unused::unused;

use crate::{
    below::add_parents,
    entry::{Entry, Kind},
    part::claims::Claim,
    path::ImagePath,
    pattern::{Pattern, write_subject},
    whiteout,
};

/// The part of a layer in what is declared. By default it is everything.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Which entries it takes.
    pub claims: Claims,
    /// What the user calls it, for messages.
    pub name: Name,
    /// What must be there.
    pub demands: Demands,
}

/// What the user calls a part, for messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// The group, if it has a name.
    pub group: Option<String>,
    /// Label of the target that makes the layer.
    pub target: String,
}

/// What must be so, or it is an error.
#[derive(Debug, Clone, Default)]
pub struct Demands {
    /// The layer holds something.
    pub some: bool,
    /// Something that is declared matches this, in whichever layer it is: groups of users may have it as well.
    pub expected: Option<Expected>,
    /// Every file is in this layer or in an earlier one.
    pub all_claimed: bool,
}

impl Demands {
    const fn are_none(&self) -> bool {
        !self.some && self.expected.is_none() && !self.all_claimed
    }
}

/// A file that must be declared.
#[derive(Debug, Clone)]
pub struct Expected {
    /// What it is like.
    pub pattern: Pattern,
    /// What to tell where it is not there: what is missing, and the fix.
    pub message: String,
}

/// Leaves of `entries`, which are sorted and whole, those of this part, and checks what is demanded of it.
///
/// # Errors
/// [`PartError`]
pub(crate) fn take(part: &Part, entries: &mut Vec<Entry>) -> Result<(), PartError> {
    if part.claims.is_everything() && part.demands.are_none() {
        return Ok(());
    }
    let claims = whose(&part.claims, entries);
    checks::check(part, entries, &claims)?;
    let mut keep: Vec<bool> = claims.into_iter().map(|claim| claim == Some(Claim::This)).collect();
    add_parents(entries, &mut keep);
    let mut keep = keep.into_iter();
    entries.retain(|_| keep.next() == Some(true));
    Ok(())
}

/// Whose each entry is; `None` is for directories that have something in them.
fn whose(claims: &Claims, entries: &[Entry]) -> Vec<Option<Claim>> {
    let mut subject = String::new();
    let has_something = directories_with_something(entries);
    let of = |entry: &Entry| {
        let is_directory = entry.kind == Kind::Directory;
        if is_directory && has_something.contains(entry.path.as_bytes()) {
            return None;
        }
        let path = claimed_as(entry);
        write_subject(&mut subject, &path, is_directory);
        Some(claims.of(&path, &subject))
    };
    entries.iter().map(of).collect()
}

/// The directories above entries.
fn directories_with_something(entries: &[Entry]) -> BTreeSet<&[u8]> {
    let mut directories = BTreeSet::new();
    for entry in entries {
        for parent in entry.path.parents() {
            if !directories.insert(parent) {
                break;
            }
        }
    }
    directories
}

/// The path that decides whose an entry is.
fn claimed_as(entry: &Entry) -> Cow<'_, ImagePath> {
    whiteout::deleted(entry).map_or(Cow::Borrowed(&entry.path), Cow::Owned)
}
