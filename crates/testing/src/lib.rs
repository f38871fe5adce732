//! Fixtures for the tests of the other crates: small images, a registry with faults, a daemon, a proxy.

pub mod docker;
pub mod image;
pub mod proxy;
pub mod registry;
