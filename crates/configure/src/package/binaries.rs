//! Which binaries of a file can have an image.

use buildfile::{Call, File, Statement};

use super::names::{self, TopLevel};
use super::scope::Scope;
use crate::languages::Row;
use crate::settings::Settings;

/// A binary that can have an image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binary<'f, 'a> {
    pub(super) statement: &'f Statement<'a>,
    pub(super) name: &'f str,
    pub(super) row: &'f Row,
}

/// The binaries of a file, in order: calls at top level with a literal name, whose directives don't say otherwise.
pub(super) fn of<'f, 'a>(
    settings: &'f Settings,
    scope: &Scope<'f>,
    file: &'f File<'a>,
) -> Vec<Binary<'f, 'a>> {
    let default_testonly = names::calls(file)
        .filter(|top| top.call.callee.as_name() == Some(b"package"))
        .any(|top| is_true(top.call, "default_testonly") == Some(true));
    names::calls(file)
        .filter_map(|top| binary(settings, scope, top))
        .filter(|(binary, call)| {
            !is_true(call, "testonly").unwrap_or(default_testonly)
                && is_program(call)
                && settings.wants(binary.row, binary.name)
        })
        .map(|(binary, _)| binary)
        .collect()
}

fn binary<'f, 'a>(
    settings: &'f Settings,
    scope: &Scope<'f>,
    top: TopLevel<'f, 'a>,
) -> Option<(Binary<'f, 'a>, &'f Call<'a>)> {
    let row = settings.row(scope.callee(top.call)?.symbol?)?;
    Some((Binary { statement: top.statement, name: top.name()?, row }, top.call))
}

/// Whether what is called a binary is a program: some are libraries to load, or parts of one.
fn is_program(call: &Call<'_>) -> bool {
    let linkmode = call.keyword("linkmode").and_then(|argument| argument.value.as_string());
    !matches!(linkmode, Some(b"plugin" | b"c-shared" | b"c-archive")) // of go_binary
        && is_true(call, "linkshared") != Some(true) // of cc_binary
        && is_true(call, "create_executable") != Some(false) // of java_binary
}

fn is_true(call: &Call<'_>, attribute: &str) -> Option<bool> {
    call.keyword(attribute)?.value.as_bool()
}
