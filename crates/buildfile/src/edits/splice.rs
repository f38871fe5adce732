//! Splices: what is taken out of a text, and what is put there instead.

use crate::Span;

/// A change of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    /// What goes; empty where something is only put in.
    pub(super) span: Span,
    /// What comes in its place.
    pub(super) bytes: Vec<u8>,
}

impl Splice {
    /// Puts something in at `offset`.
    pub(super) fn insert(offset: usize, bytes: impl Into<Vec<u8>>) -> Self {
        Self { span: Span::new(offset, offset), bytes: bytes.into() }
    }

    /// Takes something out.
    pub(super) fn delete(span: Span) -> Self {
        Self { span, bytes: Vec::new() }
    }
}

/// The text with `splices` made. What is put in at the same place keeps its order; what begins within something that goes, goes too.
pub(super) fn apply(text: &[u8], mut splices: Vec<Splice>) -> Vec<u8> {
    splices.sort_by_key(|splice| (splice.span.start, splice.span.start != splice.span.end));
    let added: usize = splices.iter().map(|splice| splice.bytes.len()).sum();
    let mut result = Vec::with_capacity(text.len() + added);
    let mut done = 0;
    for Splice { span, bytes } in splices {
        if span.start >= done {
            result.extend_from_slice(&text[done..span.start]);
            result.extend_from_slice(&bytes);
        }
        done = done.max(span.end);
    }
    result.extend_from_slice(&text[done..]);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_are_made_in_order() {
        let replace = |start, end, bytes: &str| Splice {
            span: Span::new(start, end),
            bytes: bytes.as_bytes().to_vec(),
        };
        let table = [
            (vec![], "abcdef"),
            (vec![replace(4, 5, "X"), replace(0, 1, "")], "bcdXf"),
            (vec![replace(2, 4, "X"), replace(2, 2, "1"), replace(2, 2, "2")], "ab12Xef"),
            (
                vec![replace(1, 5, ""), replace(2, 3, "lost"), replace(3, 3, "lost"), replace(5, 5, "X")],
                "aXf",
            ),
            (vec![replace(1, 3, ""), replace(2, 5, "")], "af"),
            (vec![replace(0, 0, "X"), replace(6, 6, "Y")], "XabcdefY"),
        ];
        for (splices, expected) in table {
            assert_eq!(apply(b"abcdef", splices.clone()), expected.as_bytes(), "{splices:?}");
        }
    }
}
