//! What is loaded, and what no longer is.

mod order;
mod statements;
mod symbols;

use std::collections::{BTreeMap, BTreeSet};

use super::Edits;
use super::splice::Splice;
use crate::{Load, Statement, StatementKind};

/// What becomes of the loads of a file.
#[derive(Debug, Default)]
pub(super) struct LoadChanges {
    /// Changes within statements.
    pub(super) splices: Vec<Splice>,
    /// The indices of statements that go.
    pub(super) removed: Vec<usize>,
    /// Symbols that need a new statement, by module.
    pub(super) new: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
}

impl Edits<'_, '_> {
    /// Decides for each symbol which statement it is put into or taken out of.
    pub(super) fn changes_of_loads(&self) -> LoadChanges {
        let mut changes = LoadChanges { new: self.loads.clone(), ..LoadChanges::default() };
        let unused = self.unused();
        for (index, statement) in self.file.statements.iter().enumerate() {
            let StatementKind::Load(load) = &statement.kind else { continue };
            if self.removed.contains(&index) {
                continue;
            }
            let added =
                if self.comes_before_calls(index) { self.added(load, &mut changes) } else { BTreeSet::new() };
            let gone = self.gone(statement, load, &unused);
            if gone.len() == load.symbols.len() && added.is_empty() {
                changes.removed.push(index);
            } else {
                changes.splices.extend(symbols::change(self.file, load, &gone, &added, self.line_ending));
            }
        }
        changes
    }

    /// The symbols that this statement is the first to take, without those it already has.
    fn added(&self, load: &Load<'_>, changes: &mut LoadChanges) -> BTreeSet<Vec<u8>> {
        let mut wanted = changes.new.remove(&*load.module.value).unwrap_or_default();
        for symbol in load.symbols.iter().filter(|symbol| symbol.local == symbol.exported) {
            wanted.remove(&*symbol.local);
        }
        wanted
    }

    /// The symbols, by index, that the statement needs no more.
    fn gone(&self, statement: &Statement<'_>, load: &Load<'_>, unused: &BTreeSet<&[u8]>) -> BTreeSet<usize> {
        if self.file.keeps(statement.span) {
            return BTreeSet::new();
        }
        let wanted = self.loads.get(&*load.module.value);
        let is_gone = |&index: &usize| {
            let symbol = &load.symbols[index];
            unused.contains(&*symbol.local)
                && !wanted.is_some_and(|wanted| wanted.contains(&*symbol.local))
                && !self.file.keeps(symbol.span)
        };
        (0..load.symbols.len()).filter(is_gone).collect()
    }

    /// The names to unload that nothing uses but what is removed.
    fn unused(&self) -> BTreeSet<&[u8]> {
        let mut unused: BTreeSet<&[u8]> = self.unloads.iter().map(Vec::as_slice).collect();
        if unused.is_empty() {
            return unused;
        }
        for call in self.calls.values().flatten() {
            unused.remove(call.name.split('.').next().unwrap_or_default().as_bytes());
        }
        for (index, statement) in self.file.statements.iter().enumerate() {
            if !self.removed.contains(&index) {
                statement.visit(&mut |expr| {
                    if let Some(name) = expr.as_name() {
                        unused.remove(name);
                    }
                });
            }
        }
        unused
    }

    /// Whether what the statement loads is known to all calls that are put in.
    fn comes_before_calls(&self, index: usize) -> bool {
        self.calls.keys().next().is_none_or(|&first| self.line_of(index) <= self.line_of(first))
    }
}
