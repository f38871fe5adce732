use std::cell::RefCell;

use oci::{Digest, Platform};
use registry::content::Source;
use runtime::{Environment, Kind};
use testing::client::FakeClient;
use testing::docker::{Answer, Call, FakeDocker, ask_for_manifest, introduce, introduce_podman};
use testing::image::{self, Image};
use tokio::sync::Notify;

use super::*;
use crate::exit::Exit;
use crate::load::choice::choose;

const DONE: &str = r#"{"status":"Status: Downloaded newer image"}"#;
/// How long a test waits for a transfer.
const PATIENCE: Duration = Duration::from_secs(60);

type MakeAnswer = fn() -> Answer;

fn content_of(image: &Image) -> Arc<Content> {
    let mut content = Content::new();
    for blob in image.blobs() {
        content.insert(Digest::of(blob), Source::Bytes(blob.to_vec().into()));
    }
    Arc::new(content)
}

/// Transfers a small image under two names. A transfer that has not ended when `until` does is dropped.
async fn transfer_to(
    kind: Kind,
    environment: &Environment,
    until: impl Future<Output = ()>,
) -> Option<anyhow::Result<Pulled>> {
    transfer_showing(kind, environment, until, &|_| ()).await
}

async fn transfer_showing(
    kind: Kind,
    environment: &Environment,
    until: impl Future<Output = ()>,
    show: &dyn Fn(News),
) -> Option<anyhow::Result<Pulled>> {
    let engine = runtime::find(environment, Some(kind)).await.expect("the fake runtime answers").engine;
    let image = image::small();
    let content = content_of(&image);
    let root = content.describe(&image.digest()).expect("the image's manifest");
    let choice = choose(&content, &root, &Platform::new("linux", "amd64"), None).expect("the only image");
    let names = ["app:latest", "app:v1"].map(|name| name.parse().expect("a name"));
    let transfer = transfer(&engine, content, &choice, &names, show);
    tokio::select! {
        done = transfer => Some(done),
        () = until => None,
    }
}

