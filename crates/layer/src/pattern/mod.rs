//! ECMAScript regexes over paths in the image.
//!
//! They come from users of `layer_groups` and of rulesets that have such regexes (`aspect_rules_js`), with look-ahead, so the
//! dialect is that of JavaScript's `new RegExp(text)`: unanchored, no flags, and an empty one matches everything. What they are
//! matched on is `./` and the path without a slash in front; a directory has one at its end. Bytes of a name that are not UTF-8
//! are U+FFFD to them.

mod fault;

use std::fmt;

use regress::Regex;

pub use fault::PatternError;

use crate::path::{ImagePath, printable};

/// A regex over paths in the image.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    /// `None` matches everything.
    regex: Option<Regex>,
}

impl Pattern {
    /// Parses a regex.
    ///
    /// # Errors
    /// [`PatternError`], which shows the character.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let parse = |text: &str| Regex::new(text).map_err(|problem| PatternError::new(text, &problem.text));
        let regex = Some(text).filter(|text| !text.is_empty()).map(parse).transpose()?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// The regex as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches anywhere in a subject.
    pub(crate) fn matches(&self, subject: &str) -> bool {
        self.regex.as_ref().is_none_or(|regex| regex.find(subject).is_some())
    }
}

/// As JavaScript has it, between slashes.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writes what regexes are matched on for a path into `subject`, whose memory is used again: there are many paths.
pub(crate) fn write_subject(subject: &mut String, path: &ImagePath, is_directory: bool) {
    subject.clear();
    subject.push_str("./");
    subject.push_str(&printable(path.as_bytes()));
    if is_directory {
        subject.push('/');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_javascript_matches() {
        // The regexes of js_image_layer among them.
        let cases = [
            ("", "./", true),
            ("a", "./b/a", true),
            ("^a", "./a", false),
            (r"^\./a$", "./a", true),
            ("/js/private/node-patches/|/bin/nodejs/", "./app/b.runfiles/r/bin/nodejs/bin/node", true),
            (
                r"/\.aspect_rules_js/(?!.*@0\.0\.0).*/node_modules",
                "./b/.aspect_rules_js/a@1.2.0/node_modules/a",
                true,
            ),
            (
                r"/\.aspect_rules_js/(?!.*@0\.0\.0).*/node_modules",
                "./b/.aspect_rules_js/a@0.0.0/node_modules/a",
                false,
            ),
            (
                r"\.aspect_rules_js/.*@0\.0\.0/node_modules",
                "./b/.aspect_rules_js/a@0.0.0/node_modules/a",
                true,
            ),
            (r"(?<=lib/)x", "./lib/x", true),
            (r"(a)\1", "./aa", true),
            (r"(?<n>a)\k<n>", "./ab", false),
            ("A", "./a", false),
            // Not in the unicode mode: an escape that means nothing is the character.
            (r"\p{L}|\-", "./p{L}", true),
            ("ü.$", "./übü\u{1F600}", true),
        ];
        for (pattern, subject, expected) in cases {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(subject), expected, "{pattern} on {subject}");
        }
    }

    #[test]
    fn subjects() {
        let mut subject = "before".to_owned();
        for (path, is_directory, expected) in
            [(&b"/a/b"[..], false, "./a/b"), (b"a", true, "./a/"), (b"a\xff", false, "./a\u{FFFD}")]
        {
            write_subject(&mut subject, &ImagePath::parse(path).unwrap(), is_directory);
            assert_eq!(subject, expected);
        }
    }
}
