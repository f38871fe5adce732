//! Which paths a layer claims, and which those before it do.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    entries::{Declarations, DeclaredKind},
    path::ImagePath,
    pattern::Pattern,
};

/// What a layer and those before it claim. By default it claims everything.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// What the layer claims; `None` is all that no earlier one does.
    pub matching: Option<Pattern>,
    /// What earlier layers claim by regex.
    pub except: Vec<Pattern>,
    /// What earlier layers claim by declaring it.
    earlier: Arc<Earlier>,
}

/// The paths of entries files.
#[derive(Debug, Default)]
struct Earlier {
    paths: BTreeSet<ImagePath>,
    trees: BTreeSet<ImagePath>,
}

/// Whose a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// An earlier layer's.
    Earlier,
    /// This layer's.
    This,
    /// A later layer's, or nobody's.
    Other,
}

impl Claims {
    /// What a layer claims by regex, `matching`, when earlier ones have what matches `except` and what `declared` says.
    #[must_use]
    pub fn new(matching: Option<Pattern>, except: Vec<Pattern>, declared: &[Declarations]) -> Self {
        let mut earlier = Earlier::default();
        for declared in declared.iter().flat_map(|declarations| &declarations.entries) {
            match declared.kind {
                // A directory says nothing of what is in it, and is in each layer that has something there.
                DeclaredKind::Directory | DeclaredKind::Tar(_) => {}
                DeclaredKind::Tree(_) => drop(earlier.trees.insert(declared.path.clone())),
                _ => drop(earlier.paths.insert(declared.path.clone())),
            }
        }
        Self { matching, except, earlier: Arc::new(earlier) }
    }

    /// Whether everything is claimed, so that nothing needs to be looked at.
    pub(crate) fn is_everything(&self) -> bool {
        let Self { matching, except, earlier } = self;
        matching.is_none() && except.is_empty() && earlier.paths.is_empty() && earlier.trees.is_empty()
    }

    /// Whose a path is; `subject` is what regexes are matched on for it.
    pub(crate) fn of(&self, path: &ImagePath, subject: &str) -> Claim {
        if self.earlier.holds(path) || self.except.iter().any(|pattern| pattern.matches(subject)) {
            Claim::Earlier
        } else if self.matching.as_ref().is_none_or(|pattern| pattern.matches(subject)) {
            Claim::This
        } else {
            Claim::Other
        }
    }

    /// Whether all that is below a path is an earlier layer's, whatever it is called.
    pub(crate) fn excludes_all_below(&self, path: &ImagePath) -> bool {
        self.earlier.has_tree_above(path)
    }
}

impl Earlier {
    fn holds(&self, path: &ImagePath) -> bool {
        self.paths.contains(path) || self.has_tree_above(path)
    }

    fn has_tree_above(&self, path: &ImagePath) -> bool {
        let mut above = path.parents().chain([&b""[..]]);
        !self.trees.is_empty() && (self.trees.contains(path) || above.any(|above| self.trees.contains(above)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries;

    #[test]
    fn whose_a_path_is() {
        let pattern = |text: &str| Pattern::parse(text).unwrap();
        let text = b"strata-entries 2\nfile\nd/f\nF\n\ntree\nt\nT\n\ndir\nd\n\n\nsymlink\nl\nx\n\n";
        let declared = [entries::parse(text).unwrap()];
        let claims = Claims::new(Some(pattern("^./.*a")), vec![pattern("b$"), pattern("c")], &declared);
        for (path, expected) in [
            ("a", Claim::This),
            ("ab", Claim::Earlier),
            ("ba", Claim::This),
            ("ca", Claim::Earlier),
            ("x", Claim::Other),
            ("d/f", Claim::Earlier),
            ("d/fa", Claim::This),
            ("d/f/a", Claim::This),
            ("d", Claim::Other),
            ("t", Claim::Earlier),
            ("t/d/a", Claim::Earlier),
            ("ta", Claim::This),
            ("l", Claim::Earlier),
        ] {
            let path = ImagePath::parse(path.as_bytes()).unwrap();
            assert_eq!(claims.of(&path, &format!(".{path}")), expected, "{path}");
        }
        let everywhere = [entries::parse(b"strata-entries 2\ntree\n\nT\n\n").unwrap()];
        let claims = Claims::new(None, Vec::new(), &everywhere);
        assert_eq!(claims.of(&ImagePath::parse(b"x").unwrap(), "./x"), Claim::Earlier);
        assert!(Claims::default().is_everything() && !claims.is_everything());
    }
}
