//! The tokens of a text: pieces that tile it, what is between them included.

use crate::Span;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is; never empty.
    pub span: Span,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// The byte-order mark at the start of a text.
    ByteOrderMark,
    /// Spaces, tabs and carriage returns.
    Blank,
    /// A line feed.
    Newline,
    /// A backslash at the end of a line, with the line's end.
    Continuation,
    /// From `#` to before the end of the line.
    Comment,
    /// A name that is no keyword.
    Name,
    /// A keyword.
    Keyword(Keyword),
    /// What begins with a digit: `42`, `0x1F`, `1e5`, also `1a`.
    Number,
    /// A string with its quotes and its `r`.
    String,
    /// A string whose end isn't there: up to the end of the line or, within three quotes, of the text.
    UnclosedString,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `.`
    Dot,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `;`
    Semicolon,
    /// `=`
    Equal,
    /// `+=` and the like.
    Augmented,
    /// `->`
    Arrow,
    /// `*`
    Star,
    /// `**`
    StarStar,
    /// `+` or `-`: before an operand, or between two.
    Sign,
    /// `~`
    Tilde,
    /// Any other operator between two operands: `/`, `==`, `<<`, …
    Operator,
    /// A byte that nothing begins with.
    Unknown,
}

/// A word that is no name. `load` is one, as `buildifier` has it; `while`, `class` and the like aren't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// `and`
    And,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `def`
    Def,
    /// `elif`
    Elif,
    /// `else`
    Else,
    /// `for`
    For,
    /// `if`
    If,
    /// `in`
    In,
    /// `is`
    Is,
    /// `lambda`
    Lambda,
    /// `load`
    Load,
    /// `not`
    Not,
    /// `or`
    Or,
    /// `pass`
    Pass,
    /// `return`
    Return,
}

impl Keyword {
    /// The keyword that is spelled so, if one is.
    pub fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"and" => Self::And,
            b"break" => Self::Break,
            b"continue" => Self::Continue,
            b"def" => Self::Def,
            b"elif" => Self::Elif,
            b"else" => Self::Else,
            b"for" => Self::For,
            b"if" => Self::If,
            b"in" => Self::In,
            b"is" => Self::Is,
            b"lambda" => Self::Lambda,
            b"load" => Self::Load,
            b"not" => Self::Not,
            b"or" => Self::Or,
            b"pass" => Self::Pass,
            b"return" => Self::Return,
            _ => return None,
        })
    }
}
