//! Operands: names, literals, what is in brackets, and what is done to them with `.name`, `(…)` and `[…]`.

use super::{Kind, Parser, Result};
use crate::token::{Keyword, TokenKind};
use crate::{Call, Expr, ExprKind, Span};

impl<'a> Parser<'a> {
    /// An operand without an operator.
    pub(super) fn primary(&mut self) -> Result<Expr<'a>> {
        // Each call puts what it calls one level deeper, after that was parsed.
        let outside = std::mem::replace(&mut self.deepest, self.depth);
        let atom = self.atom()?;
        let primary = self.postfix(atom)?;
        self.deepest = self.deepest.max(outside);
        Ok(primary)
    }

    /// What is done to `expression` right behind it.
    pub(super) fn postfix(&mut self, mut expression: Expr<'a>) -> Result<Expr<'a>> {
        let start = expression.span.start;
        loop {
            let kind = match self.item.kind {
                Kind::Token(TokenKind::Dot) => {
                    self.advance()?;
                    ExprKind::Dot(Box::new(expression), self.name()?)
                }
                Kind::Token(TokenKind::OpenParen) => {
                    let open = self.advance()?.span;
                    let arguments = self.arguments(open)?;
                    let close = self.advance()?.span;
                    ExprKind::Call(Call { callee: Box::new(expression), arguments, open, close })
                }
                Kind::Token(TokenKind::OpenBracket) => {
                    let open = self.advance()?.span;
                    let mut parts = vec![expression];
                    self.index(open, &mut parts)?;
                    ExprKind::Other(parts)
                }
                _ => return Ok(expression),
            };
            self.deepest += 1;
            self.check_depth()?;
            expression = Expr { span: self.since(start), kind };
        }
    }

    fn atom(&mut self) -> Result<Expr<'a>> {
        let Kind::Token(token) = self.item.kind else {
            return Err(self.unexpected("an expression"));
        };
        let start = self.item.span.start;
        let kind = match token {
            TokenKind::Name => ExprKind::Name(self.name()?),
            TokenKind::String => ExprKind::String(self.string()?.value),
            TokenKind::Number | TokenKind::Dot => {
                self.number()?;
                ExprKind::Number(&self.text[self.since(start).range()])
            }
            TokenKind::OpenParen => self.parenthesized()?,
            TokenKind::OpenBracket => self.list()?,
            TokenKind::OpenBrace => self.braces()?,
            TokenKind::Keyword(Keyword::Load) => {
                self.load()?;
                ExprKind::Other(Vec::new())
            }
            _ => return Err(self.unexpected("an expression")),
        };
        Ok(Expr { span: self.since(start), kind })
    }

    /// `1`, `1.`, `1.5` or `.5`.
    fn number(&mut self) -> Result<()> {
        if self.eat(TokenKind::Number)? {
            if self.eat(TokenKind::Dot)? {
                self.eat(TokenKind::Number)?;
            }
            return Ok(());
        }
        self.advance()?;
        self.expect(TokenKind::Number, "a number behind the point")?;
        Ok(())
    }

    /// What is between the brackets of `a[…]`, with the closing one.
    fn index(&mut self, open: Span, parts: &mut Vec<Expr<'a>>) -> Result<()> {
        if !self.at(TokenKind::Colon) {
            parts.push(self.expressions()?);
        }
        for _ in 0..2 {
            if !self.eat(TokenKind::Colon)? {
                break;
            }
            if !self.at(TokenKind::Colon) && !self.at(TokenKind::CloseBracket) {
                parts.push(self.test()?);
            }
        }
        self.close(open, TokenKind::CloseBracket, "`]`")
    }

    /// Consumes the bracket that closes `open`.
    pub(super) fn close(&mut self, open: Span, token: TokenKind, wanted: &str) -> Result<()> {
        if !self.at(token) {
            return Err(self.unclosed(open, wanted));
        }
        self.advance()?;
        Ok(())
    }
}
