//! `$NAME` and `${NAME}` in paths and commands, as Go's `os.Expand` has it, which container-structure-test uses.
//!
//! Invariant: a name that is not known stands for nothing. So do the shell's special ones (`$?`, `$1`, `$$`), which a
//! command can't be given that way there either.

use std::collections::BTreeMap;

/// One character names that stand without braces.
const SPECIAL: &str = "*#$@!?-0123456789";

/// Replaces names in `text` by their values.
pub(crate) fn expand(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        match name(after) {
            // Not behind a name: it is itself.
            None => {
                out.push('$');
                rest = after;
            }
            Some((name, behind)) => {
                out.push_str(values.get(name).map_or("", String::as_str));
                rest = behind;
            }
        }
    }
    out + rest
}

/// The name that `text` begins with, and what is behind it; an empty name for braces that hold none.
fn name(text: &str) -> Option<(&str, &str)> {
    if let Some(braced) = text.strip_prefix('{') {
        return Some(match braced.split_once('}') {
            Some(found) => found,
            // Without an end, the brace is taken for all there is.
            None => ("", braced),
        });
    }
    if text.starts_with(|first| SPECIAL.contains(first)) {
        return Some(text.split_at(1));
    }
    let end = text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_does() {
        let values = [("HOME", "/root"), ("A_1", "x"), ("EMPTY", "")];
        let values = values.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        for (text, expected) in [
            ("$HOME/bin:${HOME}bin", "/root/bin:/rootbin"),
            ("$A_1-$A_12", "x-"),
            ("$EMPTY$NONE.", "."),
            ("a$", "a$"),
            ("$(date) $/ $ä", "$(date) $/ $ä"),
            ("$?$$$1x", "x"),
            ("${}x${HOME", "xHOME"),
            ("ä$HOME", "ä/root"),
            ("", ""),
        ] {
            assert_eq!(expand(text, &values), expected, "{text}");
        }
    }
}
