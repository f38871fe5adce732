//! The way into a docker daemon: it pulls from a registry that lives on loopback for as long as that takes.
//!
//! Invariant: whatever happens after the pull has begun, the name under which the daemon pulled is taken away again.
//! Nothing but the names that were asked for is left behind, and without them no image.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use oci::Reference;
use registry::content::Content;
use registry::serve::{ReadOnly, Served};
use runtime::docker::{Docker, Error, Progress};

use super::choice::Choice;
use crate::exit::{Exit, fail};

/// How long a daemon may take from the pull's begin to its first request. One that finds the way asks within
/// milliseconds.
const SILENCE: Duration = Duration::from_secs(2);

/// What a transfer did.
#[derive(Debug)]
pub(super) struct Transferred {
    /// What the daemon fetched.
    pub served: Vec<Served>,
    /// The names that the image has now.
    pub named: Vec<Reference>,
    /// What went wrong after the image was there: names that it did not get, the temporary one that stays.
    pub problems: Vec<String>,
}

/// Brings what was chosen into the daemon under `names`.
///
/// # Errors
/// The daemon cannot reach this machine's loopback, or its pull fails; then it is as it was.
pub(super) async fn transfer(
    docker: &Docker,
    content: Arc<Content>,
    choice: &Choice,
    names: &[Reference],
    progress: impl FnMut(Progress),
) -> anyhow::Result<Transferred> {
    let registry = ReadOnly::start(content, choice.pull).context("cannot serve the image on 127.0.0.1")?;
    let temporary: Reference = registry.reference().parse().context("the name of the temporary image")?;
    let cleanup = Cleanup { docker, name: &temporary, needed: true };
    let pulled = tokio::select! {
        pulled = docker.pull(&temporary, choice.platform.as_ref(), progress) => {
            pulled.map_err(|error| explain(docker, &registry, error))
        }
        problem = registry.failed() => Err(problem.into()),
        () = silence(&registry) => Err(unreachable(docker, &registry, &format!(
            "no request came from it within {} s", SILENCE.as_secs()
        ))),
    };
    if let Err(error) = pulled {
        // Nearly always there is nothing to remove, and the error that counts is the pull's.
        let _ = cleanup.now().await;
        return Err(error);
    }
    let (named, mut problems) = name(docker, &temporary, names).await;
    if let Err(error) = cleanup.now().await {
        problems.push(format!("{error}\nA temporary name is left: `docker rmi {temporary}` removes it"));
    }
    Ok(Transferred { served: registry.served(), named, problems })
}

/// Takes the temporary name away, also where the transfer is dropped half-way, as Ctrl-C does.
struct Cleanup<'a> {
    docker: &'a Docker,
    name: &'a Reference,
    needed: bool,
}

impl Cleanup<'_> {
    async fn now(mut self) -> Result<(), Error> {
        let done = self.docker.untag(self.name).await;
        self.needed = false;
        done
    }
}

impl Drop for Cleanup<'_> {
    fn drop(&mut self) {
        if !self.needed {
            return;
        }
        // Nothing can be awaited here: a thread of its own asks, for as long as someone who pressed Ctrl-C waits.
        let ask = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            let untag = async { tokio::time::timeout(SILENCE, self.docker.untag(self.name)).await };
            runtime.block_on(untag).ok()
        };
        std::thread::scope(|scope| {
            let _ = scope.spawn(ask).join();
        });
    }
}

/// Gives the image its names; returns those that it got, and why it did not get others.
async fn name(docker: &Docker, image: &Reference, names: &[Reference]) -> (Vec<Reference>, Vec<String>) {
    let (mut named, mut problems) = (Vec::new(), Vec::new());
    for name in names {
        match docker.tag(&image.to_string(), name).await {
            Ok(()) => named.push(name.clone()),
            Err(error) => problems.push(error.to_string()),
        }
    }
    (named, problems)
}

/// Ends when the daemon has had its time and nobody has asked for anything; else never.
async fn silence(registry: &ReadOnly) {
    tokio::time::sleep(SILENCE).await;
    if registry.requests() > 0 {
        std::future::pending::<()>().await;
    }
}

