//! What can go wrong with any runtime.
//!
//! Invariant: an error that says that nothing was found names every place that was tried, why each will not do, and
//! what to do.

use std::fmt::Write as _;

use crate::client::ClientError;
use crate::{Kind, Reason, docker};

/// A runtime that was looked for somewhere, and why it will not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Which.
    pub kind: Kind,
    /// Where, and who says so, such as `unix:///run/podman/podman.sock (from CONTAINER_HOST)`.
    pub place: String,
    /// Why not.
    pub reason: Reason,
}

/// Why no runtime was found, or why one did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Docker's daemon, or podman's service.
    #[error(transparent)]
    Api(#[from] docker::Error),
    /// A command-line client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Nothing answers.
    #[error("{}", no_runtime(*wanted, tried))]
    NoRuntime {
        /// The one that was asked for.
        wanted: Option<Kind>,
        /// Everywhere that was looked.
        tried: Vec<Tried>,
    },
    /// `CONTAINER_HOST` holds a URL that cannot be used.
    #[error(
        "{0} (from CONTAINER_HOST) is no place of a podman service: write unix:///PATH, tcp://HOST:PORT or ssh://…"
    )]
    ContainerHost(String),
}

impl Error {
    /// Whether the runtime could not be talked to at all, as opposed to having said no.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Api(error) => error.is_unreachable(),
            Self::NoRuntime { .. } => true,
            _ => false,
        }
    }

    /// Whether the user has named what cannot be used, so that nothing was tried.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        use docker::Error::{NoContext, UnusableHost};
        matches!(self, Self::Api(UnusableHost { .. } | NoContext { .. }) | Self::ContainerHost(_))
    }

    /// What the runtime said where it refused something; `None` where it was not it that spoke.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.words(),
            Self::Client(error) => error.words(),
            _ => None,
        }
    }
}

fn no_runtime(wanted: Option<Kind>, tried: &[Tried]) -> String {
    let mut text = match wanted {
        Some(kind) => format!("no {kind} answers. Tried:"),
        None => "no container runtime answers. Tried:".to_owned(),
    };
    for Tried { kind, place, reason } in tried {
        let _ = write!(text, "\n  {kind}: {place}: {reason}");
    }
    let fix = match wanted {
        Some(Kind::Docker) => {
            "Start docker (`sudo systemctl start docker`, or Docker Desktop), or set DOCKER_HOST to one that runs."
        }
        Some(Kind::Podman) => {
            "Install podman, or start its service (`systemctl --user start podman.socket`), or set CONTAINER_HOST to one \
             that runs."
        }
        Some(Kind::Containerd) => {
            "Start containerd (`sudo systemctl start containerd`), or set CONTAINERD_ADDRESS to the socket of one that \
             runs."
        }
        Some(Kind::Nerdctl) => "Install nerdctl and start its containerd, or use --runtime containerd.",
        None => {
            "Start one (`sudo systemctl start docker`, `systemctl --user start podman.socket`), or name one that runs \
             with DOCKER_HOST, CONTAINER_HOST or CONTAINERD_ADDRESS."
        }
    };
    let _ = write!(text, "\n{fix}");
    text
}
