//! Lines and columns, for messages.

/// A place in a text, as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1 on.
    pub line: usize,
    /// The column, from 1 on: characters if the line is UTF-8, else bytes. A byte-order mark isn't counted.
    pub column: usize,
}

/// The lines of a text, counted once for any number of positions.
#[derive(Debug)]
pub struct LineIndex<'a> {
    text: &'a [u8],
    /// Where line feeds are.
    ends: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Counts the lines of `text`.
    pub fn new(text: &'a [u8]) -> Self {
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        Self { text, ends: ends.collect() }
    }

    /// Where `offset` is; the end of the text if it lies behind that.
    pub fn position(&self, offset: usize) -> Position {
        let Self { text, ends } = self;
        let offset = offset.min(text.len());
        let before = &text[line_start(text, offset)..offset];
        let characters = std::str::from_utf8(line_at(text, offset)).is_ok().then(|| {
            // An offset within a character is that of the character.
            before.iter().filter(|&&byte| !is_continuation(byte)).count()
                - usize::from(text.get(offset).is_some_and(|&byte| is_continuation(byte)))
        });
        let line = 1 + ends.partition_point(|end| *end < offset);
        Position { line, column: 1 + characters.unwrap_or(before.len()) }
    }
}

/// The line of `text` that `offset` is in, without its end and without a byte-order mark.
fn line_at(text: &[u8], offset: usize) -> &[u8] {
    let offset = offset.min(text.len());
    let start = line_start(text, offset);
    let length = text[start.max(offset)..].iter().position(|&byte| byte == b'\n');
    let line = &text[start..length.map_or(text.len(), |length| start.max(offset) + length)];
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Where the line starts that `offset` is in; behind a byte-order mark, if there is one, and so at most 3 bytes behind `offset`.
pub(crate) fn line_start(text: &[u8], offset: usize) -> usize {
    match text[..offset].iter().rposition(|&byte| byte == b'\n') {
        Some(newline) => newline + 1,
        None if text.starts_with(b"\xEF\xBB\xBF") && offset >= 3 => 3,
        None => 0,
    }
}

const fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_as_people_do() {
        let table: [(&[u8], _, _, _, &[u8]); _] = [
            (b"", 0, 1, 1, b""),
            (b"", 9, 1, 1, b""),
            (b"ab\ncd\n", 0, 1, 1, b"ab"),
            (b"ab\ncd\n", 2, 1, 3, b"ab"),
            (b"ab\ncd\n", 3, 2, 1, b"cd"),
            (b"ab\ncd\n", 6, 3, 1, b""),
            (b"ab\r\ncd", 6, 2, 3, b"cd"),
            (b"ab\r\ncd", 1, 1, 2, b"ab"),
            ("äöü = 1".as_bytes(), 7, 1, 5, "äöü = 1".as_bytes()),
            ("äöü".as_bytes(), 3, 1, 2, "äöü".as_bytes()),
            (b"\xFF\xC3\xA4x", 3, 1, 4, b"\xFF\xC3\xA4x"),
            (b"\xEF\xBB\xBFab\nc", 4, 1, 2, b"ab"),
            (b"\xEF\xBB\xBFab\nc", 3, 1, 1, b"ab"),
            (b"\xEF\xBB\xBFab\nc", 6, 2, 1, b"c"),
        ];
        for (text, offset, line, column, content) in table {
            let shown = text.escape_ascii();
            assert_eq!(
                LineIndex::new(text).position(offset),
                Position { line, column },
                "{shown} at {offset}"
            );
            assert_eq!(line_at(text, offset), content, "{shown} at {offset}");
        }
    }
}
