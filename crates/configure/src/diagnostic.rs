//! What is to be said of a place in a file.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file couldn't be done.
    Error,
    /// The file was done but for what this is about.
    Warning,
}

/// Something to say of a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Offset of the place, in bytes.
    pub offset: usize,
    /// What it is, and what to do about it.
    pub message: String,
}

impl Diagnostic {
    /// A warning about the place at `offset`.
    pub fn warning(offset: usize, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, offset, message: message.into() }
    }
}
