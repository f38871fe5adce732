//! What a run did, counted, and the line that tells it.

use std::fmt;
use std::ops::AddAssign;

/// What was done, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// BUILD files that were worked on.
    pub files: usize,
    /// Images in them.
    pub images: usize,
    /// Files that changed.
    pub changed: usize,
    /// Images that were added.
    pub added: usize,
    /// Images that were updated.
    pub updated: usize,
    /// Images that were removed.
    pub removed: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.images += other.images;
        self.changed += other.changed;
        self.added += other.added;
        self.updated += other.updated;
        self.removed += other.removed;
    }
}

/// The last line of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Summary {
    /// What was done.
    pub counts: Counts,
    /// Whether it was written, or is only to be shown.
    pub written: bool,
    /// How many errors there were.
    pub errors: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { files, images, changed, added, updated, removed } = self.counts;
        if changed == 0 && self.errors > 0 {
            write!(f, "nothing changed")?;
        } else if changed == 0 {
            write!(f, "nothing to change: {} in {}", count(images, "image"), count(files, "BUILD file"))?;
        } else {
            let verb = if self.written { "changed" } else { "would change" };
            write!(f, "{} {verb}", count(changed, "file"))?;
            let parts = [(added, "added"), (updated, "updated"), (removed, "removed")];
            for (number, (images, verb)) in parts.into_iter().filter(|(images, _)| *images > 0).enumerate() {
                // "4 images added, 1 updated"
                let images = if number == 0 { count(images, "image") } else { images.to_string() };
                write!(f, ", {images} {verb}")?;
            }
        }
        match self.errors {
            0 => Ok(()),
            errors => write!(f, "; {}", count(errors, "error")),
        }
    }
}

/// A number of things for people: `1 file`, `2 files`.
fn count(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let nothing = Counts { files: 40, images: 12, ..Counts::default() };
        let some = Counts { changed: 3, added: 4, removed: 1, ..nothing };
        for (counts, written, errors, expected) in [
            (nothing, true, 0, "nothing to change: 12 images in 40 BUILD files"),
            (
                Counts { files: 1, images: 1, ..nothing },
                false,
                0,
                "nothing to change: 1 image in 1 BUILD file",
            ),
            (nothing, true, 2, "nothing changed; 2 errors"),
            (some, true, 0, "3 files changed, 4 images added, 1 removed"),
            (some, false, 1, "3 files would change, 4 images added, 1 removed; 1 error"),
            (Counts { changed: 1, updated: 1, ..nothing }, true, 0, "1 file changed, 1 image updated"),
        ] {
            assert_eq!(Summary { counts, written, errors }.to_string(), expected);
        }
    }
}
