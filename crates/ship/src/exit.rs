//! How a command ends: one enum for every exit code, and the one place that derives it from an error.

use std::fmt;
use std::process::ExitCode;

/// Exit codes, the same in every binary of this project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All was done.
    Done = 0,
    /// Nothing was done, or it isn't known to be done.
    Failed = 1,
    /// The command line, the spec or a declared name is wrong; nothing was tried.
    Usage = 2,
    /// Some of it was done: for example some tags moved and one was refused.
    Partly = 3,
    /// The registry wants credentials, or refused those it got.
    Authentication = 4,
    /// The registry or daemon could not be reached.
    Unreachable = 5,
    /// Ended by Ctrl-C or SIGTERM.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that brings its exit code with it; build it with [`fail`] or [`usage`].
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// An error that ends the command with `exit`.
pub fn fail(exit: Exit, message: impl Into<String>) -> anyhow::Error {
    Failure { exit, message: message.into() }.into()
}

/// An error in what was typed or declared.
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    fail(Exit::Usage, message)
}

impl Exit {
    /// The code for an error: what the first link of its chain that knows says, else [`Exit::Failed`].
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(failure) = cause.downcast_ref::<Failure>() {
                return failure.exit;
            }
            if let Some(error) = cause.downcast_ref::<registry::Error>() {
                return error.class().into();
            }
            // What an io::Error wraps is not among its causes: who reads a blob gets one.
            let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            let content = cause.downcast_ref().or_else(|| wrapped.and_then(|error| error.downcast_ref()));
            if let Some(registry::ContentError::Nowhere(nowhere)) = content {
                return nowhere.class().into();
            }
        }
        Self::Failed
    }
}

impl From<registry::Class> for Exit {
    fn from(class: registry::Class) -> Self {
        match class {
            registry::Class::Authentication => Self::Authentication,
            registry::Class::Unreachable => Self::Unreachable,
            registry::Class::Partly => Self::Partly,
            registry::Class::Other => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registry::ContentError;
    use registry::error::{Asked, Error, Problem};
    use registry::remote::{Failure, Nowhere};

    #[test]
    fn the_cause_says_the_code_however_it_is_wrapped() {
        let unreachable = || {
            let asked = Asked { method: "GET".into(), url: "u".into() };
            let error =
                Error::Connection { asked, host: "h".into(), problem: Problem::Refused, source: None };
            let failures = vec![Failure { place: "h/x".into(), error }];
            ContentError::Nowhere(Nowhere { what: "x".into(), looked: vec![], failures, untried: 0 })
        };
        for error in [
            anyhow::Error::new(unreachable()),
            anyhow::Error::new(Error::from(unreachable())),
            anyhow::Error::new(std::io::Error::other(unreachable())).context("an archive"),
        ] {
            assert_eq!(Exit::of(&error), Exit::Unreachable, "{error:?}");
        }
        assert_eq!(Exit::of(&anyhow::anyhow!("x")), Exit::Failed);
    }
}
