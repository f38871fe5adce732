//! Statements that go, with their lines, the comment lines directly above and the blank lines that are then too many.

use std::collections::BTreeSet;

use super::Edits;
use super::lines::Content;
use super::splice::Splice;
use crate::{Span, StatementKind};

/// Lines that go together: there are but blank lines between them.
struct Run {
    first: usize,
    last: usize,
}

impl Edits<'_, '_> {
    /// What goes so that statements do: whole lines, by index, and the splices for these and for what goes within lines.
    pub(super) fn removals(&self) -> (BTreeSet<usize>, Vec<Splice>) {
        let mut splices = Vec::new();
        let mut runs: Vec<Run> = Vec::new();
        for index in 0..self.lines.len() {
            let Some(Content::Statements(statements)) = self.lines.get(index).map(|line| &line.content)
            else {
                continue;
            };
            let (first_statement, last_statement) = (*statements.start(), *statements.end());
            if !statements.clone().all(|at| self.removed.contains(&at)) {
                self.remove_from_line(first_statement, last_statement, &mut splices);
                continue;
            }
            let first = self.first_to_remove(index, first_statement);
            if self.is_replaced(first_statement) {
                let calls = statements.clone().filter_map(|at| self.calls.get(&at)).flatten();
                let span = Span::new(self.lines.span(first).start, self.lines.span(index).end);
                splices.push(Splice { span, bytes: self.written(calls) });
                continue;
            }
            match runs.last_mut() {
                Some(run) if self.lines.blank_below(run.last).end == first => run.last = index,
                _ => runs.push(Run { first, last: index }),
            }
        }
        let gone: BTreeSet<usize> = runs.iter().flat_map(|run| self.lines_to_remove(run)).collect();
        splices.extend(self.without_lines(&gone));
        (gone, splices)
    }

    /// Whether the statement goes with its whole line, and calls take the place of that.
    pub(super) fn is_replaced(&self, index: usize) -> bool {
        let Some(Content::Statements(statements)) =
            self.lines.get(self.line_of(index)).map(|line| &line.content)
        else {
            return false;
        };
        statements.contains(&index)
            && statements.clone().all(|at| self.removed.contains(&at))
            && statements.clone().any(|at| self.calls.contains_key(&at))
    }

    /// The first line that goes with that of a statement. The comment above a load that is the first in the file is the file's.
    fn first_to_remove(&self, line: usize, statement: usize) -> usize {
        let first = self.lines.first_with_comments(line);
        let is_load = matches!(self.file.statements[statement].kind, StatementKind::Load(_));
        if is_load && self.lines.blank_above(first).start == 0 { line } else { first }
    }

    /// Some statements of a line go, each with a semicolon.
    fn remove_from_line(&self, first: usize, last: usize, splices: &mut Vec<Splice>) {
        let span = |at: usize| self.file.statements[at].span;
        let mut leading = true;
        for at in first..=last {
            if !self.removed.contains(&at) {
                leading = false;
            } else if leading {
                splices.push(Splice::delete(Span::new(span(at).start, span(at + 1).start)));
            } else {
                splices.push(Splice::delete(Span::new(span(at - 1).end, span(at).end)));
            }
        }
    }

    /// The lines of `run` with the blank lines above or below it: the fewer, but where nothing is left to be kept apart.
    fn lines_to_remove(&self, run: &Run) -> BTreeSet<usize> {
        let above = self.lines.blank_above(run.first);
        let below = self.lines.blank_below(run.last);
        let mut gone: BTreeSet<usize> = (run.first..=run.last).collect();
        let joins_loads = self.is_load(above.start.checked_sub(1)) && self.is_load(Some(below.end));
        let is_last = below.end == self.lines.len() && above.start > 0;
        if !joins_loads && (is_last || above.start > 0 && above.len() < below.len()) {
            gone.extend(above);
        } else if joins_loads {
            gone.extend(above.chain(below));
        } else {
            gone.extend(below);
        }
        gone
    }

    /// Whether there is a load on this line, and nothing else.
    fn is_load(&self, line: Option<usize>) -> bool {
        let Some(Content::Statements(statements)) =
            line.and_then(|line| self.lines.get(line)).map(|line| &line.content)
        else {
            return false;
        };
        statements.clone().all(|at| matches!(self.file.statements[at].kind, StatementKind::Load(_)))
    }

    /// The splices that take out these lines. If the last line of the file goes and has no end, that of the last content goes too.
    fn without_lines(&self, gone: &BTreeSet<usize>) -> Vec<Splice> {
        let start = |index: usize, has_end: bool| {
            let stays = |above: &usize| !gone.contains(above) && !self.lines.is_blank(*above);
            let content = if has_end { None } else { (0..index).rev().find(stays) };
            content.map_or(self.lines.span(index).start, |above| self.lines.span(above).end)
        };
        let lines = gone.iter().filter_map(|&index| Some((index, self.lines.get(index)?)));
        lines
            .map(|(index, line)| {
                Splice::delete(Span::new(start(index, line.next > line.span.end), line.next))
            })
            .collect()
    }
}
