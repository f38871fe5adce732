//! Connecting: the first endpoint that answers a ping, and the API version that both sides speak.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use url::Url;

use super::api::ApiVersion;
use super::endpoint::{Candidate, Daemon, Endpoint, Program};
use super::error::{Error, Tried, causes};
use super::find;
use crate::{Environment, Reason};

/// How long a daemon may take to accept a connection and answer a ping. A socket whose daemon hangs accepts forever.
const PING: Duration = Duration::from_secs(10);

/// The newest API that the calls made here were written for (Docker 28.3). They have not changed since 1.32.
const NEWEST: ApiVersion = ApiVersion { major: 1, minor: 51 };
/// The first API whose pull takes a platform (Docker 17.09).
const OLDEST: ApiVersion = ApiVersion { major: 1, minor: 32 };

/// A daemon that answers.
#[derive(Debug, Clone)]
pub struct Docker {
    http: Client,
    /// The root of the API's URLs.
    base: Url,
    daemon: Daemon,
    api: ApiVersion,
    /// The version of podman's own API, where it is podman that answers.
    libpod: Option<String>,
}

/// Finds the docker daemon that `environment` means and agrees with it on an API version.
///
/// # Errors
/// [`Error::NoDaemon`] names every socket that was tried and why each will not do; the others say what of the
/// configuration cannot be used.
pub async fn connect(environment: &Environment) -> Result<Docker, Error> {
    first(find::candidates(environment)?).await?.map_err(Error::NoDaemon)
}

/// The first of `candidates` that answers; else why each of them will not do.
///
/// # Errors
/// One answers, and is too old.
pub(crate) async fn first(candidates: Vec<Candidate>) -> Result<Result<Docker, Vec<Tried>>, Error> {
    let mut tried = Vec::new();
    for Candidate { endpoint, origin } in candidates {
        match ping(&endpoint).await {
            Ok((http, base, Pong { newest, libpod })) => {
                let program = if libpod.is_some() { Program::Podman } else { Program::Docker };
                let daemon = Daemon { program, endpoint };
                let Some(api) = negotiate(newest) else {
                    return Err(Error::TooOld {
                        daemon,
                        found: newest.to_string(),
                        needed: OLDEST.to_string(),
                    });
                };
                return Ok(Ok(Docker { http, base, daemon, api, libpod }));
            }
            Err(reason) => tried.push(Tried { endpoint, origin, reason }),
        }
    }
    Ok(Err(tried))
}

/// The version to speak with a daemon whose newest is `daemon`.
fn negotiate(daemon: ApiVersion) -> Option<ApiVersion> {
    Some(daemon.min(NEWEST)).filter(|api| *api >= OLDEST)
}

/// What a daemon says of itself in the headers of its answer to a ping.
struct Pong {
    newest: ApiVersion,
    libpod: Option<String>,
}

/// Asks whether a daemon listens at `endpoint` and which API it speaks.
async fn ping(endpoint: &Endpoint) -> Result<(Client, Url, Pong), Reason> {
    let http = client(endpoint)?;
    let base = Url::parse(&endpoint.base_url()).map_err(|error| error.to_string())?;
    let mut url = base.clone();
    url.set_path("/_ping");
    let request = http.get(url).timeout(PING);
    let response = request.send().await.map_err(|error| why_unreachable(endpoint, &error))?;
    if !response.status().is_success() {
        return Err(format!("answers a ping with {}", response.status()).into());
    }
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let version =
        header("api-version").ok_or("answers, but not as docker does: its ping names no API version")?;
    let newest =
        version.parse().map_err(|()| format!("answers with the API version `{version}`, which is none"))?;
    // It becomes part of paths.
    let is_version = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let libpod = header("libpod-api-version").filter(is_version).map(str::to_owned);
    Ok((http, base, Pong { newest, libpod }))
}

/// A client of `endpoint`. TLS is never spoken to a daemon, so no root certificate is loaded.
fn client(endpoint: &Endpoint) -> Result<Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .connect_timeout(PING)
        .user_agent(concat!("rules_strata/", env!("CARGO_PKG_VERSION")));
    if let Endpoint::Unix(path) = endpoint {
        #[cfg(unix)]
        {
            builder = builder.unix_socket(path.as_path());
        }
        #[cfg(not(unix))]
        return Err(format!("{}: this system has no unix sockets", path.display()));
    }
    builder.build().map_err(|error| error.to_string())
}

