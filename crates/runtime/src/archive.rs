//! An image as one file, for runtimes that cannot pull.

use std::io;

use bytes::Bytes;
use futures_util::stream::BoxStream;

/// The bytes of an archive in the form of `docker save` or of an OCI layout in a tar, which every runtime reads, in
/// pieces as they come.
pub type Archive = BoxStream<'static, io::Result<Bytes>>;
