//! New `load` statements.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Edits;
use super::super::splice::Splice;
use super::order;
use crate::string::quote;
use crate::{ExprKind, File, Span, StatementKind};

/// Where a new statement goes: a line, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Above this one, which is another load's.
    AboveLoad(usize),
    /// Above this one, with a blank line below the new statement.
    Above(usize),
    /// Below this one.
    Below(usize),
    /// Below this one, with a blank line between.
    Apart(usize),
    /// There is nothing in the file.
    Alone,
}

/// A `load` statement on one line.
pub(super) fn write<'t>(module: &[u8], symbols: impl Iterator<Item = &'t [u8]>) -> Vec<u8> {
    let mut text = [b"load(", module].concat();
    for symbol in symbols {
        text.extend_from_slice(b", ");
        text.extend_from_slice(symbol);
    }
    text.push(b')');
    text
}

impl Edits<'_, '_> {
    /// The splices that load `new` by statements of their own.
    pub(in super::super) fn new_loads(&self, new: &BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>) -> Vec<Splice> {
        if new.is_empty() {
            return Vec::new();
        }
        let mut new: Vec<_> = new.iter().collect();
        new.sort_by(|(one, _), (other, _)| order::compare(one, other));
        let head = self.head();
        let mut places: BTreeMap<Place, Vec<Vec<u8>>> = BTreeMap::new();
        for (module, symbols) in new {
            let symbols: Vec<_> = symbols.iter().map(|symbol| quote(symbol)).collect();
            let statement = write(&quote(module), symbols.iter().map(Vec::as_slice));
            places.entry(self.place(module, &head)).or_default().push(statement);
        }
        places.into_iter().map(|(place, statements)| self.put(place, &statements)).collect()
    }

    fn put(&self, place: Place, statements: &[Vec<u8>]) -> Splice {
        let end = self.line_ending;
        let block = statements.join(end);
        let end_below = |line: usize| if self.lines.is_blank_below(line) { &b""[..] } else { end };
        match place {
            Place::AboveLoad(line) => Splice::insert(self.lines.span(line).start, [&block, end].concat()),
            Place::Above(line) => Splice::insert(self.lines.span(line).start, [&block, end, end].concat()),
            Place::Below(line) => {
                Splice::insert(self.lines.span(line).end, [end, &block, end_below(line)].concat())
            }
            Place::Apart(line) => {
                Splice::insert(self.lines.span(line).end, [end, end, &block, end_below(line)].concat())
            }
            Place::Alone => {
                let blank = self.lines.len().checked_sub(1);
                let ends = blank
                    .is_none_or(|last| self.lines.get(last).is_some_and(|line| line.next > line.span.end));
                Splice::insert(self.file.text.len(), [if ends { b"" } else { end }, &block, end].concat())
            }
        }
    }

    /// Where a load of `module` goes: among the last loads of the head in their order, or below the head.
    fn place(&self, module: &[u8], head: &Head) -> Place {
        let Some(&last) = head.loads.last() else {
            return head.below;
        };
        let module_of = |index: usize| match &self.file.statements[index].kind {
            StatementKind::Load(load) => &*load.module.value,
            _ => b"",
        };
        let in_order = !mentions(self.file, b"disable=out-of-order-load");
        let next =
            head.loads.iter().position(|&at| in_order && order::compare(module, module_of(at)).is_lt());
        let Some(next) = next else {
            return self.below_load(last);
        };
        let line = self.line_of(head.loads[next]);
        let comments = self.lines.first_with_comments(line);
        match next.checked_sub(1).map(|before| head.loads[before]) {
            Some(before) if self.line_of(before) == line => self.below_load(before),
            _ if comments == line => Place::AboveLoad(line),
            Some(before) => self.below_load(before),
            // The comment at the top of a file is the file's rather than the load's below it.
            None if self.lines.blank_above(comments).start == 0 => Place::AboveLoad(line),
            None => Place::Above(comments),
        }
    }

    fn below_load(&self, index: usize) -> Place {
        let line = self.line_of(index);
        let last = self.lines.last_with_comments(line);
        if last == line { Place::Below(line) } else { Place::Apart(last) }
    }

    /// The top of the file, as far as it comes before all calls that are put in.
    fn head(&self) -> Head {
        let first_call = self.calls.keys().next().copied();
        let comes_before =
            |index: &usize| first_call.is_none_or(|first| self.line_of(*index) <= self.line_of(first));
        let mut loads: Vec<usize> = Vec::new();
        let mut last = None;
        let stay = |index: &usize| !self.removed.contains(index) || self.is_replaced(*index);
        let body =
            (0..self.file.statements.len()).take_while(comes_before).filter(stay).find(|&index| match &self
                .file
                .statements[index]
                .kind
            {
                _ if self.is_replaced(index) => true,
                StatementKind::Load(_) => {
                    // A docstring or a comment that stands alone begins another block of loads.
                    if loads.last() != last.as_ref() || last.is_some_and(|last| self.are_apart(last, index)) {
                        loads.clear();
                    }
                    loads.push(index);
                    last = Some(index);
                    false
                }
                StatementKind::Expr(docstring) if matches!(docstring.kind, ExprKind::String(_)) => {
                    last = Some(index);
                    false
                }
                _ => true,
            });
        let above = |index| Place::Above(self.lines.first_with_comments(self.line_of(index)));
        let last_line = || (0..self.lines.len()).rev().find(|line| !self.lines.is_blank(*line));
        let below = match (body, last, first_call) {
            (Some(body), _, _) => above(body),
            (None, Some(last), _) => Place::Apart(self.lines.last_with_comments(self.line_of(last))),
            (None, None, Some(call)) => above(call),
            (None, None, None) => last_line().map_or(Place::Alone, Place::Apart),
        };
        Head { loads, below }
    }

    /// Whether a comment stands between two statements that is neither's.
    fn are_apart(&self, one: usize, other: usize) -> bool {
        let start = self.lines.last_with_comments(self.line_of(one)) + 1;
        let end = self.lines.first_with_comments(self.line_of(other));
        (start..end).any(|line| self.lines.is_comment(line))
    }
}

/// The top of a file: docstring, comments and loads.
struct Head {
    /// The loads, by index, that a new one is sorted into: the last ones that nothing stands between.
    loads: Vec<usize>,
    /// Where a load goes if there are none.
    below: Place,
}

/// Whether a comment of the file says `words`.
fn mentions(file: &File<'_>, words: &[u8]) -> bool {
    let says =
        |span: Span| file.text[span.range()].to_ascii_lowercase().windows(words.len()).any(|at| at == words);
    file.comments.iter().any(|comment| says(comment.span))
}
