//! containerd: through `ctr`, which comes with it, or through `nerdctl`.
//!
//! ```text
//! find      environment -> sockets and namespace
//! ctr       pull, tag, remove, import by `ctr`
//! nerdctl   the same by `nerdctl`
//! ```
//! containerd 1.6 pulls nothing itself: its clients fetch the blobs that its store lacks and write them there under a
//! lease. `ctr` is such a client, of the version that fits, and is there wherever containerd is; so no gRPC is spoken
//! here.
//!
//! Invariant: a namespace is always named. Images of one are not seen in another, and docker's are in `moby`.

mod ctr;
mod find;
mod nerdctl;

pub use ctr::Ctr;
pub(crate) use find::{DOCKERS_NAMESPACE, Socket, sockets};
pub use nerdctl::Nerdctl;
