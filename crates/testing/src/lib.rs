//! Fixtures for the tests of the other crates: small images and artifacts, a registry with faults, container runtimes, a proxy.

pub mod artifact;
pub mod client;
pub mod docker;
pub mod image;
pub mod proxy;
pub mod registry;
