//! Labels, as far as telling whether two name the same file or target takes.

/// The name of the module whose macros are written, and so of its repository where nobody renames it.
pub const MODULE: &str = "rules_strata";

/// A label, made absolute within its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label<'a> {
    /// The repository; empty for the one at hand.
    pub repository: &'a str,
    /// The package; empty for the root's.
    pub package: &'a str,
    /// The target's name.
    pub name: &'a str,
}

impl<'a> Label<'a> {
    /// Reads `@repository//package:name` or a shorter form of it, as written in `package`.
    ///
    /// Source: <https://bazel.build/concepts/labels>. Nothing is said of what isn't UTF-8.
    pub fn parse(text: &'a [u8], package: &'a str) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (repository, rest) = match text.strip_prefix('@') {
            None => ("", text),
            Some(rest) => {
                let rest = rest.strip_prefix('@').unwrap_or(rest);
                match rest.find("//") {
                    Some(end) => (&rest[..end], &rest[end..]),
                    None => return Some(Self { repository: rest, package: "", name: rest }),
                }
            }
        };
        let Some(absolute) = rest.strip_prefix("//") else {
            let name = rest.strip_prefix(':').unwrap_or(rest);
            return Some(Self { repository, package, name });
        };
        let (package, name) = match absolute.split_once(':') {
            Some(parts) => parts,
            None => (absolute, absolute.rsplit('/').next().unwrap_or(absolute)),
        };
        Some(Self { repository, package, name })
    }

    /// Whether two labels name the same file. `ours` is what the repository at hand calls the one of [`MODULE`]: that, the module's
    /// name and its canonical names (`rules_strata+`, `rules_strata~1.0`) mean the same.
    pub fn same(&self, other: &Label, ours: &str) -> bool {
        let is_ours = |name: &str| name == ours || name.split(['+', '~']).next() == Some(MODULE);
        self.package == other.package
            && self.name == other.name
            && (self.repository == other.repository
                || (is_ours(self.repository) && is_ours(other.repository)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_absolute() {
        let cases = [
            ("x", ("", "p/q", "x")),
            (":x", ("", "p/q", "x")),
            ("//a:x", ("", "a", "x")),
            ("//a/x", ("", "a/x", "x")),
            ("//:x", ("", "", "x")),
            ("@//a:x", ("", "a", "x")),
            ("@@//a:x", ("", "a", "x")),
            ("@r//a:x", ("r", "a", "x")),
            ("@@r+//a", ("r+", "a", "a")),
            ("@r", ("r", "", "r")),
            ("sub/x", ("", "p/q", "sub/x")),
        ];
        for (text, (repository, package, name)) in cases {
            assert_eq!(
                Label::parse(text.as_bytes(), "p/q"),
                Some(Label { repository, package, name }),
                "{text}"
            );
        }
        assert_eq!(Label::parse(b"\xff", ""), None);
    }

    #[test]
    fn one_file_has_several_labels() {
        let same = |a: &str, b: &str, ours| {
            Label::parse(a.as_bytes(), "oci").unwrap().same(&Label::parse(b.as_bytes(), "oci").unwrap(), ours)
        };
        let defs = "@rules_strata//oci:defs.bzl";
        for other in [
            defs,
            "@@rules_strata//oci:defs.bzl",
            "@@rules_strata+//oci:defs.bzl",
            "@@rules_strata~1.0//oci:defs.bzl",
        ] {
            assert!(same(defs, other, "rules_strata"), "{other}");
            assert!(same("@strata//oci:defs.bzl", other, "strata"), "{other}");
            assert!(same("//oci:defs.bzl", other, ""), "{other}");
        }
        assert!(same(":defs.bzl", "//oci:defs.bzl", "rules_strata"));
        for other in [
            "@rules_oci//oci:defs.bzl",
            "@rules_strata//oci:other.bzl",
            "@rules_strata//:defs.bzl",
            "//oci:defs.bzl",
        ] {
            assert!(!same(defs, other, "rules_strata"), "{other}");
        }
    }
}
