//! The lines of a file at top level. A line ends where a statement may end: one with a multi-line statement is a single line, and so
//! are two with a backslash between them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::{File, Lexer, Span, TokenKind};

/// What is on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing.
    Blank,
    /// A comment alone.
    Comment,
    /// Statements, by index; a comment may be behind them.
    Statements(RangeInclusive<usize>),
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From its start to before its end.
    pub(super) span: Span,
    /// Where the next line starts: at the end of the text if there is none.
    pub(super) next: usize,
    pub(super) content: Content,
}

/// All lines of a file.
#[derive(Debug)]
pub(super) struct Lines(Vec<Line>);

impl Lines {
    pub(super) fn of(file: &File<'_>) -> Self {
        let text = file.text;
        // What is before the first line is the byte-order mark.
        let mut at = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let mut start = at;
        let mut content = Content::Blank;
        let mut lines = Vec::new();
        for index in 0..=file.statements.len() {
            let statement = file.statements.get(index).map(|statement| statement.span);
            let end = statement.map_or(text.len(), |span| span.start);
            for token in Lexer::new(&text[at..end]) {
                if token.kind == TokenKind::Comment && content == Content::Blank {
                    content = Content::Comment;
                }
                if token.kind == TokenKind::Newline {
                    let end = at + token.span.start;
                    let end = if end > start && text[end - 1] == b'\r' { end - 1 } else { end };
                    let content = std::mem::replace(&mut content, Content::Blank);
                    lines.push(Line { span: Span::new(start, end), next: at + token.span.end, content });
                    start = at + token.span.end;
                }
            }
            if let Some(span) = statement {
                let first = if let Content::Statements(some) = &content { *some.start() } else { index };
                content = Content::Statements(first..=index);
                at = span.end;
            }
        }
        if start < text.len() {
            lines.push(Line { span: Span::new(start, text.len()), next: text.len(), content });
        }
        Self(lines)
    }

    /// Forgets the lines of these indices. Those below them take theirs.
    pub(super) fn remove(&mut self, gone: &BTreeSet<usize>) {
        let mut index = 0..;
        self.0.retain(|_| index.next().is_some_and(|index| !gone.contains(&index)));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The line `index`.
    pub(super) fn get(&self, index: usize) -> Option<&Line> {
        self.0.get(index)
    }

    /// The span of the line `index`, which there is.
    pub(super) fn span(&self, index: usize) -> Span {
        self.0[index].span
    }

    /// The index of the line that `offset` is in.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|line| line.span.start <= offset).saturating_sub(1)
    }

    /// Whether the line `index` is blank.
    pub(super) fn is_blank(&self, index: usize) -> bool {
        self.get(index).is_some_and(|line| line.content == Content::Blank)
    }

    /// Whether the line `index` is a comment.
    pub(super) fn is_comment(&self, index: usize) -> bool {
        self.get(index).is_some_and(|line| line.content == Content::Comment)
    }

    /// The first of the comment lines directly above the line `index`: itself if there are none.
    pub(super) fn first_with_comments(&self, index: usize) -> usize {
        index - (0..index).rev().take_while(|&above| self.is_comment(above)).count()
    }

    /// The last of the comment lines directly below the line `index` if they are directly above nothing, and so the line's, as
    /// `buildifier` has it: else the line itself.
    pub(super) fn last_with_comments(&self, index: usize) -> usize {
        let last = index + (index + 1..self.len()).take_while(|&below| self.is_comment(below)).count();
        if self.is_blank_below(last) { last } else { index }
    }

    /// Whether there is a blank line below the line `index`, or nothing.
    pub(super) fn is_blank_below(&self, index: usize) -> bool {
        index + 1 == self.len() || self.is_blank(index + 1)
    }

    /// The blank lines directly above the line `index`.
    pub(super) fn blank_above(&self, index: usize) -> std::ops::Range<usize> {
        index - (0..index).rev().take_while(|&above| self.is_blank(above)).count()..index
    }

    /// The blank lines directly below the line `index`.
    pub(super) fn blank_below(&self, index: usize) -> std::ops::Range<usize> {
        index + 1..index + 1 + (index + 1..self.len()).take_while(|&below| self.is_blank(below)).count()
    }
}

/// What lines of `text` end with: what the first one does.
pub(super) fn line_ending(text: &[u8]) -> &'static [u8] {
    let first = text.iter().position(|&byte| byte == b'\n');
    if first.is_some_and(|end| text[..end].ends_with(b"\r")) { b"\r\n" } else { b"\n" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn a_file_has_its_lines() {
        let table: &[(&[u8], &[&str])] = &[
            (b"", &[]),
            (b"f()", &["0..=0 f()"]),
            (b"f()\r\n\r\n# a\n", &["0..=0 f()", " ", "# # a"]),
            (b"\n \t\nf(\n\n# a\n) # b\n", &[" ", "  \\t", "0..=0 f(\\n\\n# a\\n) # b"]),
            (b"f(); g(\n);\nh()", &["0..=1 f(); g(\\n);", "2..=2 h()"]),
            (b"if a:\n  b\n  # c\n# d\ne", &["0..=0 if a:\\n  b", "#   # c", "# # d", "1..=1 e"]),
            (
                b"f() \\\n\n \\\n# a\nb \\\n ; c",
                &["0..=0 f() \\\\\\n", "#  \\\\\\n# a", "1..=2 b \\\\\\n ; c"],
            ),
            (b"\xEF\xBB\xBFf()", &["0..=0 f()"]),
        ];
        for (text, expected) in table {
            let file = parse(text).unwrap();
            let shown = Lines::of(&file).0.into_iter().map(|line| {
                let kind = match line.content {
                    Content::Blank => String::new(),
                    Content::Comment => "#".to_owned(),
                    Content::Statements(some) => format!("{some:?}"),
                };
                format!("{kind} {}", text[line.span.range()].escape_ascii())
            });
            assert_eq!(shown.collect::<Vec<_>>(), *expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn comments_belong_to_lines() {
        // The text, a line, the first and the last that belong to it.
        let table = [
            ("f()", 0, 0, 0),
            ("# a\n\n# b\n# c\nf()\n# d\n\n# e\n", 4, 2, 5),
            ("f()\n# a\ng()\n# b", 0, 0, 0),
            ("f()\n# a\ng()\n# b", 2, 1, 3),
            ("f() # a\n\n# b", 0, 0, 0),
        ];
        for (text, index, first, last) in table {
            let lines = Lines::of(&parse(text.as_bytes()).unwrap());
            assert_eq!(
                (lines.first_with_comments(index), lines.last_with_comments(index)),
                (first, last),
                "{text}"
            );
        }
    }

    #[test]
    fn blank_lines_are_counted() {
        let lines = Lines::of(&parse(b"\n\nf()\n \n\\\n\n\ng()").unwrap());
        assert_eq!(lines.len(), 7);
        assert_eq!((lines.blank_above(2), lines.blank_below(2)), (0..2, 3..6));
        assert_eq!((lines.blank_above(6), lines.blank_below(6)), (3..6, 7..7));
    }
}
