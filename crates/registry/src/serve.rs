//! Registries that live inside this program, on loopback: [`ReadOnly`] hands out an image to a container runtime,
//! [`Embedded`] takes pushes for as long as it lives.

mod embedded;
mod path;
mod read_only;
mod respond;
mod server;

pub use embedded::Embedded;
pub use read_only::{ReadOnly, Served};
