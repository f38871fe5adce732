//! What came of a test.

use std::time::Duration;

use crate::config::Suite;

/// A test that was run, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// As container-structure-test calls it: `File Existence Test: NAME`.
    pub name: String,
    /// The config.
    pub file: String,
    /// Where in the config it begins, from 1.
    pub line: usize,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took; nothing for what is only looked up.
    pub time: Duration,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All is as it should be.
    Passed,
    /// What is not, one text each, with what was expected and what is there.
    Failed(Vec<String>),
    /// It was not run, and why.
    Skipped(String),
}

impl Verdict {
    /// Failed if there are problems.
    #[must_use]
    pub fn of(problems: Vec<String>) -> Self {
        if problems.is_empty() { Self::Passed } else { Self::Failed(problems) }
    }
}

impl Outcome {
    /// The outcome of a test of `suite` that takes no time.
    pub(crate) fn new(suite: &Suite, name: impl Into<String>, line: usize, problems: Vec<String>) -> Self {
        let verdict = Verdict::of(problems);
        Self { name: name.into(), file: suite.file.clone(), line, verdict, time: Duration::ZERO }
    }
}
