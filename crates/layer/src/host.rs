//! The three things that operating systems disagree on: names as bytes, link targets as bytes, and the executable bit.
//!
//! Invariant: on Unix nothing is lost. Elsewhere names must be Unicode, and no file is executable.

use std::{ffi::OsStr, fs::Metadata};

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

/// Whether the owner may execute the file.
#[cfg(unix)]
pub(crate) fn is_executable(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0
}

/// Whether the owner may execute the file: this system does not know.
#[cfg(not(unix))]
pub(crate) fn is_executable(_: &Metadata) -> bool {
    false
}
