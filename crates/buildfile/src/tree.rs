//! The syntax tree of a BUILD file: what `buildifier` takes, each node with its span.
//!
//! A tree borrows from the text and holds no byte of its own but the values of strings with escapes. Whatever it doesn't say (blank
//! lines, commas, brackets) is in the text between the spans.

use std::borrow::Cow;

use crate::Span;

/// A BUILD file, parsed.
#[derive(Debug)]
pub struct File<'a> {
    /// The whole text, with its byte-order mark if it has one.
    pub text: &'a [u8],
    /// The statements at top level, in order.
    pub statements: Vec<Statement<'a>>,
    /// All comments, in order.
    pub comments: Vec<Comment>,
}

/// A comment, from `#` to before the end of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to before the line's end; a carriage return at the end isn't part of it.
    pub span: Span,
    /// Whether there is nothing but blanks before it on its line.
    pub own_line: bool,
    /// How many brackets are open around it.
    pub depth: u32,
}

/// A statement at top level, or of a block.
#[derive(Debug)]
pub struct Statement<'a> {
    /// From its first token to its last; comments and the line's end aren't part of it.
    pub span: Span,
    /// What it is.
    pub kind: StatementKind<'a>,
}

/// What a statement is.
#[derive(Debug)]
pub enum StatementKind<'a> {
    /// `load("//:defs.bzl", "a", b = "c")`.
    Load(Load<'a>),
    /// An expression: most often a call.
    Expr(Expr<'a>),
    /// `target = value`, also with a type or an operator (`+=`).
    Assign {
        /// What is on the left.
        target: Expr<'a>,
        /// What is on the right.
        value: Expr<'a>,
    },
    /// `def`, `for` or `if` with all its branches: the expressions of its head, and the statements within.
    Block {
        /// Defaults of parameters, conditions, and what is looped over.
        head: Vec<Expr<'a>>,
        /// The statements of all its branches.
        body: Vec<Statement<'a>>,
    },
    /// `return x`.
    Return(Option<Expr<'a>>),
    /// `pass`, `break` or `continue`.
    Branch,
}

/// A `load` statement.
#[derive(Debug)]
pub struct Load<'a> {
    /// The file that is loaded, as it is written.
    pub module: StringLiteral<'a>,
    /// What is loaded of it.
    pub symbols: Vec<LoadedSymbol<'a>>,
}

/// One symbol of a `load` statement.
#[derive(Debug)]
pub struct LoadedSymbol<'a> {
    /// `"a"`, or `b = "c"` as a whole.
    pub span: Span,
    /// The name in this file: `a`, or `b`.
    pub local: Cow<'a, [u8]>,
    /// The name in the file that is loaded: `a`, or `c`.
    pub exported: Cow<'a, [u8]>,
}

/// A string literal.
#[derive(Debug)]
pub struct StringLiteral<'a> {
    /// With its quotes and, of a raw string, the `r`.
    pub span: Span,
    /// What it stands for.
    pub value: Cow<'a, [u8]>,
}

/// An expression.
#[derive(Debug)]
pub struct Expr<'a> {
    /// From its first token to its last.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind<'a>,
}

/// What an expression is.
#[derive(Debug)]
pub enum ExprKind<'a> {
    /// `name`.
    Name(&'a [u8]),
    /// `42`, as it is written.
    Number(&'a [u8]),
    /// `"string"`: what it stands for.
    String(Cow<'a, [u8]>),
    /// `f(…)`.
    Call(Call<'a>),
    /// `[a, b]`.
    List(Vec<Expr<'a>>),
    /// `a, b`, with parentheses or without.
    Tuple(Vec<Expr<'a>>),
    /// `{a, b}`.
    Set(Vec<Expr<'a>>),
    /// `{a: b}`.
    Dict(Vec<(Expr<'a>, Expr<'a>)>),
    /// `(a)`.
    Paren(Box<Expr<'a>>),
    /// `[a for b in c if d]`, with brackets or braces: all expressions in it.
    Comprehension(Vec<Expr<'a>>),
    /// `a.b`.
    Dot(Box<Expr<'a>>, &'a [u8]),
    /// Anything else: the expressions that it is made of. Operators, `lambda`, `a if b else c`, `a[b:c]`.
    Other(Vec<Expr<'a>>),
}

/// A call.
#[derive(Debug)]
pub struct Call<'a> {
    /// What is called.
    pub callee: Box<Expr<'a>>,
    /// What it is given, in order.
    pub arguments: Vec<Argument<'a>>,
    /// The opening parenthesis.
    pub open: Span,
    /// The closing parenthesis.
    pub close: Span,
}

/// An argument of a call.
#[derive(Debug)]
pub struct Argument<'a> {
    /// As a whole, without the comma after it.
    pub span: Span,
    /// The name of a keyword argument, `*` or `**`; a positional one has none.
    pub name: Option<&'a [u8]>,
    /// The value.
    pub value: Expr<'a>,
}
