//! Calls that are put behind statements.

use super::splice::Splice;
use super::{Edits, NewCall};

impl Edits<'_, '_> {
    /// The splices that put the calls in.
    pub(super) fn insertions(&self) -> Vec<Splice> {
        let behind = self.calls.iter().filter(|(index, _)| !self.is_replaced(**index));
        behind
            .map(|(&index, calls)| {
                let line = self.lines.last_with_comments(self.line_of(index));
                let mut bytes = self.line_ending.repeat(2);
                bytes.extend_from_slice(&self.written(calls));
                if !self.lines.is_blank_below(line) {
                    bytes.extend_from_slice(self.line_ending);
                }
                Splice::insert(self.lines.span(line).end, bytes)
            })
            .collect()
    }

    /// The calls, with blank lines between them.
    pub(super) fn written<'t>(&self, calls: impl IntoIterator<Item = &'t NewCall>) -> Vec<u8> {
        let mut text = Vec::new();
        for call in calls {
            if !text.is_empty() {
                text.extend_from_slice(&self.line_ending.repeat(2));
            }
            call.write(self.line_ending, &mut text);
        }
        text
    }
}