/// A pull that failed before any request came has not found the way; another says itself what is wrong, unless it was
/// a layer of the base that could not be had: of that the daemon knows only that its download broke off.
fn explain(docker: &Docker, registry: &ReadOnly, error: Error) -> anyhow::Error {
    if let Some(problem) = registry.take_problem() {
        return anyhow::Error::new(problem).context(error.to_string());
    }
    match error {
        Error::Refused { message, .. } | Error::Pull { message, .. } if registry.requests() == 0 => {
            unreachable(docker, registry, &format!("it says: {message}"))
        }
        error if error.is_unreachable() => fail(Exit::Unreachable, error.to_string()),
        error => error.into(),
    }
}

fn unreachable(docker: &Docker, registry: &ReadOnly, how: &str) -> anyhow::Error {
    fail(
        Exit::Unreachable,
        format!(
            "the docker daemon at {} does not reach {} on this machine, from which it is to pull: {how}. A daemon that \
             is rootless, in a container, in a virtual machine or on another machine has a loopback of its own. Load \
             where the daemon runs, set DOCKER_HOST to a daemon of this machine, or push the image to a registry that \
             the daemon reaches and pull it from there",
            docker.endpoint(),
            registry.address(),
        ),
    )
}

#[cfg(all(test, unix))]
mod tests {
    use oci::{Digest, Platform};
    use registry::content::Source;
    use runtime::Environment;
    use testing::docker::{Answer, Call, FakeDocker, ask_for_manifest, introduce};
    use testing::image::{self, Image};

    use super::*;
    use crate::load::choice::choose;

    const DONE: &str = r#"{"status":"Status: Downloaded newer image"}"#;

    fn content_of(image: &Image) -> Arc<Content> {
        let mut content = Content::new();
        for blob in image.blobs() {
            content.insert(Digest::of(blob), Source::Bytes(blob.to_vec().into()));
        }
        Arc::new(content)
    }

