//! Blobs: asking for them, mounting, streaming them up, reading them back.

use std::sync::Arc;

use bytes::Bytes;
use oci::digest::{Digest, Hasher};
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE,
};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::{Call, Client, UPLOAD, host_of, redirect};
use crate::auth::Authorization;
use crate::content::Content;
use crate::error::{Asked, Error};
use crate::event::Event;
use crate::scope::Scope;
use crate::{answer, body, transport};

/// A blob, by what its descriptor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// The bytes of a blob as they come, not verified.
pub(crate) struct BlobStream {
    response: Response,
    /// The request.
    pub(crate) asked: Asked,
    /// Its host.
    pub(crate) host: String,
    /// How many bytes come first that were not asked for.
    pub(crate) skip: u64,
}

impl BlobStream {
    /// The next bytes; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        answer::piece(&mut self.response, &self.asked, &self.host).await
    }
}

impl Client {
    /// Asks for the bytes of a blob from `offset` on, in the repository of `scope` or at `url`. One try.
    pub(crate) async fn open_blob(
        &self,
        scope: &Scope,
        url: Option<&Url>,
        blob: Blob,
        offset: u64,
    ) -> Result<BlobStream, Error> {
        let url = match url {
            Some(url) => url.clone(),
            None => self.url(scope.repository(), &format!("blobs/{}", blob.digest)).await?,
        };
        let host = host_of(&url);
        let mut call = Call::new(Method::GET, url, scope);
        if offset > 0 {
            let range = HeaderValue::from_str(&format!("bytes={offset}-"));
            call = call.header(RANGE, range.expect("digits are plain ASCII"));
        }
        let response = self.ask_once(&call, &[StatusCode::OK, StatusCode::PARTIAL_CONTENT]).await?;
        let asked = call.asked();
        let begins = if response.status() == StatusCode::PARTIAL_CONTENT {
            first_byte(response.headers()).filter(|first| *first <= offset).ok_or_else(|| {
                Error::protocol(
                    asked.clone(),
                    format!("it sends another part than that from byte {offset} on"),
                )
            })?
        } else {
            0
        };
        if let Some(length) = response.content_length()
            && begins + length != blob.size
        {
            let (has, size) = (begins + length, blob.size);
            return Err(Error::protocol(
                asked,
                format!("it has {has} bytes, and the blob's descriptor says {size}"),
            ));
        }
        Ok(BlobStream { response, asked, host, skip: offset - begins })
    }

    /// Whether the repository of `scope` has the blob.
    ///
    /// # Errors
    /// Any answer but yes and no.
    pub async fn has_blob(&self, scope: &Scope, digest: &Digest) -> Result<bool, Error> {
        let url = self.url(scope.repository(), &format!("blobs/{digest}")).await?;
        let call = Call::new(Method::HEAD, url, scope);
        let response = self.ask(&call, &[StatusCode::OK, StatusCode::NOT_FOUND]).await?;
        Ok(response.status() == StatusCode::OK)
    }

    /// Brings a blob into the repository of `scope`: by a mount from one of the repositories `from`, if the registry
    /// agrees to one (then `true`), else by sending it from `content` in one streamed request.
    ///
    /// # Errors
    /// If the registry refuses, the connection fails too often, or the bytes in `content` are missing or wrong. The
    /// registry is left with nothing, or with an upload that it drops by itself.
    pub async fn put_blob(
        &self,
        scope: &Scope,
        blob: Blob,
        from: &[&str],
        content: &Arc<Content>,
    ) -> Result<bool, Error> {
        let mut attempts = self.0.options.retry.start();
        let mut renewed = false;
        loop {
            let error = match self.put_blob_once(scope, blob, from, content, &mut renewed).await {
                Ok(Some(mounted)) => return Ok(mounted),
                Ok(None) => continue,
                Err(error) => error,
            };
            self.wait(&mut attempts, error).await?;
        }
    }

