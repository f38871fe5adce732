//! Symbols loaded and unloaded.

use super::Edit::{Insert, Load, Remove, Unload};
use super::{check, edited};

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
        (
            "load(\n    \"m\",\n    \"a\",\n    \"b\",\n    \"c\", \"d\",\n)\n",
            &[Unload("b"), Unload("c")],
            "load(\n    \"m\",\n    \"a\",\n    \"d\",\n)\n",
        ),
        (
            "load(\n    \"m\",\n    \"a\",\n    \"b\"\n,\n    \"c\",\n)\n",
            &[Unload("b")],
            "load(\n    \"m\",\n    \"a\"\n,\n    \"c\",\n)\n",
        ),
        (
            "load(\n    \"m\",\n    \"a\",\n    \"b\"\n, \"c\",\n)\n",
            &[Unload("a"), Unload("b")],
            "load(\n    \"m\",\n    \"c\",\n)\n",
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
