//! What operating systems disagree on: names and link targets as bytes, reading at a place.
//!
//! Invariant: on Unix nothing is lost. Elsewhere names must be Unicode.

use std::{ffi::OsStr, fs::File, io, path::Path};

/// The bytes of a name, if it has any.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "the other systems' version can fail")]
pub(crate) fn bytes(name: &OsStr) -> Option<&[u8]> {
    Some(std::os::unix::ffi::OsStrExt::as_bytes(name))
}

/// The bytes of a name, if it is Unicode.
#[cfg(not(unix))]
pub(crate) fn bytes(name: &OsStr) -> Option<&[u8]> {
    name.to_str().map(str::as_bytes)
}

/// A path on disk of these bytes.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "the other systems' version can fail")]
pub(crate) fn path(bytes: &[u8]) -> Option<&Path> {
    Some(Path::new(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes)))
}

/// A path on disk of these bytes, if they are Unicode.
#[cfg(not(unix))]
pub(crate) fn path(bytes: &[u8]) -> Option<&Path> {
    str::from_utf8(bytes).ok().map(Path::new)
}

/// Reads from a place in a file, wherever other threads read.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

/// Reads from a place in a file, wherever other threads read.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
