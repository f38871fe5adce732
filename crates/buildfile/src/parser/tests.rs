//! The grammar, by examples.

use std::fmt::Write;

use super::MAX_DEPTH;
use crate::{Expr, ExprKind, File, Statement, StatementKind, SyntaxError, parse};

/// The tree of `text`, written down: one statement a line.
fn tree(text: &[u8]) -> Result<String, SyntaxError> {
    let file = parse(text)?;
    check_spans(&file);
    Ok(statements(&file.statements, "\n"))
}

/// All spans are in the text, in order, and in those of their parents.
fn check_spans(file: &File<'_>) {
    let mut end = 0;
    for comment in &file.comments {
        assert!(comment.span.start >= end && file.text[comment.span.start] == b'#');
        end = comment.span.end;
    }
    let mut end = 0;
    for statement in &file.statements {
        assert!(statement.span.start >= end && statement.span.end > statement.span.start);
        end = statement.span.end;
    }
    assert!(end <= file.text.len());
}

fn statements(list: &[Statement<'_>], separator: &str) -> String {
    list.iter().map(statement).collect::<Vec<_>>().join(separator)
}

fn statement(statement: &Statement<'_>) -> String {
    match &statement.kind {
        StatementKind::Load(load) => {
            let mut text = format!("load {}", load.module.value.escape_ascii());
            for symbol in &load.symbols {
                write!(text, " {}={}", symbol.local.escape_ascii(), symbol.exported.escape_ascii()).unwrap();
            }
            text
        }
        StatementKind::Expr(value) => expression(value),
        StatementKind::Assign { target, value } => format!("{} := {}", expression(target), expression(value)),
        StatementKind::Block { head, body } => format!("block {} {{{}}}", all(head), statements(body, "; ")),
        StatementKind::Return(value) => {
            format!("return {}", value.as_ref().map(expression).unwrap_or_default())
        }
        StatementKind::Branch => "branch".to_owned(),
    }
}

fn all(list: &[Expr<'_>]) -> String {
    format!("({})", list.iter().map(expression).collect::<Vec<_>>().join(" "))
}

fn expression(expr: &Expr<'_>) -> String {
    match &expr.kind {
        ExprKind::Name(name) => name.escape_ascii().to_string(),
        ExprKind::Number(number) => number.escape_ascii().to_string(),
        ExprKind::String(value) => format!("'{}'", value.escape_ascii()),
        ExprKind::Call(call) => {
            let arguments = call.arguments.iter().map(|argument| match argument.name {
                Some(name) => format!("{}={}", name.escape_ascii(), expression(&argument.value)),
                None => expression(&argument.value),
            });
            format!("call {}({})", expression(&call.callee), arguments.collect::<Vec<_>>().join(" "))
        }
        ExprKind::List(list) => format!("list{}", all(list)),
        ExprKind::Tuple(list) => format!("tuple{}", all(list)),
        ExprKind::Set(list) => format!("set{}", all(list)),
        ExprKind::Dict(entries) => {
            let entries =
                entries.iter().map(|(key, value)| format!("{}:{}", expression(key), expression(value)));
            format!("dict({})", entries.collect::<Vec<_>>().join(" "))
        }
        ExprKind::Paren(inner) => format!("paren({})", expression(inner)),
        ExprKind::Comprehension(list) => format!("comprehension{}", all(list)),
        ExprKind::Dot(object, name) => format!("{}.{}", expression(object), name.escape_ascii()),
        ExprKind::Other(list) => format!("other{}", all(list)),
    }
}

#[test]
fn expressions_make_the_tree() {
    let table: &[(&[u8], &str)] = &[
        (b"", ""),
        (b"\xEF\xBB\xBFf(name = 'a')\r\n", "call f(name='a')"),
        (b"f(1, *a, b = 2, **c, d = 3,)", "call f(1 *=a b=2 **=c d=3)"),
        (b"f(,, a,, b,,)", "call f(a b)"),
        (b"f(a == b, c = d = e)", "!`,` or `)`"),
        (b"f\xFF(\xC3\xA4 = 1)", "call f\\xff(\\xc3\\xa4=1)"),
        (b"[]; [a]; [a,, b,]; [a for b in c]", "list()\nlist(a)\nlist(a b)\ncomprehension(a b c)"),
        (b"(); (a); (a,); (a, b)", "tuple()\nparen(a)\ntuple(a)\ntuple(a b)"),
        (b"{}; {a}; {a, b,}; {a: b,, c: d,,}", "dict()\nset(a)\nset(a b)\ndict(a:b c:d)"),
        (b"{a: b for c, d in e if f for g in h}", "comprehension(a b c d e f g h)"),
        (b"[a for b in c if d if e or f]", "comprehension(a b c d other(e f))"),
        (b"[a for b in lambda: c if d else e]", "comprehension(a b other(other(c d e)))"),
        (b"a.b.c(d)[e](f)", "call other(call a.b.c(d) e)(f)"),
        (
            b"a[b]; a[:]; a[b:]; a[:b]; a[b:c:d]; a[::b]",
            "other(a b)\nother(a)\nother(a b)\nother(a b)\nother(a b c d)\nother(a b)",
        ),
        (b"1.5; 1. ; .5; 1e-5; 0x1F; 1a", "1.5\n1.\n.5\n1e-5\n0x1F\n1a"),
        (b"a + b * c - -d // not e", "other(a b c other(d) other(e))"),
        (b"a < b < c == d not in e is not f", "other(a b c d e other(f))"),
        (b"a if b else c if d else e", "other(a b c d e)"),
        (b"a if b if c else d else e", "other(a other(b c d) e)"),
        (b"~a ^ b & c << 1 >> 2 | d", "other(other(a) b c 1 2 d)"),
        (b"lambda: a; lambda x, *, y = 1, *z, **w: x + y", "other(a)\nother(1 other(x y))"),
        (b"x = a, lambda: b, c", "x := tuple(a other(b) c)"),
        (b"'a\\tb' + r'\\t' + \"\"\"c\nd\"\"\"", "other('a\\tb' '\\\\t' 'c\\nd')"),
        (b"x = load('a', 'b') + load('c', 'd')", "x := other(other() other())"),
        (b"load('a', 'b').c(d) + e, f", "tuple(other(call other().c(d) e) f)"),
    ];
    check(table);
}

#[test]
fn statements_make_the_tree() {
    let table: &[(&[u8], &str)] = &[
        (b"load(',,' ,,, 'b', c = 'd',,)", "load ,, b=b c=d"),
        (b"load(\n    ':a',\n    'b',\n)\n", "load :a b=b"),
        (b"x = 1\nx, y = z\nx += 1; x.y //= 2;\n", "x := 1\ntuple(x y) := z\nx := 1\nx.y := 2"),
        (b"x: list[str] = []", "other(x other(list str)) := list()"),
        (b"pass; break\ncontinue\nreturn\nreturn a, b", "branch\nbranch\nbranch\nreturn \nreturn tuple(a b)"),
        (b"while = yield", "while := yield"),
        (b"a \\\n  + b \\\r\n  + c", "other(a b c)"),
        (
            b"def f(a, b: int = 1, *args, c, *, d: str, **kw: dict,) -> x: pass\n",
            "block (int 1 str dict x) {branch}",
        ),
        (b"def f():\n  # c\n\n  a; b\n# c\n  c\n\nd", "block () {a; b; c}\nd"),
        (b"for a, b in c, d:\n  e\n", "block (tuple(c d)) {e}"),
        (b"if a: b\nelif c: d\nelse: e\n", "block (a c) {b; d; e}"),
        (b"if a:\n b\nelse if c:\n d\n# c\nelse:\n if e:\n  f\n", "block (a c) {b; d; block (e) {f}}"),
        (b"if a:\n b\n \t\n\n # c\n\nelse:\n c", "block (a) {b; c}"),
        (b"if a:\n  if b:\n    c", "block (a) {block (b) {c}}"),
        (b"f(\na\n  )\n  \ng", "call f(a)\ng"),
        (b"\t\tf", "f"),
        (b"\r", ""),
    ];
    check(table);
}

#[test]
fn what_buildifier_refuses_is_refused_with_a_reason() {
    let table: &[(&[u8], &str)] = &[
        (b"x = a b", "6: expected the end of the statement, found `b`"),
        (b"x = 'a' 'b'", "8: expected the end of the statement, found a string"),
        (b"x: int", "6: expected `=` and a value"),
        (b"a = b = c", "6: expected the end of the statement"),
        (b"a,", "2: expected an expression, found the end of the line"),
        (b"f(,)", "3: expected an expression, found `)`"),
        (b"[,]", "1: expected an expression"),
        (b"a[]", "2: expected an expression"),
        (b"f(a.b = 1)", "6: expected `,` or `)`, found `=`"),
        (b"f(*)", "3: expected an expression"),
        (b"f(x for x in y)", "4: expected `,` or `)` (a comprehension"),
        (b"{a for b in c}", "3: expected `:`, `,` or `}`"),
        (b"{a: b, **c}", "7: expected an expression"),
        (b"{a: b, c}", "8: expected `:`"),
        (b"[a for b in c if d else e]", "19: expected `for`, `if` or `]`"),
        (b"f(\n  a\n  b)", "9: expected `,` or `)`, found `b`; the `(` of line 1 is still open"),
        (b"\nx = [1, 2\n", "5: this `[` is never closed"),
        (b"f(a, [b)", "7: expected `,` or `]`, found `)`"),
        (b"f(", "1: this `(` is never closed"),
        (b"f(a = ", "1: this `(` is never closed"),
        (b"load('a'", "4: this `(` is never closed"),
        (b"load('a')", "8: expected `,` and what to load"),
        (b"load(a, b)", "5: expected the file to load"),
        (b"load('a', b)", "11: expected `=`"),
        (b"load('a', 'b',, 'c')", "16: expected `,` or `)`"),
        (b"x = ]", "4: expected an expression, found `]`"),
        (b")", "0: expected an expression"),
        (b"x = a ? b", "6: unexpected character `?`"),
        (b"x\0y", "1: unexpected character `\\x00`"),
        (b"x = 1\x0c", "5: unexpected character `\\x0c`"),
        (b"x = !a", "4: unexpected `!`"),
        (b"x = \\ \n1", "4: a backslash"),
        (b"x = 'a\n'", "4: the string isn't closed before the end of the line"),
        (b"x = '''a\n'", "4: the string isn't closed before the end of the file"),
        (b"x = 'a\\xZZ'", "6: \\x wants"),
        (b"  x", "2: expected a statement that is indented as the one before"),
        (b"def f():\nx", "9: expected a line that is indented with spaces, found `x`"),
        (b"def f():\n\tx", "10: expected a line that is indented with spaces, found `x`"),
        (b"def f():\n    a()\n  b()", "19: the line is indented less"),
        (b"def f()\n", "7: expected `:`, found the end of the line"),
        (b"def f(a b): pass", "8: expected `,` or `)`"),
        (b"def f(,): pass", "6: expected `,` or `)`"),
        (b"def f(", "5: this `(` is never closed"),
        (b"if a: if b: c", "6: expected an expression, found `if`"),
        (b"x = a if b", "10: expected `else`"),
        (b"x = a not b", "10: expected `in`"),
        (b"x = .a", "5: expected a number"),
        (b"a;;", "2: expected an expression"),
        (b"a.load", "2: expected a name, found `load`"),
        (b"for a, in b: c", "7: expected an expression, found `in`"),
        (b"else: a", "0: expected an expression, found `else`"),
        (b"lambda x: int: x", "13: expected the end of the statement"),
    ];
    for (text, expected) in table {
        let error = tree(text).expect_err("it is refused");
        let shown = format!("{}: {}", error.offset, error.message);
        assert!(shown.starts_with(expected), "{}: {shown}", text.escape_ascii());
    }
}

fn check(table: &[(&[u8], &str)]) {
    for (text, expected) in table {
        match (tree(text), expected.strip_prefix('!')) {
            (Ok(tree), None) => assert_eq!(tree, *expected, "{}", text.escape_ascii()),
            (Err(error), Some(part)) => {
                assert!(error.message.contains(part), "{}: {error}", text.escape_ascii());
            }
            (result, _) => panic!("{}: {result:?}", text.escape_ascii()),
        }
    }
}

#[test]
fn comments_are_kept() {
    let file = parse(b"# a\r\nf( # b\n    # c\n)  # d\ndef g():\n    # e\n    pass\n# f").unwrap();
    let comments: Vec<_> =
        file.comments.iter().map(|it| (&file.text[it.span.range()], it.own_line, it.depth)).collect();
    let expected: &[(&[u8], bool, u32)] = &[
        (b"# a", true, 0),
        (b"# b", false, 1),
        (b"# c", true, 1),
        (b"# d", false, 0),
        (b"# e", true, 0),
        (b"# f", true, 0),
    ];
    assert_eq!(comments, expected);
}

#[test]
fn spans_are_from_the_first_token_to_the_last() {
    let text = b" # c\nf ( a = -1 , ) # d\nif x :\n  y # e\n";
    let file = parse(text).unwrap();
    let spans: Vec<_> =
        file.statements.iter().map(|it| text[it.span.range()].escape_ascii().to_string()).collect();
    assert_eq!(spans, ["f ( a = -1 , )", "if x :\\n  y"]);
    let call = file.statements[0].as_call().expect("a call");
    assert_eq!(&text[call.arguments[0].span.range()], b"a = -1");
    assert_eq!(&text[call.arguments[0].value.span.range()], b"-1");
    assert_eq!((&text[call.open.range()], &text[call.close.range()]), (&b"("[..], &b")"[..]));
}

/// What nests: `before` and `after` as often as wanted around `middle`.
const NESTS: &[(&str, &str, &str)] = &[
    ("(", "", ")"),
    ("[", "", "]"),
    ("{a: ", "b", "}"),
    ("f(", "", ")"),
    ("a[", "b", "]"),
    ("lambda: ", "a", ""),
    ("[a for b in ", "c", "]"),
    ("a if ", "b", " else c"),
    ("", "a", "()"),
    ("", "a", ".b"),
    ("", "load('a', 'b')", ".b"),
    ("", "a", "[b]"),
    ("f(", "a", ").b"),
    ("-f(", "a", ",)"),
];

#[test]
fn nesting_is_bounded() {
    // A small stack, as that of a thread that walks the tree or drops it.
    let checks = std::thread::Builder::new().stack_size(2 << 20).spawn(|| {
        for (before, middle, after) in NESTS {
            let nest = |depth: usize| {
                format!("{}{middle}{}", before.repeat(depth), after.repeat(depth)).into_bytes()
            };
            let deep = nest(MAX_DEPTH / 3 - 1);
            assert!(
                parse(&deep).is_ok_and(|file| expression_depth(&file) > MAX_DEPTH / 4),
                "{before}{middle}{after}"
            );
            for depth in [MAX_DEPTH + 1, 100_000] {
                let error = parse(&nest(depth)).expect_err("too deep");
                assert!(error.message.contains("nested"), "{before}{middle}{after}: {error}");
            }
        }
        let blocks = |depth: usize| {
            (0..depth).map(|indent| format!("{}if a:\n", " ".repeat(indent))).collect::<String>()
        };
        assert!(parse(format!("{}{}b", blocks(100), " ".repeat(100)).as_bytes()).is_ok());
        assert!(
            parse(format!("{}{}b", blocks(200), " ".repeat(200)).as_bytes())
                .unwrap_err()
                .message
                .contains("nested")
        );
    });
    checks.unwrap().join().unwrap();
}

/// How deep the first statement's tree is.
fn expression_depth(file: &File<'_>) -> usize {
    fn depth(expr: &Expr<'_>) -> usize {
        let below: Vec<&Expr<'_>> = match &expr.kind {
            ExprKind::Name(_) | ExprKind::Number(_) | ExprKind::String(_) => Vec::new(),
            ExprKind::Call(call) => std::iter::once(&*call.callee)
                .chain(call.arguments.iter().map(|argument| &argument.value))
                .collect(),
            ExprKind::List(list)
            | ExprKind::Tuple(list)
            | ExprKind::Set(list)
            | ExprKind::Comprehension(list)
            | ExprKind::Other(list) => list.iter().collect(),
            ExprKind::Dict(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
            ExprKind::Paren(inner) | ExprKind::Dot(inner, _) => vec![inner],
        };
        1 + below.into_iter().map(depth).max().unwrap_or(0)
    }
    let StatementKind::Expr(expr) = &file.statements[0].kind else {
        panic!("an expression");
    };
    depth(expr)
}

#[test]
fn chains_within_chains_are_as_deep_as_they_are() {
    // Half of the limit in the arguments of what half of the limit is done to.
    let half = MAX_DEPTH / 2 + 1;
    let text = format!("f({}){}", "(".repeat(half) + &")".repeat(half), ".a".repeat(half));
    assert!(parse(text.as_bytes()).unwrap_err().message.contains("nested"));
    // Beside each other they are not.
    let text = format!("[{}a]", format!("a{}, ", ".a".repeat(half)).repeat(10));
    assert!(parse(text.as_bytes()).is_ok());
}

#[test]
fn long_isnt_deep() {
    for text in
        ["a + ".repeat(50_000) + "a", "not ".repeat(50_000) + "a", format!("[{}]", "a, ".repeat(50_000))]
    {
        assert!(parse(text.as_bytes()).is_ok());
    }
    let chain = "if a: b\n".to_owned() + &"elif a: b\n".repeat(50_000);
    assert!(parse(chain.as_bytes()).is_ok());
}
