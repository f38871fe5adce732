//! Podman: through its service where that listens, else through its command, which needs none.
//!
//! ```text
//! find      environment -> where its service may listen
//! service   pull, tag, untag, load by podman's own API
//! command   the same by `podman`
//! ```
//! Both keep images under full names (`docker.io/library/app:latest`), and pull by tag: podman cannot take away a name
//! that holds a digest.

mod command;
mod find;
mod service;

pub use command::Command;
pub(crate) use find::{Place, places};
pub use service::Service;
