//! Unified diffs, byte for byte: `patch -p0` makes the new text of the old one.
//!
//! Lines end at a line feed alone, as they do for `patch`; a carriage return before it is a part of the line.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// How many lines are shown around a change.
const CONTEXT: usize = 3;

/// Lines that are there once on both sides are matched first: what is added is small, and a file of thousands of images isn't compared
/// as a whole.
const ALGORITHM: Algorithm = Algorithm::Patience;

/// Colours as Git has them: ANSI escapes that begin and end them.
const BOLD: &[u8] = b"\x1b[1m";
const CYAN: &[u8] = b"\x1b[36m";
const RED: &[u8] = b"\x1b[31m";
const GREEN: &[u8] = b"\x1b[32m";
const PLAIN: &[u8] = b"\x1b[m";

/// The changes from `old` to `new`, the text of the file at `path`. Empty if there are none.
pub fn unified(path: &[u8], old: &[u8], new: &[u8], colour: bool) -> Vec<u8> {
    let (old, new) = (lines(old), lines(new));
    let groups = group_diff_ops(capture_diff_slices(ALGORITHM, &old, &new), CONTEXT);
    let mut out = Output { bytes: Vec::new(), colour };
    for (number, group) in groups.iter().enumerate() {
        if number == 0 {
            out.line(BOLD, &[b"--- ", &name(path)]);
            out.line(BOLD, &[b"+++ ", &name(path)]);
        }
        let (from, to) = (span(group, DiffOp::old_range), span(group, DiffOp::new_range));
        out.line(CYAN, &[format!("@@ -{} +{} @@", range(&from), range(&to)).as_bytes()]);
        for op in group {
            if let DiffOp::Equal { .. } = op {
                old[op.old_range()].iter().for_each(|line| out.text(b"", b" ", line));
            } else {
                old[op.old_range()].iter().for_each(|line| out.text(RED, b"-", line));
                new[op.new_range()].iter().for_each(|line| out.text(GREEN, b"+", line));
            }
        }
    }
    out.bytes
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// From where to where a hunk goes.
fn span(group: &[DiffOp], of: impl Fn(&DiffOp) -> Range<usize>) -> Range<usize> {
    let ranges = group.iter().map(of);
    ranges.reduce(|first, last| first.start..last.end).unwrap_or_default()
}

/// A range of lines in the head of a hunk: the first line and, unless it is one, how many. Of no lines, the line before them.
fn range(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// A path for `patch`: one with blanks ends with a tab, and one that could be read otherwise is quoted as in C.
fn name(path: &[u8]) -> Vec<u8> {
    if path.iter().any(|byte| byte.is_ascii_control() || b"\"\\".contains(byte)) {
        let mut quoted = vec![b'"'];
        for &byte in path {
            match byte {
                b'"' | b'\\' => quoted.extend([b'\\', byte]),
                _ if byte.is_ascii_control() => quoted.extend(format!("\\{byte:03o}").into_bytes()),
                _ => quoted.push(byte),
            }
        }
        quoted.push(b'"');
        return quoted;
    }
    let tab: &[u8] = if path.contains(&b' ') { b"\t" } else { b"" };
    [path, tab].concat()
}

struct Output {
    bytes: Vec<u8>,
    colour: bool,
}

impl Output {
    /// A line in a colour.
    fn line(&mut self, colour: &[u8], parts: &[&[u8]]) {
        let coloured = self.colour && !colour.is_empty();
        if coloured {
            self.bytes.extend_from_slice(colour);
        }
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        if coloured {
            self.bytes.extend_from_slice(PLAIN);
        }
        self.bytes.push(b'\n');
    }

    /// A line of a text, with its sign before it.
    fn text(&mut self, colour: &[u8], sign: &[u8], line: &[u8]) {
        match line.strip_suffix(b"\n") {
            Some(line) => self.line(colour, &[sign, line]),
            None => {
                self.line(colour, &[sign, line]);
                self.line(b"", &[b"\\ No newline at end of file"]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_diff_writes_them() {
        let text = |lines: &[&str]| lines.concat().into_bytes();
        for (old, new, expected) in [
            (text(&["a\n"]), text(&["a\n"]), ""),
            (text(&[]), text(&["a\n"]), "--- p\n+++ p\n@@ -0,0 +1 @@\n+a\n"),
            (text(&["a\n"]), text(&[]), "--- p\n+++ p\n@@ -1 +0,0 @@\n-a\n"),
            (
                text(&["a"]),
                text(&["a\n"]),
                "--- p\n+++ p\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
            ),
            (
                text(&["a\r\n", "b"]),
                text(&["c\r\n", "b"]),
                "--- p\n+++ p\n@@ -1,2 +1,2 @@\n-a\r\n+c\r\n b\n\\ No newline at end of file\n",
            ),
            (
                text(&["1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"]),
                text(&["0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n"]),
                "--- p\n+++ p\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -8,3 +9,4 @@\n 8\n 9\n 10\n+11\n",
            ),
        ] {
            let diff = String::from_utf8(unified(b"p", &old, &new, false)).unwrap();
            assert_eq!(diff, expected);
        }
    }

    #[test]
    fn colours_are_around_lines() {
        let diff = String::from_utf8(unified(b"p", b"a\nb\n", b"a\nc\n", true)).unwrap();
        let plain = diff.replace("\x1b[1m", "").replace("\x1b[36m", "").replace("\x1b[31m", "");
        let plain = plain.replace("\x1b[32m", "").replace("\x1b[m", "");
        assert_eq!(plain, "--- p\n+++ p\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert!(diff.contains("\n a\n\x1b[31m-b\x1b[m\n\x1b[32m+c\x1b[m\n"), "{diff:?}");
    }

    #[test]
    fn names_that_patch_reads() {
        for (path, expected) in [
            ("a/BUILD", "a/BUILD"),
            ("a b/BUILD", "a b/BUILD\t"),
            ("a\"b", r#""a\"b""#),
            ("a\tb\\", r#""a\011b\\""#),
        ] {
            assert_eq!(name(path.as_bytes()), expected.as_bytes());
        }
    }
}
