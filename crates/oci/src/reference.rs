//! References: how images are named, `registry/path:tag@digest`, by the grammar and the normalisation that
//! Docker has (distribution, `reference`).
//!
//! Invariant: a [`Repository`] and a [`Tag`] always hold what a registry takes, so whoever has one need not
//! check. One deviation: Docker takes `Team/app` for a path on a host named `Team`, since a path has no upper
//! case; here it is an error, since it is nearly always a misspelt path.

mod error;
mod repository;
mod tag;

use std::{fmt, str::FromStr};

pub use self::{
    error::{Part, ReferenceError},
    repository::Repository,
    tag::Tag,
};
use crate::digest::Digest;

/// The name of an image, or of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where it is.
    pub repository: Repository,
    /// The tag, if there is one. `latest` is never added.
    pub tag: Option<Tag>,
    /// The digest of its manifest or index, if it is pinned.
    pub digest: Option<Digest>,
}

impl Reference {
    /// As people write it: without `docker.io` and `library/`.
    #[must_use]
    pub fn familiar(&self) -> String {
        self.with_repository(&self.repository.familiar())
    }

    fn with_repository(&self, repository: &str) -> String {
        let tag = self.tag.as_ref().map_or_else(String::new, |tag| format!(":{tag}"));
        let digest = self.digest.map_or_else(String::new, |digest| format!("@{digest}"));
        format!("{repository}{tag}{digest}")
    }
}

impl From<Repository> for Reference {
    fn from(repository: Repository) -> Self {
        Self { repository, tag: None, digest: None }
    }
}

/// The canonical form, with the registry.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_repository(&self.repository.to_string()))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        let (name, tag) = repository::split_tag(rest);
        let tag = tag.map(str::parse).transpose()?;
        Ok(Self { repository: Repository::from_name(name)?, tag, digest })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn canonical_and_familiar() {
        let pinned = format!("r.example/x:1@sha256:{HEX}");
        let cases = [
            ("busybox", "docker.io/library/busybox", "busybox"),
            ("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"),
            ("docker.io/busybox", "docker.io/library/busybox", "busybox"),
            ("index.docker.io/library/busybox", "docker.io/library/busybox", "busybox"),
            ("team/app:v1", "docker.io/team/app:v1", "team/app:v1"),
            ("library/team/app", "docker.io/library/team/app", "library/team/app"),
            ("localhost/x", "localhost/x", "localhost/x"),
            ("localhost:5000/x:1", "localhost:5000/x:1", "localhost:5000/x:1"),
            ("127.0.0.1:5000/x", "127.0.0.1:5000/x", "127.0.0.1:5000/x"),
            ("[::1]:5000/x:a", "[::1]:5000/x:a", "[::1]:5000/x:a"),
            ("host:5000/a/b/c:t", "host:5000/a/b/c:t", "host:5000/a/b/c:t"),
            ("R.Example/x", "R.Example/x", "R.Example/x"),
            (&pinned, &pinned, &pinned),
            ("localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"),
            ("docker.io/a.b/c", "docker.io/a.b/c", "docker.io/a.b/c"),
            ("docker.io/localhost/c", "docker.io/localhost/c", "docker.io/localhost/c"),
            (
                "a__b/c-d---e/f.g_h:X.Y_z-1",
                "docker.io/a__b/c-d---e/f.g_h:X.Y_z-1",
                "a__b/c-d---e/f.g_h:X.Y_z-1",
            ),
        ];
        for (text, canonical, familiar) in cases {
            let reference: Reference = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(reference.to_string(), canonical);
            assert_eq!(reference.familiar(), familiar);
        }
    }

    #[test]
    fn refused() {
        let long_path = format!("r.example/{}", "a".repeat(256));
        let long_tag = format!("x:{}", "a".repeat(129));
        let short_digest = format!("x@sha256:{}", &HEX[1..]);
        let cases = [
            ("", "repository \"\" is empty"),
            ("Busybox", "must be lower case: try \"busybox\""),
            ("r.example/Team/App:1", "must be lower case: try \"r.example/team/app\""),
            ("Team/app", "must be lower case: try \"team/app\""),
            ("https://r.example/x", "without \"https://\": try \"r.example/x\""),
            ("a b", "repository \"a b\" has ' ' (U+0020)"),
            (" a", "has ' ' (U+0020)"),
            ("x\n", "has '\\n' (U+000A)"),
            ("r.example/é", "has 'é' (U+00E9)"),
            ("r.example/a//b", "has an empty part"),
            ("r.example/", "has an empty part"),
            ("/x", "registry \"\" is empty"),
            ("r.example/-a", "part \"-a\" of repository \"r.example/-a\" begins with"),
            ("r.example/a.", "part \"a.\" of repository \"r.example/a.\" ends with"),
            ("r.example/a..b", "has \"..\""),
            ("r.example/a___b", "has \"___\""),
            ("r.example/a_-b", "has \"_-\""),
            ("x:", "tag \"\" is empty"),
            ("x:.a", "tag \".a\" begins with '.'"),
            ("x:a+b", "tag \"a+b\" has '+' (U+002B)"),
            ("x:a:b", "tag \"a:b\" has ':'"),
            (&long_tag, "has 129 characters: at most 128"),
            (&long_path, "has 256 characters: at most 255"),
            (&short_digest, "63 digits"),
            ("x@sha512:00", "only sha256"),
            ("r_x.example/x", "registry \"r_x.example\" has '_'"),
            ("r.example:/x", "port \"\""),
            ("r.example:70000/x", "port \"70000\""),
            ("r.example:a/x", "port \"a\""),
            ("-r.example/x", "registry \"-r.example\""),
            ("r..example/x", "registry \"r..example\""),
            ("[::g]/x", "registry \"[::g]\""),
            (HEX, "is the ID of an image"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Reference>().map(|r| r.to_string()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    fn repositories() -> impl Strategy<Value = String> {
        let registry = r"(docker\.io/|localhost/|[a-z0-9]{1,5}(-[a-z0-9]{1,3})?\.example(:[1-9][0-9]{0,3})?/|\[::1\]:5000/)";
        (registry, r"[a-z0-9]{1,5}((\.|_|__|-{1,3}|/)[a-z0-9]{1,5}){0,4}")
            .prop_map(|(r, p)| format!("{r}{p}"))
    }

    proptest! {
        #[test]
        fn both_forms_parse_to_the_same(
            repository in repositories(),
            tag in r"(|:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})",
            pinned: bool,
        ) {
            let digest = if pinned { format!("@{}", Digest::of(tag.as_bytes())) } else { String::new() };
            let reference: Reference = format!("{repository}{tag}{digest}").parse().unwrap();
            prop_assert_eq!(&reference.to_string().parse::<Reference>().unwrap(), &reference);
            prop_assert_eq!(&reference.familiar().parse::<Reference>().unwrap(), &reference);
        }

        #[test]
        fn nothing_panics(text in ".{0,40}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string().parse::<Reference>().unwrap(), reference);
            }
        }
    }
}
