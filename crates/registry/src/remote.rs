//! Blobs that are not here: in the repositories that a base image was pulled from, and at the URLs of layers that no
//! registry distributes.
//!
//! Nothing is asked before bytes are read. Then the places are asked in order: one that fails is tried again where that
//! may help, a download that broke off goes on where it was, at the next place if need be, and why each place failed is
//! kept. Invariant: the last bytes of a blob are handed out only after all of them proved to be those of its digest, so
//! who reads to the end has read the right ones.
//!
//! Connections are shared and so must outlive the reader that opened them: all downloads run in threads of [`Sources`].

mod download;
mod nowhere;
mod reader;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use oci::atomic::AtomicFile;
use oci::digest::Digest;
use tokio::runtime::{Builder, Runtime};
use url::Url;

pub use nowhere::{Failure, Nowhere};
pub use reader::Reader;

use crate::client::{Blob, BlobStream, Client, Options};
use crate::content::ContentError;
use crate::endpoint::is_loopback;
use crate::error::{Asked, Error};
use crate::keychain::Keychain;
use crate::scope::Scope;

/// Threads of all downloads together: they hash what comes.
const THREADS: usize = 2;

/// Repositories that may hold blobs, in the order in which they are asked, and the connections to them.
#[derive(Debug)]
pub struct Sources {
    repositories: Vec<Place>,
    options: Options,
    /// By registry, and by the file that its credentials are in where it has one of its own.
    clients: Mutex<BTreeMap<(String, Option<PathBuf>), Client>>,
    threads: Mutex<Option<Runtime>>,
}

/// Where a blob may be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// In a repository.
    Repository {
        /// The registry, as [`crate::endpoint::Endpoint::new`] takes it.
        registry: String,
        /// The path on it.
        repository: String,
        /// The only file to look for its credentials in.
        credentials: Option<PathBuf>,
    },
    /// At a URL, which is shown no credentials.
    Url(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Repository { registry, repository, .. } => write!(f, "{registry}/{repository}"),
            Self::Url(text) => f.write_str(&shown(text)),
        }
    }
}

/// A URL without what may be secret: its query, which may be a signature, and user and password.
fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) => Asked::new("GET", &url).url,
        // What comes before an @ may be a password here too.
        Err(_) => {
            let text = text.split(['?', '#']).next().unwrap_or_default();
            text.rsplit('@').next().unwrap_or_default().to_owned()
        }
    }
}

impl Sources {
    /// No repositories yet; `options` are for all registries.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { repositories: Vec::new(), options, clients: Mutex::default(), threads: Mutex::default() }
    }

    /// Adds a repository, which is asked after those before it. `registry` is `host[:port]`, or `http://host[:port]`
    /// for one that speaks plain HTTP only. `credentials` is a file like docker's `config.json`, and then the only one to
    /// look in; without it, the keychain of the options says where to look.
    pub fn add(&mut self, registry: &str, repository: &str, credentials: Option<PathBuf>) {
        let (registry, repository) = (registry.to_owned(), repository.to_owned());
        let place = Place::Repository { registry, repository, credentials };
        if !self.repositories.contains(&place) {
            self.repositories.push(place);
        }
    }

    /// Whether no repository was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.repositories.is_empty()
    }

    /// The client of a registry: one for all that is read from it.
    fn client(&self, registry: &str, credentials: Option<&PathBuf>) -> Result<Client, Error> {
        let key = (registry.to_owned(), credentials.cloned());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let mut options = self.options.clone();
        if let Some(file) = credentials {
            options.keychain = Keychain::of_files(vec![file.clone()]);
        }
        let client = Client::new(registry, options)?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    /// One try to get the bytes of `blob` from `offset` on.
    async fn open(&self, place: &Place, blob: Blob, offset: u64) -> Result<BlobStream, Error> {
        match place {
            Place::Repository { registry, repository, credentials } => {
                let client = self.client(registry, credentials.as_ref())?;
                client.open_blob(&Scope::pull(repository), None, blob, offset).await
            }
            Place::Url(text) => {
                let (url, host) = safe_url(text)?;
                let options =
                    Options { keychain: Keychain::empty(), insecure: false, ..self.options.clone() };
                Client::new(&host, options)?.open_blob(&Scope::pull(""), Some(&url), blob, offset).await
            }
        }
    }

    /// Whether the host of `place` has answered before.
    fn reached(&self, place: &Place) -> bool {
        let Place::Repository { registry, credentials, .. } = place else { return false };
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(&(registry.clone(), credentials.clone())).is_some_and(Client::reached)
    }

    /// Runs `work` in the threads of downloads.
    ///
    /// # Errors
    /// If there are no threads to be had.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = match threads.take() {
            Some(runtime) => runtime,
            None => Builder::new_multi_thread()
                .worker_threads(THREADS)
                .thread_name("download")
                .enable_all()
                .build()?,
        };
        runtime.spawn(work);
        *threads = Some(runtime);
        Ok(())
    }
}

