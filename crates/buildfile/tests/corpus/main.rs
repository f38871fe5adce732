//! Real BUILD files, those that this machine has: they are read without losing a byte, `buildifier` takes what the parser takes, and
//! edits leave it nothing to reformat.
//!
//! The files are those of this repository and of Debian's Bazel, where it is, or those in the folders of `STRATA_BUILD_FILES` (as
//! `PATH` lists folders). What runs `buildifier` is started by `.ci/run`:
//!
//! ```text
//! STRATA_BUILDIFIER=path/to/buildifier cargo test -p buildfile --test corpus -- --ignored
//! ```

#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

mod buildifier;
mod edits;
mod files;
mod mutations;
mod spans;

use buildfile::{Lexer, parse};

#[test]
fn files_are_read_without_losing_a_byte() {
    let files = files::all();
    for file in &files {
        let mut end = 0;
        for token in Lexer::new(&file.text) {
            assert!(token.span.start == end && token.span.end > end, "{}: {token:?}", file.path.display());
            end = token.span.end;
        }
        assert_eq!(end, file.text.len(), "{}", file.path.display());
        let tree = parse(&file.text)
            .unwrap_or_else(|error| panic!("{}: {error} at {}", file.path.display(), error.offset));
        spans::check(&tree).unwrap_or_else(|problem| panic!("{}: {problem}", file.path.display()));
    }
}

#[test]
#[ignore = "runs buildifier: .ci/run does"]
fn buildifier_takes_what_is_taken() {
    let mutated = mutations::of(&files::all(), 400);
    let judged = buildifier::check(&mutated);
    let mut only_here = Vec::new();
    for (text, verdict) in mutated.iter().zip(judged) {
        match (parse(text), verdict.accepted) {
            (Err(error), true) => panic!("refused with {error:?}:\n{}", String::from_utf8_lossy(text)),
            (Ok(_), false) => only_here.push(text.escape_ascii().to_string()),
            _ => {}
        }
    }
    // The few things of use to nobody that the parser takes all the same; see its documentation.
    assert!(only_here.len() <= 4, "{only_here:#?}");
}

#[test]
#[ignore = "runs buildifier: .ci/run does"]
fn edits_leave_nothing_to_reformat() {
    let texts: Vec<_> =
        files::all().into_iter().map(|file| file.text).filter(|text| text.len() < 50_000).collect();
    let texts: Vec<_> = texts.iter().step_by(texts.len().div_ceil(300)).cloned().collect();
    let formatted = buildifier::format(&texts);
    let edited: Vec<_> = formatted.iter().flat_map(|text| edits::some(text)).collect();
    assert!(edited.len() > texts.len(), "{} edits of {} files", edited.len(), texts.len());
    for (edit, verdict) in edited.iter().zip(buildifier::check(&edited)) {
        assert!(verdict.accepted && !verdict.reformats, "{verdict:?}:\n{}", String::from_utf8_lossy(edit));
    }
}