    /// Transfers a small image to a daemon that answers `pull` to a pull, after it has asked for the manifest if `asks`
    /// says so, and `tag` to each new name. Returns what came of it and the calls, port and token of the registry
    /// replaced. A transfer that takes longer than `patience` is dropped.
    async fn transfer_within(
        patience: Duration,
        asks: bool,
        pull: fn() -> Answer,
        tag: fn() -> Answer,
    ) -> (Option<anyhow::Result<Transferred>>, Vec<String>) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let fake = FakeDocker::start(dir.path(), move |call: Call| async move {
            if let Some(answer) = introduce(&call, "28.2.2") {
                return answer;
            }
            match call.method.as_str() {
                "POST" if call.path == "/images/create" => {
                    if asks {
                        let status = ask_for_manifest(&call).await.expect("the registry answers");
                        assert!(status.ends_with("200 OK"), "{status}");
                    }
                    pull()
                }
                "POST" => tag(),
                _ => Answer::new(200, "[]"),
            }
        });
        let environment = Environment { docker_host: Some(fake.host()), ..Environment::default() };
        let docker = runtime::docker::connect(&environment).await.expect("the fake daemon answers");
        let image = image::small();
        let content = content_of(&image);
        let root = content.describe(&image.digest()).expect("the image's manifest");
        let choice = choose(&content, &root, &Platform::new("linux", "amd64"), None).expect("the only image");
        let names = ["app:latest", "app:v1"].map(|name| name.parse().expect("a name"));
        let transfer = transfer(&docker, content, &choice, &names, |_| ());
        let result = tokio::time::timeout(patience, transfer).await.ok();
        (result, fake.calls().iter().map(|call| without_token(call)).collect())
    }

    async fn transfer_to(
        asks: bool,
        pull: fn() -> Answer,
        tag: fn() -> Answer,
    ) -> (anyhow::Result<Transferred>, Vec<String>) {
        let (result, calls) = transfer_within(Duration::from_secs(60), asks, pull, tag).await;
        (result.expect("a transfer ends"), calls)
    }

    /// A call as `METHOD what`, whatever port and token the registry had.
    fn without_token(call: &str) -> String {
        let digest = image::small().digest().to_string();
        let encoded = digest.replace(':', "%3A");
        let end = |text: &str| text.split_once(&digest).map(|(_, end)| end.to_owned());
        match (
            call.split_once(' '),
            call.contains("fromImage=127.0.0.1%3A") && call.ends_with(&format!("tag={encoded}")),
        ) {
            (_, true) => "pull".to_owned(),
            (Some((method, path)), false) => format!("{method} TEMPORARY{}", end(path).unwrap_or_default()),
            (None, false) => call.to_owned(),
        }
    }

    #[tokio::test]
    async fn pulls_names_and_forgets_where_it_came_from() {
        let (result, calls) = transfer_to(true, || Answer::lines(&[DONE]), || Answer::new(201, "")).await;
        let done = result.unwrap();
        assert_eq!(done.named.iter().map(Reference::familiar).collect::<Vec<_>>(), ["app:latest", "app:v1"]);
        assert!(done.problems.is_empty(), "{:?}", done.problems);
        assert_eq!(
            done.served.iter().map(|served| served.digest).collect::<Vec<_>>(),
            [image::small().digest()]
        );
        assert_eq!(
            calls,
            [
                "pull",
                "POST TEMPORARY/tag?repo=docker.io%2Flibrary%2Fapp&tag=latest",
                "POST TEMPORARY/tag?repo=docker.io%2Flibrary%2Fapp&tag=v1",
                "DELETE TEMPORARY",
            ]
        );
    }

    #[tokio::test]
    async fn an_image_without_its_names_is_not_left_behind() {
        let (result, calls) =
            transfer_to(true, || Answer::lines(&[DONE]), || Answer::error(500, "read-only")).await;
        let done = result.unwrap();
        assert!(done.named.is_empty());
        assert_eq!(done.problems.len(), 2);
        assert!(
            done.problems[0].contains("read-only") && done.problems[0].contains("app:latest"),
            "{:?}",
            done.problems
        );
        assert_eq!(calls.last().unwrap(), "DELETE TEMPORARY");
    }

    #[tokio::test]
    async fn a_pull_that_fails_leaves_no_name() {
        const FULL: &str =
            r#"{"errorDetail":{"message":"no space left on device"},"error":"no space left on device"}"#;
        let (result, calls) = transfer_to(true, || Answer::lines(&[FULL]), || Answer::new(201, "")).await;
        let error = result.unwrap_err();
        assert!(error.to_string().contains("no space left on device"), "{error:#}");
        assert_eq!(Exit::of(&error), Exit::Failed);
        assert_eq!(calls, ["pull", "DELETE TEMPORARY"]);
    }

    #[tokio::test]
    async fn a_daemon_with_another_loopback_is_told_apart() {
        let refused = || Answer::error(500, "dial tcp 127.0.0.1:4: connect: connection refused");
        let silent = || Answer::lines(&[r#"{"status":"Pulling from image"}"#]).endless();
        for (pull, expected) in [
            (refused as fn() -> Answer, "connect: connection refused"),
            (silent, "no request came from it within 2 s"),
        ] {
            let (result, calls) = transfer_to(false, pull, || Answer::new(201, "")).await;
            let error = result.unwrap_err();
            let text = error.to_string();
            for part in [expected, "docker.sock", "does not reach 127.0.0.1:", "DOCKER_HOST"] {
                assert!(text.contains(part), "{part} in {text}");
            }
            assert_eq!(Exit::of(&error), Exit::Unreachable);
            assert_eq!(calls, ["pull", "DELETE TEMPORARY"]);
        }
    }

    // On several threads, as in the program: the fake daemon answers while the dropped transfer waits for it.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_transfer_that_is_dropped_leaves_no_name() {
        let endless = || Answer::lines(&[r#"{"status":"Pulling from image"}"#]).endless();
        let patience = Duration::from_millis(300);
        let (result, calls) = transfer_within(patience, true, endless, || Answer::new(201, "")).await;
        assert!(result.is_none());
        assert_eq!(calls, ["pull", "DELETE TEMPORARY"]);
    }
}
