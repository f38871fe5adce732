//! `commandTests`: what is to be run, and whether what came of it is right.

use std::time::Duration;

use crate::{
    Image, Outcome, Verdict,
    config::{Command, Suite},
    contents::found_and_not,
    expand::expand,
};

/// A command test, ready to be run.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    suite: &'a Suite,
    test: &'a Command,
    /// Commands that are run before it, each in a container whose file system the next one gets.
    pub setup: &'a [Vec<String>],
    /// The command and its arguments. The image's entrypoint does not come before them.
    pub arguments: Vec<String>,
    /// `NAME=VALUE` of its environment, beside the image's.
    pub env: Vec<String>,
}

/// What came of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub exit_code: i64,
}

/// The command tests of a suite.
pub fn of<'a>(suite: &'a Suite, image: &'a Image) -> impl Iterator<Item = Run<'a>> {
    let global = image.variables(suite);
    suite.commands.iter().map(move |test| {
        let mut env = global.clone();
        let own = suite.variables.iter().map(|variable| (&variable.key, global[&variable.key].clone()));
        let mut set: Vec<(&String, String)> = own.collect();
        for variable in &test.variables {
            let value = expand(&variable.value, &env);
            env.insert(variable.key.clone(), value.clone());
            set.push((&variable.key, value));
        }
        Run {
            suite,
            test,
            setup: &test.setup,
            arguments: test.arguments.iter().map(|word| expand(word, &global)).collect(),
            env: set.into_iter().map(|(key, value)| format!("{key}={value}")).collect(),
        }
    })
}

impl Run<'_> {
    /// How its containers are started.
    #[must_use]
    pub fn options(&self) -> &crate::config::RunOptions {
        &self.suite.options
    }

    /// Its outcome, once it has run.
    #[must_use]
    pub fn judge(&self, ran: &Ran, time: Duration) -> Outcome {
        let test = self.test;
        let mut problems = Vec::new();
        if ran.exit_code != test.exit_code {
            let words = if ran.stderr.trim_ascii().is_empty() { &ran.stdout } else { &ran.stderr };
            let words = String::from_utf8_lossy(words.trim_ascii()).into_owned();
            let said =
                if words.is_empty() { String::new() } else { format!(", and said: {}", end_of(&words)) };
            problems.push(format!(
                "it should end with {}, and ended with {}{said}",
                test.exit_code, ran.exit_code
            ));
        }
        for (what, text, expected, excluded) in [
            ("standard output", &ran.stdout, &test.expected_output, &test.excluded_output),
            ("standard error", &ran.stderr, &test.expected_error, &test.excluded_error),
        ] {
            problems.extend(found_and_not(what, text, expected, excluded));
        }
        self.outcome(Verdict::of(problems), time)
    }

    /// Its outcome where it could not be run, or is not to be.
    #[must_use]
    pub fn outcome(&self, verdict: Verdict, time: Duration) -> Outcome {
        Outcome {
            name: self.test.title(),
            file: self.suite.file.clone(),
            line: self.test.line,
            verdict,
            time,
        }
    }
}

/// The end of what a command said, as far as it fits a message.
fn end_of(words: &str) -> &str {
    const MOST: usize = 1000;
    let from = words.char_indices().rev().nth(MOST - 1).map_or(0, |(at, _)| at);
    &words[from..]
}
