//! Distribution client, credentials, push planner and an embedded registry.
//!
//! [`content::Content`] says where bytes are, here or in other registries ([`remote`]); [`push::push`] brings an image
//! from there to a registry through a [`client::Client`], several of them together ([`sharing`]), and [`serve`] hands it out on
//! loopback. This crate reads no environment variable itself: what it needs from there it is given
//! ([`keychain::Keychain::from_variables`]); the HTTP client alone looks up proxies and certificates.

pub mod client;
pub mod content;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod jobs;
pub mod keychain;
pub mod plan;
pub mod push;
pub mod read_back;
pub mod referrers;
pub mod remote;
pub mod retry;
pub mod scope;
pub mod secret;
pub mod serve;
pub mod sharing;

mod answer;
mod auth;
mod body;
mod carry;
mod challenge;
mod transport;

pub use client::{Client, Options};
pub use content::{Content, ContentError, Source};
pub use error::{Class, Error};
pub use jobs::Jobs;
pub use remote::{RemoteBlob, Sources};
