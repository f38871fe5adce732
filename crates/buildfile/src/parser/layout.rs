//! Tokens as the grammar sees them: without what is between them, with the ends of lines and the indentation that mean something.

use crate::error::SyntaxError;
use crate::lexer::Lexer;
use crate::token::{Keyword, Token, TokenKind};
use crate::{Comment, Span};

/// A token of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// Empty for what isn't in the text: indentation, and the end.
    pub(super) span: Span,
}

/// What a token of the grammar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A token that is neither blank nor a comment.
    Token(TokenKind),
    /// The end of a line that ends a statement.
    EndOfLine,
    /// A line is indented more than the one before.
    Indent,
    /// A line is indented less than the one before.
    Unindent,
    /// The end of the text.
    End,
}

impl Kind {
    /// The keyword as what the grammar sees.
    pub(super) const fn keyword(keyword: Keyword) -> Self {
        Self::Token(TokenKind::Keyword(keyword))
    }
}

/// Makes items of tokens.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    text: &'a [u8],
    lexer: Lexer<'a>,
    /// What the lexer gave and isn't dealt with yet.
    pending: Option<Token>,
    /// How many brackets are open.
    depth: u32,
    /// Whether there is nothing but blanks before this place on its line.
    clean_line: bool,
    /// The spaces at the start of this line. Tabs don't count, as in `buildifier`.
    indent: usize,
    /// The indentation of the blocks around this place; the outermost isn't in it: it is 0.
    blocks: Vec<usize>,
    /// All comments so far.
    comments: Vec<Comment>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            lexer: Lexer::new(text),
            pending: None,
            depth: 0,
            clean_line: true,
            indent: 0,
            blocks: Vec::new(),
            comments: Vec::new(),
        }
    }

    /// The comments of the text, once its end is reached.
    pub(super) fn into_comments(self) -> Vec<Comment> {
        self.comments
    }

    /// The next item. Behind the end it is the end again.
    pub(super) fn next(&mut self) -> Result<Item, SyntaxError> {
        loop {
            let Some(token) = self.pending.take().or_else(|| self.lexer.next()) else {
                return Ok(self.end());
            };
            match token.kind {
                TokenKind::Blank if self.clean_line => {
                    self.indent += self.text[token.span.range()].iter().filter(|&&byte| byte == b' ').count();
                }
                TokenKind::Blank | TokenKind::Continuation | TokenKind::ByteOrderMark => {}
                TokenKind::Comment => {
                    self.comments.push(Comment {
                        span: token.span,
                        own_line: self.clean_line,
                        depth: self.depth,
                    });
                }
                TokenKind::Newline => {
                    let ends_statement = self.depth == 0 && !self.clean_line;
                    self.clean_line = true;
                    self.indent = 0;
                    if ends_statement {
                        return Ok(Item { kind: Kind::EndOfLine, span: token.span });
                    }
                }
                TokenKind::Unknown | TokenKind::UnclosedString => return Err(self.unreadable(token)),
                kind => {
                    if let Some(kind) = self.indentation(token.span.start)? {
                        self.pending = Some(token);
                        return Ok(Item { kind, span: Span::new(token.span.start, token.span.start) });
                    }
                    self.clean_line = false;
                    match kind {
                        TokenKind::OpenParen | TokenKind::OpenBracket | TokenKind::OpenBrace => {
                            self.depth += 1;
                        }
                        TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace => {
                            self.depth = self.depth.saturating_sub(1);
                        }
                        _ => {}
                    }
                    return Ok(Item { kind: Kind::Token(kind), span: token.span });
                }
            }
        }
    }

    /// How the line whose first token is at `start` is indented, when that isn't as the one before.
    fn indentation(&mut self, start: usize) -> Result<Option<Kind>, SyntaxError> {
        if self.depth > 0 || !self.clean_line {
            return Ok(None);
        }
        let block = self.blocks.last().copied().unwrap_or(0);
        if self.indent > block {
            self.blocks.push(self.indent);
            self.clean_line = false;
            return Ok(Some(Kind::Indent));
        }
        if self.indent == block {
            return Ok(None);
        }
        self.blocks.pop();
        if self.indent > self.blocks.last().copied().unwrap_or(0) {
            return Err(SyntaxError::new(
                start,
                "the line is indented less than the one before, but as much as none above it",
            ));
        }
        Ok(Some(Kind::Unindent))
    }

    /// What is at the end: the end of the last line and of all blocks, and then the end itself.
    fn end(&mut self) -> Item {
        let kind = if self.depth > 0 {
            Kind::End
        } else if !self.clean_line {
            self.clean_line = true;
            Kind::EndOfLine
        } else if self.blocks.pop().is_some() {
            Kind::Unindent
        } else {
            Kind::End
        };
        Item { kind, span: Span::new(self.text.len(), self.text.len()) }
    }

    fn unreadable(&self, token: Token) -> SyntaxError {
        let start = token.span.start;
        if token.kind == TokenKind::UnclosedString {
            let end = if token.span.end == self.text.len() { "file" } else { "line" };
            return SyntaxError::new(start, format!("the string isn't closed before the end of the {end}"));
        }
        match self.text[start] {
            b'\\' => {
                SyntaxError::new(start, "a backslash outside of strings can only be at the end of a line")
            }
            b'!' => SyntaxError::new(start, "unexpected `!`: it is `not x`, and `x != y`"),
            byte => SyntaxError::new(start, format!("unexpected character `{}`", byte.escape_ascii())),
        }
    }
}
