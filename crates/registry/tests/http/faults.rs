//! What a push makes of a registry that fails: what it survives, and what it says when it doesn't.

use std::error::Error as _;
use std::time::{Duration, Instant};

use super::common::*;
use registry::client::Client;
use registry::content::{Content, Source};
use registry::error::{Class, Error};
use registry::push::push;
use registry::read_back::read_back;
use testing::image::small;
use testing::registry::{FakeRegistry, Fault, Login};

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Fault {
    Fault::Answer(status, headers.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(), body.to_owned())
}

#[tokio::test]
async fn survives_what_passes() {
    for method in ["HEAD", "POST", "PUT"] {
        for (part, fault) in [
            ("", Fault::status(500)),
            ("", Fault::status(503)),
            ("", answer(429, &[("retry-after", "0")], "")),
            ("", Fault::Cut),
            ("/manifests/", Fault::status(502)),
            ("", Fault::Slow(Duration::from_millis(50))),
        ] {
            let fake = FakeRegistry::start();
            let (image, shown) = (layers(2), format!("{method} {part} {fault:?}"));
            fake.fail(method, part, 2, fault);
            let summary = push_image(&fake, &image).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert_eq!(summary.sent, 3, "{shown}");
            assert_eq!(fake.tags("app")["1"], image.digest(), "{shown}");
        }
    }
}

