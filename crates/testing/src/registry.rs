//! A registry for tests, on loopback and in memory, that fails when it is told to and remembers what it was asked.
//!
//! It runs in threads of its own, so tests need no runtime, and it is gone when it is dropped. Unlike the registry
//! inside `ship` it keeps blobs by repository, can want credentials, sends clients to other hosts, and breaks off.

mod connection;
mod handle;
mod login;
mod referrers;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use oci::digest::Digest;
use tokio::runtime::{Builder, Runtime};

use connection::{Cut, Cuttable};
pub use login::Login;

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The host that was asked.
    pub host: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Range`.
    pub range: Option<String>,
    /// The header `If-Match`.
    pub if_match: Option<String>,
}

/// How a request fails.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is answered with this status, these headers, and this body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection is cut before anything is answered; of the request's body a part is read.
    Cut,
    /// The connection is cut in the middle of the answer's body.
    CutAnswer,
    /// The answer comes after this time.
    Slow(Duration),
    /// The answer's body is changed in one byte.
    Damage,
    /// The answer is as ever, and all tags stay as they were: as if somebody had moved the tag back at once.
    Lose,
}

impl Fault {
    /// An answer with this status and nothing else.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }
}

/// Which requests fail, and how often.
#[derive(Clone, Debug)]
struct Trap {
    method: &'static str,
    part: String,
    left: usize,
    fault: Fault,
}

/// A running registry.
#[derive(Debug)]
pub struct FakeRegistry {
    port: u16,
    state: Arc<Mutex<State>>,
    runtime: Option<Runtime>,
}

/// What the registry holds and remembers.
#[derive(Debug, Default)]
struct State {
    port: u16,
    requests: Vec<Request>,
    traps: VecDeque<Trap>,
    login: Option<Login>,
    tokens: BTreeMap<String, Vec<String>>,
    issued: usize,
    uploads: usize,
    away: bool,
    no_mounts: bool,
    no_ranges: bool,
    lists_referrers: bool,
    etags: bool,
    moved: Moved,
    blobs: BTreeMap<(String, Digest), Bytes>,
    manifests: BTreeMap<(String, Digest), (String, Bytes)>,
    tags: BTreeMap<(String, String), Digest>,
    under_way: usize,
    most_at_once: usize,
}

/// Bytes of blobs that went over connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Out of the registry, whether or not all of them arrived.
    pub out: u64,
    /// Into it.
    pub into: u64,
}

type Shared = Arc<Mutex<State>>;

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for FakeRegistry {
    fn default() -> Self {
        Self::start()
    }
}

impl FakeRegistry {
    /// Starts an empty registry that wants no credentials.
    ///
    /// # Panics
    /// If loopback can't be listened on.
    #[must_use]
    pub fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let port = listener.local_addr().expect("an address").port();
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener).expect("a listener")
        };
        let state = Arc::new(Mutex::new(State { port, ..State::default() }));
        let router = Router::new().fallback(handle::handle).with_state(Arc::clone(&state));
        let service = router.into_make_service_with_connect_info::<Cut>();
        runtime.spawn(async move { axum::serve(Cuttable(listener), service).await });
        Self { port, state, runtime: Some(runtime) }
    }

    /// Its name in references: `127.0.0.1:<port>`.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Wants credentials from now on.
    pub fn require(&self, login: Login) {
        lock(&self.state).login = Some(login);
    }

    /// Refuses all tokens that it handed out so far.
    pub fn expire_tokens(&self) {
        lock(&self.state).tokens.clear();
    }

    /// Sends uploads and downloads of blobs to another host (`localhost` instead of `127.0.0.1`), by absolute URLs
    /// with a query. That host refuses requests with credentials, as object stores do.
    pub fn keep_blobs_elsewhere(&self) {
        lock(&self.state).away = true;
    }

    /// Answers mounts by starting an upload.
    pub fn refuse_mounts(&self) {
        lock(&self.state).no_mounts = true;
    }

    /// Answers requests for a part of a blob with all of it.
    pub fn refuse_ranges(&self) {
        lock(&self.state).no_ranges = true;
    }

    /// Has the referrers API from now on, and says of manifests with a subject that it lists them.
    pub fn list_referrers(&self) {
        lock(&self.state).lists_referrers = true;
    }

    /// Says what a tag names by an `ETag`, and heeds `If-Match`.
    pub fn give_etags(&self) {
        lock(&self.state).etags = true;
    }

    /// The largest number of requests that were under way at the same time.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        lock(&self.state).most_at_once
    }

    /// How many bytes of blobs were sent and received.
    #[must_use]
    pub fn moved(&self) -> Moved {
        lock(&self.state).moved
    }

    /// Lets the next `times` requests fail whose method is `method` and whose path contains `part`; the empty
    /// string stands for all. Of several that fit, the first that was set is used up first.
    pub fn fail(&self, method: &'static str, part: &str, times: usize, fault: Fault) {
        lock(&self.state).traps.push_back(Trap { method, part: part.to_owned(), left: times, fault });
    }

    /// Puts a blob.
    pub fn insert_blob(&self, repository: &str, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        lock(&self.state).blobs.insert((repository.to_owned(), Digest::of(&bytes)), bytes);
    }

    /// Forgets all manifests and tags, and keeps the blobs.
    pub fn forget_manifests(&self) {
        let mut state = lock(&self.state);
        state.manifests.clear();
        state.tags.clear();
    }

    /// All requests that came, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state).requests.clone()
    }

    /// Forgets the requests that came so far.
    pub fn forget_requests(&self) {
        lock(&self.state).requests.clear();
    }

    /// How many requests came with this method and a path that contains `part`; the empty string stands for all.
    #[must_use]
    pub fn count(&self, method: &str, part: &str) -> usize {
        let state = lock(&self.state);
        state
            .requests
            .iter()
            .filter(|r| (method.is_empty() || r.method == method) && r.path.contains(part))
            .count()
    }

    /// The blob, if the repository has it.
    #[must_use]
    pub fn blob(&self, repository: &str, digest: &Digest) -> Option<Bytes> {
        lock(&self.state).blobs.get(&(repository.to_owned(), *digest)).cloned()
    }

    /// The manifest or index, if the repository has it.
    #[must_use]
    pub fn manifest(&self, repository: &str, digest: &Digest) -> Option<Bytes> {
        let state = lock(&self.state);
        state.manifests.get(&(repository.to_owned(), *digest)).map(|(_, bytes)| bytes.clone())
    }

    /// The digests of the manifests and indexes of a repository.
    #[must_use]
    pub fn manifests(&self, repository: &str) -> Vec<Digest> {
        let state = lock(&self.state);
        state.manifests.keys().filter(|(name, _)| name == repository).map(|(_, digest)| *digest).collect()
    }

    /// The tags of a repository, and what they name.
    #[must_use]
    pub fn tags(&self, repository: &str) -> BTreeMap<String, Digest> {
        let state = lock(&self.state);
        let own = state.tags.iter().filter(|((name, _), _)| name == repository);
        own.map(|((_, tag), digest)| (tag.clone(), *digest)).collect()
    }
}

impl Drop for FakeRegistry {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
