//! A registry that hands out images and takes nothing.
//!
//! Invariants: it listens on 127.0.0.1 only, answers GET and HEAD only, knows one repository only, and hands out
//! only what is reachable from its roots. It is gone when it is dropped. Blobs that are in another registry are passed
//! on from there when they are asked for, and kept nowhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use oci::descriptor::Descriptor;
use oci::digest::Digest;
use tokio::sync::Notify;

use super::path::Path;
use super::respond::{self, BLOB, Item, Sent, Watch};
use super::server::Server;
use crate::content::{Content, ContentError, is_document};

/// Tag under which the first root is served, since old daemons want a tag.
const TAG: &str = "latest";

/// Bytes of a digest that were handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The digest.
    pub digest: Digest,
    /// How many of its bytes went out, all requests together.
    pub bytes: u64,
}

/// A running read-only registry.
#[derive(Debug)]
pub struct ReadOnly {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    content: Arc<Content>,
    roots: Vec<Digest>,
    reachable: BTreeMap<Digest, Descriptor>,
    requests: AtomicU64,
    served: Mutex<BTreeMap<Digest, u64>>,
    problem: Mutex<Option<ContentError>>,
    failed: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("name", &self.name).field("roots", &self.roots).finish_non_exhaustive()
    }
}

impl ReadOnly {
    /// Serves `root` on a free port, in a repository whose name nobody can guess (128 random bits).
    ///
    /// # Errors
    /// If there is no port or no randomness to be had, or a manifest reachable from `root` can't be read.
    pub fn start(content: Arc<Content>, root: Digest) -> io::Result<Self> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let mut name = String::with_capacity(38);
        for byte in random {
            let _ = write!(name, "{byte:02x}");
        }
        Self::serve(content, &[root], format!("{name}/image"), 0)
    }

    /// Serves `roots` on `port` (0: a free one) in the repository `name`. The first is `latest` as well.
    ///
    /// # Errors
    /// As [`ReadOnly::start`].
    pub fn serve(content: Arc<Content>, roots: &[Digest], name: String, port: u16) -> io::Result<Self> {
        let mut reachable = BTreeMap::new();
        for root in roots {
            let root = content.describe(root).map_err(io::Error::other)?;
            let found = content.walk(&root).map_err(io::Error::other)?;
            reachable.extend(found.into_iter().map(|descriptor| (descriptor.digest, descriptor)));
        }
        let (roots, requests) = (roots.to_vec(), AtomicU64::new(0));
        let (served, problem, failed) = (Mutex::default(), Mutex::default(), Notify::new());
        let shared = Arc::new(Shared { name, content, roots, reachable, requests, served, problem, failed });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        Ok(Self { server: Server::start(port, router)?, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The reference of the first root, `127.0.0.1:<port>/<name>@<digest>`.
    #[must_use]
    pub fn reference(&self) -> String {
        self.references().next().unwrap_or_default()
    }

    /// The references of all roots.
    pub fn references(&self) -> impl Iterator<Item = String> + '_ {
        self.shared.roots.iter().map(|root| format!("{}/{}@{root}", self.address(), self.shared.name))
    }

    /// What was handed out so far. A HEAD hands out nothing.
    #[must_use]
    pub fn served(&self) -> Vec<Served> {
        let served = self.shared.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.iter().map(|(digest, bytes)| Served { digest: *digest, bytes: *bytes }).collect()
    }

    /// The first blob that was asked for and could not be read, or be had from the registry that it is in, and why; once.
    /// Whoever asked was told as well, and mostly tells less.
    #[must_use]
    pub fn take_problem(&self) -> Option<ContentError> {
        self.shared.problem.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends when there is such a problem, and returns it: whoever pulls may go on trying for a minute.
    pub async fn failed(&self) -> ContentError {
        loop {
            self.shared.failed.notified().await;
            if let Some(problem) = self.take_problem() {
                return problem;
            }
        }
    }

    /// How many requests have come so far, whatever for: none tells that nobody finds the way here.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let get = request.method() == Method::GET;
    if !get && request.method() != Method::HEAD {
        return respond::error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "this registry is read-only");
    }
    let (digest, manifest) = match Path::parse(request.uri().path()) {
        Some(Path::Root) => return respond::empty(StatusCode::OK),
        Some(Path::Manifest(name, TAG)) if name == shared.name => (shared.roots.first().copied(), true),
        Some(Path::Manifest(name, digest)) if name == shared.name => (digest.parse().ok(), true),
        Some(Path::Blob(name, digest)) if name == shared.name => (Some(digest), false),
        _ => return respond::error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "no such repository"),
    };
    let Some(descriptor) = digest.and_then(|digest| shared.reachable.get(&digest)) else {
        let code = if manifest { "MANIFEST_UNKNOWN" } else { "BLOB_UNKNOWN" };
        return respond::error(StatusCode::NOT_FOUND, code, "not part of the image");
    };
    if manifest != is_document(descriptor) {
        return respond::error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "a blob is no manifest");
    }
    let source = match shared.content.source(&descriptor.digest) {
        Ok(source) => source,
        Err(error) => return respond::error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", &error.to_string()),
    };
    let item = Item {
        digest: descriptor.digest,
        name: shared.content.name(&descriptor.digest),
        media_type: if manifest { descriptor.media_type.clone() } else { BLOB.to_owned() },
        size: descriptor.size,
        source,
    };
    let watch = get.then(|| -> Watch {
        let (shared, digest) = (Arc::clone(&shared), descriptor.digest);
        Arc::new(move |sent| match sent {
            Sent::Bytes(bytes) => {
                *shared.served.lock().unwrap_or_else(PoisonError::into_inner).entry(digest).or_default() +=
                    bytes;
            }
            Sent::Failed(error) => {
                shared.problem.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                shared.failed.notify_one();
            }
        })
    });
    respond::item(item, request.headers(), watch).await
}
