//! The binary, as `bazel run` starts it, against registries on loopback.

#![cfg(unix)] // links and signals
#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

mod registry {
    mod archive;
    mod deploy;
    mod fetch;
    mod fixture;
    mod help;
    mod inspect;
    mod names;
    mod places;
    mod push;
    mod referrers;
    mod serve;
    mod signer;
    mod upload;
}
