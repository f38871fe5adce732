//! What becomes of one package: its binaries are found, its images matched with them, and its BUILD file edited.
//!
//! Everything is decided from the file's text, the settings that hold for it and, where an image would be removed or a name taken,
//! from what is in its directory. No other package is looked at, so packages are done in any order.

mod binaries;
mod edit;
mod images;
mod names;
mod plan;
mod scope;
mod stale;
mod unevaluated;

use std::path::Path;

use buildfile::File;

use crate::diagnostic::Diagnostic;
use crate::settings::Settings;
use plan::Change;
use scope::Scope;

/// A package, and what holds in it.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// Its path from the root with `/`; empty for the root's.
    pub path: &'a str,
    /// Its directory.
    pub directory: &'a Path,
    /// What holds in it.
    pub settings: &'a Settings,
}

/// What became of a package.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The new text of its file; without, nothing changes.
    pub text: Option<Vec<u8>>,
    /// How many images are new.
    pub added: usize,
    /// How many images got another binary.
    pub updated: usize,
    /// How many images are gone.
    pub removed: usize,
    /// How many images of binaries there are now.
    pub images: usize,
    /// What is to be said.
    pub diagnostics: Vec<Diagnostic>,
}

/// Brings the images of a package up to date with its binaries.
pub fn update(package: &Package<'_>, file: &File<'_>) -> Outcome {
    let scope = Scope::of(file);
    let mut diagnostics = unevaluated::report(package.settings, &scope, file);
    let binaries = binaries::of(package.settings, &scope, file);
    let images = images::of(package, &scope, file);
    if binaries.is_empty() && images.is_empty() {
        return Outcome { diagnostics, ..Outcome::default() };
    }

    let plan = plan::plan(package, &scope, file, &binaries, &images);
    let added = plan.count(|change| matches!(change, Change::Add { .. }));
    let updated = plan.count(|change| matches!(change, Change::Point { .. }));
    let removed = plan.count(|change| matches!(change, Change::Remove { .. }));
    diagnostics.extend(plan.diagnostics);
    Outcome {
        text: edit::apply(package, &scope, file, &plan.changes),
        added,
        updated,
        removed,
        images: images.len() + added - removed,
        diagnostics,
    }
}

#[cfg(test)]
mod tests;
