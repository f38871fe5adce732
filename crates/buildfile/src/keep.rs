//! Comments that belong to something, and `# keep` among them.

use crate::{Comment, File, Span};

impl File<'_> {
    /// The comment lines directly above what is at `span`, from the first `#` to the end of the last line: none if there is something
    /// else on its first line before it, or a blank line above it.
    pub fn comment_block_above(&self, span: Span) -> Option<Span> {
        let above = self.comments_above(span);
        Some(Span::new(above.first()?.span.start, above.last()?.span.end))
    }

    /// Whether `# keep` or `# keep: why` is said of the statement, argument or list item at `span`: in the comment lines directly above
    /// it, or at the end of its first or last line.
    pub fn keeps(&self, span: Span) -> bool {
        let ends = [self.comment_at_end_of_line(span.start), self.comment_at_end_of_line(span.end)];
        self.comments_above(span)
            .iter()
            .chain(ends.into_iter().flatten())
            .any(|comment| self.is_keep(comment))
    }

    fn is_keep(&self, comment: &Comment) -> bool {
        let said =
            self.text[comment.span.range()].trim_ascii_start().strip_prefix(b"#").map(<[u8]>::trim_ascii);
        said.and_then(|said| said.strip_prefix(b"keep"))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b":"))
    }

    /// The comment lines directly above what is at `span`.
    pub(crate) fn comments_above(&self, span: Span) -> &[Comment] {
        let end = self.comments.partition_point(|comment| comment.span.start < span.start);
        let mut start = end;
        let mut below = span.start;
        while let Some(comment) = start.checked_sub(1).map(|at| &self.comments[at])
            && comment.own_line
            && is_one_line_end(&self.text[comment.span.end..below])
        {
            start -= 1;
            below = comment.span.start;
        }
        &self.comments[start..end]
    }

    /// The comment at the end of the line that `offset` is in.
    pub(crate) fn comment_at_end_of_line(&self, offset: usize) -> Option<&Comment> {
        let at = self.comments.partition_point(|comment| comment.span.start < offset);
        let comment = self.comments.get(at)?;
        let same_line = !self.text[offset..comment.span.start].contains(&b'\n');
        (same_line && !comment.own_line).then_some(comment)
    }
}

/// Whether a text is one line's end, and blanks.
fn is_one_line_end(text: &[u8]) -> bool {
    // Blank first: that ends at the first other byte, and the comment above may be far away.
    text.trim_ascii_start().is_empty() && text.iter().filter(|&&byte| byte == b'\n').count() == 1
}

#[cfg(test)]
mod tests {
    use crate::{Call, ExprKind, Statement, parse};

    fn call<'t, 'a>(statement: &'t Statement<'a>) -> &'t Call<'a> {
        statement.as_call().expect("a call")
    }

    #[test]
    fn comments_directly_above_belong_to_a_statement() {
        let table = [
            ("# a\nf()", "# a"),
            ("# a\n#b\r\nf()", "# a\n#b"),
            ("# a\n\n# b\nf()", "# b"),
            ("# a\n\nf()", ""),
            ("g()  # a\nf()", ""),
            ("g()\n# a\nf()", "# a"),
            ("g()\n# a\ng(); f()", ""),
            ("g()  # a\n# b\nf()", "# b"),
        ];
        for (text, expected) in table {
            let file = parse(text.as_bytes()).unwrap();
            let span = file.statements.last().unwrap().span;
            let found = file.comment_block_above(span).map_or("", |span| &text[span.range()]);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_statement_is_kept_by_a_comment_at_it() {
        let table = [
            ("# keep\nf()", true),
            ("#keep\nf()", true),
            ("#  keep: why\n# more\nf()", true),
            ("# keep\n\nf()", false),
            ("# keep this\nf()", false),
            ("# keeps\nf()", false),
            ("# we keep\nf()", false),
            ("f()  # keep", true),
            ("f(  # keep\n  a,\n)", true),
            ("f(\n  a,\n)  # keep\n", true),
            ("f(\n  a,  # keep\n)\n", false),
            ("f(\n  # keep\n  a,\n)\n", false),
            ("f(\n  a,\n  # keep\n)\n", false),
            ("g()  # keep\nf()", false),
            ("f('''\n''')  # keep", true),
        ];
        for (text, expected) in table {
            let file = parse(text.as_bytes()).unwrap();
            assert_eq!(file.keeps(file.statements.last().unwrap().span), expected, "{text}");
        }
    }

    #[test]
    fn an_argument_is_kept_by_a_comment_at_it() {
        let table = [
            ("f(\n    # keep\n    a = 1,\n    b = 2,\n)", [true, false]),
            ("f(\n    a = 1,  # keep\n    b = 2,\n)", [true, false]),
            ("f(\n    a = 1,\n    b = 2  # keep: why\n)", [false, true]),
            (
                "f(\n    a = [  # keep\n        1,\n    ],\n    b = [\n        2,\n    ],  # keep\n)",
                [true, true],
            ),
            ("f(\n    a = [\n        1,  # keep\n    ],\n    b = 2,\n)", [false, false]),
            ("# keep\nf(\n    a = 1,\n    b = 2,\n)", [false, false]),
            ("f(a = 1, b = 2)  # keep", [true, true]),
        ];
        for (text, expected) in table {
            let file = parse(text.as_bytes()).unwrap();
            let arguments = &call(&file.statements[0]).arguments;
            assert_eq!([file.keeps(arguments[0].span), file.keeps(arguments[1].span)], expected, "{text}");
        }
    }

    #[test]
    fn an_item_is_kept_by_a_comment_at_it() {
        let text = b"f(a = [\n    # keep\n    1,\n    2,  # keep\n    3,\n])";
        let file = parse(text).unwrap();
        let ExprKind::List(items) = &call(&file.statements[0]).arguments[0].value.kind else {
            panic!("a list");
        };
        let kept: Vec<_> = items.iter().map(|item| file.keeps(item.span)).collect();
        assert_eq!(kept, [true, true, false]);
    }
}
