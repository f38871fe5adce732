//! Makes a tree of a text.
//!
//! The grammar is that of `buildifier`, which is both less strict than Bazel's (several commas in a row, set literals, `return`
//! anywhere) and the one that people's files are known to pass. In a few places of no use to anybody this one takes more: a comment
//! between the branches of an `if` on one line, `a, b if c else d`, `\` before a carriage return.
//!
//! Time is linear in the text. The tree is never deeper than a small multiple of [`MAX_DEPTH`], so that walking it, or dropping it,
//! needs little stack.

mod brackets;
mod expression;
mod layout;
mod load;
mod operand;
mod parameters;
mod statement;
#[cfg(test)]
mod tests;

use crate::error::SyntaxError;
use crate::token::{Keyword, TokenKind};
use crate::{File, Span, StringLiteral};
use layout::{Item, Kind, Layout};

/// How deep brackets, blocks, conditions and chains of calls (`a.b(c)[d]` is three) may nest: what a stack of 2 MiB takes without
/// optimization, and ten times what people write.
pub(crate) const MAX_DEPTH: usize = 150;

/// How many bytes of a token an error quotes.
const LONGEST_QUOTE: usize = 60;

type Result<T, E = SyntaxError> = std::result::Result<T, E>;

/// Parses a BUILD file.
///
/// # Errors
/// The first place where the text isn't Starlark, or where it nests too deep (hundreds of brackets).
pub fn parse(text: &[u8]) -> Result<File<'_>> {
    let mut layout = Layout::new(text);
    let item = layout.next()?;
    let mut parser = Parser { text, layout, item, end: 0, depth: 0, deepest: 0 };
    let statements = parser.file()?;
    Ok(File { text, statements, comments: parser.layout.into_comments() })
}

/// A place in a text, with one item of look-ahead.
struct Parser<'a> {
    text: &'a [u8],
    layout: Layout<'a>,
    /// The next item, not yet consumed.
    item: Item,
    /// Where the last consumed item ends that is in the text.
    end: usize,
    /// How much is open around this place.
    depth: usize,
    /// How deep the deepest node is that was made since the outermost operand began.
    deepest: usize,
}

impl<'a> Parser<'a> {
    /// Consumes the next item.
    fn advance(&mut self) -> Result<Item> {
        let next = self.layout.next()?;
        let item = std::mem::replace(&mut self.item, next);
        if let Kind::Token(_) = item.kind {
            self.end = item.span.end;
        }
        Ok(item)
    }

    /// Whether the next item is this token.
    fn at(&self, token: TokenKind) -> bool {
        self.item.kind == Kind::Token(token)
    }

    /// Whether the next item is this keyword.
    fn at_keyword(&self, keyword: Keyword) -> bool {
        self.item.kind == Kind::keyword(keyword)
    }

    /// Consumes this token if it is next, and says whether.
    fn eat(&mut self, token: TokenKind) -> Result<bool> {
        let found = self.at(token);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// Consumes this token, which has to be next; `wanted` is what the error says else.
    fn expect(&mut self, token: TokenKind, wanted: &str) -> Result<Span> {
        if self.at(token) { Ok(self.advance()?.span) } else { Err(self.unexpected(wanted)) }
    }

    /// Consumes the name that has to be next.
    fn name(&mut self) -> Result<&'a [u8]> {
        let span = self.expect(TokenKind::Name, "a name")?;
        Ok(&self.text[span.range()])
    }

    /// Consumes the string that has to be next.
    fn string(&mut self) -> Result<StringLiteral<'a>> {
        let span = self.expect(TokenKind::String, "a string")?;
        let value = crate::string::unquote(&self.text[span.range()])
            .map_err(|error| SyntaxError::new(span.start + error.offset, error.problem))?;
        Ok(StringLiteral { span, value })
    }

    /// From `start` to the last item consumed.
    fn since(&self, start: usize) -> Span {
        Span::new(start, self.end)
    }

    /// Parses one more level of what nests.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.check_depth()?;
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    fn check_depth(&self) -> Result<()> {
        if self.deepest <= MAX_DEPTH {
            return Ok(());
        }
        Err(SyntaxError::new(
            self.item.span.start,
            format!("this is nested more than {MAX_DEPTH} levels deep"),
        ))
    }

    /// The error that something else is here than what is wanted.
    fn unexpected(&self, wanted: &str) -> SyntaxError {
        SyntaxError::new(self.item.span.start, format!("expected {wanted}, found {}", self.found()))
    }

    /// What the next item is, for an error.
    fn found(&self) -> String {
        match self.item.kind {
            Kind::Token(TokenKind::String) => "a string".to_owned(),
            Kind::Token(_) => {
                let text = &self.text[self.item.span.range()];
                format!("`{}`", String::from_utf8_lossy(&text[..text.len().min(LONGEST_QUOTE)]))
            }
            Kind::EndOfLine => "the end of the line".to_owned(),
            Kind::Indent => "an indented line".to_owned(),
            Kind::Unindent => "a line that is indented less".to_owned(),
            Kind::End => "the end of the file".to_owned(),
        }
    }

    /// The error that the bracket `open` isn't closed here, where `wanted` would be right.
    fn unclosed(&self, open: Span, wanted: &str) -> SyntaxError {
        let bracket = char::from(self.text[open.start]);
        if self.item.kind == Kind::End {
            return SyntaxError::new(open.start, format!("this `{bracket}` is never closed"));
        }
        let error = self.unexpected(wanted);
        if !self.text[open.start..error.offset].contains(&b'\n') {
            return error;
        }
        let line = 1 + self.text[..open.start].iter().filter(|&&byte| byte == b'\n').count();
        SyntaxError::new(
            error.offset,
            format!("{}; the `{bracket}` of line {line} is still open", error.message),
        )
    }
}
