//! Statements that go, with their lines, the comment lines directly above and the blank lines that are then too many.

use std::collections::BTreeSet;

use super::Edits;
use super::lines::{
    content_before, first_of_line, last_of_line, lines_of, next_content, next_line, start_with_comments,
};
use super::splice::Splice;
use crate::{Span, StatementKind};

/// Statements that go together: whole lines with nothing but blank lines between them.
struct Run {
    first: usize,
    last: usize,
    lines: Span,
}

impl Edits<'_, '_> {
    /// What goes of the text so that the statements `removed` do.
    pub(super) fn removals(&self, removed: &BTreeSet<usize>) -> Vec<Splice> {
        let mut splices = Vec::new();
        let mut runs: Vec<Run> = Vec::new();
        let mut index = 0;
        while index < self.file.statements.len() {
            let (first, last) = (index, last_of_line(self.file, index));
            index = last + 1;
            if !(first..=last).all(|at| removed.contains(&at)) {
                self.remove_from_line(first, last, removed, &mut splices);
                continue;
            }
            let lines = Span::new(self.start_to_remove(first), lines_of(self.file, first, last).end);
            if let Some(calls) = self.calls.get(&first).filter(|_| self.is_replaced(first)) {
                splices.push(Splice { span: lines, bytes: self.written(calls) });
                continue;
            }
            match runs.last_mut() {
                Some(run) if self.file.text[run.lines.end..lines.start].trim_ascii().is_empty() => {
                    run.last = last;
                    run.lines.end = lines.end;
                }
                _ => runs.push(Run { first, last, lines }),
            }
        }
        splices.extend(runs.iter().map(|run| Splice::delete(self.gap(run))));
        splices
    }

    /// Whether the statement goes, and its calls take its place.
    pub(super) fn is_replaced(&self, index: usize) -> bool {
        let alone = first_of_line(self.file, index) == last_of_line(self.file, index);
        alone && self.removed.contains(&index) && self.calls.contains_key(&index)
    }

    /// Where the lines start that go with a statement. The comment above a load that is the first in the file is the file's.
    fn start_to_remove(&self, first: usize) -> usize {
        let start = start_with_comments(self.file, first);
        let is_load = matches!(self.file.statements[first].kind, StatementKind::Load(_));
        if is_load && content_before(self.file.text, start).is_none() {
            lines_of(self.file, first, first).start
        } else {
            start
        }
    }

    /// Some statements of a line go, each with a semicolon.
    fn remove_from_line(
        &self,
        first: usize,
        last: usize,
        removed: &BTreeSet<usize>,
        splices: &mut Vec<Splice>,
    ) {
        let span = |at: usize| self.file.statements[at].span;
        let mut leading = true;
        for at in first..=last {
            if !removed.contains(&at) {
                leading = false;
            } else if leading {
                splices.push(Splice::delete(Span::new(span(at).start, span(at + 1).start)));
            } else {
                splices.push(Splice::delete(Span::new(span(at - 1).end, span(at).end)));
            }
        }
    }

    /// The lines of `run` with the blank lines above or below them: the fewer, but where nothing is left to be kept apart.
    fn gap(&self, run: &Run) -> Span {
        let text = self.file.text;
        let Span { start, end } = run.lines;
        let next = next_content(text, next_line(text, end));
        let Some(before) = content_before(text, start) else {
            return Span::new(start, next);
        };
        if next == text.len() {
            return Span::new(before, end);
        }
        let above = next_line(text, before);
        let below = next_line(text, end);
        if self.joins_loads(run, before, next) {
            return Span::new(above, next);
        }
        let lines = |span: Span| text[span.range()].iter().filter(|&&byte| byte == b'\n').count();
        if lines(Span::new(above, start)) >= lines(Span::new(below, next)) {
            Span::new(start, next)
        } else {
            Span::new(above, below)
        }
    }

    /// Whether what ends at `before` and what starts at `next` are loads, which stand together.
    fn joins_loads(&self, run: &Run, before: usize, next: usize) -> bool {
        let is_load = |at: usize| matches!(self.file.statements[at].kind, StatementKind::Load(_));
        let below = run.last + 1;
        run.first > 0
            && below < self.file.statements.len()
            && is_load(run.first - 1)
            && is_load(below)
            && lines_of(self.file, run.first - 1, run.first - 1).end >= before
            && lines_of(self.file, below, below).start == next
    }
}
