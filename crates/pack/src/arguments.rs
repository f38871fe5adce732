//! `@FILE` as the only argument stands for the lines of that file, one argument a line. Bazel writes long command lines
//! so. Only a single one is expanded: elsewhere an `@` is the user's.

use std::{ffi::OsString, fs};

use anyhow::{Context as _, bail};

/// The arguments with `@FILE` replaced. The first is the program's name.
pub(crate) fn expand(arguments: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
    let [program, argument] = arguments.as_slice() else { return Ok(arguments) };
    let Some(file) = argument.to_str().and_then(|text| text.strip_prefix('@')) else { return Ok(arguments) };
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the arguments in {file}"))?;
    if text.contains('\0') {
        bail!("the arguments in {file} hold a NUL byte, which no argument can");
    }
    let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
    let lines = lines.take(if text.is_empty() { 0 } else { usize::MAX });
    Ok([program.clone()].into_iter().chain(lines.map(OsString::from)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> Vec<OsString> {
        arguments.iter().map(Into::into).collect()
    }

    #[test]
    fn only_a_single_one_is_expanded() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("args");
        let at = format!("@{}", file.display());
        for (text, expected) in [
            ("layer\n--mode\n\n--x\n", &["pack", "layer", "--mode", "", "--x"][..]),
            ("a b\n@c", &["pack", "a b", "@c"]),
            ("\n", &["pack", ""]),
            ("", &["pack"]),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(expand(of(&["pack", &at])).unwrap(), of(expected), "{text:?}");
        }
        for unchanged in [&["pack"][..], &["pack", "layer"], &["pack", "layer", &at], &["pack", &at, "x"]] {
            assert_eq!(expand(of(unchanged)).unwrap(), of(unchanged));
        }
        let error = expand(of(&["pack", "@/nowhere"])).unwrap_err();
        assert!(format!("{error:#}").contains("/nowhere"), "{error:#}");
    }
}
