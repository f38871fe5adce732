//! Podman's service, by its own API (`/libpod`): docker's has no way to say that one registry speaks plain HTTP.

use oci::{Platform, Reference};
use reqwest::Method;
use serde::Deserialize;

use crate::Archive;
use crate::docker::{Docker, Endpoint, Error, Progress};

/// A service that answers.
#[derive(Debug, Clone)]
pub struct Service {
    engine: Docker,
    /// The root of its own API.
    root: String,
}

/// A line of a pull's answer.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    stream: String,
    error: Option<String>,
}

impl Service {
    /// Podman's own API beside docker's; `None` where it is not podman that answers.
    #[must_use]
    pub fn over(engine: &Docker) -> Option<Self> {
        Some(Self { engine: engine.clone(), root: engine.libpod()? })
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.engine.endpoint()
    }

    /// What answers docker's API there, which tells release and platform.
    #[must_use]
    pub fn engine(&self) -> &Docker {
        &self.engine
    }

    fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.engine.request_whole(method, &format!("{}{path}", self.root), query)
    }

    /// Lets podman pull `reference`, over plain HTTP if that is what is spoken there, for `platform` or else its own.
    /// `progress` sees every message.
    ///
    /// # Errors
    /// The connection fails, or podman refuses; [`Error::Pull`] is an error that came in the stream.
    pub async fn pull(
        &self,
        reference: &Reference,
        platform: Option<&Platform>,
        mut progress: impl FnMut(Progress),
    ) -> Result<(), Error> {
        let operation = format!("pull of {reference}");
        let name = reference.to_string();
        let mut query = vec![("reference", name.as_str()), ("tlsVerify", "false"), ("policy", "always")];
        if let Some(platform) = platform {
            query.extend([("OS", platform.os.as_str()), ("Arch", platform.architecture.as_str())]);
            query.extend(platform.variant.iter().map(|variant| ("Variant", variant.as_str())));
        }
        let request = self.request(Method::POST, "/images/pull", &query);
        let response = self.engine.send(&operation, request).await?;
        self.engine
            .each_line(&operation, response, |line| match serde_json::from_slice(line) {
                Ok(Line { error: Some(message), .. }) => {
                    let (reference, daemon) = (name.clone(), self.engine.daemon().clone());
                    Err(Error::Pull { reference, daemon, message })
                }
                Ok(Line { stream, error: None }) => {
                    for status in stream.lines().map(str::trim).filter(|status| !status.is_empty()) {
                        progress(Progress { layer: None, status: status.to_owned(), bytes: None });
                    }
                    Ok(())
                }
                Err(error) => Err(self.engine.malformed(&operation, error.to_string())),
            })
            .await
    }

    /// Gives the image `source` the further name `target`.
    ///
    /// # Errors
    /// The connection fails, or there is no such image.
    pub async fn tag(&self, source: &Reference, target: &Reference) -> Result<(), Error> {
        let repository = target.repository.to_string();
        let tag = target.tag.as_ref().map_or_else(|| "latest".to_owned(), ToString::to_string);
        let query = [("repo", repository.as_str()), ("tag", tag.as_str())];
        let request = self.request(Method::POST, &format!("/images/{source}/tag"), &query);
        self.engine.send(&format!("tag of {source} as {target}"), request).await.map(drop)
    }

    /// Takes the name `name` away, and the image if it has no other. A name that is not there is fine.
    ///
    /// # Errors
    /// The connection fails, or podman refuses.
    pub async fn untag(&self, name: &Reference) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &format!("/images/{name}"), &[]);
        match self.engine.send(&format!("removal of the name {name}"), request).await {
            Ok(_) | Err(Error::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lets podman load `archive`, with the names that are in it.
    ///
    /// # Errors
    /// The connection fails, or podman refuses.
    pub async fn load(&self, archive: Archive) -> Result<(), Error> {
        self.engine.load_by(self.request(Method::POST, "/images/load", &[]), archive).await
    }
}
