//! The HTTP client underneath, and what its errors mean.
//!
//! Redirects are not followed here, since only [`crate::client`] knows which headers may go where.

use std::error::Error as StdError;
use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::endpoint::{Endpoint, Transport, is_loopback};
use crate::error::{Asked, Error, Problem};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(15);

/// A client for `endpoint`: proxies from the environment, but never for loopback; certificates of the system, and
/// with `--insecure` any.
///
/// # Errors
/// [`Error::Setup`]
pub(crate) fn http(endpoint: &Endpoint) -> Result<reqwest::Client, Error> {
    // An error means that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("rules_strata/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none());
    let builder = if is_loopback(&endpoint.host) { builder.no_proxy() } else { builder };
    let builder = match endpoint.transport {
        Transport::Tls | Transport::Plain => builder,
        Transport::Insecure => builder.tls_danger_accept_invalid_certs(true),
    };
    builder.build().map_err(Error::Setup)
}

/// What an error of the HTTP client means.
pub(crate) fn failed(asked: Asked, host: &str, error: reqwest::Error) -> Error {
    let problem = problem(&error);
    // The URL is in `asked`, without its query.
    Error::Connection { asked, host: host.to_owned(), problem, source: Some(Box::new(error.without_url())) }
}

fn problem(error: &reqwest::Error) -> Problem {
    let causes = causes(error);
    if causes.iter().any(|cause| cause.is::<rustls::Error>()) {
        return Problem::Tls;
    }
    if !error.is_connect() {
        return if error.is_timeout() { Problem::Silent } else { Problem::Cut };
    }
    if error.is_dns() {
        return Problem::NoSuchHost;
    }
    for io in causes.iter().filter_map(|cause| cause.downcast_ref::<std::io::Error>()) {
        match io.kind() {
            ErrorKind::ConnectionRefused => return Problem::Refused,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof => {
                return Problem::Cut;
            }
            _ => {}
        }
    }
    Problem::NoRoute
}

/// An error and all its causes. What an `io::Error` wraps is not among its causes, but looked into here.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        causes.push(cause);
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    causes
}

/// When something last moved.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<Instant>);

impl Activity {
    /// Now.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// Something moved.
    pub(crate) fn mark(&self) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What `work` returns, or none once nothing has moved for `limit`. A limit on the whole would cut long uploads.
    pub(crate) async fn watch<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            let deadline = self.last() + limit;
            tokio::select! {
                done = &mut work => return Some(done),
                () = tokio::time::sleep_until(deadline) => {
                    if self.last() + limit <= Instant::now() {
                        return None;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn watches_for_silence_and_not_for_length() {
        let activity = Activity::new();
        let long = async {
            for _ in 0..6 {
                tokio::time::sleep(Duration::from_millis(30)).await;
                activity.mark();
            }
        };
        assert_eq!(activity.watch(Duration::from_millis(120), long).await, Some(()));
        let forever = std::future::pending::<()>();
        assert_eq!(activity.watch(Duration::from_millis(20), forever).await, None);
    }
}
