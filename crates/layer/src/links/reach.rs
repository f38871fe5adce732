//! Which declared sources a link that is followed leads through.
//!
//! A layer that holds what a link leads to changes when that does, whichever layer that itself is in. Invariant: where it cannot be
//! told from what is declared, nothing is told at all, and whoever asks must take it that everything is reached.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    entries::{Declared, DeclaredKind},
    links::{Links, sources::leads_to},
    path::ImagePath,
    staging::is_declared_link,
};

impl<'a> Links<'a> {
    /// Whether something declared is a link on disk that is followed.
    pub(crate) fn is_followed(&self, declared: &Declared) -> bool {
        link(&declared.kind).is_some_and(|link| self.follows(&declared.path, link))
    }

    fn follows(&self, path: &ImagePath, link: &Path) -> bool {
        !self.stays(path) && is_declared_link(link)
    }

    /// The sources that the links at `from` lead through and to; `None` if what is declared does not tell.
    pub(crate) fn reached(&self, from: Vec<PathBuf>) -> Option<BTreeSet<&'a Path>> {
        let mut reached = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut waiting = from;
        while let Some(path) = waiting.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            // The nearest thing that is declared at or above it: a link there is taken, whatever is in the way after it.
            let declared = path.ancestors().find_map(|above| Some((above, self.sources.at(above).first()?)));
            match declared {
                Some((above, declared)) => {
                    let source = source_of(declared)?;
                    reached.insert(source);
                    if link(&declared.kind).is_some() && is_declared_link(source) {
                        let rest = path.strip_prefix(above).ok()?;
                        let target = fs::read_link(source).ok()?;
                        waiting.push(leads_to(source, &target)?.join(rest));
                    }
                }
                // A directory with declared things in it.
                None => {
                    let below: Vec<_> =
                        self.sources.below(&path).map(|(source, _)| source.to_owned()).collect();
                    if below.is_empty() {
                        return None;
                    }
                    waiting.extend(below);
                }
            }
        }
        Some(reached)
    }
}

/// The source of what may be a link.
fn link(kind: &DeclaredKind) -> Option<&Path> {
    match kind {
        DeclaredKind::Readlink(link) | DeclaredKind::Output(link) => Some(link),
        _ => None,
    }
}

fn source_of(declared: &Declared) -> Option<&Path> {
    match &declared.kind {
        DeclaredKind::File(source) | DeclaredKind::Tree(source) => Some(source),
        kind => link(kind),
    }
}
