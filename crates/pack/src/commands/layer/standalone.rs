//! What an image from scratch must be able to start without anything else.

use ::layer::{
    entry::{Entry, Kind},
    loader::loader_of,
};
use anyhow::{Context as _, bail};

/// Fails if one of the programs at `paths` is dynamic: the image has nothing below `entries`, and so not what loads it.
///
/// # Errors
/// A program is dynamic, or cannot be read.
pub(super) fn check(target: &str, paths: &[String], entries: &[Entry]) -> anyhow::Result<()> {
    let at = |path: &str| {
        let path = path.trim_start_matches('/').as_bytes();
        entries.binary_search_by(|entry| entry.path.as_bytes().cmp(path)).ok().map(|index| &entries[index])
    };
    for path in paths {
        let Some(Entry { kind: Kind::File(source), .. }) = at(path) else { continue };
        let loader = loader_of(source).with_context(|| format!("cannot read {}", source.display()))?;
        if let Some(loader) = loader.filter(|loader| at(loader).is_none()) {
            bail!(
                "{target}: {path} is linked dynamically, so that Linux starts it by {loader}, and an image from scratch has no such \
                 file. Name a base that has libc, set standalone = False if other layers have it, or link it statically: pure = \"on\" of a go_binary, features = \
                 [\"fully_static_link\"] of a cc_binary, rustc_flags = [\"-Ctarget-feature=+crt-static\"] of a rust_binary"
            );
        }
    }
    Ok(())
}
