//! Answers: faults first, then credentials, then the distribution API over what is in memory.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, State as Extract};
use axum::http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HOST, IF_MATCH, LOCATION, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use oci::digest::Digest;

use super::connection::Cut;
use super::{Fault, Request, Shared, State, lock, login, referrers};

/// Where blobs are on the other host.
const AWAY: &str = "/away/";

pub(super) async fn handle(
    Extract(state): Extract<Shared>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: axum::extract::Request,
) -> Response {
    let _under_way = UnderWay::begin(&state);
    let (parts, body) = request.into_parts();
    let text = |name: HeaderName| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let seen = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        host: text(HOST).unwrap_or_default(),
        authorization: text(AUTHORIZATION),
        range: text(RANGE),
        if_match: text(IF_MATCH),
    };
    let fault = {
        let mut state = lock(&state);
        state.requests.push(seen.clone());
        take_fault(&mut state, &seen)
    };
    match fault {
        Some(Fault::Answer(status, headers, body)) => return answer(status, &headers, body),
        Some(Fault::Cut) => {
            let _ = body.into_data_stream().next().await;
            cut.now();
            return empty(StatusCode::IM_A_TEAPOT);
        }
        Some(Fault::Slow(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    let Ok(body) = to_bytes(body, usize::MAX).await else { return empty(StatusCode::BAD_REQUEST) };
    let response = {
        let mut state = lock(&state);
        let tags = matches!(fault, Some(Fault::Lose)).then(|| state.tags.clone());
        let response = answer_api(&mut state, &seen, &parts.headers, body);
        if let Some(tags) = tags {
            state.tags = tags;
        }
        response
    };
    match fault_on_answer(fault) {
        Some(break_off) => spoil(response, break_off).await,
        None => response,
    }
}

/// A request that is under way: from its begin until it is answered, or nobody waits for that any more.
struct UnderWay(Shared);

impl UnderWay {
    fn begin(shared: &Shared) -> Self {
        let mut state = lock(shared);
        state.under_way += 1;
        state.most_at_once = state.most_at_once.max(state.under_way);
        Self(Shared::clone(shared))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        lock(&self.0).under_way -= 1;
    }
}

/// Whether the answer is cut (`true`) or damaged (`false`).
fn fault_on_answer(fault: Option<Fault>) -> Option<bool> {
    match fault? {
        Fault::CutAnswer => Some(true),
        Fault::Damage => Some(false),
        _ => None,
    }
}

fn take_fault(state: &mut State, request: &Request) -> Option<Fault> {
    let fits = |trap: &&mut super::Trap| {
        (trap.method.is_empty() || trap.method == request.method) && request.path.contains(&trap.part)
    };
    let trap = state.traps.iter_mut().filter(|trap| trap.left > 0).find(fits)?;
    trap.left -= 1;
    Some(trap.fault.clone())
}

/// Breaks an answer off in the middle of its body, or changes the last byte of it.
async fn spoil(response: Response, break_off: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    if !break_off {
        let mut bytes = whole.to_vec();
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        return Response::from_parts(parts, Body::from(bytes));
    }
    let half = whole.slice(..whole.len() / 2);
    let pieces = stream::iter([Ok(half)]).chain(stream::once(async {
        // The first half must be on its way before the connection goes.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::other("cut"))
    }));
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn answer_api(state: &mut State, request: &Request, headers: &HeaderMap, body: Bytes) -> Response {
    if request.path == "/token" {
        return login::token(state, request, &pairs(&body));
    }
    if let Some(rest) = request.path.strip_prefix(AWAY) {
        if request.authorization.is_some() {
            return error(400, "credentials do not belong here");
        }
        let Some((name, digest)) = rest.rsplit_once('/') else { return empty(StatusCode::NOT_FOUND) };
        return match request.method.as_str() {
            "PUT" => put_blob(state, request, name, body),
            _ => get_blob(state, request, name, digest),
        };
    }
    if let Some(refusal) = login::refuse(state, request) {
        return refusal;
    }
    let Some(rest) = request.path.strip_prefix("/v2/") else { return empty(StatusCode::NOT_FOUND) };
    if rest.is_empty() {
        return empty(StatusCode::OK);
    }
    let Some((front, last)) = rest.rsplit_once('/') else { return empty(StatusCode::NOT_FOUND) };
    let method = request.method.as_str();
    if let Some(name) = front.strip_suffix("/blobs/uploads") {
        return match method {
            "POST" => start_upload(state, request, name),
            "PUT" => put_blob(state, request, name, body),
            _ => empty(StatusCode::METHOD_NOT_ALLOWED),
        };
    }
    if let Some(name) = front.strip_suffix("/manifests") {
        return match method {
            "PUT" if !unmoved(state, request, name, last) => error(412, "PRECONDITION_FAILED"),
            "PUT" => put_manifest(state, name, last, headers, body),
            _ => get_manifest(state, request, name, last),
        };
    }
    if let (Some(name), true) = (front.strip_suffix("/referrers"), state.lists_referrers) {
        return referrers::list(state, request, name, last);
    }
    let Some(name) = front.strip_suffix("/blobs") else { return empty(StatusCode::NOT_FOUND) };
    if state.away && method == "GET" {
        let to = format!("http://localhost:{}{AWAY}{name}/{last}?signature=secret", state.port);
        return answer(307, &[("location", to)], String::new());
    }
    get_blob(state, request, name, last)
}

fn start_upload(state: &mut State, request: &Request, name: &str) -> Response {
    let parameter =
        |wanted: &str| request.query.iter().find(|(key, _)| key == wanted).map(|(_, value)| value);
    if let (Some(digest), Some(from), false) = (parameter("mount"), parameter("from"), state.no_mounts) {
        let found =
            digest.parse().ok().and_then(|d: Digest| Some((d, state.blobs.get(&(from.clone(), d))?.clone())));
        if let Some((digest, bytes)) = found {
            state.blobs.insert((name.to_owned(), digest), bytes);
            return answer(201, &[("location", format!("/v2/{name}/blobs/{digest}"))], String::new());
        }
    }
    state.uploads += 1;
    let id = state.uploads;
    // Registries differ in how they say where: with and without host, with and without a query of their own.
    let location = match (state.away, id % 2) {
        (true, _) => format!("http://localhost:{}{AWAY}{name}/{id}?signature=secret", state.port),
        (false, 0) => format!("http://127.0.0.1:{}/v2/{name}/blobs/uploads/{id}", state.port),
        (false, _) => format!("/v2/{name}/blobs/uploads/{id}?_state=a%2Bb"),
    };
    answer(202, &[("location", location)], String::new())
}

fn put_blob(state: &mut State, request: &Request, name: &str, body: Bytes) -> Response {
    let digest = request.query.iter().find(|(key, _)| key == "digest").map(|(_, value)| value.as_str());
    let found = Digest::of(&body);
    if digest != Some(found.to_string().as_str()) {
        return error(400, "DIGEST_INVALID");
    }
    state.moved.into += body.len() as u64;
    state.blobs.insert((name.to_owned(), found), body);
    answer(201, &[("location", format!("/v2/{name}/blobs/{found}"))], String::new())
}

fn get_blob(state: &mut State, request: &Request, name: &str, digest: &str) -> Response {
    let found = digest.parse().ok().and_then(|digest| state.blobs.get(&(name.to_owned(), digest)));
    let Some(bytes) = found else { return error(404, "BLOB_UNKNOWN") };
    let first = request.range.as_deref().filter(|_| !state.no_ranges).and_then(first_byte).unwrap_or(0);
    if first > 0 && first >= bytes.len() {
        return error(416, "RANGE_INVALID");
    }
    let mut response = item(request, "application/octet-stream", digest, &bytes.slice(first..));
    if first > 0 {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {first}-{}/{}", bytes.len() - 1, bytes.len());
        response.headers_mut().insert(CONTENT_RANGE, HeaderValue::from_str(&range).expect("plain text"));
    }
    if request.method == "GET" {
        state.moved.out += (bytes.len() - first) as u64;
    }
    response
}

/// Where a range without an end begins.
fn first_byte(range: &str) -> Option<usize> {
    range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

fn put_manifest(
    state: &mut State,
    name: &str,
    reference: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    let digest = Digest::of(&body);
    let Ok(document) = oci::Document::parse(&body) else { return error(400, "MANIFEST_INVALID") };
    for child in document.children() {
        let key = (name.to_owned(), child.digest);
        if !state.blobs.contains_key(&key) && !state.manifests.contains_key(&key) {
            return error(400, "MANIFEST_BLOB_UNKNOWN");
        }
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    match reference.parse::<Digest>() {
        Ok(named) if named != digest => return error(400, "DIGEST_INVALID"),
        Ok(_) => {}
        Err(_) => {
            state.tags.insert((name.to_owned(), reference.to_owned()), digest);
        }
    }
    let mut headers = vec![("docker-content-digest", digest.to_string())];
    if let (Some(subject), true) = (referrers::subject(&document), state.lists_referrers) {
        headers.push(("oci-subject", subject.to_string()));
    }
    state.manifests.insert((name.to_owned(), digest), (media_type, body));
    answer(201, &headers, String::new())
}

/// Whether a tag names what the client takes it to name.
fn unmoved(state: &State, request: &Request, name: &str, tag: &str) -> bool {
    let now = state.tags.get(&(name.to_owned(), tag.to_owned())).map(etag);
    !state.etags || request.if_match.is_none() || request.if_match == now
}

fn etag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

fn get_manifest(state: &State, request: &Request, name: &str, reference: &str) -> Response {
    let tagged = state.tags.get(&(name.to_owned(), reference.to_owned())).copied();
    let digest = tagged.or_else(|| reference.parse().ok());
    let found = digest.and_then(|d| Some((d, state.manifests.get(&(name.to_owned(), d))?)));
    match found {
        Some((digest, (media_type, bytes))) => {
            let mut response = item(request, media_type, &digest.to_string(), bytes);
            if state.etags {
                let etag = HeaderValue::from_str(&etag(&digest)).expect("plain text");
                response.headers_mut().insert(ETAG, etag);
            }
            response
        }
        None => error(404, "MANIFEST_UNKNOWN"),
    }
}

pub(super) fn item(request: &Request, media_type: &str, digest: &str, bytes: &Bytes) -> Response {
    let body = if request.method == "HEAD" { Body::empty() } else { Body::from(bytes.clone()) };
    let mut response = Response::new(body);
    let text = |text: &str| HeaderValue::from_str(text).expect("plain text");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, text(media_type));
    headers.insert("docker-content-digest", text(digest));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    response
}

fn empty(status: StatusCode) -> Response {
    answer(status.as_u16(), &[], String::new())
}

fn error(status: u16, code: &str) -> Response {
    answer(status, &[], serde_json::json!({ "errors": [{ "code": code, "message": "as told" }] }).to_string())
}

fn answer(status: u16, headers: &[(&'static str, String)], body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        let name = if *name == "location" { LOCATION } else { HeaderName::from_static(name) };
        response.headers_mut().insert(name, HeaderValue::from_str(value).expect("plain text"));
    }
    response
}

fn pairs(query: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query).into_owned().collect()
}
