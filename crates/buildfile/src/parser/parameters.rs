//! Parameters of functions.

use super::{Parser, Result};
use crate::Expr;
use crate::token::TokenKind;

impl<'a> Parser<'a> {
    /// The parameters of a `def`, which may be `typed`, or of a `lambda`: puts their types and defaults into `parts`.
    pub(super) fn parameters(&mut self, typed: bool, parts: &mut Vec<Expr<'a>>) -> Result<()> {
        while self.at(TokenKind::Name) || self.at(TokenKind::Star) || self.at(TokenKind::StarStar) {
            let star = self.eat(TokenKind::Star)?;
            let stars = !star && self.eat(TokenKind::StarStar)?;
            if !star || self.at(TokenKind::Name) {
                self.name()?;
                if typed && self.eat(TokenKind::Colon)? {
                    parts.push(self.test()?);
                }
            }
            if !star && !stars && self.eat(TokenKind::Equal)? {
                parts.push(self.test()?);
            }
            if !self.eat(TokenKind::Comma)? {
                break;
            }
        }
        Ok(())
    }
}
