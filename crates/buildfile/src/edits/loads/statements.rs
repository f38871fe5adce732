//! New `load` statements.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Edits;
use super::super::lines::{
    content_before, end_with_comments, first_of_line, last_of_line, lines_of, start_with_comments,
};
use super::super::splice::Splice;
use super::order;
use crate::string::quote;
use crate::{ExprKind, File, Span, StatementKind};

/// Where a new statement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Above the line that starts here, which is another load's.
    AboveLoad(usize),
    /// Above the lines that start here, with a blank line below the new statement.
    Above(usize),
    /// Below the line that ends here.
    Below(usize),
    /// The same, with a blank line between.
    Apart(usize),
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
    /// The splices that load `new` by statements of their own, when the statements `removed` and the bytes `gaps` are gone.
    pub(in super::super) fn new_loads(
        &self,
        new: &BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
        removed: &BTreeSet<usize>,
        gaps: &[Span],
    ) -> Vec<Splice> {
        let mut new: Vec<_> = new.iter().collect();
        new.sort_by(|(one, _), (other, _)| order::compare(one, other));
        let head = self.head(removed, gaps);
        let mut places: BTreeMap<Place, Vec<Vec<u8>>> = BTreeMap::new();
        for (module, symbols) in new {
            let symbols: Vec<_> = symbols.iter().map(|symbol| quote(symbol)).collect();
            let statement = write(&quote(module), symbols.iter().map(Vec::as_slice));
            places.entry(self.place(module, &head)).or_default().push(statement);
        }
        places.into_iter().map(|(place, statements)| self.put(place, &statements, gaps)).collect()
    }

    fn put(&self, place: Place, statements: &[Vec<u8>], gaps: &[Span]) -> Splice {
        let line = self.line_ending;
        let block = statements.join(line);
        let end = |offset: usize| if self.is_blank_below(offset, gaps) { &b""[..] } else { line };
        match place {
            Place::AboveLoad(offset) => Splice::insert(offset, [&block, line].concat()),
            Place::Above(offset) => Splice::insert(offset, [&block, line, line].concat()),
            Place::Below(offset) => Splice::insert(offset, [line, &block, end(offset)].concat()),
            Place::Apart(offset) => Splice::insert(offset, [line, line, &block, end(offset)].concat()),
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
        let index = head.loads[next];
        let begins_line = first_of_line(self.file, index) == index;
        let line = lines_of(self.file, index, index).start;
        let comments = start_with_comments(self.file, index);
        match next.checked_sub(1).map(|before| head.loads[before]) {
            _ if begins_line && comments == line => Place::AboveLoad(line),
            Some(before) => self.below_load(before),
            // The comment at the top of a file is the file's rather than the load's below it.
            None if content_before(self.file.text, comments).is_none() => Place::AboveLoad(line),
            None => Place::Above(comments),
        }
    }

    fn below_load(&self, index: usize) -> Place {
        let end = end_with_comments(self.file, index);
        let last = last_of_line(self.file, index);
        if end == lines_of(self.file, last, last).end { Place::Below(end) } else { Place::Apart(end) }
    }

    /// The statements that loads stand among.
    fn head(&self, removed: &BTreeSet<usize>, gaps: &[Span]) -> Head {
        let statements = &self.file.statements;
        let mut stay =
            (0..statements.len()).filter(|index| !removed.contains(index) || self.is_replaced(*index));
        let mut loads: Vec<usize> = Vec::new();
        let mut last = None;
        let body = stay.find(|&index| match &statements[index].kind {
            StatementKind::Load(_) => {
                // A docstring or a comment that stands alone begins another block of loads.
                if loads.last() != last.as_ref() || last.is_some_and(|last| self.are_apart(last, index, gaps))
                {
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
        let below = match (body, last) {
            (Some(body), _) => Place::Above(start_with_comments(self.file, first_of_line(self.file, body))),
            (None, Some(last)) => Place::Apart(end_with_comments(self.file, last)),
            (None, None) => match content_before(self.file.text, self.file.text.len()) {
                Some(end) => Place::Apart(end),
                None => Place::AboveLoad(self.file.text.len()),
            },
        };
        Head { loads, below }
    }

    /// Whether a comment stands between two statements that is neither's, and stays.
    fn are_apart(&self, one: usize, other: usize, gaps: &[Span]) -> bool {
        let between = Span::new(end_with_comments(self.file, one), start_with_comments(self.file, other));
        let stays = |span: Span| between.contains(span) && !gaps.iter().any(|gap| gap.contains(span));
        self.file.comments.iter().any(|comment| stays(comment.span))
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
