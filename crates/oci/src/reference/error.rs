//! What can be wrong with a reference.

use std::fmt;

use crate::digest::DigestError;

/// The part of a reference that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Host and port.
    Registry,
    /// Registry and path, or the path alone.
    Repository,
    /// The tag.
    Tag,
}

impl Part {
    /// What the part may consist of.
    const fn allowed(self) -> &'static str {
        match self {
            Self::Registry => "letters, digits, '-' and '.', and then a port, as in r.example:5000",
            Self::Repository => "lower-case letters and digits, separated by '.', '_', '__', '-' and '/'",
            Self::Tag => "letters, digits, '_', '.' and '-', and begins with none of the last two",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registry => "registry",
            Self::Repository => "repository",
            Self::Tag => "tag",
        })
    }
}

/// Why a text is not a reference, or not a part of one. `text` is the part in question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are what the messages say")]
pub enum ReferenceError {
    /// There is nothing.
    #[error("{part} {text:?} is empty")]
    Empty { part: Part, text: String },
    /// It has upper-case letters.
    #[error("{part} {text:?} must be lower case: try {lower:?}")]
    UpperCase { part: Part, text: String, lower: String },
    /// It has a character that is never allowed.
    #[error("{part} {text:?} has {character:?} (U+{:04X}): a {part} has {}", u32::from(*character), part.allowed())]
    Character { part: Part, text: String, character: char },
    /// It begins with a character that may only come later.
    #[error("{part} {text:?} begins with {character:?}: a {part} has {}", part.allowed())]
    Begin { part: Part, text: String, character: char },
    /// There are two slashes in a row, or one at an end.
    #[error("repository {text:?} has an empty part: take out a '/'")]
    EmptyComponent { text: String },
    /// A part of the path begins or ends with a separator.
    #[error(
        "part {component:?} of repository {text:?} {end} a separator: it must be a lower-case letter or a digit"
    )]
    Edge { text: String, component: String, end: &'static str },
    /// Letters and digits are separated by something else than one separator.
    #[error(
        "repository {text:?} has {separator:?}: letters and digits are separated by '.', '_', '__' or any number of '-'"
    )]
    Separator { text: String, separator: String },
    /// It is too long.
    #[error("{part} {text:?} has {length} characters: at most {limit} are allowed")]
    TooLong { part: Part, text: String, length: usize, limit: usize },
    /// The host is none.
    #[error("registry {text:?} is not a host name or address: a {} has {}", Part::Registry, Part::Registry.allowed())]
    Host { text: String },
    /// The port is none.
    #[error("registry {text:?} has the port {port:?}: a port is a number from 1 to 65535")]
    Port { text: String, port: String },
    /// It is a URL.
    #[error("{text:?} must be written without {scheme:?}: try {rest:?}")]
    Scheme { text: String, scheme: String, rest: String },
    /// A repository was wanted, and there is a tag too.
    #[error(
        "{text:?} has a tag, {tag:?}, where a repository is wanted: write {repository:?} and give the tag separately"
    )]
    UnexpectedTag { text: String, tag: String, repository: String },
    /// A repository was wanted, and there is a digest too.
    #[error("{text:?} has a digest where a repository is wanted: take out what follows the '@'")]
    UnexpectedDigest { text: String },
    /// 64 hexadecimal digits, which Docker takes for an ID.
    #[error("{text:?} is the ID of an image and not its name: give a name, such as app:latest")]
    Id { text: String },
    /// The digest is none.
    #[error(transparent)]
    Digest(#[from] DigestError),
}
