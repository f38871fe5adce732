//! Whether something listens on a unix socket, where what listens is then spoken to by a client of its own.

use std::io;
use std::path::Path;

use crate::Reason;

/// Connects and hangs up.
#[cfg(unix)]
pub(crate) fn socket(path: &Path) -> io::Result<()> {
    std::os::unix::net::UnixStream::connect(path).map(drop)
}

/// This system has none.
#[cfg(not(unix))]
pub(crate) fn socket(_path: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Why nothing came of it.
pub(crate) fn why_not(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::NotFound => Reason::NoFile,
        io::ErrorKind::PermissionDenied => {
            "permission denied; it belongs to root: run this as root, or use a rootless runtime".into()
        }
        io::ErrorKind::ConnectionRefused => "the socket is there, but nothing listens on it".into(),
        io::ErrorKind::Unsupported => "this system has no unix sockets".into(),
        _ => error.to_string().into(),
    }
}
