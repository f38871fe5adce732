//! Container runtimes: finding their daemons and asking them to pull, tag and forget images.
//!
//! One module for each runtime, over its own protocol: [`docker`] speaks the Engine API to a daemon's socket. No
//! command-line client is ever started, so nothing depends on which version of one is installed. The environment
//! is read once, into an [`Environment`]; everything below is given that value and reads none itself.

pub mod docker;
mod environment;

pub use environment::Environment;
