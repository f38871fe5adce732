//! Nerdctl: what is asked of it, and what is made of its answers.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

use futures_util::{StreamExt as _, stream};
use oci::Reference;
use runtime::{Engine, Environment, Kind, find};
use tempfile::TempDir;
use testing::client::FakeClient;

const INFO: &str = r"printf ' Namespace:\tk8s.io\nServer:\n Server Version: v1.7.2\n'";

/// A `nerdctl` whose containerd is of this namespace, and that does `cases`.
async fn nerdctl(cases: &[(&str, &str)]) -> (TempDir, FakeClient, Engine) {
    let dir = tempfile::tempdir().unwrap();
    let cases = [&[("' info'", INFO)], cases].concat();
    let fake = FakeClient::install(dir.path(), "nerdctl", &cases);
    let environment = Environment { path: Some(dir.path().into()), ..Environment::default() };
    let engine = find(&environment, Some(Kind::Nerdctl)).await.unwrap().engine;
    (dir, fake, engine)
}

fn name(text: &str) -> Reference {
    text.parse().unwrap()
}

#[tokio::test]
async fn it_gets_the_same_arguments_as_a_person_would_type() {
    let (_dir, fake, engine) = nerdctl(&[
        ("*' rmi '*gone*", "echo 'no such image: gone' >&2; exit 1"),
        ("*' load '*", "read -r line; [ \"$line\" = archive ]"),
    ])
    .await;
    let about = engine.about().await.unwrap();
    assert_eq!((about.release.as_str(), about.namespace.as_deref()), ("v1.7.2", Some("k8s.io")));
    let platform = "linux/arm64".parse().unwrap();
    let temporary =
        engine.pulled_as(format!("127.0.0.1:5000/x/image@{}", oci::Digest::of(b"")).parse().unwrap());
    engine.pull(&temporary, Some(&platform), |_| ()).await.unwrap();
    engine.tag(&temporary, &name("app")).await.unwrap();
    engine.untag(&temporary).await.unwrap();
    engine.forget(&temporary).await.unwrap();
    engine.untag(&name("gone")).await.expect("a name that is not there is fine");
    engine.load(stream::iter([Ok("archive\n".into())]).boxed(), Some(&platform)).await.unwrap();
    let expected = [
        "--insecure-registry pull --quiet --platform=linux/arm64 127.0.0.1:5000/x/image:latest",
        "tag 127.0.0.1:5000/x/image:latest docker.io/library/app",
        "rmi 127.0.0.1:5000/x/image:latest",
        "rmi docker.io/library/gone",
        "load --quiet --platform=linux/arm64",
    ];
    assert_eq!(fake.calls()[1..], expected.map(|call| format!("--namespace k8s.io {call}")));
    assert_eq!(engine.stored(&name("app")), "docker.io/library/app");
    assert_eq!(engine.removal(&name("app")), "nerdctl --namespace k8s.io rmi docker.io/library/app");
}

#[tokio::test]
async fn errors_have_its_words() {
    let refuse = "echo 'the store is read-only' >&2; exit 1";
    let (_dir, _fake, engine) = nerdctl(&[("*' --namespace '*", refuse)]).await;
    let image = name("app");
    let archive = stream::iter([Ok("archive\n".into())]).boxed();
    for (error, operation) in [
        (engine.pull(&image, None, |_| ()).await.unwrap_err(), "pull of docker.io/library/app"),
        (engine.tag(&image, &image).await.unwrap_err(), "tag of docker.io/library/app"),
        (engine.untag(&image).await.unwrap_err(), "removal of the name docker.io/library/app"),
        (engine.load(archive, None).await.unwrap_err(), "load of an archive"),
    ] {
        let text = error.to_string();
        assert!(text.starts_with(operation) && text.contains("the store is read-only"), "{text}");
        assert!(error.words().is_some(), "it is nerdctl that spoke: {text}");
    }
}
