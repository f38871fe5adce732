//! Arguments from a file, since command lines have a length limit and lists of layers do not.

use std::{ffi::OsString, path::Path};

use anyhow::{Context as _, Result};

/// Replaces a single argument `@FILE` by the lines of the file, one argument a line, as Bazel writes them.
/// Anything else stays as it is: a label may begin with `@` too.
///
/// # Errors
/// If the file cannot be read or is not UTF-8.
pub fn expand(arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if let [_, single] = arguments.as_slice()
        && let Some(path) = single.to_str().and_then(|single| single.strip_prefix('@'))
    {
        let text = std::fs::read_to_string(Path::new(path))
            .with_context(|| format!("cannot read the arguments in {path}"))?;
        arguments.pop();
        arguments.extend(lines(&text).map(OsString::from));
    }
    Ok(arguments)
}

/// Empty lines are empty arguments; a newline at the end begins no line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.strip_suffix('\n').unwrap_or(text).split('\n').filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: &[&str]) -> Result<Vec<String>> {
        let expanded = expand(arguments.iter().map(OsString::from))?;
        Ok(expanded.into_iter().map(|argument| argument.into_string().unwrap()).collect())
    }

    #[test]
    fn a_single_file_is_expanded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a b");
        let argument = format!("@{}", path.display());
        let cases: [(&str, &[&str]); 4] = [
            ("base\n--label\n@x//:y\n", &["base", "--label", "@x//:y"]),
            ("a\n\n b \"c\n", &["a", "", " b \"c"]),
            ("a", &["a"]),
            ("", &[]),
        ];
        for (content, expected) in cases {
            std::fs::write(&path, content).unwrap();
            assert_eq!(expanded(&["assemble", &argument]).unwrap()[1..], *expected, "{content:?}");
        }
    }

    #[test]
    fn other_arguments_stay() {
        for arguments in [&["assemble"][..], &["assemble", "base"], &["assemble", "base", "@x//:y"]] {
            assert_eq!(expanded(arguments).unwrap(), arguments);
        }
        let error = expanded(&["assemble", "@/missing"]).unwrap_err();
        assert!(format!("{error:#}").contains("/missing"), "{error:#}");
    }
}
