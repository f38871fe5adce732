//! Calls that are put behind statements.

use super::lines::{end_with_comments, is_blank_line, next_line};
use super::splice::Splice;
use super::{Edits, NewCall};
use crate::Span;

impl Edits<'_, '_> {
    /// The splices that put the calls in. `gaps` is what goes of the text.
    pub(super) fn insertions(&self, gaps: &[Span]) -> Vec<Splice> {
        let behind = self.calls.iter().filter(|(index, _)| !self.is_replaced(**index));
        behind
            .map(|(&index, calls)| {
                let offset = end_with_comments(self.file, index);
                let mut bytes = self.line_ending.repeat(2);
                bytes.extend_from_slice(&self.written(calls));
                if !self.is_blank_below(offset, gaps) {
                    bytes.extend_from_slice(self.line_ending);
                }
                Splice::insert(offset, bytes)
            })
            .collect()
    }

    /// The calls, with blank lines between them.
    pub(super) fn written(&self, calls: &[NewCall]) -> Vec<u8> {
        let mut text = Vec::new();
        for call in calls {
            if !text.is_empty() {
                text.extend_from_slice(&self.line_ending.repeat(2));
            }
            call.write(self.line_ending, &mut text);
        }
        text
    }

    /// Whether, once `gaps` are gone, there is a blank line below the line that ends at `offset`, or nothing.
    pub(super) fn is_blank_below(&self, offset: usize, gaps: &[Span]) -> bool {
        let mut below = next_line(self.file.text, offset);
        if let Some(gap) = gaps.iter().find(|gap| gap.start <= below && below < gap.end) {
            below = gap.end;
        }
        is_blank_line(self.file.text, below)
    }
}
