//! Reading answers: refusals with what the registry says about them, and bodies up to a limit.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;

use crate::error::{Answer, Asked, Error, Problem, Used};
use crate::retry::retry_after;
use crate::transport;

/// How long a connection may go without a byte while an answer is read.
const SILENCE: Duration = Duration::from_secs(60);
/// How much of a refusal is read.
const REFUSAL_LIMIT: usize = 64 << 10;
/// How much of it is shown, in characters.
const SHOWN: usize = 300;

/// The error for a refusing answer.
pub(crate) async fn refusal(asked: Asked, host: &str, response: Response, used: Used) -> Error {
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(retry_after);
    // What it says is a help only: an answer that breaks off is still the refusal that it began as.
    let body = read(response, &asked, host, REFUSAL_LIMIT).await.unwrap_or_default();
    let answer =
        Answer { asked, host: host.to_owned(), status, said: said(&body), retry_after, used, attempts: 1 };
    Error::Answer(Box::new(answer))
}

/// The error for a host that doesn't answer.
pub(crate) fn silent(asked: Asked, host: &str) -> Error {
    Error::Connection { asked, host: host.to_owned(), problem: Problem::Silent, source: None }
}

/// The next piece of an answer's body.
pub(crate) async fn piece(
    response: &mut Response,
    asked: &Asked,
    host: &str,
) -> Result<Option<Bytes>, Error> {
    match tokio::time::timeout(SILENCE, response.chunk()).await {
        Ok(piece) => piece.map_err(|error| transport::failed(asked.clone(), host, error)),
        Err(_) => Err(silent(asked.clone(), host)),
    }
}

/// The whole body of an answer, which may have `limit` bytes.
pub(crate) async fn read(
    mut response: Response,
    asked: &Asked,
    host: &str,
    limit: usize,
) -> Result<Bytes, Error> {
    let mut body = BytesMut::new();
    while let Some(piece) = piece(&mut response, asked, host).await? {
        if body.len() + piece.len() > limit {
            return Err(Error::protocol(asked.clone(), format!("the answer has more than {limit} bytes")));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// What a refusal says: codes and messages of the distribution spec's error format, else its first line if it is
/// plain text. In one line, without control characters, and cut.
fn said(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let text = match serde_json::from_slice::<Errors>(body) {
        Ok(Errors { errors }) => {
            let one = |error: &One| match (error.code.as_str(), error.message.as_str()) {
                (code, "") => code.to_owned(),
                ("", message) => message.to_owned(),
                (code, message) => format!("{code}: {message}"),
            };
            errors.iter().map(one).collect::<Vec<_>>().join("; ")
        }
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            let line = text.lines().next().unwrap_or_default().trim();
            if line.starts_with('<') { String::new() } else { line.to_owned() }
        }
    };
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registries_say() {
        let long = "x".repeat(1000);
        for (body, expected) in [
            (r#"{"errors":[{"code":"DENIED","message":"no","detail":{"x":1}}]}"#, "DENIED: no"),
            (r#"{"errors":[{"code":"A"},{"message":"b"}]}"#, "A; b"),
            (r#"{"errors":[]}"#, ""),
            ("404 page not found\nmore", "404 page not found"),
            ("<html>", ""),
            ("\u{1b}[31mred", " [31mred"),
            ("", ""),
            (&long, &"x".repeat(SHOWN)),
        ] {
            assert_eq!(said(body.as_bytes()), expected);
        }
    }
}
