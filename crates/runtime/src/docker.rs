//! Docker: its daemon's Engine API over a unix socket or TCP.
//!
//! ```text
//! find      environment, contexts -> the endpoints to try, in order
//! connect   the first of them that answers -> Docker
//! api       version, info, inspect, tag, untag
//! pull      a pull, with its stream of progress
//! ```
//! Invariant: a [`Docker`] has answered a ping and agreed on an API version; every error names the daemon and what it
//! was asked.

mod api;
mod connect;
mod context;
mod endpoint;
mod error;
mod find;
mod pull;

pub use api::{ApiVersion, Image, Info, Version};
pub use connect::{Docker, connect};
pub use endpoint::{Candidate, Endpoint, Origin};
pub use error::{Error, Tried};
pub use find::candidates;
pub use pull::Progress;
