//! Walks through trees, and what is most often asked of their nodes.

use crate::{Argument, Call, Expr, ExprKind, Statement, StatementKind};

impl<'a> Expr<'a> {
    /// The expressions that this one is directly made of. Those of a call are what is called, and the values of the arguments.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        let (mut one, mut list, mut entries, mut arguments) = (None, &[][..], &[][..], &[][..]);
        match &self.kind {
            ExprKind::Name(_) | ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Call(call) => {
                one = Some(&*call.callee);
                arguments = &call.arguments;
            }
            ExprKind::List(all)
            | ExprKind::Tuple(all)
            | ExprKind::Set(all)
            | ExprKind::Comprehension(all)
            | ExprKind::Other(all) => list = all,
            ExprKind::Dict(all) => entries = all,
            ExprKind::Paren(inner) | ExprKind::Dot(inner, _) => one = Some(inner),
        }
        one.into_iter()
            .chain(list)
            .chain(entries.iter().flat_map(|(key, value)| [key, value]))
            .chain(arguments.iter().map(|argument| &argument.value))
    }

    /// Shows `see` this expression and then all that are in it, from the outside to the inside.
    pub fn visit<'t>(&'t self, see: &mut impl FnMut(&'t Self)) {
        see(self);
        for child in self.children() {
            child.visit(see);
        }
    }

    /// What a string literal stands for.
    pub fn as_string(&self) -> Option<&[u8]> {
        match &self.kind {
            ExprKind::String(value) => Some(value),
            _ => None,
        }
    }

    /// The name that this is.
    pub fn as_name(&self) -> Option<&'a [u8]> {
        match self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// `True` or `False`, or `1` or `0`, which Bazel takes for them in attributes.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            ExprKind::Name(b"True") | ExprKind::Number(b"1") => Some(true),
            ExprKind::Name(b"False") | ExprKind::Number(b"0") => Some(false),
            _ => None,
        }
    }
}

impl<'a> Call<'a> {
    /// The keyword argument of this name.
    pub fn keyword(&self, name: impl AsRef<[u8]>) -> Option<&Argument<'a>> {
        self.arguments.iter().find(|argument| argument.name == Some(name.as_ref()))
    }
}

impl<'a> Statement<'a> {
    /// The call that this is, and nothing else.
    pub fn as_call(&self) -> Option<&Call<'a>> {
        match &self.kind {
            StatementKind::Expr(Expr { kind: ExprKind::Call(call), .. }) => Some(call),
            _ => None,
        }
    }

    /// Shows `see` all expressions of the statement, those of the statements within it too.
    pub fn visit<'t>(&'t self, see: &mut impl FnMut(&'t Expr<'a>)) {
        match &self.kind {
            StatementKind::Load(_) | StatementKind::Branch | StatementKind::Return(None) => {}
            StatementKind::Expr(value) | StatementKind::Return(Some(value)) => value.visit(see),
            StatementKind::Assign { target, value } => {
                target.visit(see);
                value.visit(see);
            }
            StatementKind::Block { head, body } => {
                for expr in head {
                    expr.visit(see);
                }
                for statement in body {
                    statement.visit(see);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn names(text: &str) -> String {
        let file = parse(text.as_bytes()).unwrap();
        let mut names = Vec::new();
        for statement in &file.statements {
            statement.visit(&mut |expr| names.extend(expr.as_name()));
        }
        String::from_utf8(names.join(&b' ')).unwrap()
    }

    #[test]
    fn all_expressions_are_visited_in_order() {
        let table = [
            ("a.b(c, d = e, *f, **g)[h]", "a c e f g h"),
            ("[a, (b), (c, d), {e}, {f: g}, 1, 'x']", "a b c d e f g"),
            ("[a for b in c if d]; {a: b for c in d}", "a b c d a b c d"),
            ("x = a + -b if c else lambda d = e: f", "x a b c e f"),
            ("x: a = b; return c; return; pass", "x a b c"),
            ("load('a', 'b', c = 'd')", ""),
            ("def f(a: b = c, *d) -> e:\n  g\n  if h:\n    i\n  else:\n    j", "b c e g h i j"),
            ("for a in b: c", "b c"),
        ];
        for (text, expected) in table {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_told() {
        let file = parse(b"f(a = 'b', c = True, d = 0, 'e', a = 2)").unwrap();
        let call = file.statements[0].as_call().expect("a call");
        let value = |name: &str| call.keyword(name).map(|argument| &argument.value);
        assert_eq!(call.callee.as_name(), Some(&b"f"[..]));
        assert_eq!(value("a").and_then(Expr::as_string), Some(&b"b"[..]));
        assert_eq!(value("a").and_then(Expr::as_bool), None);
        assert_eq!(value("c").and_then(Expr::as_bool), Some(true));
        assert_eq!(value("d").and_then(Expr::as_bool), Some(false));
        assert_eq!(value("d").and_then(Expr::as_string), None);
        assert!(value("e").is_none());
    }
}