/// Why a connection came to nothing, with the fix where there is a usual one.
fn why_unreachable(endpoint: &Endpoint, error: &reqwest::Error) -> Reason {
    if error.is_timeout() {
        return format!("accepts, but does not answer within {} s", PING.as_secs()).into();
    }
    let kind = io_kind(error);
    match (endpoint, kind) {
        (Endpoint::Unix(_), Some(io::ErrorKind::NotFound)) => Reason::NoFile,
        (Endpoint::Unix(_), Some(io::ErrorKind::PermissionDenied)) => {
            "permission denied; join the group that owns it (docker's: `sudo usermod -aG docker $USER`, then log in \
             again)"
                .into()
        }
        (Endpoint::Unix(_), Some(io::ErrorKind::ConnectionRefused)) => {
            "the socket is there, but nothing listens on it".into()
        }
        (Endpoint::Tcp(_), Some(io::ErrorKind::ConnectionRefused)) => "connection refused".into(),
        _ => causes(error).into(),
    }
}

/// The kind of the I/O error at the root of `error`.
fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let mut kind = None;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        kind = error.downcast_ref::<io::Error>().map_or(kind, |error| Some(error.kind()));
        cause = error.source();
    }
    kind
}

impl Docker {
    /// Where the daemon listens.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.daemon.endpoint
    }

    /// Which daemon it is, and where.
    #[must_use]
    pub fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    /// A request for `path` below the agreed version. Slashes stay: docker's routes take what is left of the path as
    /// an image's name. What cannot stand in a path (a blank, `?`, `#`) is encoded, so no name reaches the query.
    pub(super) fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.request_whole(method, &format!("/v{}{path}", self.api), query)
    }

    /// The root of podman's own API; `None` where it is not podman that answers.
    pub(crate) fn libpod(&self) -> Option<String> {
        Some(format!("/v{}/libpod", self.libpod.as_ref()?))
    }

    /// A request for a path with its version in it.
    pub(crate) fn request_whole(&self, method: Method, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http.request(method, url)
    }

    /// Sends `request` and turns an error status into [`Error::Refused`] with the daemon's words.
    pub(crate) async fn send(&self, operation: &str, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|source| self.connection(operation, source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.map_err(|source| self.connection(operation, source))?;
        Err(Error::Refused {
            operation: operation.to_owned(),
            daemon: self.daemon.clone(),
            status: status.as_u16(),
            message: message(&body),
        })
    }

    /// The same for an answer that is one JSON document.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        operation: &str,
        request: RequestBuilder,
    ) -> Result<T, Error> {
        let response = self.send(operation, request).await?;
        let body = response.bytes().await.map_err(|source| self.connection(operation, source))?;
        serde_json::from_slice(&body).map_err(|error| self.malformed(operation, error.to_string()))
    }

    pub(crate) fn connection(&self, operation: &str, source: reqwest::Error) -> Error {
        Error::Connection { operation: operation.to_owned(), daemon: self.daemon.clone(), source }
    }

    pub(crate) fn malformed(&self, operation: &str, detail: String) -> Error {
        Error::Malformed { operation: operation.to_owned(), daemon: self.daemon.clone(), detail }
    }
}

/// The words of an error body: `{"message": …}`, else its text, cut to what fits an error message.
fn message(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Body {
        message: String,
    }
    const MOST: usize = 1000;
    match serde_json::from_slice(body) {
        Ok(Body { message }) => message,
        Err(_) if body.trim_ascii().is_empty() => "nothing more".to_owned(),
        Err(_) => String::from_utf8_lossy(body.trim_ascii()).chars().take(MOST).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_version_is_the_smaller_of_both_newest() {
        for (daemon, expected) in [
            ("1.41", Some("1.41")),
            ("1.32", Some("1.32")),
            ("1.99", Some("1.51")),
            ("1.31", None),
            ("2.0", Some("1.51")),
        ] {
            let agreed = negotiate(daemon.parse().unwrap()).map(|api| api.to_string());
            assert_eq!(agreed.as_deref(), expected, "{daemon}");
        }
    }

    #[test]
    fn words_of_an_error_body() {
        for (body, expected) in [
            (r#"{"message":"no such image"}"#, "no such image"),
            ("client is too old\n", "client is too old"),
            (" \n", "nothing more"),
        ] {
            assert_eq!(message(body.as_bytes()), expected);
        }
        assert_eq!(message("ä".repeat(5000).as_bytes()).chars().count(), 1000);
    }
}
