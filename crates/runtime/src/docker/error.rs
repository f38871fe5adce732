//! What can go wrong with a daemon that is spoken to over its API.
//!
//! Invariant: each names the daemon or the file, what was asked, and what to do about it.

use std::error::Error as _;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::endpoint::{Daemon, Endpoint, Origin};
use crate::Reason;

/// An endpoint that was tried, and why it will not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Where.
    pub endpoint: Endpoint,
    /// Who named it.
    pub origin: Origin,
    /// Why not.
    pub reason: Reason,
}

impl Tried {
    /// Whether nobody has named it: it is one of the usual places.
    pub(crate) fn is_usual(&self) -> bool {
        matches!(self.origin, Origin::WellKnown(_))
    }
}

/// Why a daemon was not found, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing answers.
    #[error("{}", no_daemon(.0))]
    NoDaemon(Vec<Tried>),
    /// `DOCKER_HOST` or a context holds a URL that cannot be used.
    #[error("{url} ({origin}) {why}")]
    UnusableHost {
        /// The URL.
        url: String,
        /// Who named it.
        origin: Origin,
        /// What is wrong with it and what to do.
        why: String,
    },
    /// A context that is named does not exist.
    #[error(
        "there is no docker context `{name}` ({} does not exist): `docker context ls` lists those there are; choose one \
         with `docker context use NAME` or DOCKER_CONTEXT, or set DOCKER_HOST", path.display()
    )]
    NoContext {
        /// The context's name.
        name: String,
        /// Where it would be described.
        path: PathBuf,
    },
    /// Docker's own configuration is in the way.
    #[error("docker's configuration {}: {detail}; correct the file, or set DOCKER_HOST to bypass it", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The daemon is older than the calls that are made.
    #[error(
        "{daemon} speaks API {found}, and {needed} is needed: update it to Docker 17.09 or later, or Podman 4.0 or later"
    )]
    TooOld {
        /// The daemon.
        daemon: Daemon,
        /// Its newest API version.
        found: String,
        /// The oldest that will do.
        needed: String,
    },
    /// The connection failed on the way.
    #[error("{operation}: the connection to {daemon} failed: {}; is it still running?", causes(source))]
    Connection {
        /// What was asked.
        operation: String,
        /// The daemon.
        daemon: Daemon,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The daemon answered with an error.
    #[error("{operation}: {daemon} answered {status}: {message}")]
    Refused {
        /// What was asked.
        operation: String,
        /// The daemon.
        daemon: Daemon,
        /// The HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// The daemon answered with something that is not its API.
    #[error(
        "{operation}: the answer of {daemon} makes no sense: {detail}; is it {} that listens there?",
        daemon.program
    )]
    Malformed {
        /// What was asked.
        operation: String,
        /// The daemon.
        daemon: Daemon,
        /// What is wrong with the answer.
        detail: String,
    },
    /// A pull failed after it had begun.
    #[error("pull of {reference}: {daemon} says: {message}")]
    Pull {
        /// What was pulled.
        reference: String,
        /// The daemon.
        daemon: Daemon,
        /// Its words.
        message: String,
    },
    /// An archive was refused after its load had begun.
    #[error("load of an archive: {daemon} says: {message}")]
    Load {
        /// The daemon.
        daemon: Daemon,
        /// Its words.
        message: String,
    },
}

impl Error {
    /// What the daemon said where it refused something; `None` where it was not it that spoke.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Refused { message, .. } | Self::Pull { message, .. } | Self::Load { message, .. } => {
                Some(message)
            }
            _ => None,
        }
    }

    /// Whether the daemon could not be talked to at all, as opposed to having said no.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::NoDaemon(_) | Self::Connection { .. })
    }
}

/// All causes of `error` that say something new, the outermost first.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !words.is_empty() && !text.contains(&words) {
            let _ = write!(text, "{}{words}", if text.is_empty() { "" } else { ": " });
        }
        cause = error.source();
    }
    if text.is_empty() { error.to_string() } else { text }
}

fn no_daemon(tried: &[Tried]) -> String {
    let mut text = String::from("no docker daemon answers. Tried:");
    for Tried { endpoint, origin, reason } in tried {
        let _ = write!(text, "\n  {endpoint} ({origin}): {reason}");
    }
    if tried.is_empty() {
        text.push_str(" nothing, since neither HOME nor XDG_RUNTIME_DIR is set");
    }
    let named = !tried.iter().all(Tried::is_usual);
    text.push_str("\nStart one (`sudo systemctl start docker`, or Docker Desktop)");
    text.push_str(if named {
        ", correct the place named above, or unset it to have the usual sockets tried."
    } else {
        ", or set DOCKER_HOST to one that runs."
    });
    text
}
