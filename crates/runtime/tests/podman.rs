//! Podman by its service and by its command: what is asked of it, and what is made of its answers.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

use futures_util::{StreamExt as _, stream};
use oci::Reference;
use runtime::{Archive, Engine, Environment, Kind, find};
use testing::client::FakeClient;
use testing::docker::{Answer, FakeDocker, introduce_podman};

type MakeAnswer = fn() -> Answer;

fn name(text: &str) -> Reference {
    text.parse().unwrap()
}

fn archive() -> Archive {
    stream::iter([Ok("archive".into())]).boxed()
}

/// A service that gives `answer` to everything but the introductory questions.
async fn service(answer: MakeAnswer) -> (tempfile::TempDir, FakeDocker, Engine) {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeDocker::start(dir.path(), move |call| async move {
        introduce_podman(&call, "4.3.1").unwrap_or_else(answer)
    });
    let environment = Environment { container_host: Some(fake.host()), ..Environment::default() };
    let engine = find(&environment, Some(Kind::Podman)).await.unwrap().engine;
    (dir, fake, engine)
}

#[tokio::test]
async fn a_service_is_asked_by_podmans_own_api() {
    let (_dir, fake, engine) = service(|| Answer::new(200, "{}")).await;
    let platform = "linux/arm64/v8".parse().unwrap();
    engine.pull(&name("127.0.0.1:5000/x/image:latest"), Some(&platform), |_| ()).await.unwrap();
    engine.tag(&name("127.0.0.1:5000/x/image:latest"), &name("app:v1")).await.unwrap();
    engine.untag(&name("127.0.0.1:5000/x/image:latest")).await.unwrap();
    engine.load(archive(), None).await.unwrap();
    assert_eq!(
        fake.calls(),
        [
            "POST /libpod/images/pull?reference=127.0.0.1%3A5000%2Fx%2Fimage%3Alatest&tlsVerify=false&policy=always&OS=linux&Arch=arm64&Variant=v8",
            "POST /libpod/images/127.0.0.1:5000/x/image:latest/tag?repo=docker.io%2Flibrary%2Fapp&tag=v1",
            "DELETE /libpod/images/127.0.0.1:5000/x/image:latest",
            "POST /libpod/images/load",
        ]
    );
    assert_eq!(engine.stored(&name("app:v1")), "docker.io/library/app:v1");
}

#[tokio::test]
async fn errors_of_a_service_have_its_words() {
    let cases: [(MakeAnswer, &str); 4] = [
        (
            || Answer::lines(&[r#"{"stream":"Trying to pull\n"}"#, r#"{"error":"no space left on device"}"#]),
            "the podman service at unix://",
        ),
        (|| Answer::lines(&[r#"{"error":"no space left on device"}"#]), "says: no space left on device"),
        (
            || Answer::new(500, r#"{"cause":"x","message":"unable to pull","response":500}"#),
            "answered 500: unable to pull",
        ),
        (|| Answer::lines(&["nonsense"]), "is it podman that listens there?"),
    ];
    for (answer, expected) in cases {
        let (_dir, _fake, engine) = service(answer).await;
        let text = engine.pull(&name("127.0.0.1:1/x"), None, |_| ()).await.unwrap_err().to_string();
        assert!(text.contains(expected) && text.contains("pull of 127.0.0.1:1/x"), "{expected} in {text}");
    }
    let (_dir, _fake, engine) = service(|| Answer::error(404, "image not known")).await;
    engine.untag(&name("app")).await.expect("a name that is not there is fine");
    let text = engine.tag(&name("app"), &name("other")).await.unwrap_err().to_string();
    assert!(text.contains("image not known"), "{text}");
}

#[tokio::test]
async fn the_command_gets_the_same_arguments_as_a_person_would_type() {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeClient::install(
        dir.path(),
        "podman",
        &[
            ("' info '*", r#"echo '{"host":{"arch":"amd64","os":"linux"},"version":{"Version":"4.3.1"}}'"#),
            ("' rmi '*gone*", "echo 'Error: gone: image not known' >&2; exit 1"),
            ("' rmi '*", "echo 'Error: image is in use' >&2; exit 2"),
            ("' load '*", "read -r line; [ \"$line\" = archive ]"),
        ],
    );
    let environment = Environment { path: Some(dir.path().into()), ..Environment::default() };
    let engine = find(&environment, Some(Kind::Podman)).await.unwrap().engine;
    let temporary =
        engine.pulled_as(format!("127.0.0.1:5000/x/image@{}", oci::Digest::of(b"")).parse().unwrap());
    engine.pull(&temporary, Some(&"linux/arm64".parse().unwrap()), |_| ()).await.unwrap();
    engine.tag(&temporary, &name("app")).await.unwrap();
    engine.untag(&name("gone")).await.expect("a name that is not there is fine");
    let text = engine.untag(&name("app")).await.unwrap_err().to_string();
    assert!(text.contains("image is in use"), "{text}");
    let line = stream::iter([Ok("archive\n".into())]).boxed();
    engine.load(line, None).await.unwrap();
    assert_eq!(
        fake.calls()[1..],
        [
            "pull --quiet --tls-verify=false --platform=linux/arm64 127.0.0.1:5000/x/image:latest",
            "tag 127.0.0.1:5000/x/image:latest docker.io/library/app",
            "rmi docker.io/library/gone",
            "rmi docker.io/library/app",
            "load --quiet",
        ]
    );
}
