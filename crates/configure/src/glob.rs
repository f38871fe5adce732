//! Globs of two dialects, as [`globset`] takes them.

use globset::{Error, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// A set of globs as gazelle's `exclude` has them: `*` and `?` stay in a directory, `**` spans directories, `[…]` and
/// `{…,…}` choose. `x/**` matches `x` too.
///
/// # Errors
/// If one of them is malformed.
pub fn doublestar<'a>(globs: impl IntoIterator<Item = &'a str>) -> Result<GlobSet, Error> {
    set(globs, str::to_owned)
}

/// A set of globs as Bazel has them, in which `*` and `**` alone are special. Bazel refuses `?`.
///
/// # Errors
/// If one of them is malformed.
pub fn bazel<'a>(globs: impl IntoIterator<Item = &'a str>) -> Result<GlobSet, Error> {
    set(globs, |glob| {
        let escape = |c: char| if "?[]{}\\".contains(c) { vec!['\\', c] } else { vec![c] };
        glob.chars().flat_map(escape).collect()
    })
}

fn set<'a>(
    globs: impl IntoIterator<Item = &'a str>,
    translate: impl Fn(&str) -> String,
) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let glob = translate(glob.trim_start_matches("./").trim_end_matches('/'));
        set.add(one(&glob)?);
        if let Some(itself) = glob.strip_suffix("/**") {
            set.add(one(itself)?);
        }
    }
    set.build()
}

fn one(glob: &str) -> Result<Glob, Error> {
    GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).empty_alternates(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_they_match() {
        for (glob, path, as_doublestar, as_bazel) in [
            ("a", "a", true, true),
            ("a", "b/a", false, false),
            ("a/", "a", true, true),
            ("./a", "a", true, true),
            ("**/a", "a", true, true),
            ("**/a", "b/c/a", true, true),
            ("a/**", "a", true, true),
            ("a/**", "a/b/c", true, true),
            ("a/**", "ab", false, false),
            ("a/**/b", "a/b", true, true),
            ("a/*", "a/b/c", false, false),
            ("*", "a/b", false, false),
            ("a*c", "abc", true, true),
            ("{a,b}", "b", true, false),
            ("{a,b}", "{a,b}", false, true),
            ("[ab]", "b", true, false),
            ("[ab]", "[ab]", false, true),
            ("a?", "ab", true, false),
        ] {
            assert_eq!(doublestar([glob]).unwrap().is_match(path), as_doublestar, "{glob} {path}");
            assert_eq!(bazel([glob]).unwrap().is_match(path), as_bazel, "Bazel: {glob} {path}");
        }
        assert!(doublestar(["a", "[b"]).is_err());
    }
}