    /// One try, with an upload of its own. None: the token expired under way, and there is a new one.
    async fn put_blob_once(
        &self,
        scope: &Scope,
        blob: Blob,
        from: &[&str],
        content: &Arc<Content>,
        renewed: &mut bool,
    ) -> Result<Option<bool>, Error> {
        let uploads = self.url(scope.repository(), "blobs/uploads/").await?;
        // The answer to a mount that isn't done is the beginning of an upload. One that has a successor is left to the
        // registry, which drops it by itself.
        let mut mounts = from.iter();
        let (call, started) = loop {
            let (mut url, mount) = (uploads.clone(), mounts.next());
            if let Some(from) = mount {
                url.query_pairs_mut()
                    .append_pair("mount", &blob.digest.to_string())
                    .append_pair("from", from);
            }
            let call =
                Call::new(Method::POST, url, scope).header(CONTENT_LENGTH, HeaderValue::from_static("0"));
            let started = self.ask_once(&call, &[StatusCode::ACCEPTED, StatusCode::CREATED]).await?;
            match (started.status(), mount) {
                (StatusCode::CREATED, Some(_)) => return Ok(Some(true)),
                (StatusCode::CREATED, None) => {
                    return Err(Error::protocol(call.asked(), "it says 201 before it was sent anything"));
                }
                _ if mounts.len() == 0 => break (call, started),
                _ => {}
            }
        };
        let mut to = redirect(&call.url, &started, &call.asked())?;
        // Gives its connection back, so that it can carry the blob.
        drop(started);
        to.query_pairs_mut().append_pair("digest", &blob.digest.to_string());
        self.send(scope, blob, &to, &call.url, content, renewed).await
    }

    /// Streams a blob to an upload's URL.
    async fn send(
        &self,
        scope: &Scope,
        blob: Blob,
        to: &Url,
        registry: &Url,
        content: &Arc<Content>,
        renewed: &mut bool,
    ) -> Result<Option<bool>, Error> {
        let asked = Asked::new("PUT", to);
        let host = host_of(to);
        let ours = to.origin() == registry.origin();
        let authorization = if ours { self.authorize(scope).await? } else { Authorization::default() };
        let (body, upload) = body::stream(content, blob.digest, blob.size, self.listener());
        let mut request = self
            .0
            .http
            .put(to.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))
            .header(CONTENT_LENGTH, blob.size);
        if let Some(header) = &authorization.header {
            request = request.header(AUTHORIZATION, header);
        }
        let sent = upload.activity.watch(UPLOAD, request.body(body).send()).await;
        if let Some(error) = upload.failure() {
            return Err(error.into());
        }
        let lost = |error: Error| {
            (self.listener())(&Event::Lost { bytes: upload.moved() });
            error
        };
        let response = match sent {
            None => return Err(lost(answer::silent(asked, &host))),
            Some(Err(error)) => return Err(lost(transport::failed(asked, &host, error))),
            Some(Ok(response)) => response,
        };
        match response.status() {
            StatusCode::CREATED | StatusCode::OK | StatusCode::NO_CONTENT => Ok(Some(false)),
            StatusCode::UNAUTHORIZED
                if ours && !*renewed && self.renew(&response, scope, &authorization).await? =>
            {
                *renewed = true;
                (self.listener())(&Event::Lost { bytes: upload.moved() });
                Ok(None)
            }
            _ => Err(lost(answer::refusal(asked, &host, response, authorization.used).await)),
        }
    }

    /// Reads a blob to its end and drops it: what is left is that size and digest are right.
    ///
    /// # Errors
    /// If it isn't there, or its bytes are others.
    pub async fn verify_blob(&self, scope: &Scope, blob: Blob) -> Result<(), Error> {
        let url = self.url(scope.repository(), &format!("blobs/{}", blob.digest)).await?;
        let call = Call::new(Method::GET, url, scope);
        let mut attempts = self.0.options.retry.start();
        loop {
            match self.verify_blob_once(&call, blob).await {
                Ok(()) => return Ok(()),
                Err(error) => self.wait(&mut attempts, error).await?,
            }
        }
    }

    async fn verify_blob_once(&self, call: &Call<'_>, blob: Blob) -> Result<(), Error> {
        let mut response = self.ask_once(call, &[StatusCode::OK]).await?;
        let asked = call.asked();
        let (mut hasher, mut size) = (Hasher::new(), 0);
        while let Some(piece) = answer::piece(&mut response, &asked, self.host()).await? {
            size += piece.len() as u64;
            hasher.update(&piece);
        }
        let found = hasher.finish();
        if (found, size) == (blob.digest, blob.size) {
            Ok(())
        } else {
            Err(Error::Damaged { asked, found, size })
        }
    }
}

/// The first byte of a part, by its `Content-Range` (RFC 9110, 14.4).
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (range, first) in [
            ("bytes 10-19/20", Some(10)),
            ("bytes 0-19/*", Some(0)),
            ("bytes */20", None),
            ("lines 10-19/20", None),
            ("bytes x-19/20", None),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_RANGE, HeaderValue::from_static(range))]);
            assert_eq!(first_byte(&headers), first, "{range}");
        }
        assert_eq!(first_byte(&HeaderMap::new()), None);
    }
}
