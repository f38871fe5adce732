//! Docker: its daemon's Engine API over a unix socket or TCP. Podman's service speaks it too.
//!
//! ```text
//! find      environment, contexts -> the endpoints to try, in order
//! connect   the first of them that answers -> Docker
//! api       version, info, inspect, tag, untag
//! pull      a pull, with its stream of progress
//! load      an archive, where the daemon cannot pull
//! lines     answers that come in lines
//! ```
//! Invariant: a [`Docker`] has answered a ping and agreed on an API version; every error names the daemon and what it
//! was asked.

mod api;
mod connect;
mod context;
mod endpoint;
mod error;
mod find;
mod lines;
mod load;
mod pull;

pub use api::{Image, Info, RootFs, Version};
pub(crate) use connect::first;
pub use connect::{Docker, connect};
pub use endpoint::{Candidate, Daemon, Endpoint, Origin, Program};
pub use error::{Error, Tried};
pub use find::candidates;
pub(crate) use find::names_a_context;
pub use pull::Progress;
