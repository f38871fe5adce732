//! Globs over paths in the image, and what is declared for the paths that match.
//!
//! `*` and `?` stop at slashes, `**` crosses them, `{a,b}` is either. A slash in front means nothing, since paths have none.
//! Invariant: a glob that matches no path at all is an error, since nobody would see the typing error otherwise.

use std::str::FromStr;

use globset::{Candidate, GlobBuilder, GlobMatcher};

use crate::{error::Error, path::ImagePath};

/// A glob over paths in the image.
#[derive(Debug, Clone)]
pub struct PathGlob {
    text: String,
    matcher: Matcher,
}

/// The mappings of other rulesets say owners path by path, so comparing two paths must cost no more than that.
#[derive(Debug, Clone)]
enum Matcher {
    /// A path, with nothing in it that is special.
    Path(Box<[u8]>),
    Glob(GlobMatcher),
}

impl FromStr for PathGlob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pattern = text.strip_prefix('/').unwrap_or(text);
        let built = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
        let glob = built.map_err(|source| GlobError { glob: text.to_owned(), source })?;
        let matcher = plain(pattern)
            .map_or_else(|| Matcher::Glob(glob.compile_matcher()), |path| Matcher::Path(path.into()));
        Ok(Self { text: pattern.to_owned(), matcher })
    }
}

/// A pattern without its backslashes, if nothing else in it is special.
fn plain(pattern: &str) -> Option<Vec<u8>> {
    let mut path = Vec::with_capacity(pattern.len());
    let mut bytes = pattern.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'*' | b'?' | b'[' | b']' | b'{' | b'}' => return None,
            b'\\' => path.push(bytes.next()?),
            _ => path.push(byte),
        }
    }
    Some(path)
}

impl PathGlob {
    /// The glob as text, without the slash in front.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn matches(&self, candidate: &Candidate<'_>, path: &ImagePath) -> bool {
        match &self.matcher {
            Matcher::Path(plain) => **plain == *path.as_bytes(),
            Matcher::Glob(glob) => glob.is_match_candidate(candidate),
        }
    }
}

/// Equal if the text is.
impl PartialEq for PathGlob {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for PathGlob {}

/// A text that is no glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("glob {glob:?}: {source}")]
pub struct GlobError {
    /// The text.
    pub glob: String,
    /// What is wrong with it.
    pub source: globset::Error,
}

/// Globs in the order of their declaration, each with a value.
pub type Globs<T> = Vec<(PathGlob, T)>;

/// Globs of one attribute, and which of them have matched so far.
pub(crate) struct Lookup<'a, T> {
    attribute: &'static str,
    globs: &'a [(PathGlob, T)],
    used: Vec<bool>,
}

impl<'a, T> Lookup<'a, T> {
    /// For the globs of a rule's `attribute`.
    pub(crate) fn new(attribute: &'static str, globs: &'a Globs<T>) -> Self {
        Self { attribute, globs, used: vec![false; globs.len()] }
    }

    /// The value of the last glob that matches, among values that `fits`.
    pub(crate) fn last(&mut self, path: &ImagePath, fits: impl Fn(&T) -> bool) -> Option<&'a T> {
        // Most layers have no globs, and this is asked for every entry.
        if self.globs.is_empty() {
            return None;
        }
        let candidate = Candidate::from_bytes(path.as_bytes());
        let mut found = None;
        for ((glob, value), used) in self.globs.iter().zip(&mut self.used) {
            if fits(value) && glob.matches(&candidate, path) {
                *used = true;
                found = Some(value);
            }
        }
        found
    }

    /// The values of all globs that match, in their order, among values that `fits`.
    pub(crate) fn all(&mut self, path: &ImagePath, fits: impl Fn(&T) -> bool) -> impl Iterator<Item = &'a T> {
        let candidate = Candidate::from_bytes(path.as_bytes());
        self.globs.iter().zip(&mut self.used).filter_map(move |((glob, value), used)| {
            let matches = fits(value) && glob.matches(&candidate, path);
            *used |= matches;
            matches.then_some(value)
        })
    }

    /// # Errors
    /// [`Error::UnmatchedGlob`] for the first one that matched nothing.
    pub(crate) fn check_all_used(self) -> Result<(), Error> {
        let Self { attribute, globs, used } = self;
        used.iter().position(|used| !used).map_or(Ok(()), |unused| {
            Err(Error::UnmatchedGlob { attribute, glob: globs[unused].0.as_str().to_owned() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ImagePath {
        ImagePath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_last_match_counts() {
        let globs = ["**/*.sh", "/etc/*", "etc/x=y", "{a,b}/**"].map(|text| text.parse().unwrap());
        let globs: Globs<usize> = globs.into_iter().zip(0..).collect();
        let mut lookup = Lookup::new("modes", &globs);
        let cases = [
            ("run.sh", Some(0)),
            ("a/b/run.sh", Some(3)),
            ("etc/run.sh", Some(1)),
            ("etc/d/file", None),
            ("etc/x=y", Some(2)),
            ("b/c/d", Some(3)),
            ("a", None),
        ];
        for (text, expected) in cases {
            assert_eq!(lookup.last(&path(text), |_| true).copied(), expected, "{text}");
        }
        assert_eq!(lookup.last(&path("etc/x=y"), |value| *value != 2), Some(&1));
        assert!(lookup.all(&path("a/run.sh"), |_| true).eq(&[0, 3]));
        assert!(lookup.all(&path("a/run.sh"), |value| *value != 0).eq(&[3]));
        assert!(lookup.check_all_used().is_ok());
    }

    #[test]
    fn special_characters_can_be_plain() {
        for (glob, path_text, matches) in [
            (r"/a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            (r"\[x\]\{y\}\?\\\\", r"[x]{y}?\\", true),
            ("a,b!c", "a,b!c", true),
            ("a b", "a b", true),
            ("a", "A", false),
            ("a", "a/b", false),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
        ] {
            let globs: Globs<()> = vec![(glob.parse().unwrap(), ())];
            let found = Lookup::new("owners", &globs).last(&path(path_text), |()| true);
            assert_eq!(found.is_some(), matches, "{glob} {path_text}");
        }
    }

    #[test]
    fn bad_and_unused() {
        let message = "[".parse::<PathGlob>().unwrap_err().to_string();
        assert!(message.starts_with("glob \"[\": "), "{message}");
        let globs: Globs<()> = vec![("a".parse().unwrap(), ()), ("nowhere/*".parse().unwrap(), ())];
        let mut lookup = Lookup::new("owners", &globs);
        lookup.last(&path("a"), |()| true);
        let message = lookup.check_all_used().unwrap_err().to_string();
        assert!(message.contains("nowhere/*") && message.contains("owners"), "{message}");
    }
}
