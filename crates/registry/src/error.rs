//! What can go wrong with a registry, told apart by what to do about it.
//!
//! Invariants: every message names the request (method and URL, without its query, which may hold signatures) or
//! the host, and says what to do; a credential is named by where it came from, never shown.

use std::fmt;
use std::time::Duration;

use oci::reference::Tag;

use crate::content::ContentError;
use crate::keychain::KeychainError;

/// A request, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The URL without query and user.
    pub url: String,
}

impl Asked {
    /// The name of a request.
    #[must_use]
    pub fn new(method: &str, url: &url::Url) -> Self {
        let mut shown = url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        // Fails for URLs that can't have a user, which then have none.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        Self { method: method.to_owned(), url: shown.to_string() }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// Which credential went with a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Used {
    /// None was asked for.
    #[default]
    NotAsked,
    /// It was asked for, and none was found; where was looked.
    NoneFound {
        /// The places, in order.
        looked: Vec<String>,
    },
    /// One was sent; where it came from.
    From {
        /// For example `/home/me/.docker/config.json`.
        source: String,
    },
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("no credentials were sent"),
            Self::NoneFound { looked } if looked.is_empty() => {
                f.write_str("no credentials were found: neither $HOME nor $DOCKER_CONFIG is set")
            }
            Self::NoneFound { looked } => write!(f, "no credentials were found in {}", looked.join(", ")),
            Self::From { source } => write!(f, "the credentials came from {source}"),
        }
    }
}

/// An answer that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 429
    TooManyRequests,
    /// 5xx
    Server,
    /// Any other
    Other,
}

impl Refusal {
    /// Sorts a status.
    #[must_use]
    pub fn of(status: u16) -> Self {
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            429 => Self::TooManyRequests,
            500.. => Self::Server,
            _ => Self::Other,
        }
    }
}

/// A refusal, with all that is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The request.
    pub asked: Asked,
    /// Its host.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// What the registry said about it, cut to a line; may be empty.
    pub said: String,
    /// How long the registry wants to be left alone.
    pub retry_after: Option<Duration>,
    /// Which credential was sent.
    pub used: Used,
    /// How many times it was asked.
    pub attempts: u32,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, host, status, said, used, .. } = self;
        write!(f, "{asked}: the registry answered {status}")?;
        if !said.is_empty() {
            write!(f, " ({said})")?;
        }
        if self.attempts > 1 {
            write!(f, ", {} times", self.attempts)?;
        }
        match Refusal::of(*status) {
            Refusal::Unauthorized => match used {
                Used::From { .. } => write!(f, ". It refuses the credentials; {used}: log in again, `docker login {host}`"),
                _ => write!(f, ". It wants credentials and {used}: log in with `docker login {host}`"),
            },
            Refusal::Forbidden => {
                let may = if asked.method == "GET" { "read" } else { "push to" };
                write!(f, ". Not allowed; {used}: use an account that may {may} this repository")
            }
            Refusal::NotFound if asked.method == "GET" => write!(
                f,
                ". It has nothing of that name, or answers so to accounts that may not see it; {used}: check the \
                 repository's name, and whether it still keeps the image"
            ),
            Refusal::NotFound => f.write_str(
                ". Check the repository's name; some registries want a repository to be created before the first push, \
                 or answer so to accounts that may not see it",
            ),
            Refusal::TooManyRequests => {
                f.write_str(". It limits how often it may be asked: ")?;
                match self.retry_after {
                    Some(wait) => write!(f, "try again in {} s", wait.as_secs())?,
                    None => f.write_str("try again later")?,
                }
                f.write_str(", with fewer --jobs, or logged in")
            }
            Refusal::Server => f.write_str(". The failure is the registry's: try again later, and see its log"),
            Refusal::Other => write!(f, "; {used}"),
        }
    }
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing listens there.
    Refused,
    /// The name is unknown.
    NoSuchHost,
    /// No way leads there, or nothing came back in time.
    NoRoute,
    /// There is somebody, but no TLS connection could be made.
    Tls,
    /// The connection was cut after it was made.
    Cut,
    /// The other side went silent.
    Silent,
}

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry refused.
    #[error("{0}")]
    Answer(Box<Answer>),
    /// There was no answer, or half of one.
    #[error("{asked}: {}", explain(*problem, host))]
    Connection {
        /// The request.
        asked: Asked,
        /// Its host.
        host: String,
        /// What happened.
        problem: Problem,
        /// The cause.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The answer makes no sense.
    #[error("{asked}: {what}. Check the address, and any proxy before the registry")]
    Protocol {
        /// The request.
        asked: Asked,
        /// What is wrong with the answer.
        what: String,
    },
    /// What was received is not what was asked for.
    #[error(
        "{asked}: received {found} ({size} bytes) instead: the registry or something before it damages content"
    )]
    Damaged {
        /// The request.
        asked: Asked,
        /// The digest of what was received.
        found: oci::digest::Digest,
        /// How many bytes were received.
        size: u64,
    },
    /// The address is none.
    #[error("{registry:?} is no address of a registry: write host or host:port")]
    Address {
        /// What was given.
        registry: String,
        /// What is wrong with it.
        source: url::ParseError,
    },
    /// The HTTP client can't be made, for example for want of system certificates.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// A server of our own can't be started, or its files can't be written.
    #[error("the registry inside this program: {what}")]
    Serve {
        /// What was tried.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Something on this side is missing or unreadable.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// Credentials could not be read.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// What lists the referrers of a digest, where the registry does not, could not be brought up to date.
    #[error("{repository}:{tag}, where clients list what refers to that digest: {what}")]
    Listing {
        /// The repository.
        repository: String,
        /// The tag.
        tag: Tag,
        /// What is wrong, and what to do.
        what: String,
    },
    /// Some tags were moved, and then one was refused.
    #[error("moved {}, but not {failed}; a second push moves the rest", list(done))]
    Partly {
        /// Those that were moved.
        done: Vec<Tag>,
        /// The first that wasn't.
        failed: Tag,
        /// Why.
        source: Box<Error>,
    },
}

