//! Edits, by examples: a text, what is asked for, and the text that comes of it.

mod calls;
mod loads;

use super::{Edits, NewCall, Value};
use crate::{Call, File, Statement, parse};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
enum Edit {
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

/// The first call of a function.
fn find<'t, 'a>(file: &'t File<'a>, function: &str) -> &'t Statement<'a> {
    let is_it = |call: &Call<'_>| call.callee.as_name() == Some(function.as_bytes());
    file.statements.iter().find(|statement| statement.as_call().is_some_and(is_it)).expect("a call")
}

/// The text with the edits made; what comes of it has to be a BUILD file as well.
fn edited(text: &str, asked: &[Edit]) -> String {
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
fn check(table: &[(&str, &[Edit], &str)]) {
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
