//! Edits of a file.

use buildfile::{Edits, File, NewCall, Statement, StatementKind, Value, parse};

/// Some things that can be done to a file, each done.
pub(crate) fn some(text: &[u8]) -> Vec<Vec<u8>> {
    let file = parse(text).unwrap();
    let calls: Vec<_> =
        file.statements.iter().filter_map(|statement| Some((statement, statement.as_call()?))).collect();
    let mut edited = Vec::new();
    for (statement, call) in calls.iter().take(1).chain(calls.last()) {
        for module in ["@rules_strata//oci:defs.bzl", "//oci:defs.bzl", ":defs.bzl"] {
            let mut edits = Edits::new(&file);
            insert(&mut edits, statement, "go_image");
            edits.load(module, "go_image");
            edited.push(edits.apply());
        }
        if let Some(name) = call.callee.as_name() {
            edited.push(without(&file, name));
        }
    }
    for statement in &file.statements {
        if let (StatementKind::Load(load), Some((call, _))) = (&statement.kind, calls.first()) {
            let mut edits = Edits::new(&file);
            insert(&mut edits, call, "go_image");
            edits.load(&*load.module.value, "go_image");
            edited.push(edits.apply());
        }
    }
    edited
}

fn insert(edits: &mut Edits<'_, '_>, statement: &Statement<'_>, name: &str) {
    let string = |name: &str, value: &str| (name.to_owned(), Value::String(value.to_owned()));
    let attributes = vec![string("name", "image"), string("binary", ":hello")];
    edits.insert_call_after(statement, NewCall { name: name.to_owned(), attributes });
}

/// The file without what uses `name`, and without its load.
fn without(file: &File<'_>, name: &[u8]) -> Vec<u8> {
    let mut edits = Edits::new(file);
    for statement in &file.statements {
        let mut uses = false;
        statement.visit(&mut |expr| uses |= expr.as_name() == Some(name));
        if uses {
            edits.remove_statement(statement);
        }
    }
    edits.unload(name);
    edits.apply()
}
