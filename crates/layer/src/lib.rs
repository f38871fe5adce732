//! Files to a layer blob: entries, tar, compression and digests in one streaming pass.
//!
//! [`entries`] parses what the rules declare, [`plan`] makes it the sorted list of what the layer holds, and [`layer`]
//! packs that list; [`import`] takes a tar from elsewhere. [`members`] reads tars that are no layers, and hold some.
//! [`overlay`] is the tree of several layers by their listings, and [`contents`] reads files of one. Which bytes come out is
//! specified in docs/layer-format.md.
//!
//! Invariant of the whole crate: the output is a function of the declared entries, the attributes, and the names
//! and contents of the files. Nothing reads the clock, the environment, or the number of threads but
//! to start as many.

mod below;
mod block;
mod capability;
mod cut;
mod dedupe;
mod engine;
mod header;
mod host;
mod links;
mod merge;
mod mtree;
mod read;
mod shape;
mod staging;
mod stream;
mod walk;

pub mod attributes;
pub mod codec;
pub mod contents;
pub mod dense;
pub mod entries;
pub mod entry;
pub mod error;
pub mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod glob;
pub mod import;
pub mod layer;
pub mod listed;
pub mod loader;
pub mod members;
pub mod overlay;
pub mod part;
pub mod path;
pub mod pattern;
pub mod plan;
pub mod settings;
pub mod slice;
pub mod whiteout;
pub mod xattr;

pub use engine::Written;
pub use error::Error;
pub use links::LinkError;
