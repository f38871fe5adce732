//! Tests of what is in an image, as container-structure-test describes them, without a daemon.
//!
//! A config ([`config`]) becomes a [`config::Suite`]; with the image's config and its tree ([`Image`]) that becomes one
//! [`Outcome`] for each test. Files are read by somebody else: [`Image::files_of`] says which, of which layer. Commands are
//! run by somebody else, too, and [`commands`] says what is to be run and whether what came of it is right.
//!
//! Invariant: everything here is a function of its inputs; nothing is read but the config that [`config::Suite::load`]
//! is given.

pub mod commands;
pub mod config;
pub mod junit;
pub mod pattern;

mod contents;
mod existence;
mod expand;
mod image;
mod licenses;
mod metadata;
mod outcome;
mod resolve;
mod yaml;

pub use image::{File, Image};
pub use outcome::{Outcome, Verdict};
