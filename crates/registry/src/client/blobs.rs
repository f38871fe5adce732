//! Blobs: asking for them, mounting, streaming them up, reading them back.

use std::sync::Arc;

use oci::digest::{Digest, Hasher};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use super::{Call, Client, UPLOAD, host_of, redirect};
use crate::auth::Authorization;
use crate::content::Content;
use crate::error::{Asked, Error};
use crate::event::Event;
use crate::scope::Scope;
use crate::{answer, body, transport};

/// A blob to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

impl Client {
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

    /// Brings a blob into the repository of `scope`: by a mount from the repository `from`, if there is one and the
    /// registry agrees (then `true`), else by sending it from `content` in one streamed request.
    ///
    /// # Errors
    /// If the registry refuses, the connection fails too often, or the bytes in `content` are missing or wrong. The
    /// registry is left with nothing, or with an upload that it drops by itself.
    pub async fn put_blob(
        &self,
        scope: &Scope,
        blob: Blob,
        from: Option<&str>,
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
        from: Option<&str>,
        content: &Arc<Content>,
        renewed: &mut bool,
    ) -> Result<Option<bool>, Error> {
        let mut url = self.url(scope.repository(), "blobs/uploads/").await?;
        if let Some(from) = from {
            url.query_pairs_mut().append_pair("mount", &blob.digest.to_string()).append_pair("from", from);
        }
        let call = Call::new(Method::POST, url, scope).header(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let started = self.ask_once(&call, &[StatusCode::ACCEPTED, StatusCode::CREATED]).await?;
        if started.status() == StatusCode::CREATED {
            if from.is_some() {
                return Ok(Some(true));
            }
            return Err(Error::protocol(call.asked(), "it says 201 before it was sent anything"));
        }
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
