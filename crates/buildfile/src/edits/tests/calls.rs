//! Calls put in, statements taken out, values replaced.

use super::Edit::{Insert, Load, Remove};
use super::check;
use crate::edits::{Edits, NewCall, Value};
use crate::parse;

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
        let call = file.statements[statement].as_call().unwrap();
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
