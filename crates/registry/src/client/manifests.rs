//! Manifests and indexes: asking for them, reading them, putting them.

use bytes::Bytes;
use oci::descriptor::Descriptor;
use oci::digest::Digest;
use oci::media_type::{DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};

use super::{Call, Client};
use crate::answer;
use crate::content::MANIFEST_LIMIT;
use crate::error::Error;
use crate::scope::Scope;

/// The header in which a registry says what it has or stored.
const DIGEST_HEADER: &str = "docker-content-digest";

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
        let limit = usize::try_from(MANIFEST_LIMIT).unwrap_or(usize::MAX);
        let mut attempts = self.0.options.retry.start();
        loop {
            let read = match self.ask_once(&call, &[StatusCode::OK]).await {
                Ok(response) => answer::read(response, &call.asked(), self.host(), limit).await,
                Err(error) => Err(error),
            };
            match read {
                Ok(bytes) => {
                    let (found, size) = (Digest::of(&bytes), bytes.len() as u64);
                    return if found == *digest {
                        Ok(bytes)
                    } else {
                        Err(Error::Damaged { asked: call.asked(), found, size })
                    };
                }
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
    ) -> Result<(), Error> {
        let url = self.url(scope.repository(), &format!("manifests/{reference}")).await?;
        let mut call = Call::new(Method::PUT, url, scope);
        let media_type = HeaderValue::from_str(&manifest.media_type)
            .map_err(|_| Error::protocol(call.asked(), format!("media type {:?}", manifest.media_type)))?;
        call = call.header(CONTENT_TYPE, media_type);
        call.body = bytes;
        let response = self.ask(&call, &[StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED]).await?;
        match stored(response.headers()) {
            Some(digest) if digest != manifest.digest.to_string() => Err(Error::protocol(
                call.asked(),
                format!("it stored {digest} instead of {}", manifest.digest),
            )),
            _ => Ok(()),
        }
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
