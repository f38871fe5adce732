//! Changes to a file: collected, and then spliced into its text. What no change touches stays as it is, byte by byte.
//!
//! What is written is as `buildifier` writes it, so that a file that it has nothing to change in stays one.

mod call;
mod insert;
mod lines;
mod loads;
mod remove;
mod splice;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use call::{NewCall, Value};
use lines::Lines;
use splice::Splice;

use crate::string::requote;
use crate::{Expr, File, Span, Statement};

/// Changes to a file. None is made before [`apply`](Self::apply).
#[derive(Debug)]
pub struct Edits<'f, 'a> {
    file: &'f File<'a>,
    lines: Lines,
    line_ending: &'static [u8],
    splices: Vec<Splice>,
    /// Calls to be put behind statements, by the index of the statement.
    calls: BTreeMap<usize, Vec<NewCall>>,
    /// Statements that go, by index.
    removed: BTreeSet<usize>,
    /// Symbols to be loaded, by module.
    loads: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
    /// Names that need not be loaded any more.
    unloads: BTreeSet<Vec<u8>>,
}

impl<'f, 'a> Edits<'f, 'a> {
    /// No changes to `file`. What is added ends its lines as the first line of the file does.
    pub fn new(file: &'f File<'a>) -> Self {
        Self {
            file,
            lines: Lines::of(file),
            line_ending: lines::line_ending(file.text),
            splices: Vec::new(),
            calls: BTreeMap::new(),
            removed: BTreeSet::new(),
            loads: BTreeMap::new(),
            unloads: BTreeSet::new(),
        }
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        let Self { splices, calls, removed, loads, unloads, .. } = self;
        splices.is_empty() && calls.is_empty() && removed.is_empty() && loads.is_empty() && unloads.is_empty()
    }

    /// Puts `bytes` in the place of what is at `span`.
    pub fn replace(&mut self, span: Span, bytes: impl Into<Vec<u8>>) {
        self.splices.push(Splice { span, bytes: bytes.into() });
    }

    /// Makes a string literal stand for `value`. Its quotes stay; its `r` does unless `value` needs escapes.
    pub fn set_string(&mut self, literal: &Expr<'_>, value: impl AsRef<[u8]>) {
        let bytes = requote(&self.file.text[literal.span.range()], value.as_ref());
        self.replace(literal.span, bytes);
    }

    /// Puts a call below a statement, with blank lines around it: below its line and the comment lines there that are the statement's.
    /// Calls below the same statement keep their order. If the statement is removed, they take its place.
    ///
    /// # Panics
    /// If the statement isn't one of the file's, at top level.
    pub fn insert_call_after(&mut self, statement: &Statement<'_>, call: NewCall) {
        self.calls.entry(self.index(statement)).or_default().push(call);
    }

    /// Removes a statement with its lines, the comment lines directly above, and a blank line.
    ///
    /// # Panics
    /// If the statement isn't one of the file's, at top level.
    pub fn remove_statement(&mut self, statement: &Statement<'_>) {
        self.removed.insert(self.index(statement));
    }

    /// Sees to it that `symbol` of `module` is loaded under its own name: by the first `load` of exactly this module that comes before
    /// what uses it, else by a new one.
    pub fn load(&mut self, module: impl AsRef<[u8]>, symbol: impl AsRef<[u8]>) {
        self.loads.entry(module.as_ref().to_vec()).or_default().insert(symbol.as_ref().to_vec());
    }

    /// Removes the name `symbol` from the `load` that makes it, and the `load` with its last one; not if something in the file or
    /// among the inserted calls uses the name, or a `# keep` is on it or on the `load`.
    pub fn unload(&mut self, symbol: impl AsRef<[u8]>) {
        self.unloads.insert(symbol.as_ref().to_vec());
    }

    /// The text with all changes made.
    pub fn apply(mut self) -> Vec<u8> {
        let mut splices = std::mem::take(&mut self.splices);
        let loads = self.changes_of_loads();
        self.removed.extend(&loads.removed);
        splices.extend(loads.splices);
        let (gone, removals) = self.removals();
        splices.extend(removals);
        // What is put in goes among the lines that stay.
        self.lines.remove(&gone);
        splices.extend(self.new_loads(&loads.new));
        splices.extend(self.insertions());
        splice::apply(self.file.text, splices)
    }

    fn index(&self, statement: &Statement<'_>) -> usize {
        let found = self.file.statements.binary_search_by_key(&statement.span, |at| at.span);
        found.expect("a statement at top level of the file")
    }

    /// The line on which a statement starts.
    fn line_of(&self, index: usize) -> usize {
        self.lines.at(self.file.statements[index].span.start)
    }
}
