//! A registry that takes pushes, for as long as it lives: `--registry embedded`.
//!
//! Invariants: it listens on 127.0.0.1 only; a blob or manifest is there only after its bytes proved to be those of
//! its digest; a manifest is taken only when everything that it names is there. Blobs are files in a temporary
//! folder, shared by all repositories, and go with it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use oci::digest::{Digest, Hasher};
use oci::manifest::Document;
use oci::reference::{Repository, Tag};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

use super::path::Path;
use super::respond::{self, BLOB, Item};
use super::server::Server;
use crate::content::{MANIFEST_LIMIT, Source, is_document};
use crate::error::Error;
use crate::plan::is_foreign;

/// A running registry in a temporary folder.
#[derive(Debug)]
pub struct Embedded {
    server: Server,
    // After the server, so that its folder goes when nobody writes into it any more.
    _folder: TempDir,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    uploads: AtomicU64,
    stored: Mutex<Stored>,
}

/// Manifests by repository and digest, tags by repository and name.
#[derive(Debug, Default)]
struct Stored {
    manifests: BTreeMap<(String, Digest), (String, Bytes)>,
    tags: BTreeMap<(String, String), Digest>,
}

impl Embedded {
    /// Starts one, empty, on a free port.
    ///
    /// # Errors
    /// [`Error::Serve`] if there is no port or no temporary folder to be had.
    pub fn start() -> Result<Self, Error> {
        let failed = |what: &str| {
            let what = what.to_owned();
            move |source| Error::Serve { what, source }
        };
        let folder =
            TempDir::with_prefix("strata-registry-").map_err(failed("cannot make its temporary folder"))?;
        let shared =
            Shared { folder: folder.path().to_owned(), uploads: AtomicU64::new(0), stored: Mutex::default() };
        let router = Router::new().fallback(handle).with_state(Arc::new(shared));
        let server = Server::start(0, router).map_err(failed("cannot listen on 127.0.0.1"))?;
        Ok(Self { server, _folder: folder })
    }

    /// Where it listens; as text it is the registry of references.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

impl Shared {
    fn blob(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }

    fn stored(&self) -> std::sync::MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything that a manifest names is here; else the first digest that isn't.
    fn complete(&self, name: &str, document: &Document) -> Result<(), Digest> {
        for child in document.children().filter(|child| !is_foreign(child)) {
            let here = if is_document(child) {
                self.stored().manifests.contains_key(&(name.to_owned(), child.digest))
            } else {
                self.blob(&child.digest).is_file()
            };
            if !here {
                return Err(child.digest);
            }
        }
        Ok(())
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let get = parts.method == Method::GET;
    match (Path::parse(parts.uri.path()), &parts.method) {
        (Some(Path::Root), &Method::GET | &Method::HEAD) => respond::empty(StatusCode::OK),
        (Some(Path::Blob(_, digest)), &Method::GET | &Method::HEAD) => {
            get_blob(&shared, digest, &parts.headers, get).await
        }
        (Some(Path::Manifest(name, reference)), &Method::GET | &Method::HEAD) => {
            get_manifest(&shared, name, reference, &parts.headers, get).await
        }
        (Some(Path::Manifest(name, reference)), &Method::PUT) => {
            put_manifest(&shared, name, reference, &parts.headers, body).await
        }
        (Some(Path::Uploads(name)), &Method::POST) => start_upload(&shared, name, &parts.uri),
        (Some(Path::Upload(name, id)), &Method::PUT) => put_blob(&shared, name, id, &parts.uri, body).await,
        (Some(_), _) => {
            respond::error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "not done by this registry")
        }
        (None, _) => {
            respond::error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "not a path of the distribution API")
        }
    }
}

async fn get_blob(shared: &Shared, digest: Digest, headers: &HeaderMap, get: bool) -> Response {
    let path = shared.blob(&digest);
    let Ok(metadata) = tokio::fs::metadata(&path).await else {
        return respond::error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "no such blob");
    };
    let item = Item {
        digest,
        name: digest.to_string(),
        media_type: BLOB.to_owned(),
        size: metadata.len(),
        source: Source::File(path),
    };
    respond::item(item, headers, get.then(unwatched)).await
}

async fn get_manifest(
    shared: &Shared,
    name: &str,
    reference: &str,
    headers: &HeaderMap,
    get: bool,
) -> Response {
    let found = {
        let stored = shared.stored();
        let tagged = stored.tags.get(&(name.to_owned(), reference.to_owned())).copied();
        tagged.or_else(|| reference.parse().ok()).and_then(|digest: Digest| {
            let (media_type, bytes) = stored.manifests.get(&(name.to_owned(), digest))?;
            Some(Item {
                digest,
                name: digest.to_string(),
                media_type: media_type.clone(),
                size: bytes.len() as u64,
                source: Source::Bytes(bytes.clone()),
            })
        })
    };
    match found {
        Some(item) => respond::item(item, headers, get.then(unwatched)).await,
        None => respond::error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "no such manifest"),
    }
}

