//! Writes the image targets of the binaries in BUILD files.
//!
//! Each BUILD file is planned and edited by itself ([`package`]), by what directives say in it and above it ([`settings`]).

pub mod diagnostic;
pub mod directives;
pub mod label;
pub mod languages;
pub mod package;
pub mod settings;
