//! Answers of the distribution API.

use std::io::{self, Read, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use oci::digest::Digest;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use crate::body::fill;
use crate::content::{ContentError, Source};
use crate::remote::RemoteBlob;

/// The media type of blobs, which registries don't know better.
pub(super) const BLOB: &str = "application/octet-stream";
/// Size of the pieces of a file, in bytes.
const PIECE: usize = 256 << 10;

/// Something to hand out.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) digest: Digest,
    /// For messages: the digest, with the target that made it where that is known.
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
    pub(super) source: Source,
}

/// What happens while a body is sent.
#[derive(Debug)]
pub(super) enum Sent {
    /// So many bytes were handed to the connection.
    Bytes(u64),
    /// What is sent can't be had any more: the connection is cut.
    Failed(ContentError),
}

/// Told what happens while a body is sent.
pub(super) type Watch = Arc<dyn Fn(Sent) + Send + Sync>;

/// Answers a GET (with `watch`) or HEAD (without) of `item`. Understands a range of bytes, which runtimes use to go on with a
/// download that broke off.
pub(super) async fn item(item: Item, request: &HeaderMap, watch: Option<Watch>) -> Response {
    let Item { digest, name, media_type, size, source } = item;
    let range = match range(request, size) {
        Ok(range) => range,
        Err(()) => {
            return error(StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_INVALID", "the range is beyond the end");
        }
    };
    let (status, part) = match range {
        Some(part) => (StatusCode::PARTIAL_CONTENT, part),
        None => (StatusCode::OK, 0..size),
    };
    let body = match watch {
        None => Ok(Body::empty()),
        Some(watch) => send(source, name, part.clone(), watch).await,
    };
    let body = match body {
        Ok(body) => body,
        Err(what) => return error(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", &what),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let value =
        |text: String| HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(BLOB));
    headers.insert(CONTENT_TYPE, value(media_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    headers.insert("docker-content-digest", value(digest.to_string()));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if status == StatusCode::PARTIAL_CONTENT {
        headers.insert(CONTENT_RANGE, value(format!("bytes {}-{}/{size}", part.start, part.end - 1)));
    }
    api(response)
}

/// The part of `size` bytes that a request wants: none for all of it. Several ranges at once are taken as none,
/// which is allowed (RFC 9110, 14.2).
fn range(request: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, ()> {
    let Some(wish) = request.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    let Some((from, to)) = wish.strip_prefix("bytes=").and_then(|wish| wish.split_once('-')) else {
        return Ok(None);
    };
    let part = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) => from..to.saturating_add(1).min(size),
        (Ok(from), Err(_)) if to.is_empty() => from..size,
        (Err(_), Ok(last)) if from.is_empty() => size.saturating_sub(last)..size,
        _ => return Ok(None),
    };
    if part.start < part.end { Ok(Some(part)) } else { Err(()) }
}

async fn send(source: Source, name: String, part: Range<u64>, watch: Watch) -> Result<Body, String> {
    match source {
        Source::Bytes(bytes) => {
            let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let bytes = bytes.slice(index(part.start)..index(part.end));
            watch(Sent::Bytes(bytes.len() as u64));
            Ok(Body::from(bytes))
        }
        Source::File(path) => send_file(path, name, part, watch).await,
        Source::Remote(blob) => pass_on(blob, part, watch).await,
    }
}

/// Sends a part of a file. One that cannot be read, or ends before the part does, is told of: whoever asked learns little
/// more than that the connection was cut.
async fn send_file(path: PathBuf, what: String, part: Range<u64>, watch: Watch) -> Result<Body, String> {
    let open = async {
        let mut file = tokio::fs::File::open(&path).await?;
        file.seek(SeekFrom::Start(part.start)).await?;
        io::Result::Ok(file)
    };
    let opened = open.await;
    let failed = {
        let watch = Arc::clone(&watch);
        move |source: io::Error| {
            let error = ContentError::Read { what: what.clone(), place: path.clone(), source };
            let words = error.to_string();
            watch(Sent::Failed(error));
            words
        }
    };
    let file = opened.map_err(&failed)?;
    let mut left = part.end - part.start;
    let pieces = ReaderStream::with_capacity(file.take(left), PIECE).map(Some);
    let end = stream::once(std::future::ready(None));
    Ok(Body::from_stream(pieces.chain(end).map(move |piece| {
        let piece = match piece {
            Some(piece) => piece,
            None if left > 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            None => Ok(Bytes::new()),
        };
        let piece = piece.map_err(|error| io::Error::other(failed(error)))?;
        left -= piece.len() as u64;
        watch(Sent::Bytes(piece.len() as u64));
        io::Result::Ok(piece)
    })))
}

/// Passes a part of a blob on from the registry that it is in, verified as far as it is read. All before the part is
/// read and dropped, since only the whole blob can be verified: who asks for a part mostly has what is before it.
async fn pass_on(blob: RemoteBlob, part: Range<u64>, watch: Watch) -> Result<Body, String> {
    let opened = tokio::task::spawn_blocking(move || blob.open()).await;
    let mut reader = match opened {
        Ok(Ok(reader)) => reader,
        Ok(Err(error)) => {
            let what = error.to_string();
            watch(Sent::Failed(error));
            return Err(what);
        }
        Err(_) => return Err("the download of this content ended early".to_owned()),
    };
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(1);
    tokio::task::spawn_blocking(move || {
        let mut pass = || {
            io::copy(&mut reader.by_ref().take(part.start), &mut io::sink())?;
            let mut left = part.end - part.start;
            while left > 0 {
                let mut piece = vec![0; PIECE];
                let filled = fill(&mut reader.by_ref().take(left), &mut piece)?;
                if filled == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                left -= filled as u64;
                piece.truncate(filled);
                watch(Sent::Bytes(filled as u64));
                if sender.blocking_send(Ok(piece.into())).is_err() {
                    return Ok(());
                }
            }
            io::Result::Ok(())
        };
        if let Err(error) = pass() {
            let _ = sender.blocking_send(Err(io::Error::other(error.to_string())));
            if let Ok(error) = error.downcast() {
                watch(Sent::Failed(error));
            }
        }
    });
    Ok(Body::from_stream(stream::unfold(receiver, |mut receiver| async {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    })))
}

/// An empty answer.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    api(response)
}

/// An error as the distribution spec writes it.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let json = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
    let mut response = Response::new(Body::from(Bytes::from(json.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    api(response)
}

/// Says that this is a registry; old daemons look for it.
fn api(mut response: Response) -> Response {
    let version = HeaderValue::from_static("registry/2.0");
    response.headers_mut().insert("docker-distribution-api-version", version);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (wish, expected) in [
            ("bytes=0-", Ok(Some(0..10))),
            ("bytes=4-", Ok(Some(4..10))),
            ("bytes=4-5", Ok(Some(4..6))),
            ("bytes=4-99", Ok(Some(4..10))),
            ("bytes=-3", Ok(Some(7..10))),
            ("bytes=-99", Ok(Some(0..10))),
            ("bytes=10-", Err(())),
            ("bytes=5-4", Err(())),
            ("bytes=1-2,4-5", Ok(None)),
            ("lines=1-2", Ok(None)),
            ("bytes=x-y", Ok(None)),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(wish))]);
            assert_eq!(range(&headers, 10), expected, "{wish}");
        }
        assert_eq!(range(&HeaderMap::new(), 10), Ok(None));
    }
}
