//! The lines that statements stand on.

use crate::position::line_start;
use crate::{File, Lexer, Span, TokenKind};

/// What lines of `text` end with: what the first one does.
pub(super) fn line_ending(text: &[u8]) -> &'static [u8] {
    let first = text.iter().position(|&byte| byte == b'\n');
    if first.is_some_and(|end| text[..end].ends_with(b"\r")) { b"\r\n" } else { b"\n" }
}

/// Where the line ends that `offset` is in: before its line feed, and the carriage return before that.
pub(super) fn line_end(text: &[u8], offset: usize) -> usize {
    let newline =
        text[offset..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |length| offset + length);
    without_carriage_return(text, offset, newline)
}

/// The same, past the ends of lines that have a backslash before them. `offset` isn't within a token.
fn logical_line_end(text: &[u8], offset: usize) -> usize {
    let newline = Lexer::new(&text[offset..]).find(|token| token.kind == TokenKind::Newline);
    without_carriage_return(text, offset, newline.map_or(text.len(), |token| offset + token.span.start))
}

fn without_carriage_return(text: &[u8], offset: usize, newline: usize) -> usize {
    if newline > offset && text[newline - 1] == b'\r' { newline - 1 } else { newline }
}

/// Where the line after that of `offset` starts: the end of the text if there is none.
pub(super) fn next_line(text: &[u8], offset: usize) -> usize {
    text[offset..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |length| offset + length + 1)
}

/// Where the first line from that of `offset` on starts that isn't blank: the end of the text if there is none.
pub(super) fn next_content(text: &[u8], offset: usize) -> usize {
    let blanks = text[offset..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if offset + blanks == text.len() { text.len() } else { line_start(text, offset + blanks).max(offset) }
}

/// Where what comes before `offset` ends, blank lines aside; None if there is nothing.
pub(super) fn content_before(text: &[u8], offset: usize) -> Option<usize> {
    let first = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let content = text.get(first..offset)?.trim_ascii_end().len();
    (content > 0).then_some(first + content)
}

/// Whether the line that `offset` is in has nothing before it.
pub(super) fn starts_line(text: &[u8], offset: usize) -> bool {
    text[line_start(text, offset)..offset].trim_ascii().is_empty()
}

/// The blanks at the start of the line that `offset` is in.
pub(super) fn indentation(text: &[u8], offset: usize) -> &[u8] {
    let line = &text[line_start(text, offset)..offset];
    let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &line[..blanks]
}

/// Whether the statements `index` and `index + 1` are on one line, with a semicolon between them.
pub(super) fn shares_line(file: &File<'_>, index: usize) -> bool {
    let Some([one, other]) = file.statements.get(index..index + 2) else {
        return false;
    };
    Lexer::new(&file.text[one.span.end..other.span.start]).all(|token| token.kind != TokenKind::Newline)
}

/// The first statement on the line on which the statement `index` starts.
pub(super) fn first_of_line(file: &File<'_>, index: usize) -> usize {
    (0..index).rev().take_while(|&before| shares_line(file, before)).last().unwrap_or(index)
}

/// The last statement on the line on which the statement `index` ends.
pub(super) fn last_of_line(file: &File<'_>, index: usize) -> usize {
    (index..file.statements.len()).find(|&at| !shares_line(file, at)).unwrap_or(index)
}

/// The lines of the statements `first` to `last`, from the start of the first line to before the end of the last.
pub(super) fn lines_of(file: &File<'_>, first: usize, last: usize) -> Span {
    let start = line_start(file.text, file.statements[first].span.start);
    Span::new(start, logical_line_end(file.text, file.statements[last].span.end))
}

/// Where the lines of a statement start, with the comment lines directly above.
pub(super) fn start_with_comments(file: &File<'_>, first: usize) -> usize {
    let span = file.statements[first].span;
    line_start(file.text, file.comment_block_above(span).map_or(span.start, |comments| comments.start))
}

/// Where the lines of a statement end, with the comment lines that are directly below and directly above nothing: `buildifier` takes
/// them for the statement's.
pub(super) fn end_with_comments(file: &File<'_>, index: usize) -> usize {
    let last = last_of_line(file, index);
    let end = lines_of(file, last, last).end;
    let Some(comment) = file.comments_below(end).last() else {
        return end;
    };
    let below = next_line(file.text, comment.span.end);
    if is_blank_line(file.text, below) { line_end(file.text, comment.span.end) } else { end }
}

/// Whether the line that starts at `start` is blank, or there is none.
pub(super) fn is_blank_line(text: &[u8], start: usize) -> bool {
    text[start..line_end(text, start)].trim_ascii().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn statements_have_their_lines() {
        // The text, the statement, its lines with the comments that are its.
        let table = [
            ("f()", 0, "f()"),
            ("f()\r\n\r\ng()\r\n", 0, "f()"),
            ("f()  # a\ng()", 0, "f()  # a"),
            ("f(); g(\n)  # a\nh()", 0, "f(); g(\n)  # a"),
            ("f(); g(\n)  # a\nh()", 1, "f(); g(\n)  # a"),
            ("f();\ng()", 0, "f();"),
            ("f() \\\n  ; g()\nh()", 0, "f() \\\n  ; g()"),
            ("f() \\\n\ng()", 0, "f() \\\n"),
            ("# a\n\n# b\n# c\nf()\n# d\n\n# e\n", 0, "# b\n# c\nf()\n# d"),
            ("f()\n# a\ng()\n", 0, "f()"),
            ("f()\n# a\ng()\n# b", 1, "# a\ng()\n# b"),
            ("\u{feff}# a\nf()\n", 0, "# a\nf()"),
        ];
        for (text, index, expected) in table {
            let file = parse(text.as_bytes()).unwrap();
            let start = start_with_comments(&file, first_of_line(&file, index));
            assert_eq!(&text[start..end_with_comments(&file, index)], expected, "{text}");
        }
    }

    #[test]
    fn content_is_found_around_blank_lines() {
        // The text, an offset, where the next content's line starts, and where the content before ends.
        let table: [(&[u8], usize, usize, Option<usize>); _] = [
            (b"", 0, 0, None),
            (b"a\n\n \n  b\n", 2, 5, Some(1)),
            (b"a\n\n \n  b\n", 0, 0, None),
            (b"a\n \n", 2, 4, Some(1)),
            (b"\xEF\xBB\xBF\n\nb", 4, 5, None),
        ];
        for (text, offset, next, before) in table {
            assert_eq!(next_content(text, offset), next, "{}", text.escape_ascii());
            assert_eq!(content_before(text, offset), before, "{}", text.escape_ascii());
        }
    }
}
