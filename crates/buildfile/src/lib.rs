//! BUILD files, read without losing a byte and edited by splicing.
//!
//! [`parse`] makes a [`File`] of a text: a tree of what `buildifier` takes, in which each node knows its span.
//! [`Edits`] collects changes to it; all bytes that no change touches stay as they are.
//!
//! The parser is our own since none that exists does this. `starlark_syntax` 0.14.2 keeps no comments, wants UTF-8, refuses what
//! `buildifier` takes (set literals) and brings 143 crates, 134 CPU seconds of building; `ruff_python_parser` reads Python, not Starlark;
//! `tree-sitter-starlark` takes what is wrong, at 13 MB/s.

mod edits;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod keep;
mod lexer;
mod parser;
mod position;
mod span;
mod string;
mod token;
mod tree;
mod walk;

pub use edits::{Edits, NewCall, Value};
pub use error::SyntaxError;
pub use lexer::Lexer;
pub use parser::parse;
pub use position::{LineIndex, Position};
pub use span::Span;
pub use token::{Keyword, Token, TokenKind};
pub use tree::{
    Argument, Call, Comment, Expr, ExprKind, File, Load, LoadedSymbol, Statement, StatementKind,
    StringLiteral,
};
