//! Messages for people: `path:line:col: message`, with the line and a caret below it.

use std::fmt;

use buildfile::{LineIndex, Position};

use crate::diagnostic::{Diagnostic, Severity};

/// How many bytes of a line are shown before and behind a place.
const AROUND: usize = 100;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Something to say of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// The file or directory, relative to the root.
    pub path: String,
    /// Where in it; none if it is about all of it.
    pub place: Option<Place>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, and what to do about it.
    pub text: String,
}

/// A place in a file, and how to show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line and the column.
    pub position: Position,
    /// The line itself; of a long one the part around the column.
    pub excerpt: String,
    /// What goes before the caret on the line below.
    pub indent: String,
}

impl Message {
    /// An error about a file as a whole.
    pub fn error(path: impl Into<String>, text: impl fmt::Display) -> Self {
        Self { path: path.into(), place: None, severity: Severity::Error, text: text.to_string() }
    }

    /// A warning about a file as a whole.
    pub fn warning(path: impl Into<String>, text: impl fmt::Display) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, text) }
    }
}

/// The messages of what there is to say of a file, each with the line that it is about.
pub fn locate(path: &str, text: &[u8], diagnostics: Vec<Diagnostic>) -> Vec<Message> {
    let lines = LineIndex::new(text);
    let located = diagnostics.into_iter().map(|diagnostic| Message {
        path: path.to_owned(),
        place: Some(Place::of(text, &lines, diagnostic.offset)),
        severity: diagnostic.severity,
        text: diagnostic.message,
    });
    located.collect()
}

impl Place {
    fn of(text: &[u8], lines: &LineIndex<'_>, offset: usize) -> Self {
        let (before, behind) = text.split_at(offset.min(text.len()));
        let is_end = |byte: &u8| *byte == b'\n';
        let before = &before[before.iter().rposition(is_end).map_or(0, |end| end + 1)..];
        let before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
        let behind = &behind[..behind.iter().position(is_end).unwrap_or(behind.len())];
        let behind = behind.strip_suffix(b"\r").unwrap_or(behind);

        let (from, to) = (before.len().saturating_sub(AROUND), behind.len().min(AROUND));
        let cut = |is_cut| if is_cut { "…" } else { "" };
        let left = format!("{}{}", cut(from > 0), shown(&before[from..]));
        let excerpt = format!("{left}{}{}", shown(&behind[..to]), cut(to < behind.len()));
        // A tab is as wide below as it is above.
        let indent = left.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
        Self { position: lines.position(offset), excerpt, indent }
    }
}

/// A part of a line as a terminal can show it.
fn shown(text: &[u8]) -> String {
    let replace = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(text).chars().map(replace).collect()
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        let Self { path, text, .. } = self;
        match &self.place {
            None => writeln!(f, "{path}: {severity}{text}"),
            Some(Place { position: Position { line, column }, excerpt, indent }) => {
                writeln!(f, "{path}:{line}:{column}: {severity}{text}\n  {excerpt}\n  {indent}^")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(text: &[u8], offsets: &[usize]) -> Vec<String> {
        let diagnostics = offsets.iter().map(|offset| Diagnostic::warning(*offset, "m")).collect();
        locate("p", text, diagnostics).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn carets_are_below_what_they_are_about() {
        for (text, offset, expected) in [
            (&b"a\nbc d\n"[..], 5, "p:2:4: warning: m\n  bc d\n     ^\n"),
            (b"", 0, "p:1:1: warning: m\n  \n  ^\n"),
            (b"a", 9, "p:1:2: warning: m\n  a\n   ^\n"),
            (b"\ta(b)\r\n", 3, "p:1:4: warning: m\n  \ta(b)\n  \t  ^\n"),
            (b"\xef\xbb\xbfab", 4, "p:1:2: warning: m\n  ab\n   ^\n"),
            ("\"é\" x".as_bytes(), 5, "p:1:5: warning: m\n  \"é\" x\n      ^\n"),
            (b"\"\xe9\" x", 4, "p:1:5: warning: m\n  \"\u{fffd}\" x\n      ^\n"),
            (b"\x1b[1m", 1, "p:1:2: warning: m\n  \u{fffd}[1m\n   ^\n"),
        ] {
            assert_eq!(located(text, &[offset]), [expected]);
        }
    }

    #[test]
    fn places_in_a_file_have_an_order() {
        let text = b"ab\ncd ef\n\ngh";
        let mut messages = locate("p", text, [11, 6, 3, 0].map(|at| Diagnostic::warning(at, "m")).into());
        messages.push(Message::error("p", "of all of it"));
        messages.push(Message::error("o", "before"));
        messages.sort();
        let lines: Vec<_> = messages.iter().map(|message| message.to_string()[..6].to_owned()).collect();
        assert_eq!(lines, ["o: bef", "p: of ", "p:1:1:", "p:2:1:", "p:2:4:", "p:4:2:"]);
    }

    #[test]
    fn of_a_long_line_a_part_is_shown() {
        let text = [vec![b'a'; 1000], vec![b'b'; 1000]].concat();
        let message = located(&text, &[1000]).remove(0);
        let expected = format!("p:1:1001: warning: m\n  …{}{}…\n", "a".repeat(AROUND), "b".repeat(AROUND));
        assert!(message.starts_with(&expected), "{message}");
        assert!(message.ends_with(&format!("\n  {}^\n", " ".repeat(AROUND + 1))), "{message}");
    }

    #[test]
    fn errors_and_whole_files() {
        assert_eq!(Message::error("p", "m").to_string(), "p: m\n");
        assert_eq!(Message::warning("p", "m").to_string(), "p: warning: m\n");
    }
}
