//! Expressions: operands with operators between them.

use super::{Kind, Parser, Result};
use crate::token::{Keyword, TokenKind};
use crate::{Expr, ExprKind};

impl<'a> Parser<'a> {
    /// One expression, or several with commas between them: a tuple without parentheses.
    pub(super) fn expressions(&mut self) -> Result<Expr<'a>> {
        let first = self.test()?;
        self.expressions_after(first)
    }

    /// What `first` is the first of.
    pub(super) fn expressions_after(&mut self, first: Expr<'a>) -> Result<Expr<'a>> {
        if !self.at(TokenKind::Comma) {
            return Ok(first);
        }
        let start = first.span.start;
        let mut expressions = vec![first];
        while self.eat(TokenKind::Comma)? {
            expressions.push(self.test()?);
        }
        Ok(Expr { span: self.since(start), kind: ExprKind::Tuple(expressions) })
    }

    /// An expression without a comma on its top level.
    pub(super) fn test(&mut self) -> Result<Expr<'a>> {
        self.nested(|parser| {
            let first = parser.operand()?;
            parser.operators(first, true)
        })
    }

    /// The same without `a if b else c`: in the clauses of a comprehension, an `if` begins the next clause.
    pub(super) fn test_without_condition(&mut self) -> Result<Expr<'a>> {
        self.nested(|parser| {
            let first = parser.operand()?;
            parser.operators(first, false)
        })
    }

    /// The expression that begins with the operand `first`. Operators that follow each other make one flat node, whatever binds
    /// tighter: no question that is asked of the tree depends on it, and a sum of thousands of terms isn't thousands of levels deep.
    pub(super) fn operators(&mut self, first: Expr<'a>, conditional: bool) -> Result<Expr<'a>> {
        let start = first.span.start;
        let mut operands = Vec::new();
        let mut first = Some(first);
        loop {
            let operand = match self.item.kind {
                Kind::Token(
                    TokenKind::Operator
                    | TokenKind::Star
                    | TokenKind::Sign
                    | TokenKind::Keyword(Keyword::And | Keyword::Or | Keyword::In | Keyword::Is),
                ) => {
                    self.advance()?;
                    self.operand()?
                }
                Kind::Token(TokenKind::Keyword(Keyword::Not)) => {
                    self.advance()?;
                    self.expect(TokenKind::Keyword(Keyword::In), "`in`")?;
                    self.operand()?
                }
                Kind::Token(TokenKind::Keyword(Keyword::If)) if conditional => {
                    self.advance()?;
                    operands.extend(first.take());
                    operands.push(self.test()?);
                    self.expect(TokenKind::Keyword(Keyword::Else), "`else`")?;
                    self.operand()?
                }
                _ => break,
            };
            operands.extend(first.take());
            operands.push(operand);
        }
        Ok(match first {
            Some(alone) => alone,
            None => Expr { span: self.since(start), kind: ExprKind::Other(operands) },
        })
    }

    /// An operand with the signs and `not`s before it, or a `lambda`.
    pub(super) fn operand(&mut self) -> Result<Expr<'a>> {
        let start = self.item.span.start;
        while let Kind::Token(TokenKind::Sign | TokenKind::Tilde | TokenKind::Keyword(Keyword::Not)) =
            self.item.kind
        {
            self.advance()?;
        }
        let signed = self.item.span.start != start;
        let operand = if self.at_keyword(Keyword::Lambda) { self.lambda()? } else { self.primary()? };
        if !signed {
            return Ok(operand);
        }
        Ok(Expr { span: self.since(start), kind: ExprKind::Other(vec![operand]) })
    }

    fn lambda(&mut self) -> Result<Expr<'a>> {
        let start = self.advance()?.span.start;
        let mut parts = Vec::new();
        self.parameters(false, &mut parts)?;
        self.expect(TokenKind::Colon, "`:`")?;
        parts.push(self.test()?);
        Ok(Expr { span: self.since(start), kind: ExprKind::Other(parts) })
    }
}
