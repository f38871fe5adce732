//! Container runtimes: finding one, and asking it to pull, tag and forget images, or to load an archive.
//!
//! ```text
//! find         environment -> the runtime that is meant
//! engine       what is asked of any of them
//! docker       Engine API over a socket
//! podman       its own API over a socket, or its command
//! containerd   ctr or nerdctl
//! client       how those commands are run
//! ```
//! Where a runtime has an API that can be asked to pull, that is spoken; a command-line client runs only where there is
//! none. The environment is read once, into an [`Environment`]; everything below is given that value and reads none
//! itself.

pub mod containerd;
pub mod docker;
pub mod podman;

mod archive;
mod client;
mod engine;
mod environment;
mod error;
mod find;
mod probe;
mod reason;

pub use archive::Archive;
pub use client::ClientError;
pub use engine::{About, Engine};
pub use environment::Environment;
pub use error::{Error, Tried};
pub use find::{Found, Kind, find};
pub use reason::Reason;
