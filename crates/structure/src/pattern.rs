//! Regular expressions as Go's `regexp` reads them, on bytes.
//!
//! container-structure-test is written in Go, and so are the patterns in people's configs. The syntax of the `regex`
//! crate has the same origin, RE2, but for some words that are rewritten here:
//!
//! | Go | here |
//! |---|---|
//! | `\d`, `\w`, `\s`, `\b` know ASCII alone | they know Unicode unless told |
//! | `{` that begins no count is itself: `{"a"` | is an error |
//! | `[` in brackets is itself: `[[]` | begins brackets in brackets; `&&` and `~~` combine them |
//! | `\Q…\E` quotes | is not known |
//! | `\<` is `<` | is the beginning of a word |
//!
//! Invariant: what Go reads means the same here. What is left is bytes that are no UTF-8, which `.` does not take here.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

/// A regular expression. Shows itself as it was written.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(&rewritten(text)).octal(true).build();
        let regex = built.map_err(|error| match error {
            // Its first lines show the rewritten pattern.
            regex::Error::Syntax(words) => {
                let last = words.lines().last().unwrap_or_default();
                last.strip_prefix("error: ").unwrap_or(last).to_owned()
            }
            error => error.to_string(),
        })?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether it is found in `bytes`.
    #[must_use]
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.regex.is_match(bytes)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

/// The same pattern in the words of the `regex` crate.
fn rewritten(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    let mut in_brackets = false;
    while let Some(first) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (quoted, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            out.push_str(&regex::escape(quoted));
            rest = after;
            continue;
        }
        if first == '\\' {
            let escaped = rest[1..].chars().next();
            rest = &rest[1 + escaped.map_or(0, char::len_utf8)..];
            escape(&mut out, escaped, in_brackets);
            // Of \x{41} and \p{Greek} the braces belong to it.
            if matches!(escaped, Some('x' | 'p' | 'P'))
                && rest.starts_with('{')
                && let Some(end) = rest.find('}')
            {
                out.push_str(&rest[..=end]);
                rest = &rest[end + 1..];
            }
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match first {
            '[' if !in_brackets => {
                in_brackets = true;
                out.push('[');
                // A `]` that comes first is itself.
                for itself in ["^", "]"] {
                    if let Some(after) = rest.strip_prefix(itself) {
                        out.push_str(if itself == "]" { r"\]" } else { itself });
                        rest = after;
                    }
                }
            }
            // Such as [:alpha:].
            '[' if rest.starts_with(':') && rest.contains(":]") => {
                let end = rest.find(":]").map_or(rest.len(), |at| at + 2);
                out.push('[');
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            }
            '[' | '&' | '~' if in_brackets => {
                out.push('\\');
                out.push(first);
            }
            ']' => {
                in_brackets = false;
                out.push(']');
            }
            '{' if !in_brackets && !begins_count(rest) => out.push_str(r"\{"),
            _ => out.push(first),
        }
    }
    out
}

/// Writes `\` and what follows it.
fn escape(out: &mut String, escaped: Option<char>, in_brackets: bool) {
    let class = match escaped {
        Some('d') => "[0-9]",
        Some('D') => "[^0-9]",
        Some('w') => "[0-9A-Za-z_]",
        Some('W') => "[^0-9A-Za-z_]",
        Some('s') => r"[\t\n\f\r ]",
        Some('S') => r"[^\t\n\f\r ]",
        Some('b') if !in_brackets => r"(?-u:\b)",
        Some('B') if !in_brackets => r"(?-u:\B)",
        Some(mark) if mark.is_ascii() && !mark.is_ascii_alphanumeric() => {
            return out.push_str(&regex::escape(mark.encode_utf8(&mut [0; 4])));
        }
        _ => {
            out.push('\\');
            return out.extend(escaped);
        }
    };
    out.push_str(class);
}

/// Whether what follows a `{` makes it a count, such as `3}`, `3,}` or `3,5}`.
fn begins_count(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inside.split_once(',') {
        None => is_number(inside),
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_reads_them() {
        for (pattern, found, not_found) in [
            (r"^\d+$", "42", "٤٢"),
            (r"^\w+$", "a_1", "ä"),
            (r"^\W$", "ä", "a"),
            (r"^a\sb$", "a\tb", "a\u{a0}b"),
            (r"^\S$", "\u{a0}", " "),
            (r"[\w-]{3}", "a-b", "ä-ä"),
            (r"^[^\s]$", "x", " "),
            (r"^[^\D]$", "1", "x"),
            (r"\bx", "ä x", "ax"),
            // JSON, which people look for.
            (r#"{"key": *\["#, r#"{"key": ["#, "key"),
            ("a{2}", "aa", "a"),
            ("^a{2,3}b{1,}$", "aab", "ab"),
            ("a{,3}", "a{,3}", "aaa"),
            ("{}", "{}", ""),
            // Brackets.
            ("^[[]$", "[", "a"),
            ("^[a[b]$", "[", "c"),
            ("^[]a]$", "]", "b"),
            ("^[^]a]$", "b", "]"),
            ("^[a&&b]$", "&", "c"),
            ("^[a~~b]$", "~", "c"),
            ("^[[:alpha:]_]$", "_", "1"),
            ("^[[:^alpha:]]$", "1", "a"),
            (r"^[\]\[]$", "]", "a"),
            (r"^[{}]$", "{", "a"),
            (r"\Qa.b[\Ec", "a.b[c", "axb[c"),
            (r"\Q1+1", "1+1", "111"),
            (r"\\Qa", r"\Qa", "a"),
            (r"^\<a\>\ \_\@\/$", "<a> _@/", "a"),
            (r"^\x41\101\x{1F600}$", "AA😀", "A"),
            ("(?i)HELLO", "say hello", "bye"),
            ("^a$", "a", "a\n"),
            ("(?m)^a$", "b\na\nc", "ab"),
            ("(?P<x>a)(?s).b", "a\nb", "ab"),
            (r"^\pL\p{Greek}$", "aα", "1α"),
            ("", "anything", "\0never"),
        ] {
            let parsed = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert!(parsed.is_in(found.as_bytes()), "{pattern} in {found}: {}", rewritten(pattern));
            if not_found != "\0never" {
                assert!(
                    !parsed.is_in(not_found.as_bytes()),
                    "{pattern} in {not_found}: {}",
                    rewritten(pattern)
                );
            }
        }
        assert!(Pattern::parse("b").unwrap().is_in(b"\xff b"), "not UTF-8 around");
        assert_eq!(Pattern::parse(r"a\d").unwrap().to_string(), r#""a\\d""#);
    }

    #[test]
    fn what_is_none() {
        for (pattern, says) in [
            ("(a", "unclosed group"),
            ("[a", "unclosed character class"),
            ("*", "missing expression"),
            ("(?=a)", "look-around"),
            (r"(a)\8", "unrecognized escape"),
            ("a\\", "incomplete escape"),
            ("(a{1000}){1000}", "size limit"),
        ] {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.contains(says), "{pattern}: {error}");
        }
    }
}
