//! The targets that a file declares by calls, as far as their names are written down.

use std::collections::BTreeMap;

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

/// The calls at top level by name, those of one name in order.
pub(super) fn by_name<'f, 'a>(file: &'f File<'a>) -> BTreeMap<&'f str, Vec<TopLevel<'f, 'a>>> {
    let mut named: BTreeMap<&str, Vec<TopLevel<'_, '_>>> = BTreeMap::new();
    for top in calls(file) {
        if let Some(name) = top.name() {
            named.entry(name).or_default().push(top);
        }
    }
    named
}

impl<'f> TopLevel<'f, '_> {
    /// The name of the target, where it is a literal.
    pub(super) fn name(&self) -> Option<&'f str> {
        std::str::from_utf8(self.call.keyword("name")?.value.as_string()?).ok()
    }
}
