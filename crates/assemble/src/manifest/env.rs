//! Environment variables: merged over the base's, with references to what came before.
//!
//! `$NAME` and `${NAME}` stand for the value so far, in the base or an earlier entry; `$$` is a dollar. Any
//! other dollar is kept as it is (`$(date)`, `$5`, `${A:-b}`), since values are often scripts and patterns.

use anyhow::{Result, bail};

/// Merges `entries` over `base`, whose texts are `NAME=VALUE`. A name keeps its place. `warn` hears of
/// references to what does not exist.
pub(super) fn merge(
    base: Vec<String>,
    entries: &[(String, String)],
    mut warn: impl FnMut(&str),
) -> Result<Vec<String>> {
    let mut env: Vec<(String, Option<String>)> = base
        .into_iter()
        .map(|entry| match entry.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (entry, None),
        })
        .collect();
    for (name, value) in entries {
        check_name(name)?;
        let value = expand(value, |wanted| {
            let value = env.iter().find(|(name, _)| name == wanted).and_then(|(_, value)| value.clone());
            if value.is_none() {
                warn(&format!(
                    "env {name} refers to ${wanted}, which neither the base nor an earlier entry sets: it \
                     expands to nothing (write $${wanted} for the text itself)"
                ));
            }
            value.unwrap_or_default()
        });
        match env.iter_mut().find(|(existing, _)| existing == name) {
            Some((_, existing)) => *existing = Some(value),
            None => env.push((name.clone(), Some(value))),
        }
    }
    let text = |(name, value): (String, Option<String>)| match value {
        Some(value) => format!("{name}={value}"),
        None => name,
    };
    Ok(env.into_iter().map(text).collect())
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.contains(['=', '\0']) {
        bail!("env has the name {name:?}: a name is not empty and holds no '='");
    }
    Ok(())
}

/// Replaces references by what `lookup` says.
fn expand(text: &str, mut lookup: impl FnMut(&str) -> String) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) = reference(after) {
            expanded.push_str(&lookup(name));
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded + rest
}

/// The name at the beginning of what follows a dollar, in braces or not, and the rest.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => text.split_at(name_length(text)),
    };
    (!name.is_empty() && name_length(name) == name.len()).then_some((name, rest))
}

/// How many bytes at the beginning are a name: letters, digits and underscores, and no digit first.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merged(base: &[&str], entries: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let entries: Vec<_> = entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut warnings = Vec::new();
        let base = base.iter().map(|entry| (*entry).to_owned()).collect();
        (merge(base, &entries, |warning| warnings.push(warning.to_owned())).unwrap(), warnings)
    }

    #[test]
    fn merging() {
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);
        let cases: [Case<'_>; 6] = [
            (&["PATH=/bin", "A=1"], &[("PATH", "/app:$PATH")], &["PATH=/app:/bin", "A=1"]),
            (&[], &[("A", "1"), ("B", "${A}2"), ("C", "$B$A")], &["A=1", "B=12", "C=121"]),
            (&["A=x=y"], &[("B", "$A"), ("A", "new\nline,\"=")], &["A=new\nline,\"=", "B=x=y"]),
            (&["BARE", "E="], &[("A", "$E.")], &["BARE", "E=", "A=."]),
            (&["BARE"], &[("BARE", "1")], &["BARE=1"]),
            (&["A=$B"], &[("C", "$A")], &["A=$B", "C=$B"]),
        ];
        for (base, entries, expected) in cases {
            assert_eq!(merged(base, entries), (expected.iter().map(|e| (*e).to_owned()).collect(), vec![]));
        }
    }

    #[test]
    fn dollars_that_are_no_reference_stay() {
        let cases = [
            ("$$A", "$A"),
            ("$$$A", "$1"),
            ("$$$$", "$$"),
            ("$(date)", "$(date)"),
            ("$5 ${} $ ${A:-b} ${A", "$5 ${} $ ${A:-b} ${A"),
            ("é$A-é", "é1-é"),
            ("$", "$"),
            ("${A}B$A.B", "1B1.B"),
        ];
        for (value, expected) in cases {
            assert_eq!(merged(&["A=1"], &[("X", value)]).0[1], format!("X={expected}"));
        }
    }

    #[test]
    fn what_is_not_there_is_empty_and_told() {
        let (env, warnings) = merged(&[], &[("A", "[$A$NOPE]")]);
        assert_eq!(env, ["A=[]"]);
        assert_eq!(warnings.len(), 2);
        assert!(
            warnings[1].contains("env A refers to $NOPE") && warnings[1].contains("$$NOPE"),
            "{warnings:?}"
        );
    }

    #[test]
    fn names() {
        for name in ["", "A=B", "A\0"] {
            assert!(merge(vec![], &[(name.to_owned(), String::new())], |_| ()).is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn doubled_dollars_give_the_text_back(text in ".*") {
            prop_assert_eq!(expand(&text.replace('$', "$$"), |_| unreachable!("no reference")), text);
        }

        #[test]
        fn nothing_panics(text in "[${}A1é]*") {
            expand(&text, str::to_owned);
        }
    }
}
