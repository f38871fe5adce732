//! Command-line clients, where a runtime has no API that is spoken here: `podman` without its service, `ctr`, `nerdctl`.
//!
//! Invariant: a client gets arguments, never a line for a shell; its output is read to the end and does not reach the
//! user's; it does not outlive the future that waits for it.

mod images;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use crate::Archive;

/// How much of what a client says goes into an error, in characters from its end.
const MOST_WORDS: usize = 1000;

/// Why a client did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// It did not start.
    #[error("{operation}: cannot start {}: {source}", program.display())]
    Start {
        /// What was asked.
        operation: String,
        /// The program.
        program: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It started, and its output could not be read.
    #[error("{operation}: cannot talk to {}: {source}", program.display())]
    Talk {
        /// What was asked.
        operation: String,
        /// The program.
        program: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It ended with an error.
    #[error("{operation}: `{command}` ended with {status}: {words}")]
    Failed {
        /// What was asked.
        operation: String,
        /// The command, with its arguments.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it said.
        words: String,
    },
}

impl ClientError {
    /// What the client said, where it ended with an error.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Failed { words, .. } => Some(words),
            _ => None,
        }
    }
}

/// A client that is installed, with the arguments that tell it which daemon is meant.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    program: PathBuf,
    global: Vec<OsString>,
}

impl Client {
    /// `program` with `global` before all other arguments.
    pub(crate) fn new<A: Into<OsString>>(program: PathBuf, global: impl IntoIterator<Item = A>) -> Self {
        Self { program, global: global.into_iter().map(Into::into).collect() }
    }

    /// The program.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// A command that is to take this process's place, for which the arguments so far are those of this client.
    pub(crate) fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.global);
        command
    }

    /// Runs it to its end and returns what it wrote to standard output.
    pub(crate) async fn run<A: AsRef<OsStr>>(
        &self,
        operation: &str,
        arguments: &[A],
    ) -> Result<String, ClientError> {
        let child = self.start(operation, arguments, Stdio::null())?;
        self.finish(operation, arguments, child).await
    }

    /// The same with `input` on its standard input.
    pub(crate) async fn feed<A: AsRef<OsStr>>(
        &self,
        operation: &str,
        arguments: &[A],
        mut input: Archive,
    ) -> Result<String, ClientError> {
        let mut child = self.start(operation, arguments, Stdio::piped())?;
        let stdin = child.stdin.take();
        let write = async {
            let Some(mut stdin) = stdin else { return Ok(()) };
            while let Some(piece) = input.next().await {
                stdin.write_all(&piece?).await?;
            }
            stdin.shutdown().await
        };
        let (written, finished) = tokio::join!(write, self.finish(operation, arguments, child));
        match (written, finished) {
            // A client that ends early breaks the pipe: then what it says counts.
            (Err(source), _) if source.kind() != io::ErrorKind::BrokenPipe => {
                Err(self.talk(operation, source))
            }
            (_, finished) => finished,
        }
    }

    fn start<A: AsRef<OsStr>>(
        &self,
        operation: &str,
        arguments: &[A],
        stdin: Stdio,
    ) -> Result<Child, ClientError> {
        let mut command = Command::new(&self.program);
        command.args(&self.global).args(arguments).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true).spawn().map_err(|source| ClientError::Start {
            operation: operation.to_owned(),
            program: self.program.clone(),
            source,
        })
    }

    async fn finish<A: AsRef<OsStr>>(
        &self,
        operation: &str,
        arguments: &[A],
        child: Child,
    ) -> Result<String, ClientError> {
        let output = child.wait_with_output().await.map_err(|source| self.talk(operation, source))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = if output.stderr.trim_ascii().is_empty() { &output.stdout } else { &output.stderr };
        Err(ClientError::Failed {
            operation: operation.to_owned(),
            command: self.line(arguments),
            status: output.status,
            words: end_of(said),
        })
    }

    fn talk(&self, operation: &str, source: io::Error) -> ClientError {
        ClientError::Talk { operation: operation.to_owned(), program: self.program.clone(), source }
    }

    /// The command as a person would type it, but for quotes.
    fn line<A: AsRef<OsStr>>(&self, arguments: &[A]) -> String {
        let program = self.program.file_name().unwrap_or(self.program.as_os_str());
        let rest = self.global.iter().map(OsString::as_os_str).chain(arguments.iter().map(AsRef::as_ref));
        let words = std::iter::once(program).chain(rest).map(OsStr::to_string_lossy);
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The end of what a client said, as far as it fits an error.
fn end_of(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said.trim_ascii());
    let from = text.char_indices().rev().nth(MOST_WORDS - 1).map_or(0, |(at, _)| at);
    if text.is_empty() { "it said nothing".to_owned() } else { text[from..].to_owned() }
}

#[cfg(all(test, unix))]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    fn shell(script: &str) -> Client {
        Client::new("/bin/sh".into(), ["-c", script, "client"])
    }

    #[tokio::test]
    async fn arguments_arrive_as_they_are() {
        let client = shell(r#"printf '%s|' "$@""#);
        let output = client.run("test", &["a b", "$HOME", "", "*"]).await.unwrap();
        assert_eq!(output, "a b|$HOME||*|");
    }

    #[tokio::test]
    async fn an_error_has_the_command_and_its_words() {
        for (script, expected) in [
            ("echo out; echo no such image >&2; exit 3", "exit status: 3: no such image"),
            ("echo on the wrong stream; exit 1", "exit status: 1: on the wrong stream"),
            ("exit 1", "exit status: 1: it said nothing"),
            ("kill -9 $$", "signal: 9"),
        ] {
            let error = shell(script).run("tag of app", &["tag"]).await.unwrap_err().to_string();
            for part in ["tag of app: `sh -c ", " client tag` ended with ", expected] {
                assert!(error.contains(part), "{part} in {error}");
            }
        }
        let missing = Client::new("/missing/ctr".into(), [""; 0]);
        let error = missing.run("tag of app", &["tag"]).await.unwrap_err().to_string();
        assert!(error.starts_with("tag of app: cannot start /missing/ctr: "), "{error}");
    }

    #[test]
    fn only_the_end_of_long_words_is_kept() {
        assert_eq!(end_of("ä".repeat(1001).as_bytes()).chars().count(), 1000);
        assert_eq!(end_of(b" short \n"), "short");
    }

    #[tokio::test]
    async fn input_is_fed() {
        let pieces = |results: Vec<io::Result<&'static str>>| -> Archive {
            stream::iter(
                results.into_iter().map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes()))),
            )
            .boxed()
        };
        let fed = shell("cat").feed("load", &[""; 0], pieces(vec![Ok("one "), Ok("two")])).await.unwrap();
        assert_eq!(fed, "one two");
        let long: Vec<_> = (0..64).map(|_| Ok(concat!("0123456789abcdef", "0123456789abcdef"))).collect();
        let refused = shell("echo not an archive >&2; exit 1").feed("load", &[""; 0], pieces(long)).await;
        assert!(refused.unwrap_err().to_string().contains("not an archive"));
        let broken = pieces(vec![Err(io::Error::other("the blob is gone"))]);
        let broken = shell("cat").feed("load", &[""; 0], broken).await;
        assert!(broken.unwrap_err().to_string().contains("the blob is gone"));
    }
}
