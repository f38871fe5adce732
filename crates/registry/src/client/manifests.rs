//! Manifests and indexes: asking for them, reading them, putting them.

use bytes::Bytes;
use oci::descriptor::Descriptor;
use oci::digest::Digest;
use oci::media_type::{DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use oci::reference::Tag;
use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MATCH};
use reqwest::{Method, StatusCode};

use super::{Call, Client};
use crate::answer;
use crate::content::MANIFEST_LIMIT;
use crate::error::Error;
use crate::scope::Scope;

/// The header in which a registry says what it has or stored.
const DIGEST_HEADER: &str = "docker-content-digest";
/// The header in which it says that it lists a manifest by its subject.
const SUBJECT_HEADER: &str = "oci-subject";

impl Client {
    /// Whether the repository of `scope` has the manifest or index.
    ///
    /// # Errors
    /// Any answer but yes and no.
    pub async fn has_manifest(&self, scope: &Scope, manifest: &Descriptor) -> Result<bool, Error> {
        let url = self.url(scope.repository(), &format!("manifests/{}", manifest.digest)).await?;
        let call = accepting(Call::new(Method::HEAD, url, scope));
        let response = self.ask(&call, &[StatusCode::OK, StatusCode::NOT_FOUND]).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        // A proxy that answers 200 to everything would make a push report what isn't there.
        match stored(response.headers()) {
            Some(digest) if digest != manifest.digest.to_string() => {
                Err(Error::protocol(call.asked(), format!("it has {digest} under that digest")))
            }
            _ => Ok(true),
        }
    }

    /// The bytes of the manifest or index `digest`, verified.
    ///
    /// # Errors
    /// If it isn't there, or its bytes are others.
    pub async fn manifest(&self, scope: &Scope, digest: &Digest) -> Result<Bytes, Error> {
        let url = self.url(scope.repository(), &format!("manifests/{digest}")).await?;
        let call = accepting(Call::new(Method::GET, url, scope));
        let read = self.read_manifest(&call, &[StatusCode::OK]).await?;
        read.verified(&call, &digest.to_string())
    }

    /// What `tag` names, if it is there.
    ///
    /// # Errors
    /// Any answer but yes and no, or one that was damaged.
    pub(crate) async fn tagged(&self, scope: &Scope, tag: &Tag) -> Result<Option<Tagged>, Error> {
        let url = self.url(scope.repository(), &format!("manifests/{tag}")).await?;
        let call = accepting(Call::new(Method::GET, url, scope));
        let read = self.read_manifest(&call, &[StatusCode::OK, StatusCode::NOT_FOUND]).await?;
        if read.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let etag = read.headers.get(ETAG).filter(|etag| !etag.as_bytes().starts_with(b"W/")).cloned();
        let bytes = match stored(&read.headers).map(str::to_owned) {
            Some(digest) => read.verified(&call, &digest)?,
            None => read.bytes,
        };
        Ok(Some(Tagged { bytes, etag }))
    }

    async fn read_manifest(&self, call: &Call<'_>, welcome: &[StatusCode]) -> Result<Read, Error> {
        let limit = usize::try_from(MANIFEST_LIMIT).unwrap_or(usize::MAX);
        let mut attempts = self.0.options.retry.start();
        loop {
            let read = match self.ask_once(call, welcome).await {
                Ok(response) => {
                    let (status, headers) = (response.status(), response.headers().clone());
                    let bytes = answer::read(response, &call.asked(), self.host(), limit).await;
                    bytes.map(|bytes| Read { status, headers, bytes })
                }
                Err(error) => Err(error),
            };
            match read {
                Ok(read) => return Ok(read),
                Err(error) => self.wait(&mut attempts, error).await?,
            }
        }
    }

    /// Puts a manifest or index under `reference`, a tag or its own digest.
    ///
    /// # Errors
    /// If the registry refuses it, or stores other bytes than it was sent.
    pub async fn put_manifest(
        &self,
        scope: &Scope,
        reference: &str,
        manifest: &Descriptor,
        bytes: Bytes,
    ) -> Result<Stored, Error> {
        let call = self.putting(scope, reference, manifest, bytes).await?;
        let welcome = [StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED];
        let response = self.ask(&call, &welcome).await?;
        as_sent(response.headers(), &call, manifest)?;
        Ok(Stored { subject: response.headers().contains_key(SUBJECT_HEADER) })
    }

    /// As [`Client::put_manifest`], but only while the tag names what `etag` was given for, where the registry looks at
    /// that. Returns whether the tag was moved.
    ///
    /// # Errors
    /// As [`Client::put_manifest`].
    pub(crate) async fn replace_tag(
        &self,
        scope: &Scope,
        tag: &Tag,
        manifest: &Descriptor,
        bytes: Bytes,
        etag: Option<HeaderValue>,
    ) -> Result<bool, Error> {
        let mut call = self.putting(scope, tag.as_str(), manifest, bytes).await?;
        if let Some(etag) = etag {
            call = call.header(IF_MATCH, etag);
        }
        let welcome =
            [StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED, StatusCode::PRECONDITION_FAILED];
        let response = self.ask(&call, &welcome).await?;
        if response.status() == StatusCode::PRECONDITION_FAILED {
            return Ok(false);
        }
        as_sent(response.headers(), &call, manifest)?;
        Ok(true)
    }

    async fn putting<'a>(
        &self,
        scope: &'a Scope,
        reference: &str,
        manifest: &Descriptor,
        bytes: Bytes,
    ) -> Result<Call<'a>, Error> {
        let url = self.url(scope.repository(), &format!("manifests/{reference}")).await?;
        let mut call = Call::new(Method::PUT, url, scope);
        let media_type = HeaderValue::from_str(&manifest.media_type)
            .map_err(|_| Error::protocol(call.asked(), format!("media type {:?}", manifest.media_type)))?;
        call = call.header(CONTENT_TYPE, media_type);
        call.body = bytes;
        Ok(call)
    }
}

/// What a registry says of a manifest that it has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Whether it lists the manifest among the referrers of its subject. One without that API leaves it to clients
    /// (distribution-spec, "Pushing Manifests with Subject").
    pub subject: bool,
}

/// What a tag names.
#[derive(Clone, Debug)]
pub(crate) struct Tagged {
    /// The manifest or index.
    pub(crate) bytes: Bytes,
    /// What the registry takes for a proof that the tag has not moved since.
    pub(crate) etag: Option<HeaderValue>,
}

/// An answer with its body.
struct Read {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Read {
    fn verified(self, call: &Call<'_>, digest: &str) -> Result<Bytes, Error> {
        let (found, size) = (Digest::of(&self.bytes), self.bytes.len() as u64);
        if found.to_string() == digest {
            Ok(self.bytes)
        } else {
            Err(Error::Damaged { asked: call.asked(), found, size })
        }
    }
}

/// Checks that a registry has stored what it was sent, where it says what.
fn as_sent(headers: &HeaderMap, call: &Call<'_>, manifest: &Descriptor) -> Result<(), Error> {
    match stored(headers) {
        Some(digest) if digest != manifest.digest.to_string() => {
            Err(Error::protocol(call.asked(), format!("it stored {digest} instead of {}", manifest.digest)))
        }
        _ => Ok(()),
    }
}

/// Asks for every kind of manifest, since some registries convert or hide what isn't asked for.
fn accepting(mut call: Call<'_>) -> Call<'_> {
    for media_type in [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX] {
        call = call.header(ACCEPT, HeaderValue::from_static(media_type));
    }
    call
}

fn stored(headers: &HeaderMap) -> Option<&str> {
    headers.get(DIGEST_HEADER)?.to_str().ok()
}
