//! Tags: `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`.

use std::{fmt, str::FromStr};

use super::{Part, ReferenceError};

/// The longest tag, in characters.
const LIMIT: usize = 128;

/// A tag that a registry takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// The text of the tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (part, owned) = (Part::Tag, || text.to_owned());
        let Some(first) = text.chars().next() else {
            return Err(ReferenceError::Empty { part, text: owned() });
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if let Some(character) = text.chars().find(|c| !allowed(*c)) {
            return Err(ReferenceError::Character { part, text: owned(), character });
        }
        if matches!(first, '.' | '-') {
            return Err(ReferenceError::Begin { part, text: owned(), character: first });
        }
        if text.len() > LIMIT {
            return Err(ReferenceError::TooLong { part, text: owned(), length: text.len(), limit: LIMIT });
        }
        Ok(Self(owned()))
    }
}