fn unwatched() -> respond::Watch {
    Arc::new(|_| ())
}

async fn put_manifest(
    shared: &Shared,
    name: &str,
    reference: &str,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let refused = |code, message: &str| respond::error(StatusCode::BAD_REQUEST, code, message);
    if Repository::new("embedded.localhost", name).is_err() {
        return refused("NAME_INVALID", "the repository's name has illegal characters");
    }
    let Ok(bytes) = to_bytes(body, usize::try_from(MANIFEST_LIMIT).unwrap_or(usize::MAX)).await else {
        return refused("MANIFEST_INVALID", "the manifest broke off, or is too large");
    };
    let document = match Document::parse(&bytes) {
        Ok(document) => document,
        Err(error) => return refused("MANIFEST_INVALID", &error.to_string()),
    };
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type != document.media_type() {
        return refused("MANIFEST_INVALID", "the manifest is of another type than its Content-Type");
    }
    let digest = Digest::of(&bytes);
    let tag = match (reference.parse::<Digest>(), reference.parse::<Tag>()) {
        (Ok(named), _) if named != digest => {
            return refused("DIGEST_INVALID", "the manifest has another digest");
        }
        (Ok(_), _) => None,
        (Err(_), Ok(tag)) => Some(tag),
        (Err(_), Err(_)) => return refused("TAG_INVALID", "the tag has illegal characters"),
    };
    if let Err(missing) = shared.complete(name, &document) {
        return refused("MANIFEST_BLOB_UNKNOWN", &format!("{missing} is not here yet"));
    }
    let mut stored = shared.stored();
    stored.manifests.insert((name.to_owned(), digest), (media_type.to_owned(), bytes));
    if let Some(tag) = tag {
        stored.tags.insert((name.to_owned(), tag.to_string()), digest);
    }
    created(&format!("/v2/{name}/manifests/{digest}"), &digest)
}

/// Starts an upload, or mounts: all repositories share their blobs.
fn start_upload(shared: &Shared, name: &str, uri: &Uri) -> Response {
    if let Some(digest) = parameter(uri, "mount").and_then(|text| text.parse::<Digest>().ok())
        && shared.blob(&digest).is_file()
    {
        return created(&format!("/v2/{name}/blobs/{digest}"), &digest);
    }
    let id = shared.uploads.fetch_add(1, Ordering::Relaxed);
    let mut response = respond::empty(StatusCode::ACCEPTED);
    locate(&mut response, &format!("/v2/{name}/blobs/uploads/{id}"));
    response
}

async fn put_blob(shared: &Shared, name: &str, id: &str, uri: &Uri, body: Body) -> Response {
    let refused = |code, message: &str| respond::error(StatusCode::BAD_REQUEST, code, message);
    let Some(digest) = parameter(uri, "digest").and_then(|text| text.parse::<Digest>().ok()) else {
        return refused("DIGEST_INVALID", "the digest is missing, or no SHA-256");
    };
    if !id.bytes().all(|b| b.is_ascii_digit()) {
        return refused("BLOB_UPLOAD_UNKNOWN", "no such upload");
    }
    // A temporary file of its own: an upload that breaks off leaves nothing, and two of one blob don't meet.
    let folder = shared.folder.clone();
    let received = async {
        let temporary = tempfile::NamedTempFile::new_in(folder)?.into_temp_path();
        let mut file = tokio::fs::File::create(&temporary).await?;
        let (mut hasher, mut pieces) = (Hasher::new(), body.into_data_stream());
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(std::io::Error::other)?;
            hasher.update(&piece);
            file.write_all(&piece).await?;
        }
        file.flush().await?;
        std::io::Result::Ok((temporary, hasher.finish()))
    };
    match received.await {
        Err(error) => refused("BLOB_UPLOAD_INVALID", &format!("the upload broke off: {error}")),
        Ok((_, found)) if found != digest => refused("DIGEST_INVALID", &format!("received {found}")),
        Ok((temporary, _)) => match temporary.persist(shared.blob(&digest)) {
            Ok(()) => created(&format!("/v2/{name}/blobs/{digest}"), &digest),
            Err(error) => {
                respond::error(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", &error.error.to_string())
            }
        },
    }
}

fn created(location: &str, digest: &Digest) -> Response {
    let mut response = respond::empty(StatusCode::CREATED);
    locate(&mut response, location);
    if let Ok(value) = HeaderValue::from_str(&digest.to_string()) {
        response.headers_mut().insert("docker-content-digest", value);
    }
    response
}

fn locate(response: &mut Response, location: &str) {
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, value);
    }
}

/// A parameter of the query, decoded.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query()?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
