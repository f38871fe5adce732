//! `fileContentTests`.

use crate::{Image, config::Contents, pattern::Pattern};

/// How much of a text goes into a message, in characters from its beginning.
const MOST_SHOWN: usize = 1000;

/// What is not as the test says.
pub(crate) fn problems(test: &Contents, image: &Image) -> Vec<String> {
    match image.content(&test.path) {
        Ok(content) => found_and_not(&test.path, content, &test.expected, &test.excluded),
        Err(problem) => vec![format!("{} should be a file, and cannot be read: {problem}", test.path)],
    }
}

/// Which of `expected` are not in `content`, and which of `excluded` are.
pub(crate) fn found_and_not(
    what: &str,
    content: &[u8],
    expected: &[Pattern],
    excluded: &[Pattern],
) -> Vec<String> {
    let missing = expected.iter().filter(|pattern| !pattern.is_in(content));
    let missing = missing.map(|pattern| format!("{what} should match {pattern}"));
    let present = excluded.iter().filter(|pattern| pattern.is_in(content));
    let mut problems: Vec<String> =
        missing.chain(present.map(|pattern| format!("{what} should not match {pattern}"))).collect();
    // Once, whatever the number of patterns.
    if let Some(last) = problems.last_mut() {
        last.push_str(&is(content));
    }
    problems
}

/// What a text is, for people.
fn is(content: &[u8]) -> String {
    let Ok(text) = str::from_utf8(content) else {
        return format!(", and is {} bytes that are no text", content.len());
    };
    if text.trim().is_empty() {
        return ", and is empty".to_owned();
    }
    let cut = text.char_indices().nth(MOST_SHOWN).map(|(at, _)| at);
    let shown = &text[..cut.unwrap_or(text.len())];
    let lines: Vec<String> = shown.lines().map(|line| format!("\n  | {line}")).collect();
    let more = cut.map_or_else(String::new, |cut| format!("\n  … and {} bytes more", text.len() - cut));
    format!(", and is:{}{more}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_shown_once_and_not_without_end() {
        let patterns =
            |texts: &[&str]| texts.iter().map(|text| Pattern::parse(text).unwrap()).collect::<Vec<_>>();
        let check = |content: &[u8], expected: &[&str], excluded: &[&str]| {
            found_and_not("f", content, &patterns(expected), &patterns(excluded))
        };
        assert_eq!(check(b"one\ntwo\n", &["one", "^one\ntwo"], &["three"]), [""; 0]);
        assert_eq!(
            check(b"one\ntwo\n", &["three", "four"], &["t.o"]),
            [
                "f should match \"three\"",
                "f should match \"four\"",
                "f should not match \"t.o\", and is:\n  | one\n  | two"
            ]
        );
        assert_eq!(check(b"\n", &["x"], &[]), ["f should match \"x\", and is empty"]);
        assert_eq!(check(b"\xff", &["x"], &[]), ["f should match \"x\", and is 1 bytes that are no text"]);
        let long = check("ä".repeat(1500).as_bytes(), &["x"], &[]).concat();
        assert!(long.ends_with("\n  … and 1000 bytes more") && long.matches('ä').count() == 1000, "{long}");
    }
}
