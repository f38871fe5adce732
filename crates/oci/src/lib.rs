//! The OCI formats: digests, references, descriptors, manifests, configs, layouts and archives.
//!
//! Everything here is a function of its inputs: no network, no clock, no environment. What is parsed keeps
//! the fields it does not know, and what is written has sorted keys, so that equal images have equal bytes.

pub mod archive;
pub mod atomic;
pub mod config;
pub mod descriptor;
pub mod digest;
pub mod json;
pub mod layer_json;
pub mod layout;
pub mod manifest;
pub mod media_type;
pub mod names;
pub mod platform;
pub mod reference;
pub mod report;
pub mod shape;
pub mod stamp;
pub mod timestamp;
pub mod verify;

mod suggest;

pub use descriptor::Descriptor;
pub use digest::Digest;
pub use layer_json::LayerJson;
pub use manifest::{Document, Index, Manifest};
pub use media_type::{Compression, Family};
pub use platform::Platform;
pub use reference::Reference;
pub use shape::Shape;