/// Transfers it to a daemon that answers `pull` to a pull, after it has asked for the manifest if `asks` says so, and
/// `tag` to each new name. It is dropped at the pull if `drops` says so. Returns what came of it and the calls, port and
/// token of the registry replaced.
async fn to_docker(
    drops: bool,
    asks: bool,
    pull: MakeAnswer,
    tag: MakeAnswer,
) -> (Option<anyhow::Result<Pulled>>, Vec<String>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let pulls = Arc::new(Notify::new());
    let told = Arc::clone(&pulls);
    let fake = FakeDocker::start(dir.path(), move |call: Call| {
        let told = Arc::clone(&told);
        async move {
            if let Some(answer) = introduce(&call, "28.2.2") {
                return answer;
            }
            match call.method.as_str() {
                "POST" if call.path == "/images/create" => {
                    if asks {
                        let status = ask_for_manifest(&call).await.expect("the registry answers");
                        assert!(status.ends_with("200 OK"), "{status}");
                    }
                    told.notify_one();
                    pull()
                }
                "POST" => tag(),
                _ => Answer::new(200, "[]"),
            }
        }
    });
    let environment = Environment { docker_host: Some(fake.host()), ..Environment::default() };
    let until = async { if drops { pulls.notified().await } else { tokio::time::sleep(PATIENCE).await } };
    let result = transfer_to(Kind::Docker, &environment, until).await;
    (result, fake.calls().iter().map(|call| without_token(call)).collect())
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

/// What the runtime fetched.
fn fetched(done: &Transferred) -> Vec<Digest> {
    match &done.moved {
        Moved::Layers(served) => served.iter().map(|served| served.digest).collect(),
        Moved::Archive(_) => panic!("a pull takes no archive"),
    }
}

fn done(result: Option<anyhow::Result<Pulled>>) -> Transferred {
    match result.expect("a transfer ends").expect("the image is brought over") {
        Pulled::Done(done) => done,
        Pulled::OutOfReach(how) => panic!("{how}"),
    }
}

#[tokio::test]
async fn docker_pulls_names_and_forgets_where_it_came_from() {
    let (result, calls) = to_docker(false, true, || Answer::lines(&[DONE]), || Answer::new(201, "")).await;
    let done = done(result);
    assert_eq!(done.named.iter().map(Reference::familiar).collect::<Vec<_>>(), ["app:latest", "app:v1"]);
    assert!(done.problems.is_empty(), "{:?}", done.problems);
    assert_eq!(fetched(&done), [image::small().digest()]);
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
async fn podman_pulls_by_tag_and_without_tls() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let fake = FakeDocker::start(dir.path(), |call: Call| async move {
        if let Some(answer) = introduce_podman(&call, "4.3.1") {
            return answer;
        }
        if call.path == "/libpod/images/pull" {
            let status = ask_for_manifest(&call).await.expect("the registry answers");
            assert!(status.ends_with("200 OK"), "{status}");
            return Answer::lines(&[r#"{"stream":"Trying to pull\n"}"#, r#"{"images":["0b"],"id":"0b"}"#]);
        }
        Answer::new(200, "{}")
    });
    let environment = Environment { container_host: Some(fake.host()), ..Environment::default() };
    let done = done(transfer_to(Kind::Podman, &environment, tokio::time::sleep(PATIENCE)).await);
    assert_eq!((done.named.len(), fetched(&done).len()), (2, 1), "{:?}", done.problems);
    let calls = fake.calls();
    assert!(calls[0].starts_with("POST /libpod/images/pull?reference=127.0.0.1%3A"), "{calls:?}");
    assert!(calls[0].ends_with("%2Fimage%3Alatest&tlsVerify=false&policy=always"), "{calls:?}");
    assert!(calls[1].ends_with("/image:latest/tag?repo=docker.io%2Flibrary%2Fapp&tag=latest"), "{calls:?}");
    assert!(calls[3].starts_with("DELETE /libpod/images/127.0.0.1:"), "{calls:?}");
    assert!(calls[3].ends_with("/image:latest"), "{calls:?}");
}

#[tokio::test]
async fn ctr_names_and_forgets_the_registry_too() {
    to_ctr("", 0).await;
}

#[tokio::test]
async fn what_ctr_cannot_forget_is_a_detail() {
    to_ctr("echo 'the store is read-only' >&2; exit 1", 1).await;
}

/// Transfers to a containerd whose `ctr` does `relabel` when it is to forget the registry, of which there are to be so
/// many details.
async fn to_ctr(relabel: &str, expected: usize) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let socket = dir.path().join("containerd.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let (blob, label) = (Digest::of(b"blob"), "containerd.io/distribution.source.127.0.0.1");
    let fake = FakeClient::install(
        dir.path(),
        "ctr",
        &[
            ("*' version'", r"printf 'Server:\n  Version:  1.6.20\n'"),
            // Of every repository that it is asked for, the blob is there.
            (
                "*' content list '*",
                &format!(
                    r#"eval "set -- \"\${{$#}}\""; repository=${{1#*\~=\"}}; echo "{blob} 1B 1 minute {label}=${{repository%\"}},other""#
                ),
            ),
            ("*' content label '*", relabel),
        ],
    );
    let environment = Environment {
        containerd_address: Some(socket.display().to_string()),
        path: Some(dir.path().into()),
        ..Environment::default()
    };
    let details = RefCell::new(Vec::new());
    let show = |news| {
        if let News::Detail(text) = news {
            details.borrow_mut().push(text);
        }
    };
    let done =
        done(transfer_showing(Kind::Containerd, &environment, tokio::time::sleep(PATIENCE), &show).await);
    assert_eq!((done.named.len(), &done.problems[..]), (2, &[][..]));
    let details = details.into_inner();
    assert_eq!(details.len(), expected, "{details:?}");
    assert!(details.iter().all(|text| text.contains("the store is read-only")), "{details:?}");
    let start = format!("--address {} --namespace default ", socket.display());
    let calls = fake.calls();
    let name = calls[1].rsplit_once(' ').expect("a name").1;
    let (repository, _) = name.rsplit_once('@').expect("a digest");
    let (_, repository) = repository.split_once('/').expect("a registry");
    assert_eq!(
        calls,
        [
            format!("{start}version"),
            format!("{start}images pull --plain-http {name}"),
            format!("{start}images tag --force {name} docker.io/library/app:latest"),
            format!("{start}images tag --force {name} docker.io/library/app:v1"),
            format!("{start}images remove {name}"),
            format!("{start}content list labels.\"{label}\"~=\"{repository}\""),
            format!("{start}content label {blob} {label}=other"),
        ]
    );
    assert!(name.ends_with(&format!("/image@{}", image::small().digest())), "{name}");
}

#[tokio::test]
async fn an_image_without_its_names_is_not_left_behind() {
    let (result, calls) =
        to_docker(false, true, || Answer::lines(&[DONE]), || Answer::error(500, "read-only")).await;
    let done = done(result);
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
    let (result, calls) = to_docker(false, true, || Answer::lines(&[FULL]), || Answer::new(201, "")).await;
    let error = result.expect("a transfer ends").unwrap_err();
    assert!(error.to_string().contains("no space left on device"), "{error:#}");
    assert_eq!(Exit::of(&error), Exit::Failed);
    assert_eq!(calls, ["pull", "DELETE TEMPORARY"]);
}

#[tokio::test]
async fn a_daemon_with_another_loopback_is_told_apart() {
    let refused = || Answer::error(500, "dial tcp 127.0.0.1:4: connect: connection refused");
    let silent = || Answer::lines(&[r#"{"status":"Pulling from image"}"#]).endless();
    for (pull, expected) in [
        (refused as MakeAnswer, "connect: connection refused"),
        (silent, "no request came from it within 2 s"),
    ] {
        let (result, calls) = to_docker(false, false, pull, || Answer::new(201, "")).await;
        let Pulled::OutOfReach(how) = result.expect("a transfer ends").unwrap() else {
            panic!("it is out of reach")
        };
        for part in [expected, "docker does not reach 127.0.0.1:"] {
            assert!(how.contains(part), "{part} in {how}");
        }
        assert_eq!(calls, ["pull", "DELETE TEMPORARY"]);
    }
}

// On several threads, as in the program: the fake daemon answers while the dropped transfer waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_is_dropped_leaves_no_name() {
    let endless = || Answer::lines(&[r#"{"status":"Pulling from image"}"#]).endless();
    let (result, calls) = to_docker(true, true, endless, || Answer::new(201, "")).await;
    assert!(result.is_none());
    assert_eq!(calls, ["pull", "DELETE TEMPORARY"]);
}
