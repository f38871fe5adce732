//! What is said of a text that is no BUILD file.

use std::borrow::Cow;

/// Why a text couldn't be parsed, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Offset in the text of the byte to look at: at most the text's length. Of a bracket that is never closed it is the bracket's.
    pub offset: usize,
    /// What is wrong there, in one line; it doesn't say where.
    pub message: Cow<'static, str>,
}

impl SyntaxError {
    /// The error `message` at `offset`.
    pub(crate) fn new(offset: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self { offset, message: message.into() }
    }
}
