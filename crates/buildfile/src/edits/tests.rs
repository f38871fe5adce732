//! Edits, by examples: a text, what is asked for, and the text that comes of it.

use super::{Edits, NewCall, Value};
use crate::{Call, Expr, ExprKind, File, Statement, StatementKind, parse};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    /// Put `new(name = "NAME")` behind the call of this function.
    Insert(&'static str, &'static str),
    /// Remove the call of this function.
    Remove(&'static str),
    /// Load a symbol of a module.
    Load(&'static str, &'static str),
    /// Unload a symbol.
    Unload(&'static str),
}
use Edit::{Insert, Load, Remove, Unload};

fn call<'t, 'a>(statement: &'t Statement<'a>) -> Option<&'t Call<'a>> {
    match &statement.kind {
        StatementKind::Expr(Expr { kind: ExprKind::Call(call), .. }) => Some(call),
        _ => None,
    }
}

/// The first call of a function.
fn find<'t, 'a>(file: &'t File<'a>, function: &str) -> &'t Statement<'a> {
    let is_it = |call: &Call<'_>| call.callee.as_name() == Some(function.as_bytes());
    file.statements.iter().find(|statement| call(statement).is_some_and(is_it)).expect("a call")
}

/// The text with the edits made; what comes of it has to be a BUILD file as well.
pub(super) fn edited(text: &str, asked: &[Edit]) -> String {
    let file = parse(text.as_bytes()).unwrap();
    let mut edits = Edits::new(&file);
    assert!(edits.is_empty());
    for edit in asked {
        match *edit {
            Insert(after, name) => {
                let attributes = vec![("name".to_owned(), Value::String(name.to_owned()))];
                edits.insert_call_after(find(&file, after), NewCall { name: "new".to_owned(), attributes });
            }
            Remove(function) => edits.remove_statement(find(&file, function)),
            Load(module, symbol) => edits.load(module, symbol),
            Unload(symbol) => edits.unload(symbol),
        }
        assert!(!edits.is_empty());
    }
    let new = edits.apply();
    parse(&new).unwrap_or_else(|error| panic!("{text:?}: {error} in {:?}", String::from_utf8_lossy(&new)));
    String::from_utf8(new).unwrap()
}

/// Checks texts, edits and what comes of them.
pub(super) fn check(table: &[(&str, &[Edit], &str)]) {
    for (text, asked, expected) in table {
        assert_eq!(edited(text, asked), *expected, "{text:?} {asked:?}");
    }
}

#[test]
fn no_change_changes_nothing() {
    for text in ["", "f()", "\u{feff}# a\r\nf(  )\r\n\n\n", "x"] {
        assert_eq!(edited(text, &[]), text);
    }
}

#[test]
fn calls_are_put_behind_statements() {
    check(&[
        ("f()\n", &[Insert("f", "a")], "f()\n\nnew(\n    name = \"a\",\n)\n"),
        ("f()", &[Insert("f", "a")], "f()\n\nnew(\n    name = \"a\",\n)"),
        ("f()\r\ng()\r\n", &[Insert("g", "a")], "f()\r\ng()\r\n\r\nnew(\r\n    name = \"a\",\r\n)\r\n"),
        ("f()\n\ng()\n", &[Insert("f", "a")], "f()\n\nnew(\n    name = \"a\",\n)\n\ng()\n"),
        ("f()\ng()\n", &[Insert("f", "a")], "f()\n\nnew(\n    name = \"a\",\n)\n\ng()\n"),
        (
            "f()  # c\n# d\n\ng()\n",
            &[Insert("f", "a")],
            "f()  # c\n# d\n\nnew(\n    name = \"a\",\n)\n\ng()\n",
        ),
        ("f()\n# d\ng()\n", &[Insert("f", "a")], "f()\n\nnew(\n    name = \"a\",\n)\n\n# d\ng()\n"),
        ("f()\n# d\n", &[Insert("f", "a")], "f()\n# d\n\nnew(\n    name = \"a\",\n)\n"),
        (
            "f(); g(\n)  # c\nh()\n",
            &[Insert("f", "a")],
            "f(); g(\n)  # c\n\nnew(\n    name = \"a\",\n)\n\nh()\n",
        ),
        ("f() \\\n; g()\n", &[Insert("f", "a")], "f() \\\n; g()\n\nnew(\n    name = \"a\",\n)\n"),
        (
            "f()\n",
            &[Insert("f", "b"), Insert("f", "a\"")],
            "f()\n\nnew(\n    name = \"b\",\n)\n\nnew(\n    name = \"a\\\"\",\n)\n",
        ),
    ]);
}

#[test]
fn calls_are_written_with_all_their_attributes() {
    let file = parse(b"f()").unwrap();
    let mut edits = Edits::new(&file);
    let string = |name: &str, value: &str| (name.to_owned(), Value::String(value.to_owned()));
    let attributes = vec![string("name", "x"), string("binary", ":\\")];
    edits.insert_call_after(&file.statements[0], NewCall { name: "a.b".to_owned(), attributes });
    edits.insert_call_after(&file.statements[0], NewCall { name: "g".to_owned(), attributes: Vec::new() });
    let expected = "f()\n\na.b(\n    name = \"x\",\n    binary = \":\\\\\",\n)\n\ng()";
    assert_eq!(edits.apply(), expected.as_bytes());
}

#[test]
fn statements_go_with_their_comments_and_a_blank_line() {
    check(&[
        ("f()\n", &[Remove("f")], ""),
        ("# a\nf()  # b", &[Remove("f")], ""),
        ("f()\n\ng()\n", &[Remove("f")], "g()\n"),
        ("f()\n\ng()\n", &[Remove("g")], "f()\n"),
        ("f()\n\ng()", &[Remove("g")], "f()"),
        ("f()\r\n\r\n# a\r\n# b\r\ng()\r\n\r\nh()\r\n", &[Remove("g")], "f()\r\n\r\nh()\r\n"),
        ("f()\n\ng(\n    a,\n)\n\nh()\n", &[Remove("g")], "f()\n\nh()\n"),
        ("f()\n\ng()\n\nh()\n\ni()\n", &[Remove("g"), Remove("h")], "f()\n\ni()\n"),
        ("f()\n\ng()\n\nh()\n", &[Remove("g"), Remove("h")], "f()\n"),
        ("f()\n\ng()\n\nh()\n", &[Remove("f"), Remove("g")], "h()\n"),
        ("f()\n\ng()\n", &[Remove("f"), Remove("g")], ""),
        ("f()\n\n\n\ng()\n\nh()\n", &[Remove("g")], "f()\n\n\n\nh()\n"),
        ("f()\ng()\nh()\n", &[Remove("g")], "f()\nh()\n"),
        ("f()\n\ng()\nh()\n", &[Remove("g")], "f()\n\nh()\n"),
        ("f()\ng()\n\nh()\n", &[Remove("g")], "f()\n\nh()\n"),
        ("# a\n\nf()\n\n# b\n", &[Remove("f")], "# a\n\n# b\n"),
        ("f()\n\ng()\n# a\n\nh()\n", &[Remove("g")], "f()\n\n# a\n\nh()\n"),
        ("f()\n\n# a\n\ng()\n", &[Remove("f"), Remove("g")], "# a\n"),
        ("\u{feff}f()\n\ng()\n", &[Remove("f")], "\u{feff}g()\n"),
    ]);
}

#[test]
fn statements_go_from_a_line() {
    check(&[
        ("f(); g(); h()\n", &[Remove("f")], "g(); h()\n"),
        ("f(); g(); h()\n", &[Remove("g")], "f(); h()\n"),
        ("f(); g(); h();\n", &[Remove("h")], "f(); g();\n"),
        ("f(); g(); h()\n", &[Remove("f"), Remove("g")], "h()\n"),
        ("f(); g(); h()\n", &[Remove("g"), Remove("h")], "f()\n"),
        ("f(); g(); h()\n", &[Remove("f"), Remove("h")], "g()\n"),
        ("f(); g();\n\nh()\n", &[Remove("f"), Remove("g")], "h()\n"),
        ("f(); g()\n", &[Remove("f"), Insert("f", "a")], "g()\n\nnew(\n    name = \"a\",\n)\n"),
    ]);
}

#[test]
fn what_is_put_behind_a_removed_statement_takes_its_place() {
    check(&[
        (
            "f()\n\n# a\ng()\n\nh()\n",
            &[Remove("g"), Insert("g", "a")],
            "f()\n\nnew(\n    name = \"a\",\n)\n\nh()\n",
        ),
        (
            "f()\n\ng()\n\nh()\n",
            &[Remove("g"), Insert("f", "a")],
            "f()\n\nnew(\n    name = \"a\",\n)\n\nh()\n",
        ),
        ("f()\n\ng()\n", &[Remove("g"), Insert("f", "a")], "f()\n\nnew(\n    name = \"a\",\n)\n"),
        (
            "# a\nf()\n",
            &[Remove("f"), Insert("f", "a"), Load("m", "new")],
            "load(\"m\", \"new\")\n\nnew(\n    name = \"a\",\n)\n",
        ),
        ("f()\ng()\nh()", &[Remove("g"), Insert("f", "a")], "f()\n\nnew(\n    name = \"a\",\n)\n\nh()"),
    ]);
}

#[test]
fn strings_are_set_and_spans_replaced() {
    let text = b"f(\n  name='a' ,  # c\n  x = r\"b\")\n\ng(name = 'c')";
    let file = parse(text).unwrap();
    let mut edits = Edits::new(&file);
    let value = |statement: usize, name: &str| {
        let call = call(&file.statements[statement]).unwrap();
        &call.keyword(name).unwrap().value
    };
    edits.set_string(value(0, "name"), ":it's");
    edits.set_string(value(0, "x"), "d");
    edits.replace(value(1, "name").span, *b"1 + 1");
    assert_eq!(edits.apply(), b"f(\n  name=':it\\'s' ,  # c\n  x = r\"d\")\n\ng(name = 1 + 1)");
    let mut edits = Edits::new(&file);
    edits.set_string(value(0, "name"), "lost");
    edits.remove_statement(&file.statements[0]);
    assert_eq!(edits.apply(), b"g(name = 'c')");
}

const MODULE: &str = "@rules//:defs.bzl";

#[test]
fn symbols_go_where_buildifier_sorts_them() {
    let table: &[(&str, &[&str], &str)] = &[
        ("load('M', 'b')", &["b"], "load('M', 'b')"),
        ("load('M', 'b')", &["c"], "load('M', 'b', 'c')"),
        ("load('M', 'b')", &["a"], "load('M', 'a', 'b')"),
        ("load('M', 'b', x = 'a')", &["c", "a"], "load('M', 'a', 'b', 'c', x = 'a')"),
        ("load('M', x = 'a')", &["a"], "load('M', 'a', x = 'a')"),
        ("load('M', 'b', )", &["c"], "load('M', 'b', 'c', )"),
        (
            "load(\n    'M',\n    'b',\n    'd',\n)",
            &["a", "c", "e"],
            "load(\n    'M',\n    'a',\n    'b',\n    'c',\n    'd',\n    'e',\n)",
        ),
        ("load(\n  'M',\n  'b'  # c\n)", &["c", "d"], "load(\n  'M',\n  'b',  # c\n  'c',\n  'd'\n)"),
        (
            "load(\n    'M',\n    'b',  # c\n    # d\n    'd',\n)",
            &["c"],
            "load(\n    'M',\n    'b',  # c\n    'c',\n    # d\n    'd',\n)",
        ),
        (
            "load('M',\n     'b',\n     'd')",
            &["c", "e"],
            "load('M',\n     'b',\n     'c',\n     'd',\n     'e')",
        ),
        ("load('M',\n     'b')", &["a"], "load('M',\n     'a',\n     'b')"),
        ("load(\n    'M', 'b', 'd'\n)", &["c", "e"], "load(\n    'M', 'b', 'c', 'd', 'e'\n)"),
        ("load(\n    'M', 'b'\n    , 'd'\n)", &["c"], "load(\n    'M', 'b', 'c'\n    , 'd'\n)"),
        ("load('M',\n ,\n 'b')", &["c", "a"], "load('M',\n ,\n 'a', 'b',\n 'c')"),
        ("load('M', 'b',,)", &["c"], "load('M', 'b', 'c',,)"),
        ("load('M', 'b',\n)", &["c"], "load('M', 'b',\n    'c',\n)"),
    ];
    for (before, symbols, after) in table {
        let text = |text: &str| text.replace('\'', "\"").replace('M', MODULE);
        let asked: Vec<_> = symbols.iter().map(|symbol| Load(MODULE, symbol)).collect();
        assert_eq!(edited(&text(before), &asked), text(after), "{before} {symbols:?}");
    }
}

#[test]
fn new_loads_go_where_buildifier_puts_them() {
    let load = "load(\"@rules//:defs.bzl\", \"a\")";
    let text = |parts: &[&str]| parts.join("\n").replace("NEW", load);
    let table: &[(&[&str], &[&str])] = &[
        (&["f()", ""], &["NEW", "", "f()", ""]),
        (&["", "", "f()"], &["", "", "NEW", "", "f()"]),
        (&["# top", "", "# f's", "f()", ""], &["# top", "", "NEW", "", "# f's", "f()", ""]),
        (&["\"\"\"doc\"\"\"", "", "f()", ""], &["\"\"\"doc\"\"\"", "", "NEW", "", "f()", ""]),
        (&["\u{feff}f()", ""], &["\u{feff}NEW", "", "f()", ""]),
        (
            &["load(\"@a\", \"x\")", "load(\":b\", \"y\")", "", "f()"],
            &["load(\"@a\", \"x\")", "NEW", "load(\":b\", \"y\")", "", "f()"],
        ),
        (&["load(\"@a\", \"x\")", "", "f()"], &["load(\"@a\", \"x\")", "NEW", "", "f()"]),
        (&["load(\"@a\", \"x\")", "f()"], &["load(\"@a\", \"x\")", "NEW", "", "f()"]),
        (&["load(\"//:a\", \"x\")", "", "f()"], &["NEW", "load(\"//:a\", \"x\")", "", "f()"]),
        (
            &["# license", "load(\"//:a\", \"x\")", "", "f()"],
            &["# license", "NEW", "load(\"//:a\", \"x\")", "", "f()"],
        ),
        (
            &["# top", "", "# a's", "load(\"//:a\", \"x\")", "", "f()"],
            &["# top", "", "NEW", "", "# a's", "load(\"//:a\", \"x\")", "", "f()"],
        ),
        (
            &["load(\"@a\", \"x\")", "", "# b's", "load(\"//:b\", \"x\")", "", "f()"],
            &["load(\"@a\", \"x\")", "NEW", "", "# b's", "load(\"//:b\", \"x\")", "", "f()"],
        ),
        (
            &["load(\"@a\", \"x\")", "# a's", "", "load(\"//:b\", \"x\")", "", "f()"],
            &["load(\"@a\", \"x\")", "# a's", "", "NEW", "load(\"//:b\", \"x\")", "", "f()"],
        ),
        (
            &["load(\"@a\", \"x\")", "# a's", "", "f()"],
            &["load(\"@a\", \"x\")", "# a's", "", "NEW", "", "f()"],
        ),
        (
            &["load(\"//:a\", \"x\")", "", "# apart", "", "load(\"//:b\", \"x\")", "", "f()"],
            &["load(\"//:a\", \"x\")", "", "# apart", "", "NEW", "load(\"//:b\", \"x\")", "", "f()"],
        ),
        (
            &["load(\"//:a\", \"x\")", "", "# buildifier: disable=out-of-order-load", "f()"],
            &["load(\"//:a\", \"x\")", "NEW", "", "# buildifier: disable=out-of-order-load", "f()"],
        ),
        (
            &["load(\"@a\", \"x\"); load(\"//:b\", \"y\")", "", "f()"],
            &["load(\"@a\", \"x\"); load(\"//:b\", \"y\")", "NEW", "", "f()"],
        ),
        (
            &["load(\"@a\", \"x\")", "", "f()", "", "load(\"//:b\", \"y\")"],
            &["load(\"@a\", \"x\")", "NEW", "", "f()", "", "load(\"//:b\", \"y\")"],
        ),
    ];
    for (before, after) in table {
        assert_eq!(edited(&text(before), &[Load(MODULE, "a")]), text(after), "{before:?}");
    }
    check(&[
        ("", &[Load("//:a", "b"), Load("@c", "d")], "load(\"@c\", \"d\")\nload(\"//:a\", \"b\")\n"),
        ("# a\n", &[Load("//:a", "b")], "# a\n\nload(\"//:a\", \"b\")\n"),
        ("f()\r\n", &[Load("m", "b"), Load("m", "a")], "load(\"m\", \"a\", \"b\")\r\n\r\nf()\r\n"),
        ("# a\n\nf()  # b\n", &[Remove("f"), Load("m", "a")], "# a\n\nload(\"m\", \"a\")\n"),
        ("f()  # b\n", &[Remove("f"), Load("m", "a")], "load(\"m\", \"a\")\n"),
        // A load that comes too late for what uses it is none.
        (
            "f()\n\nload(\"m\", \"b\")\n",
            &[Insert("f", "x"), Load("m", "new")],
            "load(\"m\", \"new\")\n\nf()\n\nnew(\n    name = \"x\",\n)\n\nload(\"m\", \"b\")\n",
        ),
    ]);
}

#[test]
fn symbols_that_nothing_uses_go() {
    check(&[
        ("load(\"m\", \"a\")\n\nf()\n", &[Unload("a")], "f()\n"),
        ("load(\"m\", \"a\")\n\na()\n", &[Unload("a")], "load(\"m\", \"a\")\n\na()\n"),
        ("load(\"m\", \"a\")\n\na()\n", &[Unload("a"), Remove("a")], ""),
        (
            "load(\"m\", \"a\")\n\na()\n\nx = [a]\n",
            &[Unload("a"), Remove("a")],
            "load(\"m\", \"a\")\n\nx = [a]\n",
        ),
        ("load(\"m\", \"a\")\n\nf(a = 1)\n", &[Unload("a")], "f(a = 1)\n"),
        ("load(\"m\", b = \"a\")\n\na()\n", &[Unload("b")], "a()\n"),
        (
            "load(\"m\", \"new\")\n\nf()\n",
            &[Unload("new"), Insert("f", "x")],
            "load(\"m\", \"new\")\n\nf()\n\nnew(\n    name = \"x\",\n)\n",
        ),
        ("load(\"m\", \"a\", \"b\", \"c\")\n", &[Unload("a")], "load(\"m\", \"b\", \"c\")\n"),
        ("load(\"m\", \"a\", \"b\", \"c\")\n", &[Unload("b")], "load(\"m\", \"a\", \"c\")\n"),
        ("load(\"m\", \"a\", \"b\", \"c\")\n", &[Unload("c"), Unload("b")], "load(\"m\", \"a\")\n"),
        (
            "load(\n    \"m\",\n    \"a\",\n    # b\n    \"b\",  # c\n)\n",
            &[Unload("b")],
            "load(\n    \"m\",\n    \"a\",\n)\n",
        ),
        (
            "load(\n    \"m\",\n    \"a\",\n    \"b\"\n)\n",
            &[Unload("b")],
            "load(\n    \"m\",\n    \"a\",\n)\n",
        ),
        (
            "load(\"m\",\n     \"a\",  # c\n     \"b\")\n",
            &[Unload("b")],
            "load(\"m\",\n     \"a\",  # c\n     )\n",
        ),
        (
            "load(\"m\",  # c\n     \"a\", \"b\", \"d\")\n",
            &[Unload("a"), Unload("b")],
            "load(\"m\",  # c\n     \"d\")\n",
        ),
        // Loads stand together, and apart from all else.
        (
            "load(\"k\", \"x\")\nload(\"m\", \"a\")\nload(\"n\", \"y\")\n",
            &[Unload("a")],
            "load(\"k\", \"x\")\nload(\"n\", \"y\")\n",
        ),
        ("load(\"k\", \"x\")\nload(\"m\", \"a\")\n\nf()\n", &[Unload("a")], "load(\"k\", \"x\")\n\nf()\n"),
        (
            "\"doc\"\n\nload(\"k\", \"a\")\nload(\"m\", \"x\")\n\nf()\n",
            &[Unload("a")],
            "\"doc\"\n\nload(\"m\", \"x\")\n\nf()\n",
        ),
        (
            "load(\"k\", \"x\")\n\n# a's\nload(\"m\", \"a\")\nload(\"n\", \"y\")\n",
            &[Unload("a")],
            "load(\"k\", \"x\")\nload(\"n\", \"y\")\n",
        ),
        // The comment at the top of a file is the file's.
        ("# license\nload(\"m\", \"a\")\n\nf()\n", &[Unload("a")], "# license\n\nf()\n"),
        // Kept.
        ("load(\"m\", \"a\")  # keep\n", &[Unload("a")], "load(\"m\", \"a\")  # keep\n"),
        (
            "load(\n    \"m\",\n    \"a\",  # keep\n    \"b\",\n)\n",
            &[Unload("a"), Unload("b")],
            "load(\n    \"m\",\n    \"a\",  # keep\n)\n",
        ),
    ]);
}

#[test]
fn symbols_come_and_go_at_once() {
    check(&[
        ("load(\"m\", \"a\")\n\nf()\n", &[Unload("a"), Load("m", "b")], "load(\"m\", \"b\")\n\nf()\n"),
        ("load(\"m\", \"a\")\n\nf()\n", &[Unload("a"), Load("m", "a")], "load(\"m\", \"a\")\n\nf()\n"),
        ("load(\"m\", \"a\")\n\nf()\n", &[Unload("a"), Load("n", "a")], "load(\"n\", \"a\")\n\nf()\n"),
        (
            "load(\"m\", \"b\", \"d\", x = \"y\")\n",
            &[Unload("b"), Load("m", "c")],
            "load(\"m\", \"c\", \"d\", x = \"y\")\n",
        ),
        (
            "load(\n    \"m\",\n    # a\n    \"a\",\n    \"c\"\n)\n",
            &[Unload("a"), Unload("c"), Load("m", "b")],
            "load(\n    \"m\",\n    \"b\",\n)\n",
        ),
        (
            "load(\"m\",\n     \"a\",\n     \"b\")\n",
            &[Unload("b"), Load("m", "c")],
            "load(\"m\", \"a\", \"c\")\n",
        ),
        (
            "load(\n    \"m\",\n    ,\n    \"a\",\n    \"b\",\n)\n",
            &[Unload("b"), Load("m", "c")],
            "load(\n    \"m\", \"a\", \"c\",\n)\n",
        ),
        (
            "load(\"m\",  # why\n     \"a\",\n     \"b\")\n",
            &[Unload("b"), Load("m", "c")],
            "load(\"m\",  # why\n     \"a\",\n     \"b\",\n     \"c\")\n",
        ),
        (
            "load(\"m\", \"a\")\nload(\"o\", \"b\")\n\nf()\n",
            &[Unload("b"), Load("n", "c")],
            "load(\"m\", \"a\")\nload(\"n\", \"c\")\n\nf()\n",
        ),
        (
            "load(\"m\", \"a\")\nload(\"o\", \"b\")  # b's\nload(\"p\", \"c\")\n\nf()\n",
            &[Unload("b"), Load("l", "d")],
            "load(\"l\", \"d\")\nload(\"m\", \"a\")\nload(\"p\", \"c\")\n\nf()\n",
        ),
        (
            "load(\"m\", \"a\")\nload(\"o\", \"b\")\n\nf()\n",
            &[Unload("a"), Unload("b"), Load("n", "c")],
            "load(\"n\", \"c\")\n\nf()\n",
        ),
    ]);
}
