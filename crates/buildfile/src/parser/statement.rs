//! Statements: a line with one or several, and blocks.

use super::{Kind, Parser, Result};
use crate::token::{Keyword, TokenKind};
use crate::{Expr, ExprKind, Statement, StatementKind};

impl<'a> Parser<'a> {
    /// All statements up to the end of the text.
    pub(super) fn file(&mut self) -> Result<Vec<Statement<'a>>> {
        let mut statements = Vec::new();
        while self.item.kind != Kind::End {
            self.statement(&mut statements)?;
        }
        Ok(statements)
    }

    /// A block, or the statements of one line.
    fn statement(&mut self, statements: &mut Vec<Statement<'a>>) -> Result<()> {
        let start = self.item.span.start;
        let Kind::Token(TokenKind::Keyword(keyword @ (Keyword::Def | Keyword::For | Keyword::If))) =
            self.item.kind
        else {
            return self.line(statements);
        };
        let (head, body) = self.nested(|parser| match keyword {
            Keyword::Def => parser.def(),
            Keyword::For => parser.for_loop(),
            _ => parser.if_chain(),
        })?;
        statements.push(Statement { span: self.since(start), kind: StatementKind::Block { head, body } });
        Ok(())
    }

    /// The statements of one line, with semicolons between them.
    fn line(&mut self, statements: &mut Vec<Statement<'a>>) -> Result<()> {
        loop {
            let start = self.item.span.start;
            let kind = self.small_statement()?;
            statements.push(Statement { span: self.since(start), kind });
            if !self.eat(TokenKind::Semicolon)? || self.item.kind == Kind::EndOfLine {
                break;
            }
        }
        if self.item.kind != Kind::EndOfLine {
            return Err(self.unexpected("the end of the statement"));
        }
        self.advance()?;
        Ok(())
    }

    fn small_statement(&mut self) -> Result<StatementKind<'a>> {
        self.deepest = self.depth;
        match self.item.kind {
            Kind::Token(TokenKind::Keyword(Keyword::Pass | Keyword::Break | Keyword::Continue)) => {
                self.advance()?;
                Ok(StatementKind::Branch)
            }
            Kind::Token(TokenKind::Keyword(Keyword::Return)) => {
                self.advance()?;
                let nothing = self.at_end_of_statement();
                Ok(StatementKind::Return(if nothing { None } else { Some(self.expressions()?) }))
            }
            Kind::Token(TokenKind::Keyword(Keyword::Load)) => {
                let start = self.item.span.start;
                let load = self.load()?;
                if self.at_end_of_statement() {
                    return Ok(StatementKind::Load(load));
                }
                let load = Expr { span: self.since(start), kind: ExprKind::Other(Vec::new()) };
                let operand = self.postfix(load)?;
                let first = self.operators(operand, true)?;
                let expression = self.expressions_after(first)?;
                self.assignment(expression)
            }
            Kind::Indent => Err(self.unexpected("a statement that is indented as the one before")),
            _ => {
                let expression = self.expressions()?;
                self.assignment(expression)
            }
        }
    }

    fn at_end_of_statement(&self) -> bool {
        matches!(self.item.kind, Kind::EndOfLine | Kind::Token(TokenKind::Semicolon))
    }

    /// What the statement is that begins with `target`.
    fn assignment(&mut self, target: Expr<'a>) -> Result<StatementKind<'a>> {
        let target = if self.at(TokenKind::Colon) && matches!(target.kind, ExprKind::Name(_)) {
            self.advance()?;
            let start = target.span.start;
            let annotation = self.test()?;
            let typed = Expr { span: self.since(start), kind: ExprKind::Other(vec![target, annotation]) };
            if !self.at(TokenKind::Equal) {
                return Err(self.unexpected("`=` and a value"));
            }
            typed
        } else {
            target
        };
        if !self.eat(TokenKind::Equal)? && !self.eat(TokenKind::Augmented)? {
            return Ok(StatementKind::Expr(target));
        }
        let value = self.expressions()?;
        Ok(StatementKind::Assign { target, value })
    }

    fn def(&mut self) -> Result<(Vec<Expr<'a>>, Vec<Statement<'a>>)> {
        self.advance()?;
        self.name()?;
        let open = self.expect(TokenKind::OpenParen, "`(` and the function's parameters")?;
        let mut head = Vec::new();
        self.parameters(true, &mut head)?;
        if !self.at(TokenKind::CloseParen) {
            return Err(self.unclosed(open, "`,` or `)`"));
        }
        self.advance()?;
        if self.eat(TokenKind::Arrow)? {
            head.push(self.test()?);
        }
        let mut body = Vec::new();
        self.suite(&mut body)?;
        Ok((head, body))
    }

    fn for_loop(&mut self) -> Result<(Vec<Expr<'a>>, Vec<Statement<'a>>)> {
        self.advance()?;
        self.loop_variables(&mut Vec::new())?;
        let head = vec![self.expressions()?];
        let mut body = Vec::new();
        self.suite(&mut body)?;
        Ok((head, body))
    }

    fn if_chain(&mut self) -> Result<(Vec<Expr<'a>>, Vec<Statement<'a>>)> {
        self.advance()?;
        let mut head = vec![self.expressions()?];
        let mut body = Vec::new();
        self.suite(&mut body)?;
        while let Kind::Token(TokenKind::Keyword(keyword @ (Keyword::Elif | Keyword::Else))) = self.item.kind
        {
            self.advance()?;
            // `else if` is what `elif` is.
            if keyword == Keyword::Else && !self.at_keyword(Keyword::If) {
                self.suite(&mut body)?;
                break;
            }
            if keyword == Keyword::Else {
                self.advance()?;
            }
            head.push(self.expressions()?);
            self.suite(&mut body)?;
        }
        Ok((head, body))
    }

    /// The colon, and the statements behind it on its line or indented below.
    fn suite(&mut self, body: &mut Vec<Statement<'a>>) -> Result<()> {
        self.expect(TokenKind::Colon, "`:`")?;
        if self.item.kind != Kind::EndOfLine {
            return self.line(body);
        }
        self.advance()?;
        if self.item.kind != Kind::Indent {
            return Err(self.unexpected("a line that is indented with spaces"));
        }
        self.advance()?;
        while self.item.kind != Kind::Unindent {
            self.statement(body)?;
        }
        self.advance()?;
        Ok(())
    }
}
