//! The targets that a file declares by calls, as far as their names are written down.

use buildfile::{Call, File, Statement};

/// A call at top level.
#[derive(Debug, Clone, Copy)]
pub(super) struct TopLevel<'f, 'a> {
    pub(super) statement: &'f Statement<'a>,
    pub(super) call: &'f Call<'a>,
}

/// All calls at top level.
pub(super) fn calls<'f, 'a>(file: &'f File<'a>) -> impl Iterator<Item = TopLevel<'f, 'a>> {
    file.statements.iter().filter_map(|statement| Some(TopLevel { statement, call: statement.as_call()? }))
}

impl<'f> TopLevel<'f, '_> {
    /// The name of the target, where it is a literal.
    pub(super) fn name(&self) -> Option<&'f str> {
        std::str::from_utf8(self.call.keyword("name")?.value.as_string()?).ok()
    }
}
