//! Loading an archive: its bytes go up, and an error comes in a stream of lines after a status of 200.

use reqwest::{Body, Method};
use serde::Deserialize;

use super::connect::Docker;
use super::error::Error;
use crate::Archive;

/// What an error of this call says it was about.
const OPERATION: &str = "load of an archive";

/// A line of the answer; docker's have `errorDetail` as well, with the same words.
#[derive(Deserialize)]
struct Line {
    error: Option<String>,
}

impl Docker {
    /// Lets the daemon load `archive`, with the names that are in it. Layers that it has need not be in it.
    ///
    /// # Errors
    /// As for every call; [`Error::Load`] is an error that came in the stream.
    pub async fn load(&self, archive: Archive) -> Result<(), Error> {
        let request = self.request(Method::POST, "/images/load", &[("quiet", "1")]);
        self.load_by(request, archive).await
    }

    /// The same by another call, such as podman's own.
    pub(crate) async fn load_by(
        &self,
        request: reqwest::RequestBuilder,
        archive: Archive,
    ) -> Result<(), Error> {
        let request = request.header("content-type", "application/x-tar").body(Body::wrap_stream(archive));
        let response = self.send(OPERATION, request).await?;
        self.each_line(OPERATION, response, |line| match serde_json::from_slice(line) {
            Ok(Line { error: None }) => Ok(()),
            Ok(Line { error: Some(message) }) => Err(Error::Load { daemon: self.daemon().clone(), message }),
            Err(error) => Err(self.malformed(OPERATION, error.to_string())),
        })
        .await
    }
}
