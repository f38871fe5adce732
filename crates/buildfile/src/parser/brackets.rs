//! What is between brackets: arguments, lists, tuples, dicts, sets and comprehensions.

use super::{Kind, Parser, Result};
use crate::token::{Keyword, TokenKind};
use crate::{Argument, Expr, ExprKind, Span};

impl<'a> Parser<'a> {
    /// The arguments behind the parenthesis `open`, up to the closing one.
    pub(super) fn arguments(&mut self, open: Span) -> Result<Vec<Argument<'a>>> {
        let mut arguments = Vec::new();
        if self.at(TokenKind::CloseParen) {
            return Ok(arguments);
        }
        self.commas()?;
        loop {
            arguments.push(self.argument(open)?);
            if self.at(TokenKind::CloseParen) {
                return Ok(arguments);
            }
            if !self.commas()? {
                return Err(self.unclosed(open, "`,` or `)`"));
            }
            if self.at(TokenKind::CloseParen) {
                return Ok(arguments);
            }
        }
    }

    fn argument(&mut self, open: Span) -> Result<Argument<'a>> {
        let start = self.item.span.start;
        let mut name = None;
        if self.eat(TokenKind::Star)? {
            name = Some(&b"*"[..]);
        } else if self.eat(TokenKind::StarStar)? {
            name = Some(&b"**"[..]);
        }
        let mut value = self.element(open)?;
        if let (true, None, &ExprKind::Name(keyword)) = (self.at(TokenKind::Equal), name, &value.kind) {
            name = Some(keyword);
            self.advance()?;
            value = self.element(open)?;
        }
        if self.at_keyword(Keyword::For) {
            return Err(self.unexpected("`,` or `)` (a comprehension has brackets of its own)"));
        }
        Ok(Argument { span: self.since(start), name, value })
    }

    /// An expression of what `open` opened.
    fn element(&mut self, open: Span) -> Result<Expr<'a>> {
        if self.item.kind == Kind::End { Err(self.unclosed(open, "an expression")) } else { self.test() }
    }

    /// Consumes one comma or several, and says whether there was one. Bazel takes one; `buildifier` mends it.
    pub(super) fn commas(&mut self) -> Result<bool> {
        let found = self.at(TokenKind::Comma);
        while self.eat(TokenKind::Comma)? {}
        Ok(found)
    }

    /// `(a)`, or a tuple.
    pub(super) fn parenthesized(&mut self) -> Result<ExprKind<'a>> {
        let open = self.advance()?.span;
        let (mut elements, comma) = self.elements(open, TokenKind::CloseParen, "`,` or `)`")?;
        if elements.len() == 1 && !comma {
            return Ok(ExprKind::Paren(Box::new(elements.remove(0))));
        }
        Ok(ExprKind::Tuple(elements))
    }

    /// A list, or a comprehension.
    pub(super) fn list(&mut self) -> Result<ExprKind<'a>> {
        let open = self.advance()?.span;
        if self.eat(TokenKind::CloseBracket)? {
            return Ok(ExprKind::List(Vec::new()));
        }
        let first = self.element(open)?;
        if self.at_keyword(Keyword::For) {
            let parts = self.clauses(vec![first])?;
            self.close(open, TokenKind::CloseBracket, "`for`, `if` or `]`")?;
            return Ok(ExprKind::Comprehension(parts));
        }
        let (elements, _) = self.elements_after(first, open, TokenKind::CloseBracket, "`,` or `]`")?;
        Ok(ExprKind::List(elements))
    }

    /// A dict, a set, or a comprehension that makes a dict.
    pub(super) fn braces(&mut self) -> Result<ExprKind<'a>> {
        let open = self.advance()?.span;
        if self.eat(TokenKind::CloseBrace)? {
            return Ok(ExprKind::Dict(Vec::new()));
        }
        let key = self.element(open)?;
        if !self.eat(TokenKind::Colon)? {
            let (elements, _) = self.elements_after(key, open, TokenKind::CloseBrace, "`:`, `,` or `}`")?;
            return Ok(ExprKind::Set(elements));
        }
        let value = self.element(open)?;
        if self.at_keyword(Keyword::For) {
            let parts = self.clauses(vec![key, value])?;
            self.close(open, TokenKind::CloseBrace, "`for`, `if` or `}`")?;
            return Ok(ExprKind::Comprehension(parts));
        }
        let mut entries = vec![(key, value)];
        while self.commas()? && !self.at(TokenKind::CloseBrace) {
            let key = self.element(open)?;
            if !self.eat(TokenKind::Colon)? {
                return Err(self.unclosed(open, "`:`"));
            }
            entries.push((key, self.element(open)?));
        }
        self.close(open, TokenKind::CloseBrace, "`,` or `}`")?;
        Ok(ExprKind::Dict(entries))
    }

    /// Expressions up to the bracket `close`, which is consumed, and whether the last one has a comma behind it.
    fn elements(&mut self, open: Span, close: TokenKind, wanted: &str) -> Result<(Vec<Expr<'a>>, bool)> {
        if self.eat(close)? {
            return Ok((Vec::new(), false));
        }
        let first = self.element(open)?;
        self.elements_after(first, open, close, wanted)
    }

    fn elements_after(
        &mut self,
        first: Expr<'a>,
        open: Span,
        close: TokenKind,
        wanted: &str,
    ) -> Result<(Vec<Expr<'a>>, bool)> {
        let mut elements = vec![first];
        let mut comma = self.commas()?;
        while comma && !self.at(close) {
            elements.push(self.element(open)?);
            comma = self.commas()?;
        }
        self.close(open, close, wanted)?;
        Ok((elements, comma))
    }

    /// The clauses of a comprehension: their expressions, behind those of `parts`.
    fn clauses(&mut self, mut parts: Vec<Expr<'a>>) -> Result<Vec<Expr<'a>>> {
        loop {
            if self.at_keyword(Keyword::For) {
                self.advance()?;
                self.loop_variables(&mut parts)?;
            } else if self.at_keyword(Keyword::If) {
                self.advance()?;
            } else {
                return Ok(parts);
            }
            parts.push(self.test_without_condition()?);
        }
    }

    /// What is between `for` and `in`, with the `in`.
    pub(super) fn loop_variables(&mut self, variables: &mut Vec<Expr<'a>>) -> Result<()> {
        loop {
            variables.push(self.nested(Self::primary)?);
            if !self.eat(TokenKind::Comma)? {
                break;
            }
        }
        self.expect(TokenKind::Keyword(Keyword::In), "`in`")?;
        Ok(())
    }
}
