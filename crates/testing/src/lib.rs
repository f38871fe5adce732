//! Fixtures for the tests of the other crates: small images and a registry with faults.

pub mod docker;
pub mod image;
pub mod registry;