impl Sources {
    /// Ends all downloads.
    fn stop(&self) {
        if let Some(runtime) = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A runtime must not be waited for inside another.
            runtime.shutdown_background();
        }
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Ends all downloads from some sources when it is dropped: who waits for bytes of one gets an error. Whoever may be
/// interrupted holds one, since the threads that wait can't be.
#[derive(Debug)]
pub struct StopOnDrop(pub Arc<Sources>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// A URL that a descriptor names, and its host: encrypted, or on this machine.
fn safe_url(text: &str) -> Result<(Url, String), Error> {
    let asked = || Asked { method: "GET".to_owned(), url: Place::Url(text.to_owned()).to_string() };
    let no_url = |_| Error::protocol(asked(), "the layer's descriptor names it, and it is no URL");
    let url = Url::parse(text).map_err(no_url)?;
    let host = url.host_str().unwrap_or_default();
    if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(host)) {
        return Err(Error::protocol(asked(), "only https:// URLs are fetched"));
    }
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Ok((url, host))
}

/// A blob that is not here.
#[derive(Clone, Debug)]
pub struct RemoteBlob {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    name: String,
    looked: Vec<String>,
    places: Vec<Place>,
    sources: Arc<Sources>,
}

/// Blobs are equal by their bytes: where these are is no part of them.
impl PartialEq for RemoteBlob {
    fn eq(&self, other: &Self) -> bool {
        (self.digest, self.size) == (other.digest, other.size)
    }
}

impl Eq for RemoteBlob {}

impl RemoteBlob {
    /// A blob that is in one of `sources`, or at one of `urls`, which are asked last. `name` is for messages.
    #[must_use]
    pub fn new(blob: Blob, name: impl Into<String>, sources: Arc<Sources>, urls: &[String]) -> Self {
        let mut places = sources.repositories.clone();
        places.extend(urls.iter().cloned().map(Place::Url));
        let Blob { digest, size } = blob;
        Self { digest, size, name: name.into(), looked: Vec::new(), places, sources }
    }

    /// Says where it was looked for before anybody was asked; for messages.
    #[must_use]
    pub fn looked(mut self, places: Vec<String>) -> Self {
        self.looked = places;
        self
    }

    /// The same blob, of which another descriptor says that it has `size` bytes.
    #[must_use]
    pub fn sized(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    /// Its bytes. Returns once they begin to come. They are verified; see [`Reader`].
    ///
    /// # Errors
    /// [`ContentError::Nowhere`] if no place has it: why, for each.
    pub fn open(&self) -> Result<Reader, ContentError> {
        Reader::open(self, 0)
    }

    /// Writes it to `path`, which appears complete or not at all.
    ///
    /// # Errors
    /// As [`RemoteBlob::open`], or if `path` can't be written.
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        let mut failures = Vec::new();
        let mut first = 0;
        loop {
            let mut nowhere = match self.save_from(first, path) {
                Err(SaveError::Content(ContentError::Nowhere(nowhere))) => nowhere,
                done => return done,
            };
            failures.append(&mut nowhere.failures);
            if nowhere.untried == 0 {
                nowhere.failures = failures;
                return Err(ContentError::Nowhere(nowhere).into());
            }
            // Wrong bytes were written already: from the beginning, at the places after the one that sent them.
            first = self.places.len() - nowhere.untried;
        }
    }

    fn save_from(&self, first: usize, path: &Path) -> Result<(), SaveError> {
        let mut reader = Reader::open(self, first)?;
        let mut file = AtomicFile::create(path)?;
        std::io::copy(&mut reader, &mut file).map_err(|error| match error.downcast::<ContentError>() {
            Ok(error) => SaveError::Content(error),
            Err(source) => SaveError::Write { path: path.to_owned(), source },
        })?;
        Ok(file.commit()?)
    }

    /// The places, for messages.
    #[must_use]
    pub fn places(&self) -> String {
        self.places.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// Why a blob was not saved. There is no file then, or the one that was there before.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// No place has it.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The file can't be made or put in place.
    #[error(transparent)]
    File(#[from] oci::atomic::AtomicError),
    /// The file can't be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_are_fetched() {
        for (url, host) in [
            ("https://mcr.example/v2/x/blobs/sha256:0?sig=1", Some("mcr.example")),
            ("https://mcr.example:8443/x", Some("mcr.example:8443")),
            ("http://127.0.0.1:5000/x", Some("127.0.0.1:5000")),
            ("http://mcr.example/x", None),
            ("file:///etc/passwd", None),
            ("x", None),
        ] {
            let found = safe_url(url);
            assert_eq!(found.as_ref().ok().map(|(_, host)| host.as_str()), host, "{url}");
            if let Err(error) = found {
                assert!(error.to_string().contains(url), "{error}");
            }
        }
        for (url, expected) in [
            ("https://h/x?sig=secret#f", "https://h/x"),
            ("https://me:secret@h:8443/x?sig=secret", "https://h:8443/x"),
            ("https://me:secret@h:port/x?sig=secret", "h:port/x"),
        ] {
            assert_eq!(Place::Url(url.into()).to_string(), expected);
        }
    }

    #[test]
    fn a_repository_is_asked_once() {
        let mut sources = Sources::new(Options::default());
        assert!(sources.is_empty());
        for (registry, repository) in [("r.example", "a"), ("mirror.example", "a"), ("r.example", "a")] {
            sources.add(registry, repository, None);
        }
        let blob = Blob { digest: Digest::of(b""), size: 0 };
        let blob = RemoteBlob::new(blob, "x", Arc::new(sources), &["https://h/x".to_owned()]);
        assert_eq!(blob.places(), "r.example/a, mirror.example/a, https://h/x");
    }
}
