//! `load` statements.

use std::borrow::Cow;

use super::{Parser, Result};
use crate::token::TokenKind;
use crate::{Load, LoadedSymbol, Span, StringLiteral};

impl<'a> Parser<'a> {
    /// `load(…)`. It has a module and at least one symbol, as `buildifier` wants.
    pub(super) fn load(&mut self) -> Result<Load<'a>> {
        self.advance()?;
        let open = self.expect(TokenKind::OpenParen, "`(`")?;
        self.commas()?;
        let module = self.string_in(open, "the file to load: a string")?;
        if !self.commas()? {
            return Err(self.unclosed(open, "`,` and what to load"));
        }
        let mut symbols = Vec::new();
        loop {
            symbols.push(self.loaded_symbol(open)?);
            let one = self.eat(TokenKind::Comma)?;
            let more = self.commas()?;
            if !one || more || self.at(TokenKind::CloseParen) {
                break;
            }
        }
        self.close(open, TokenKind::CloseParen, "`,` or `)`")?;
        Ok(Load { module, symbols })
    }

    fn loaded_symbol(&mut self, open: Span) -> Result<LoadedSymbol<'a>> {
        let start = self.item.span.start;
        let local = if self.at(TokenKind::Name) {
            let name = self.name()?;
            self.expect(TokenKind::Equal, "`=`: what is loaded is a string,")?;
            Some(Cow::Borrowed(name))
        } else {
            None
        };
        let exported = self.string_in(open, "the name of what to load: a string")?.value;
        let local = local.unwrap_or_else(|| exported.clone());
        Ok(LoadedSymbol { span: self.since(start), local, exported })
    }

    fn string_in(&mut self, open: Span, wanted: &str) -> Result<StringLiteral<'a>> {
        if !self.at(TokenKind::String) {
            return Err(self.unclosed(open, wanted));
        }
        self.string()
    }
}
