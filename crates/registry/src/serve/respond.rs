//! Answers of the distribution API.

use std::io::SeekFrom;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use oci::digest::Digest;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::content::Source;

/// The media type of blobs, which registries don't know better.
pub(super) const BLOB: &str = "application/octet-stream";
/// Size of the pieces of a file, in bytes.
const PIECE: usize = 256 << 10;

/// Something to hand out.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) digest: Digest,
    pub(super) media_type: String,
    pub(super) size: u64,
    pub(super) source: Source,
}

/// Told how many bytes were handed to the connection, piece by piece.
pub(super) type Count = Arc<dyn Fn(u64) + Send + Sync>;

/// Answers a GET (with `count`) or HEAD (without) of `item`. Understands a range of bytes, which runtimes use to go on with a
/// download that broke off.
pub(super) async fn item(item: Item, request: &HeaderMap, count: Option<Count>) -> Response {
    let Item { digest, media_type, size, source } = item;
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
    let body = match count {
        None => Ok(Body::empty()),
        Some(count) => stream(source, part.clone(), count).await,
    };
    let Ok(body) = body else {
        return error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "UNKNOWN",
            "the file of this content cannot be read",
        );
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

async fn stream(source: Source, part: Range<u64>, count: Count) -> std::io::Result<Body> {
    Ok(match source {
        Source::Bytes(bytes) => {
            let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let bytes = bytes.slice(index(part.start)..index(part.end));
            count(bytes.len() as u64);
            Body::from(bytes)
        }
        Source::File(path) => {
            let mut file = tokio::fs::File::open(path).await?;
            file.seek(SeekFrom::Start(part.start)).await?;
            let pieces = ReaderStream::with_capacity(file.take(part.end - part.start), PIECE);
            Body::from_stream(pieces.inspect(move |piece| {
                if let Ok(piece) = piece {
                    count(piece.len() as u64);
                }
            }))
        }
    })
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
