//! Pulling: one request whose answer is a stream of JSON lines, in which an error comes after a status of 200.

use oci::{Platform, Reference};
use reqwest::Method;
use serde::Deserialize;

use super::connect::Docker;
use super::error::Error;

/// One message of a pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The layer that it is about, as the first twelve digits of its digest; `None` for the pull as a whole.
    pub layer: Option<String>,
    /// What is happening, in docker's words, such as `Downloading`.
    pub status: String,
    /// How far that is: bytes done, and in all if that is known.
    pub bytes: Option<(u64, Option<u64>)>,
}

/// A line of the stream as docker writes it.
#[derive(Deserialize)]
struct Line {
    id: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(rename = "progressDetail")]
    detail: Option<Detail>,
    error: Option<String>,
    #[serde(rename = "errorDetail")]
    error_detail: Option<ErrorDetail>,
}

#[derive(Deserialize, Default)]
struct Detail {
    current: Option<u64>,
    total: Option<u64>,
}

#[derive(Deserialize)]
struct ErrorDetail {
    message: String,
}

impl Docker {
    /// Lets the daemon pull `reference`, which must have a digest or a tag (the digest wins), for `platform` or else its
    /// own. `progress` sees every message. Dropping the future closes the connection, at which docker stops the pull.
    ///
    /// # Errors
    /// As for every call; [`Error::Pull`] is an error that came in the stream.
    pub async fn pull(
        &self,
        reference: &Reference,
        platform: Option<&Platform>,
        mut progress: impl FnMut(Progress),
    ) -> Result<(), Error> {
        let operation = format!("pull of {reference}");
        let repository = reference.repository.to_string();
        let version = match (&reference.digest, &reference.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.to_string(),
            (None, None) => "latest".to_owned(),
        };
        let platform = platform.map(ToString::to_string);
        let mut query = vec![("fromImage", repository.as_str()), ("tag", version.as_str())];
        query.extend(platform.iter().map(|platform| ("platform", platform.as_str())));

        let response = self.send(&operation, self.request(Method::POST, "/images/create", &query)).await?;
        self.each_line(&operation, response, |line| match parse(line) {
            Ok(Ok(message)) => {
                progress(message);
                Ok(())
            }
            Ok(Err(message)) => {
                Err(Error::Pull { reference: reference.to_string(), daemon: self.daemon().clone(), message })
            }
            Err(detail) => Err(self.malformed(&operation, detail)),
        })
        .await
    }
}

/// Reads one line: a message, or an error in docker's words. The outer error is a line that is neither.
fn parse(line: &[u8]) -> Result<Result<Progress, String>, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        let start: String = String::from_utf8_lossy(line).chars().take(80).collect();
        format!("`{start}` is not a line of progress: {error}")
    })?;
    if let Some(message) = line.error_detail.map(|detail| detail.message).or(line.error) {
        return Ok(Err(message));
    }
    let detail = line.detail.unwrap_or_default();
    Ok(Ok(Progress {
        layer: line.id,
        status: line.status,
        bytes: detail.current.map(|current| (current, detail.total.filter(|total| *total > 0))),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_pull() {
        let message = |line: &str| parse(line.as_bytes()).unwrap();
        assert_eq!(
            message(
                r#"{"status":"Downloading","progressDetail":{"current":3,"total":9},"progress":"[>]","id":"b259c8"}"#
            ),
            Ok(Progress {
                layer: Some("b259c8".to_owned()),
                status: "Downloading".to_owned(),
                bytes: Some((3, Some(9)))
            })
        );
        assert_eq!(
            message(r#"{"status":"Pulling fs layer","progressDetail":{},"id":"b259c8"}"#).unwrap().bytes,
            None
        );
        assert_eq!(message(r#"{"status":"Digest: sha256:00"}"#).unwrap().layer, None);
        for (line, words) in [
            (
                r#"{"errorDetail":{"code":1,"message":"no space left"},"error":"older words"}"#,
                "no space left",
            ),
            (r#"{"error":"only the old field"}"#, "only the old field"),
        ] {
            assert_eq!(message(line), Err(words.to_owned()));
        }
        assert!(parse(b"<html>").unwrap_err().contains("`<html>`"));
    }
}