/// What an error means to whoever started the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Credentials are missing or don't do.
    Authentication,
    /// The registry can't be reached.
    Unreachable,
    /// Some of it was done.
    Partly,
    /// Anything else.
    Other,
}

impl Error {
    /// What this means to whoever started the program.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Answer(answer) => match Refusal::of(answer.status) {
                Refusal::Unauthorized | Refusal::Forbidden => Class::Authentication,
                _ => Class::Other,
            },
            Self::Connection { problem: Problem::Cut, .. } => Class::Other,
            Self::Connection { .. } => Class::Unreachable,
            Self::Keychain(_) => Class::Authentication,
            Self::Content(ContentError::Nowhere(nowhere)) => nowhere.class(),
            Self::Partly { .. } => Class::Partly,
            _ => Class::Other,
        }
    }

    /// The status, if the registry answered with one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answer(answer) => Some(answer.status),
            _ => None,
        }
    }

    pub(crate) fn protocol(asked: Asked, what: impl Into<String>) -> Self {
        Self::Protocol { asked, what: what.into() }
    }
}

fn explain(problem: Problem, host: &str) -> String {
    match problem {
        Problem::Refused => {
            format!("nothing listens at {host}. Is the registry running, and the port right?")
        }
        Problem::NoSuchHost => format!("no host is known as {host}. Check the registry's name"),
        Problem::NoRoute => format!("{host} cannot be reached. Check the network, VPN and proxy settings"),
        Problem::Tls => format!(
            "no TLS connection to {host}. Add its CA to the system's certificates or name it in SSL_CERT_FILE; a push can \
             allow plain HTTP and any certificate with --insecure"
        ),
        Problem::Cut => {
            format!("{host} cut the connection. Try again; if it stays, see the log of the registry or proxy")
        }
        Problem::Silent => format!("{host} does not answer any more. Try again; if it stays, see its log"),
    }
}

fn list(tags: &[Tag]) -> String {
    tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(method: &str, status: u16, used: Used) -> String {
        let asked =
            Asked::new(method, &"https://u:p@r.example/v2/x/manifests/1?sig=secret#f".parse().unwrap());
        Error::Answer(Box::new(Answer {
            asked,
            host: "r.example".into(),
            status,
            said: "DENIED: no".into(),
            retry_after: Some(Duration::from_secs(9)),
            used,
            attempts: 1,
        }))
        .to_string()
    }

    #[test]
    fn says_what_to_do_and_never_the_query() {
        let from = || Used::From { source: "/h/.docker/config.json".into() };
        let none = Used::NoneFound { looked: vec!["/h/.docker/config.json".into()] };
        for (status, used, says) in [
            (
                401,
                from(),
                "refuses the credentials; the credentials came from /h/.docker/config.json: log in again",
            ),
            (
                401,
                none,
                "no credentials were found in /h/.docker/config.json: log in with `docker login r.example`",
            ),
            (403, from(), "use an account that may push"),
            (404, from(), "Check the repository's name"),
            (429, from(), "try again in 9 s"),
            (503, from(), "see its log"),
            (418, Used::NotAsked, "no credentials were sent"),
        ] {
            let text = answer("PUT", status, used);
            assert!(text.starts_with("PUT https://r.example/v2/x/manifests/1: "), "{text}");
            assert!(text.contains(says), "{text}");
        }
        for (status, says) in [(403, "may read this repository"), (404, "whether it still keeps the image")] {
            let text = answer("GET", status, from());
            assert!(text.contains(says) && text.contains("/h/.docker/config.json"), "{text}");
        }
    }
}
