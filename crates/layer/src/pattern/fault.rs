//! Where a regex that does not parse goes wrong.
//!
//! The parser gives no position, so it is asked: the culprit is the last character of the shortest beginning that nothing can
//! be put after to make it a regex. If the whole could still become one, something is open at its end, and the culprit is what
//! opened it. Invariant: a regex that the parser takes is never said to be wrong, whatever this module makes of it; what it
//! takes itself to be open is only an offer to the parser.

use regress::Regex;

/// What can be put between a beginning and the brackets that close it: nothing, or the rest of what stands at the end, which
/// is in the middle of an escape, of a range, or of `(?…`.
const REST: [&str; 8] = ["", "a", ":", "=", "a>", ">", "!", "<a>"];

/// A text that is no regex. It shows itself on a line, and the character on the next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}\n  /{text}/\n   {:>1$}", "^", column + 1)]
pub struct PatternError {
    text: String,
    /// Characters before the culprit.
    column: usize,
    problem: String,
}

impl PatternError {
    pub(super) fn new(text: &str, problem: &str) -> Self {
        Self { text: text.to_owned(), column: culprit(text), problem: in_a_sentence(problem) }
    }

    /// How many characters stand before the one that is wrong.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

/// The parser's message as the end of a sentence.
fn in_a_sentence(problem: &str) -> String {
    let mut letters = problem.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The number of characters before the one that is wrong.
fn culprit(text: &str) -> usize {
    let ends = text.char_indices().map(|(at, character)| at + character.len_utf8());
    let broken = ends.enumerate().find(|(_, end)| !can_become_a_regex(&text[..*end]));
    broken.map_or_else(
        || {
            let open = Open::at_the_end_of(text);
            let at = open.escape.or(open.class).or_else(|| open.groups.last().copied());
            at.unwrap_or_else(|| text.chars().count().saturating_sub(1))
        },
        |(column, _)| column,
    )
}

/// Whether something can be put after `beginning` that makes it a regex.
fn can_become_a_regex(beginning: &str) -> bool {
    let open = Open::at_the_end_of(beginning);
    let close = if open.class.is_some() { "]" } else { "" };
    let groups = ")".repeat(open.groups.len());
    REST.iter().any(|rest| Regex::new(&format!("{beginning}{rest}{close}{groups}")).is_ok())
}

/// What is open at the end of a text: each by the number of characters before it.
#[derive(Debug, Default)]
struct Open {
    /// A backslash that nothing follows.
    escape: Option<usize>,
    class: Option<usize>,
    groups: Vec<usize>,
}

impl Open {
    fn at_the_end_of(text: &str) -> Self {
        let mut open = Self::default();
        for (at, character) in text.chars().enumerate() {
            match character {
                _ if open.escape.is_some() => open.escape = None,
                '\\' => open.escape = Some(at),
                ']' => open.class = None,
                _ if open.class.is_some() => {}
                '[' => open.class = Some(at),
                '(' => open.groups.push(at),
                ')' => drop(open.groups.pop()),
                _ => {}
            }
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_character_is_shown() {
        // A regex, and below it the culprit.
        let cases = "
            /a(b/
              ^
            /a(b[c)/
                ^
            /(a)b)c/
                 ^
            /a[b-/
              ^
            /[z-a]/
                ^
            /[\\]/
             ^
            /a\\/
              ^
            /*a/
             ^
            /a**/
               ^
            /a|+b/
               ^
            /(?*a)/
               ^
            /(?a)/
               ^
            /(?<a/
             ^
            /(?<1>a)/
                ^
            /(?<a>a)(?<a>b)/
                        ^
            /a{2,1}/
                  ^
            /{1}/
               ^
            /(?<=a)*/
                   ^
            /^*/
              ^
            /ü[é(/
              ^
            /(?:a|(?=b)/
             ^
            /((a)/
             ^
            /(?i-i:a)/
                 ^
        ";
        let lines: Vec<_> = cases.lines().map(|line| line.get(12..).unwrap_or("")).collect();
        for shown in lines[1..lines.len() - 1].chunks_exact(2) {
            let text = shown[0].strip_prefix('/').unwrap().strip_suffix('/').unwrap();
            let error = crate::pattern::Pattern::parse(text).unwrap_err().to_string();
            let (problem, rest) = error.split_once('\n').unwrap();
            assert!(!problem.is_empty() && problem.chars().all(|c| !c.is_uppercase()), "{problem}");
            assert_eq!(rest, format!("  {}\n  {}", shown[0], shown[1]), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn the_culprit_is_in_the_text(text in r"[\[\]()|*+?{}\\^$:=!<>,a-c1-3éß-]{1,12}") {
            if let Err(error) = crate::pattern::Pattern::parse(&text) {
                prop_assert!(error.column() < text.chars().count());
                // What stands before the culprit is no mistake of its own.
                let before: String = text.chars().take(error.column()).collect();
                prop_assert!(can_become_a_regex(&before), "{before}");
            }
        }
    }
}
