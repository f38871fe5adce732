//! What happens during a push, for whoever shows it: a progress bar, lines in a log, a test.

use std::sync::Arc;
use std::time::Duration;

use oci::digest::Digest;
use oci::reference::Tag;

use crate::error::{Error, Used};

/// Something that happened. Names are for people: the layer's target where it is known, else the digest.
#[derive(Debug)]
pub enum Event<'a> {
    /// The registry asked for credentials, and this is what it gets.
    Credential {
        /// The registry.
        registry: &'a str,
        /// Where they came from.
        used: &'a Used,
    },
    /// A request failed and will be repeated.
    Retry {
        /// Why.
        error: &'a Error,
        /// After this time.
        wait: Duration,
    },
    /// The blobs of the image are known: this many bytes may have to be sent.
    Planned {
        /// Number of blobs.
        blobs: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// Some bytes of a blob were handed to the connection.
    Moved {
        /// How many.
        bytes: u64,
    },
    /// An upload broke: this many bytes have to be sent again.
    Lost {
        /// How many.
        bytes: u64,
    },
    /// A blob is at the registry.
    Blob {
        /// Its digest.
        digest: &'a Digest,
        /// Its name.
        name: &'a str,
        /// Its size in bytes.
        size: u64,
        /// How it got there.
        how: Arrival,
    },
    /// The registry does not mount a blob that one of its repositories has, so it was sent to another, too.
    NotMounted {
        /// Its name.
        name: &'a str,
        /// The repository that has it.
        from: &'a str,
        /// The one that it was sent to.
        to: &'a str,
    },
    /// A manifest or index is at the registry.
    Manifest {
        /// Its digest.
        digest: &'a Digest,
    },
    /// An artifact is at the registry, and is found by what it is about.
    Attached {
        /// Its name.
        name: &'a str,
        /// What it is about.
        subject: &'a Digest,
        /// How it is found.
        how: Listed,
    },
    /// A tag names the image now.
    Tagged {
        /// The tag.
        tag: &'a Tag,
    },
}

/// How an artifact is found by what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// The registry lists it.
    ByRegistry,
    /// An index lists it under a tag that clients keep, since the registry doesn't.
    ByTag,
    /// Nothing was done because of a dry run.
    Would,
}

/// How a blob got to a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It was there.
    Existed,
    /// Another repository of the registry had it.
    Mounted,
    /// It was sent.
    Sent,
    /// Nothing was done because of a dry run; it would have been sent.
    WouldSend,
    /// It is never pushed: its manifest says where else to get it.
    Foreign,
}

/// Takes events, from several threads at once. Must return soon.
pub type Listener = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// A listener that does nothing.
#[must_use]
pub fn silent() -> Listener {
    Arc::new(|_| ())
}
