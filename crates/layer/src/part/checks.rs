//! What is demanded of a part: that it holds something, or a certain file, and that no file is in no part.

use std::collections::BTreeSet;

use crate::{
    entry::{Entry, Kind},
    part::{Demands, Part, PartError, claimed_as, claims::Claim},
    path::ImagePath,
    pattern::{Pattern, write_subject},
};

/// How many files an error names.
const NAMED: usize = 5;
/// How many files that a regex nearly matches an error names.
const NEAREST: usize = 3;

/// Checks a part, given whose each of all `entries` is; `None` is for directories that have something in them.
///
/// # Errors
/// [`PartError`]
pub(super) fn check(part: &Part, entries: &[Entry], claims: &[Option<Claim>]) -> Result<(), PartError> {
    let Demands { some, expected, all_claimed } = &part.demands;
    let name = &part.name;
    if *some && !claims.contains(&Some(Claim::This)) {
        return Err(why_empty(part, entries));
    }
    if let Some(expected) = expected {
        let mut subject = String::new();
        if !entries.iter().any(|entry| matches(&expected.pattern, entry, &mut subject)) {
            return Err(PartError::Missing { message: expected.message.clone() });
        }
    }
    if *all_claimed {
        let of_nobody = |(entry, claim): &(&Entry, &Option<Claim>)| {
            **claim == Some(Claim::Other) && entry.kind != Kind::Directory
        };
        let unclaimed = || entries.iter().zip(claims).filter(of_nobody).map(|(entry, _)| &entry.path);
        let count = unclaimed().count();
        if count > 0 {
            let files = unclaimed().take(NAMED).cloned().collect();
            return Err(PartError::Unclaimed { name: Box::new(name.clone()), count, files });
        }
    }
    Ok(())
}

/// Whether a regex matches a file, link or anything else but a directory.
fn matches(pattern: &Pattern, entry: &Entry, subject: &mut String) -> bool {
    write_subject(subject, &claimed_as(entry), false);
    entry.kind != Kind::Directory && pattern.matches(subject)
}

/// Why nothing is left for a part.
fn why_empty(part: &Part, entries: &[Entry]) -> PartError {
    let name = Box::new(part.name.clone());
    let pattern = part.claims.matching.as_ref();
    let text = pattern.map(|pattern| pattern.as_str().to_owned());
    let mut subject = String::new();
    let files = || entries.iter().filter(|entry| entry.kind != Kind::Directory);
    let mut is_matched = |entry: &&Entry| pattern.is_none_or(|pattern| matches(pattern, entry, &mut subject));
    let matched: Vec<_> = files().filter(&mut is_matched).collect();
    match (matched.first(), pattern) {
        (Some(first), _) => {
            PartError::AllEarlier { pattern: text, name, count: matched.len(), example: first.path.clone() }
        }
        (None, Some(pattern)) => {
            let nearest = nearest(pattern, files().map(|entry| &entry.path));
            PartError::MatchesNothing { pattern: pattern.as_str().to_owned(), name, nearest }
        }
        (None, None) => PartError::NoFiles { name },
    }
}

/// The files whose paths have most in common with the plain text of a regex, one of each directory.
fn nearest<'a>(pattern: &Pattern, files: impl Iterator<Item = &'a ImagePath>) -> Vec<ImagePath> {
    let plain: Vec<u8> = pattern.as_str().bytes().filter(|byte| *byte != b'\\').collect();
    let in_common = |path: &'a ImagePath| (longest_in_common(&plain, path.as_bytes()), path);
    let mut found: Vec<_> = files.map(in_common).collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let mut directories = BTreeSet::new();
    let apart = found.into_iter().filter(|(_, path)| directories.insert(path.parent()));
    apart.take(NEAREST).map(|(_, path)| path.clone()).collect()
}

/// Length of the longest text that is in both.
fn longest_in_common(a: &[u8], b: &[u8]) -> usize {
    let (mut longest, mut row) = (0, vec![0; b.len() + 1]);
    for byte in a {
        // Of each place in `b`, how long what ends there and here is the same.
        for at in (0..b.len()).rev() {
            row[at + 1] = if b[at] == *byte { row[at] + 1 } else { 0 };
            longest = longest.max(row[at + 1]);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_files_are_of_several_directories() {
        let files = ["b/numpy/x", "a/numpy/y", "a/numpy/x", "c/x", "d/nu", "e/nu"];
        let files = files.map(|path| ImagePath::parse(path.as_bytes()).unwrap());
        let nearest = nearest(&Pattern::parse(r"/numpy\/z").unwrap(), files.iter());
        let nearest: Vec<_> = nearest.iter().map(ToString::to_string).collect();
        assert_eq!(nearest, ["/a/numpy/x", "/b/numpy/x", "/d/nu"]);
    }

    #[test]
    fn longest_texts_in_common() {
        for (a, b, expected) in [("", "a", 0), ("abc", "xbcy", 2), ("aab", "aaab", 3), ("a/b", "b/a", 1)] {
            assert_eq!(longest_in_common(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
            assert_eq!(longest_in_common(b.as_bytes(), a.as_bytes()), expected, "{b} {a}");
        }
    }
}
