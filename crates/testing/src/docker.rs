//! A docker daemon, or podman's service, that answers what a test tells it to, on a unix socket of its own.
//!
//! It holds no images: a test gives a function from a [`Call`] to an [`Answer`], and afterwards looks at the calls that
//! arrived. [`introduce`] answers the questions that every client asks first.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Response;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One request to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET`, `POST`, `DELETE`.
    pub method: String,
    /// The path without the API version: `/images/create`.
    pub path: String,
    /// The query as it was sent, percent-encoded; empty without one.
    pub query: String,
    /// The body, as far as it came.
    pub body: Bytes,
}

/// What the daemon answers.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    api: &'static str,
    libpod: Option<&'static str>,
    chunks: Vec<Bytes>,
    end: End,
}

/// How an answer's body ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Whole,
    Cut,
    Never,
}

impl Answer {
    /// `status` with `body`.
    #[must_use]
    pub fn new(status: u16, body: &str) -> Self {
        let chunks = vec![Bytes::copy_from_slice(body.as_bytes())];
        Self { status, api: "1.41", libpod: None, chunks, end: End::Whole }
    }

    /// An error as docker words it: `{"message": …}`.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        Self::new(status, &serde_json::json!({ "message": message }).to_string())
    }

    /// 200 and a stream of lines, one chunk each.
    #[must_use]
    pub fn lines(lines: &[&str]) -> Self {
        let chunks = lines.iter().map(|line| Bytes::from(format!("{line}\r\n"))).collect();
        Self { chunks, ..Self::new(200, "") }
    }

    /// The same answer of a daemon whose newest API is `version`.
    #[must_use]
    pub fn of_api(self, version: &'static str) -> Self {
        Self { api: version, ..self }
    }

    /// The same answer of podman's service, whose own API has this version.
    #[must_use]
    pub fn of_podman(self, version: &'static str) -> Self {
        Self { libpod: Some(version), ..self }
    }

    /// The same answer, but the connection breaks after its body.
    #[must_use]
    pub fn cut(self) -> Self {
        Self { end: End::Cut, ..self }
    }

    /// The same answer, but its body never ends.
    #[must_use]
    pub fn endless(self) -> Self {
        Self { end: End::Never, ..self }
    }

    fn into_response(self) -> Response<Body> {
        let body = stream::iter(self.chunks.into_iter().map(Ok));
        let body = match self.end {
            End::Whole => Body::from_stream(body),
            End::Cut => {
                Body::from_stream(body.chain(stream::once(async { Err(std::io::Error::other("cut")) })))
            }
            End::Never => Body::from_stream(body.chain(stream::pending::<std::io::Result<Bytes>>())),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            axum::http::StatusCode::from_u16(self.status).expect("a test uses a real HTTP status");
        response.headers_mut().insert("api-version", axum::http::HeaderValue::from_static(self.api));
        if let Some(libpod) = self.libpod {
            let value = axum::http::HeaderValue::from_static(libpod);
            response.headers_mut().insert("libpod-api-version", value);
        }
        response
    }
}

/// A running daemon; it stops when this is dropped.
#[derive(Debug)]
pub struct FakeDocker {
    socket: PathBuf,
    calls: Arc<Mutex<Vec<Call>>>,
    task: tokio::task::JoinHandle<()>,
}

impl FakeDocker {
    /// Listens on `docker.sock` in `dir` and answers each call with what `answer` makes of it.
    ///
    /// # Panics
    /// If the socket cannot be made.
    pub fn start<F, Fut>(dir: &Path, answer: F) -> Self
    where
        F: Fn(Call) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send,
    {
        let socket = dir.join("docker.sock");
        let listener = tokio::net::UnixListener::bind(&socket).expect("a socket in the test's folder");
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        let router = Router::new().fallback(move |request: Request| {
            let (seen, answer) = (Arc::clone(&seen), answer.clone());
            async move {
                let call = call(request).await;
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
                answer(call).await.into_response()
            }
        });
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                panic!("the fake daemon stopped: {error}");
            }
        });
        Self { socket, calls, task }
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What `DOCKER_HOST` is for this daemon.
    #[must_use]
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// The calls so far, all of them.
    #[must_use]
    pub fn all_calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The calls so far, as `METHOD /path?query`, without the pings and questions for the version.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls
            .iter()
            .filter(|call| !matches!(call.path.as_str(), "/_ping" | "/version" | "/info"))
            .map(|Call { method, path, query, .. }| {
                if query.is_empty() { format!("{method} {path}") } else { format!("{method} {path}?{query}") }
            })
            .collect()
    }
}

impl Drop for FakeDocker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn call(request: Request) -> Call {
    let (request, body) = request.into_parts();
    let path = request.uri.path();
    let is_version = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let without_version = path
        .strip_prefix("/v")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(version, _)| is_version(version))
        .map_or_else(|| path.to_owned(), |(_, rest)| format!("/{rest}"));
    Call {
        method: request.method.to_string(),
        path: without_version,
        query: request.uri.query().unwrap_or_default().to_owned(),
        body: all_of(body).await,
    }
}

async fn all_of(body: Body) -> Bytes {
    let (mut pieces, mut all) = (body.into_data_stream(), Vec::new());
    while let Some(Ok(piece)) = pieces.next().await {
        all.extend_from_slice(&piece);
    }
    all.into()
}

/// The answers of a daemon of that `release` with the classic store to what is asked before anything is done; `None` for
/// all else.
#[must_use]
pub fn introduce(call: &Call, release: &str) -> Option<Answer> {
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/_ping") => Some(Answer::new(200, "OK")),
        ("GET", "/version") => Some(Answer::new(
            200,
            &serde_json::json!({
                "Version": release, "ApiVersion": "1.41", "Os": "linux", "Arch": "amd64",
                "Components": [{"Name": "Engine", "Version": release}],
            })
            .to_string(),
        )),
        ("GET", "/info") => Some(Answer::new(200, r#"{"Driver":"overlay2","DriverStatus":[]}"#)),
        _ => None,
    }
}

/// The same of podman's service of that `release`, whose own API has the same version.
#[must_use]
pub fn introduce_podman(call: &Call, release: &'static str) -> Option<Answer> {
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/version") => Some(Answer::new(
            200,
            &serde_json::json!({
                "Version": release, "ApiVersion": "1.41", "Os": "linux", "Arch": "amd64",
                "Components": [{"Name": "Podman Engine", "Version": release}],
            })
            .to_string(),
        )),
        _ => introduce(call, release),
    }
    .map(|answer| answer.of_podman(release))
}

/// Does what a daemon does first with a pull, of docker's API or podman's: asks the registry on loopback for the manifest. Returns the
/// status line of the registry's answer.
///
/// # Errors
/// The registry does not answer.
///
/// # Panics
/// If the call is not a pull from a registry with a port.
pub async fn ask_for_manifest(call: &Call) -> std::io::Result<String> {
    let value = |name: &str| {
        let pair = call.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.map(|value| value.replace("%3A", ":").replace("%2F", "/"))
    };
    let (image, version) = match (value("fromImage"), value("tag"), value("reference")) {
        (Some(image), Some(version), _) => (image, version),
        (_, _, Some(reference)) => {
            let (image, tag) = reference.rsplit_once(':').expect("a tag");
            (image.to_owned(), tag.to_owned())
        }
        _ => panic!("a pull names its image: {}", call.query),
    };
    let (registry, name) = image.split_once('/').expect("a registry and a name");
    let mut stream = tokio::net::TcpStream::connect(registry).await?;
    let request = format!("GET /v2/{name}/manifests/{version} HTTP/1.0\r\nHost: {registry}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
