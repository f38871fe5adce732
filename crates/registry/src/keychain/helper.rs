//! Credential helpers: `docker-credential-<name> get`, with the registry on standard input and JSON on standard
//! output.

use std::process::{Output, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::Credential;
use crate::secret::Secret;

/// How long a helper may take; some ask a person or a network.
const PATIENCE: Duration = Duration::from_secs(60);

/// The user that says that the secret is an identity token.
const TOKEN_USER: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The program of a helper: a name becomes `docker-credential-<name>` from `PATH`, a path stays.
pub(super) fn program(name: &str) -> String {
    if name.contains(std::path::MAIN_SEPARATOR) {
        name.to_owned()
    } else {
        format!("docker-credential-{name}")
    }
}

/// Runs `program get` with the line `input` on its standard input.
///
/// # Errors
/// What happened, in words.
pub(super) async fn run(program: &str, input: &str) -> Result<Output, String> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            format!("cannot start it ({error}): install it, or take its name out of that file")
        })?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper may answer without reading, so a closed pipe is not its failure.
        let _ = stdin.write_all(format!("{input}\n").as_bytes()).await;
    }
    match tokio::time::timeout(PATIENCE, child.wait_with_output()).await {
        Ok(output) => output.map_err(|error| format!("cannot read its answer ({error})")),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// Asks `program` for the credential kept under `key`; none if it has none.
///
/// # Errors
/// What happened, in words; never what the helper wrote when it succeeded.
pub(super) async fn get(program: &str, key: &str) -> Result<Option<Credential>, String> {
    let output = run(program, key).await?;
    if output.status.success() {
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|_| "its answer is no credential (JSON with Username and Secret)".to_owned())?;
        return Ok(match (answer.username.as_str(), answer.secret.as_str()) {
            // How some say that they have none.
            ("", "") => None,
            (TOKEN_USER, _) => Some(Credential::Identity(Secret::new(answer.secret))),
            _ => Some(Credential::Basic { user: answer.username, password: Secret::new(answer.secret) }),
        });
    }
    // By the helpers' protocol, the message of a failure is on standard output.
    let said =
        String::from_utf8_lossy(if output.stdout.is_empty() { &output.stderr } else { &output.stdout });
    let said = said.lines().next().unwrap_or_default().trim().to_owned();
    if said.contains("credentials not found") {
        return Ok(None);
    }
    Err(if said.is_empty() { output.status.to_string() } else { said })
}
