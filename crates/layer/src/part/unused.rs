//! Which of the declared sources a layer holds nothing of, so that Bazel need not pack it again when they change.
//!
//! Bazel asks a layer for them once it is packed (`unused_inputs_list`), and forgets them until it packs it again. So a source
//! is unused only if nothing that it could become would change the layer. For a file that is so if its path is another
//! layer's. A tree may get a file of any name, and so it is unused only if all below it is another layer's, or if the caller
//! says that the layer is packed anew when a name in a tree changes, and it holds none of the tree now. What a link of the layer
//! that is followed leads through is used as the link is.

use std::{collections::BTreeSet, path::Path};

use crate::{
    entries::{Declared, DeclaredKind},
    entry::Entry,
    links::Links,
    part::Claims,
};

/// The sources of `declared` of which `entries`, which are sorted, hold nothing: in order, each once. `links` says which
/// declared links are followed, if any are; `names_are_known` is whether a changed name in a tree comes to be known by other means.
pub(crate) fn unused<'a>(
    declared: &'a [Declared],
    entries: &[Entry],
    claims: &Claims,
    links: Option<&Links<'a>>,
    names_are_known: bool,
) -> BTreeSet<&'a Path> {
    let (mut used, mut unused) = (BTreeSet::new(), BTreeSet::new());
    let mut followed = Vec::new();
    for declared in declared {
        let (source, is_used) = match &declared.kind {
            DeclaredKind::File(source) | DeclaredKind::Readlink(source) | DeclaredKind::Output(source) => {
                let is_used = holds_some_of(entries, declared);
                if is_used && links.is_some_and(|links| links.is_followed(declared)) {
                    followed.push(source.clone());
                }
                (source, is_used)
            }
            DeclaredKind::Tree(source) => {
                let may_be = names_are_known || claims.excludes_all_below(&declared.path);
                (source, !may_be || holds_some_of(entries, declared))
            }
            _ => continue,
        };
        if is_used { &mut used } else { &mut unused }.insert(source.as_path());
    }
    match links.map(|links| links.reached(followed)) {
        // Any of them may be what a link leads to.
        Some(None) => unused.clear(),
        Some(Some(reached)) => used.extend(reached),
        None => {}
    }
    unused.retain(|source| !used.contains(source));
    unused
}

/// Whether the path of what is declared is among the entries, or one below it, as a tree's may be, or a followed link's.
fn holds_some_of(entries: &[Entry], declared: &Declared) -> bool {
    let root = declared.path.as_bytes();
    if root.is_empty() {
        return !entries.is_empty();
    }
    let below = [root, b"/"].concat();
    let at = |path: &[u8]| entries.partition_point(|entry| entry.path.as_bytes() < path);
    let first = |path: &[u8]| entries.get(at(path)).map(|entry| entry.path.as_bytes());
    first(root) == Some(root) || first(&below).is_some_and(|path| path.starts_with(&below))
}