#[tokio::test]
async fn waits_as_long_as_it_is_told() {
    let fake = FakeRegistry::start();
    fake.fail("HEAD", "", 1, answer(429, &[("retry-after", "1")], ""));
    let started = Instant::now();
    push_image(&fake, &small()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn gives_up_with_words_and_without_a_tag() {
    let denied = r#"{"errors":[{"code":"DENIED","message":"quota exceeded"}]}"#;
    for (method, part, fault, class, requests, says) in [
        (
            "HEAD",
            "/manifests/",
            Fault::status(401),
            Class::Authentication,
            1,
            "log in with `docker login 127.0.0.1",
        ),
        ("POST", "", answer(403, &[], denied), Class::Authentication, 0, "DENIED: quota exceeded"),
        ("POST", "", Fault::status(404), Class::Other, 0, "Check the repository's name"),
        (
            "HEAD",
            "/manifests/",
            answer(429, &[("retry-after", "3600")], ""),
            Class::Other,
            1,
            "try again in 3600 s",
        ),
        ("HEAD", "/manifests/", Fault::status(500), Class::Other, 4, "answered 500, 4 times"),
        ("PUT", "/blobs/", Fault::status(500), Class::Other, 0, "The failure is the registry's"),
        (
            "PUT",
            "/manifests/",
            Fault::status(500),
            Class::Other,
            0,
            "/v2/app/manifests/1: the registry answered 500",
        ),
        (
            "PUT",
            "/manifests/",
            answer(400, &[], denied),
            Class::Other,
            0,
            "answered 400 (DENIED: quota exceeded)",
        ),
        ("HEAD", "/manifests/", Fault::Cut, Class::Other, 4, "cut the connection"),
        ("PUT", "/blobs/", Fault::Cut, Class::Other, 0, "cut the connection"),
        ("POST", "", answer(202, &[], ""), Class::Other, 0, "has no Location"),
        ("POST", "", answer(202, &[("location", "http://[")], ""), Class::Other, 0, "Location is no URL"),
        (
            "HEAD",
            "/manifests/",
            answer(302, &[("location", "/v2/app/manifests/loop")], ""),
            Class::Other,
            0,
            "answered 302",
        ),
        (
            "HEAD",
            "/manifests/",
            answer(200, &[("docker-content-digest", "sha256:0")], ""),
            Class::Other,
            1,
            "it has sha256:0 under that digest",
        ),
        (
            "PUT",
            "/manifests/",
            answer(201, &[("docker-content-digest", "sha256:0")], ""),
            Class::Other,
            0,
            "it stored sha256:0 instead",
        ),
    ] {
        let fake = FakeRegistry::start();
        let shown = format!("{method} {part} {fault:?}");
        fake.fail(method, part, usize::MAX, fault);
        let error = push_image(&fake, &small()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(says), "{shown}: {text}");
        assert!(text.contains(&fake.host()), "{shown}: {text}");
        assert_eq!(error.class(), class, "{shown}: {text}");
        assert!(fake.tags("app").is_empty(), "{shown}");
        if requests > 0 {
            assert_eq!(fake.requests().len(), requests, "{shown}");
        }
    }
}

#[tokio::test]
async fn nobody_there() {
    let gone = FakeRegistry::start();
    let host = gone.host();
    drop(gone);
    let started = Instant::now();
    let error = push_with(&Client::new(&host, options()).unwrap(), &small()).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    let text = error.to_string();
    assert!(text.contains(&format!("HEAD http://{host}/v2/app/manifests/")), "{text}");
    assert!(text.contains(&format!("nothing listens at {host}")), "{text}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn some_tags_moved() {
    let fake = FakeRegistry::start();
    let (image, folder) = (small(), tempfile::tempdir().unwrap());
    fake.fail("PUT", "/manifests/two", usize::MAX, Fault::status(403));
    let work = to_app(content(&folder, &[&image]), image.descriptor(), &["one", "two", "three"]);
    let error = push(&client(&fake), &work).await.unwrap_err();
    assert_eq!(error.class(), Class::Partly);
    assert!(error.to_string().contains("moved one, but not two"), "{error}");
    assert!(error.source().unwrap().to_string().contains("403"));
    assert_eq!(fake.tags("app").len(), 1);
}

#[tokio::test]
async fn wrong_files_are_found_here_and_named() {
    for (change, says) in [
        (Vec::new(), "0 bytes"),
        (b"short".to_vec(), "5 bytes"),
        (vec![b'x'; 10_000], "more than"),
        (vec![], ""),
    ] {
        let fake = FakeRegistry::start();
        let (image, folder) = (small(), tempfile::tempdir().unwrap());
        let content = content(&folder, &[&image]);
        let file = folder.path().join("__fixture_layer.blob");
        let change = if says.is_empty() { vec![b'x'; image.layers[0].blob.len()] } else { change };
        std::fs::write(&file, change).unwrap();
        let error = push(&client(&fake), &to_app(content, image.descriptor(), &["1"])).await.unwrap_err();
        let text = format!("{error}: {}", error.source().unwrap());
        assert!(text.contains("//fixture:layer") && text.contains(file.to_str().unwrap()), "{text}");
        assert!(text.contains(says), "{text}");
        assert_eq!(fake.blob("app", &image.layers[0].metadata.digest), None);
        assert!(fake.tags("app").is_empty());
        // Bad bytes stay bad: no second try.
        assert!(fake.count("PUT", "/blobs/") <= 2, "{:?}", fake.requests());
    }
}

#[tokio::test]
async fn a_blob_that_nobody_has_is_named_with_its_layer() {
    let fake = FakeRegistry::start();
    let image = small();
    let mut content = Content::new();
    for bytes in [&image.manifest, &image.config] {
        content.insert(oci::Digest::of(bytes), Source::Bytes(bytes.clone().into()));
    }
    content.label(image.layers[0].metadata.digest, "//fixture:layer");
    content.add_tree("/no/such/tree".into());
    let error = push(&client(&fake), &to_app(content.clone(), image.descriptor(), &["1"])).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("//fixture:layer (sha256:") && text.contains("/no/such/tree/blobs/sha256/"),
        "{text}"
    );
    // If the registry has it, nobody needs it here.
    fake.insert_blob("app", image.layers[0].blob.clone());
    push(&client(&fake), &to_app(content, image.descriptor(), &["1"])).await.unwrap();
}

#[tokio::test]
async fn reading_back_finds_what_is_wrong() {
    for (part, fault, says) in [
        ("/blobs/", Fault::Damage, Some("damages content")),
        ("/manifests/", Fault::Damage, Some("damages content")),
        ("/blobs/", Fault::status(404), Some("answered 404")),
        ("/blobs/", Fault::CutAnswer, None),
        ("/manifests/", Fault::CutAnswer, None),
    ] {
        let fake = FakeRegistry::start();
        let image = layers(2);
        push_image(&fake, &image).await.unwrap();
        let shown = format!("{part} {fault:?}");
        fake.fail("GET", part, 1, fault);
        let read = read_back(&client(&fake), "app", &image.descriptor(), 2).await;
        match (read, says) {
            (Ok(read), None) => assert_eq!((read.manifests, read.blobs), (1, 3), "{shown}"),
            (Err(error), Some(says)) => assert!(error.to_string().contains(says), "{shown}: {error}"),
            (read, _) => panic!("{shown}: {read:?}"),
        }
    }
}

#[tokio::test]
async fn a_cut_that_stays_is_told() {
    let fake = FakeRegistry::start();
    let image = small();
    push_image(&fake, &image).await.unwrap();
    fake.fail("GET", "/blobs/", usize::MAX, Fault::CutAnswer);
    let error = read_back(&client(&fake), "app", &image.descriptor(), 2).await.unwrap_err();
    assert!(
        matches!(error, Error::Connection { .. }) && error.to_string().contains("cut the connection"),
        "{error}"
    );
}

#[tokio::test]
async fn an_interrupted_push_names_nothing() {
    let fake = FakeRegistry::start();
    fake.fail("PUT", "/blobs/", usize::MAX, Fault::Slow(Duration::from_secs(60)));
    let image = layers(2);
    let pushing = push_image(&fake, &image);
    assert!(tokio::time::timeout(Duration::from_millis(500), pushing).await.is_err());
    assert!(fake.tags("app").is_empty() && fake.manifests("app").is_empty());
}

#[tokio::test]
async fn the_401_of_a_registry_that_never_says_what_it_wants() {
    let fake = FakeRegistry::start();
    fake.require(Login::Never);
    let error = push_image(&fake, &small()).await.unwrap_err();
    assert_eq!(error.class(), Class::Authentication);
    assert_eq!(fake.requests().len(), 1);
}
