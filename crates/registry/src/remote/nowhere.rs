//! Why a blob could not be had: what each place said.

use std::fmt;

use crate::error::{Class, Error};

/// No place gave the bytes that were asked for.
#[derive(Debug)]
pub struct Nowhere {
    /// The layer's target and the digest.
    pub what: String,
    /// Where it was looked for on this machine; may be empty.
    pub looked: Vec<String>,
    /// The places that were asked, in order, and why each of them failed. Not empty, unless there are no places.
    pub failures: Vec<Failure>,
    /// How many places after those were not asked, since wrong bytes had been handed out already.
    pub untried: usize,
}

/// Why one place failed.
#[derive(Debug)]
pub struct Failure {
    /// The place, `registry/repository` or a URL.
    pub place: String,
    /// What happened there.
    pub error: Error,
}

impl fmt::Display for Nowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot get {}", self.what)?;
        if !self.looked.is_empty() {
            write!(f, "; it is not in {}", self.looked.join(", "))?;
        }
        f.write_str(if self.failures.is_empty() {
            ", and nothing says where else it may be"
        } else {
            ", and:"
        })?;
        for Failure { place, error } in &self.failures {
            write!(f, "\n  {place}: {error}")?;
            let mut cause = std::error::Error::source(error);
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}

// No source: there are several, and all are in the message.
impl std::error::Error for Nowhere {}

impl Nowhere {
    /// What this means to whoever started the program: credentials, if they would have helped anywhere; unreachable,
    /// if no place was reached.
    #[must_use]
    pub fn class(&self) -> Class {
        let is = |class: Class| move |failure: &Failure| failure.error.class() == class;
        if self.failures.iter().any(is(Class::Authentication)) {
            return Class::Authentication;
        }
        let unreachable = !self.failures.is_empty() && self.failures.iter().all(is(Class::Unreachable));
        if unreachable { Class::Unreachable } else { Class::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Answer, Asked, Problem, Used};

    fn asked() -> Asked {
        Asked { method: "GET".into(), url: "https://r.example/v2/x".into() }
    }

    fn refused(status: u16) -> Error {
        Error::Answer(Box::new(Answer {
            asked: asked(),
            host: "r.example".into(),
            status,
            said: String::new(),
            retry_after: None,
            used: Used::NotAsked,
            attempts: 1,
        }))
    }

    fn unreachable() -> Error {
        let source = Some("no route to host".into());
        Error::Connection { asked: asked(), host: "r.example".into(), problem: Problem::NoRoute, source }
    }

    fn nowhere(errors: Vec<Error>) -> Nowhere {
        let failures =
            errors.into_iter().map(|error| Failure { place: "r.example/x".into(), error }).collect();
        let looked = vec!["the files of the run target".into()];
        Nowhere { what: "@base//:layer (sha256:0)".into(), looked, failures, untried: 0 }
    }

    #[test]
    fn what_it_means() {
        for (errors, class) in [
            (vec![], Class::Other),
            (vec![unreachable()], Class::Unreachable),
            (vec![unreachable(), refused(404)], Class::Other),
            (vec![unreachable(), refused(401), refused(404)], Class::Authentication),
        ] {
            assert_eq!(nowhere(errors).class(), class);
        }
    }

    #[test]
    fn names_the_blob_and_each_place_with_its_reason() {
        let text = nowhere(vec![unreachable(), refused(404)]).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(
            lines[0],
            "cannot get @base//:layer (sha256:0); it is not in the files of the run target, and:"
        );
        assert!(
            lines[1].starts_with("  r.example/x: GET ") && lines[1].ends_with(": no route to host"),
            "{text}"
        );
        assert!(lines[2].contains("answered 404"), "{text}");
    }
}
