//! Files that hold names as people and scripts write them, one a line: tags, names of images, a repository.
//!
//! Lines are trimmed and may end as on Windows; blank ones are none, and neither is the byte order mark that editors there
//! put first.

/// The names in `text`, each with the number of its line, from 1.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty())
}

/// The one name in `text`; `what` says what it names, such as `a repository`.
///
/// # Errors
/// [`NotOne`] if there is none, or another one.
pub fn only<'a>(text: &'a str, what: &'static str) -> Result<&'a str, NotOne> {
    let mut lines = lines(text);
    let (_, name) = lines.next().ok_or(NotOne::Empty { what })?;
    match lines.next() {
        None => Ok(name),
        Some((number, more)) => Err(NotOne::More { what, number, more: more.to_owned() }),
    }
}

/// Why a file does not hold one name; to be put after the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOne {
    /// It holds none.
    #[error("is empty and should hold {what}")]
    Empty {
        /// What it should hold.
        what: &'static str,
    },
    /// It holds more than one.
    #[error("should hold {what} and nothing else: line {number} is {more:?}")]
    More {
        /// What it should hold.
        what: &'static str,
        /// The line with the second name, from 1.
        number: usize,
        /// That line.
        more: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_editors_write_them() {
        for (text, expected) in [
            ("", &[][..]),
            ("\n \r\n\t\n", &[]),
            ("a", &[(1, "a")]),
            ("a\r\nb\r\n", &[(1, "a"), (2, "b")]),
            ("\u{feff}a\n\n  b c \n", &[(1, "a"), (3, "b c")]),
        ] {
            assert_eq!(lines(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn one_name() {
        assert_eq!(only("\u{feff}\r\n a \r\n", "a tag"), Ok("a"));
        for (text, says) in [
            ("\n", "is empty and should hold a tag"),
            ("a\n\nb\n", "should hold a tag and nothing else: line 3 is \"b\""),
        ] {
            assert_eq!(only(text, "a tag").unwrap_err().to_string(), says);
        }
    }
}
