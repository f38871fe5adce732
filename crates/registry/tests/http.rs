//! The client, pushes and the servers of this crate over real connections on loopback.

#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

mod http {
    mod common;
    mod faults;
    mod login;
    mod names;
    mod push;
    mod referrers;
    mod remote;
    mod serve;
    mod sharing;
}
