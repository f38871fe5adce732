//! Titles: what a file of an artifact is called where somebody pulls it, which is a path below the folder that they are
//! in. Programs such as ORAS refuse one that leads elsewhere, so it is refused here, before it is anywhere.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};

/// Checks the titles of one artifact: each a relative path with slashes that stays below where it is unpacked, on every
/// system, and none a folder of another.
pub(super) fn check<'a>(titles: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for title in titles {
        if let Some(problem) = problem(title) {
            bail!(
                "files: the title {title:?} {problem}: name it as it is to be called in the folder of whoever pulls it"
            );
        }
        ensure!(seen.insert(title), "files: the title {title:?} is there twice: take one out");
    }
    for title in &seen {
        if let Some(folder) = folders(title).find(|folder| seen.contains(folder)) {
            bail!("files: {folder:?} is a file, and a folder in {title:?}: give one of them another title");
        }
    }
    Ok(())
}

/// The folders in a title, the innermost first.
fn folders(title: &str) -> impl Iterator<Item = &str> {
    title.rmatch_indices('/').map(|(at, _)| &title[..at])
}

fn problem(title: &str) -> Option<&'static str> {
    let drive = |title: &str| {
        let mut start = title.chars();
        start.next().is_some_and(|c| c.is_ascii_alphabetic()) && start.next() == Some(':')
    };
    if title.is_empty() {
        Some("is empty")
    } else if title.starts_with('/') || drive(title) {
        Some("is an absolute path")
    } else if title.contains('\\') {
        Some("has a backslash, which is a slash on Windows")
    } else if title.contains(char::is_control) {
        Some("has a control character")
    } else if title.split('/').any(|part| part == "..") {
        Some("leads out of the folder by \"..\"")
    } else if title.split('/').any(|part| part.is_empty() || part == ".") {
        Some("has a part that is empty or \".\"")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        check(["sbom.spdx.json", "sbom", "docs/a b.md", "docs/ä", "..x", "ab:c", ".hidden"]).unwrap();
        check([]).unwrap();
        for (titles, expected) in [
            (&["/etc/passwd"][..], "absolute"),
            (&["C:x"], "absolute"),
            (&["../x"], "leads out"),
            (&["a/../x"], "leads out"),
            (&["a\\..\\x"], "backslash"),
            (&["a//b"], "empty or"),
            (&["a/"], "empty or"),
            (&["./a"], "empty or"),
            (&[""], "is empty"),
            (&["a\nb"], "control character"),
            (&["a", "a"], "\"a\" is there twice"),
            (&["a/b/c", "a"], "\"a\" is a file, and a folder in \"a/b/c\""),
        ] {
            let error = check(titles.iter().copied()).unwrap_err().to_string();
            assert!(error.contains(expected), "{titles:?}: {error}");
        }
    }
}
