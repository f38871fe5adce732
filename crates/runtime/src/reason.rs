//! Why a runtime that was looked for somewhere will not do.

use std::fmt;

/// Why not, in a few words; those are its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There is no such socket.
    NoFile,
    /// There is no such command.
    NotOnPath,
    /// There is something, and it will not do.
    Unusable(String),
}

impl Reason {
    /// Whether there is nothing at all, so that nobody wonders why it was not taken.
    #[must_use]
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::NoFile | Self::NotOnPath)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoFile => "no such file",
            Self::NotOnPath => "not on PATH",
            Self::Unusable(words) => words,
        })
    }
}

impl From<String> for Reason {
    fn from(words: String) -> Self {
        Self::Unusable(words)
    }
}

impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        Self::Unusable(words.to_owned())
    }
}
