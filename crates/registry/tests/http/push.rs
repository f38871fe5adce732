//! Pushes against a registry that counts: how many requests, in which order, and what is there afterwards.

use super::common::*;
use oci::{Compression, Digest, Family, Platform};
use registry::client::{Client, Options};
use registry::push::{Summary, push, tag, upload};
use testing::image::{image, layer, small};
use testing::registry::{FakeRegistry, Fault, Login, Request};

fn is_blob(request: &Request) -> bool {
    request.path.contains("/blobs/")
}

#[tokio::test]
async fn first_push_of_ten_layers() {
    let fake = FakeRegistry::start();
    let image = layers(10);
    let summary = push_image(&fake, &image).await.unwrap();
    // 1 HEAD of the manifest; HEAD, POST, PUT of each layer; POST, PUT of the config; 1 PUT of the tag.
    assert_eq!(fake.requests().len(), 34);
    assert_eq!((summary.sent, summary.existed, summary.tagged), (11, 0, 1));
    for bytes in image.blobs().skip(1) {
        assert_eq!(fake.blob("app", &Digest::of(bytes)).unwrap(), bytes);
    }
    assert_eq!(fake.tags("app"), [("1".to_owned(), image.digest())].into());
}

#[tokio::test]
async fn first_push_of_ten_layers_with_credentials() {
    let config = |fake: &FakeRegistry| format!(r#"{{"auths":{{"{}":{{"auth":"dTpw"}}}}}}"#, fake.host());
    let (user, password) = ("u".to_owned(), "p".to_owned());
    for (login, requests) in [
        (Login::Basic { user: user.clone(), password: password.clone() }, 35),
        (Login::Bearer { user, password }, 36),
    ] {
        let fake = FakeRegistry::start();
        fake.require(login);
        let folder = tempfile::tempdir().unwrap();
        push_with(&client_with(&fake, &config(&fake), &folder), &layers(10)).await.unwrap();
        assert_eq!(fake.requests().len(), requests);
    }
}

#[tokio::test]
async fn nothing_changed_is_one_request_and_one_a_tag() {
    let fake = FakeRegistry::start();
    let image = layers(3);
    push_image(&fake, &image).await.unwrap();
    fake.forget_requests();
    let folder = tempfile::tempdir().unwrap();
    let again = to_app(content(&folder, &[&image]), image.descriptor(), &["1", "2", "3"]);
    let summary = push(&client(&fake), &again).await.unwrap();
    let requests = fake.requests();
    assert_eq!(requests.len(), 4);
    assert!(!requests.iter().any(is_blob), "{requests:?}");
    assert_eq!(summary, Summary { existed: 4, tagged: 3, ..Summary::default() });
    assert_eq!(fake.tags("app").len(), 3);
}

#[tokio::test]
async fn one_changed_layer_moves_alone() {
    let fake = FakeRegistry::start();
    let mut image = layers(3);
    push_image(&fake, &image).await.unwrap();
    let changed = layer("//app:2", &[("file", b"changed")], Compression::Gzip);
    image.layers[2] = changed;
    let image = testing::image::image(&image.platform, Family::Oci, image.layers);
    fake.forget_requests();
    let summary = push_image(&fake, &image).await.unwrap();
    // The layer and the config.
    assert_eq!((summary.sent, summary.existed), (2, 2));
    assert_eq!(fake.count("PUT", "/blobs/uploads/"), 2);
}

#[tokio::test]
async fn without_tags_by_digest() {
    let fake = FakeRegistry::start();
    let (image, folder) = (small(), tempfile::tempdir().unwrap());
    let untagged = to_app(content(&folder, &[&image]), image.descriptor(), &[]);
    push(&client(&fake), &untagged).await.unwrap();
    assert_eq!(fake.manifests("app"), [image.digest()]);
    assert!(fake.tags("app").is_empty());
    fake.forget_requests();
    push(&client(&fake), &untagged).await.unwrap();
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn the_same_layer_twice_is_sent_once() {
    let fake = FakeRegistry::start();
    let one = layer("//app:layer", &[("file", b"x")], Compression::Gzip);
    let image = image(&Platform::new("linux", "amd64"), Family::Oci, vec![one.clone(), one]);
    let summary = push_image(&fake, &image).await.unwrap();
    assert_eq!(summary.sent, 2);
    assert_eq!(fake.count("POST", ""), 2);
}

#[tokio::test]
async fn an_index_goes_from_the_bottom_up_and_its_tag_last() {
    let fake = FakeRegistry::start();
    let amd = layers(2);
    let arm = image(&Platform::new("linux", "arm64"), Family::Oci, amd.layers.clone());
    let folder = tempfile::tempdir().unwrap();
    let mut content = content(&folder, &[&amd, &arm]);
    let root = insert_index(&mut content, &[&amd, &arm]);
    let summary = push(&client(&fake), &to_app(content, root.clone(), &["a", "b"])).await.unwrap();
    // Two layers that both images have, and two configs.
    assert_eq!(summary.sent, 4);
    let requests = fake.requests();
    let last_blob = requests.iter().rposition(is_blob).unwrap();
    let puts: Vec<_> = requests.iter().filter(|r| r.method == "PUT" && !is_blob(r)).collect();
    let first_manifest = requests.iter().position(|r| r.method == "PUT" && !is_blob(r)).unwrap();
    assert!(last_blob < first_manifest);
    assert_eq!(puts.len(), 4, "{puts:?}");
    assert!(puts[2].path.ends_with("/a") && puts[3].path.ends_with("/b"), "{puts:?}");
    assert_eq!(fake.tags("app")["a"], root.digest);
}

#[tokio::test]
async fn of_an_index_only_what_is_missing_is_looked_at() {
    let fake = FakeRegistry::start();
    let (amd, other) = (layers(2), small());
    push_image(&fake, &amd).await.unwrap();
    let arm = image(&Platform::new("linux", "arm64"), Family::Oci, other.layers);
    let folder = tempfile::tempdir().unwrap();
    let mut content = content(&folder, &[&amd, &arm]);
    let root = insert_index(&mut content, &[&amd, &arm]);
    fake.forget_requests();
    let summary = push(&client(&fake), &to_app(content, root, &["1"])).await.unwrap();
    assert_eq!((summary.sent, summary.existed), (2, 3));
    // Root and children by HEAD, one layer by three, one config by two, one manifest, one tag.
    assert_eq!(fake.requests().len(), 3 + 3 + 2 + 1 + 1);
}

#[tokio::test]
async fn mounts_from_a_known_repository() {
    for refused in [false, true] {
        let fake = FakeRegistry::start();
        fake.require(Login::Anonymous);
        if refused {
            fake.refuse_mounts();
        }
        let (image, folder) = (small(), tempfile::tempdir().unwrap());
        let layer = &image.layers[0];
        fake.insert_blob("base/os", layer.blob.clone());
        let mut content = content(&folder, &[&image]);
        content.allow_mount(layer.metadata.digest, Some(&fake.host()), "base/os");
        content.allow_mount(layer.metadata.digest, Some("other.example"), "elsewhere");
        let summary = push(&client(&fake), &to_app(content, image.descriptor(), &["1"])).await.unwrap();
        let expected = if refused { (2, 0) } else { (1, 1) };
        assert_eq!((summary.sent, summary.mounted), expected);
        let requests = fake.requests();
        let token = requests.iter().find(|r| r.path == "/token").unwrap();
        let scopes: Vec<_> =
            token.query.iter().filter(|(k, _)| k == "scope").map(|(_, v)| v.as_str()).collect();
        assert_eq!(scopes, ["repository:app:pull,push", "repository:base/os:pull"]);
        // A refused mount is an upload that has begun: no second POST.
        assert_eq!(fake.count("POST", ""), 2);
    }
}

#[tokio::test]
async fn mounts_from_any_repository_that_is_named() {
    let fake = FakeRegistry::start();
    let (image, folder) = (small(), tempfile::tempdir().unwrap());
    let layer = &image.layers[0];
    fake.insert_blob("z/has-it", layer.blob.clone());
    let mut content = content(&folder, &[&image]);
    content.allow_mount(layer.metadata.digest, Some(&fake.host()), "base/os");
    for repository in ["b/lacks-it", "a/lacks-it", "z/has-it"] {
        content.allow_mount(layer.metadata.digest, None, repository);
    }
    let summary = push(&client(&fake), &to_app(content, image.descriptor(), &["1"])).await.unwrap();
    assert_eq!((summary.sent, summary.mounted), (1, 1));
    let asked = fake.requests();
    let from: Vec<_> =
        asked.iter().flat_map(|r| &r.query).filter(|(k, _)| k == "from").map(|(_, v)| v.as_str()).collect();
    assert_eq!(from, ["b/lacks-it", "a/lacks-it", "z/has-it"]);
}

#[tokio::test]
async fn a_dry_run_mounts_only_what_is_there() {
    for there in [false, true] {
        let fake = FakeRegistry::start();
        let (image, folder) = (small(), tempfile::tempdir().unwrap());
        let layer = &image.layers[0];
        if there {
            fake.insert_blob("base/os", layer.blob.clone());
        }
        let mut content = content(&folder, &[&image]);
        content.allow_mount(layer.metadata.digest, Some(&fake.host()), "base/os");
        let mut work = to_app(content, image.descriptor(), &["1"]);
        work.dry_run = true;
        let summary = push(&client(&fake), &work).await.unwrap();
        assert_eq!((summary.sent, summary.mounted), if there { (1, 1) } else { (2, 0) });
    }
}

#[tokio::test]
async fn foreign_layers_stay_where_they_are_unless_asked() {
    for push_foreign in [false, true] {
        let fake = FakeRegistry::start();
        let mut layer = layer("//app:foreign", &[("file", b"x")], Compression::Gzip);
        layer.metadata.media_type = oci::media_type::OCI_FOREIGN_LAYER_GZIP.to_owned();
        let image = image(&Platform::new("windows", "amd64"), Family::Oci, vec![layer.clone()]);
        let folder = tempfile::tempdir().unwrap();
        let mut work = to_app(content(&folder, &[&image]), image.descriptor(), &[]);
        work.push_foreign = push_foreign;
        let digest = layer.metadata.digest;
        // The fake wants every blob to be there: a real registry knows which may be elsewhere.
        if !push_foreign {
            fake.insert_blob("app", layer.blob);
        }
        let summary = push(&client(&fake), &work).await.unwrap();
        assert_eq!((summary.sent, summary.foreign), if push_foreign { (2, 0) } else { (1, 1) });
        assert_eq!(fake.count("", &digest.to_string()), usize::from(push_foreign));
    }
}

#[tokio::test]
async fn foreign_layers_are_sent_when_asked_even_where_their_manifest_is() {
    let fake = FakeRegistry::start();
    let mut layer = layer("//app:foreign", &[("file", b"x")], Compression::Gzip);
    layer.metadata.media_type = oci::media_type::OCI_FOREIGN_LAYER_GZIP.to_owned();
    let image = image(&Platform::new("windows", "amd64"), Family::Oci, vec![layer.clone()]);
    let folder = tempfile::tempdir().unwrap();
    let mut work = to_app(content(&folder, &[&image]), image.descriptor(), &["1"]);
    // The fake wants every blob to be there with the manifest, and afterwards has this one no more.
    fake.insert_blob("app", layer.blob);
    push(&client(&fake), &work).await.unwrap();
    fake.fail("HEAD", &layer.metadata.digest.to_string(), 1, Fault::status(404));
    fake.forget_requests();
    work.push_foreign = true;
    let summary = push(&client(&fake), &work).await.unwrap();
    assert_eq!((summary.sent, summary.existed, summary.foreign), (1, 1, 0));
    assert_eq!(fake.count("PUT", "/blobs/"), 1);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let fake = FakeRegistry::start();
    let (image, folder) = (layers(2), tempfile::tempdir().unwrap());
    fake.insert_blob("app", image.layers[0].blob.clone());
    let mut work = to_app(content(&folder, &[&image]), image.descriptor(), &["1"]);
    work.dry_run = true;
    let summary = push(&client(&fake), &work).await.unwrap();
    assert_eq!((summary.sent, summary.existed, summary.tagged), (2, 1, 1));
    assert!(fake.requests().iter().all(|request| request.method == "HEAD"));
}

#[tokio::test]
async fn blobs_may_be_kept_on_another_host_that_gets_no_credentials() {
    let fake = FakeRegistry::start();
    fake.require(Login::Basic { user: "u".into(), password: "p".into() });
    fake.keep_blobs_elsewhere();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(r#"{{"auths":{{"{}":{{"auth":"dTpw"}}}}}}"#, fake.host());
    let (client, image) = (client_with(&fake, &config, &folder), layers(2));
    push_with(&client, &image).await.unwrap();
    registry::read_back::read_back(&client, "app", &image.descriptor(), 2).await.unwrap();
    let away: Vec<_> = fake.requests().into_iter().filter(|r| r.path.starts_with("/away/")).collect();
    assert_eq!(away.len(), 6);
    for request in away {
        assert!(request.host.starts_with("localhost:") && request.authorization.is_none(), "{request:?}");
    }
}

#[tokio::test]
async fn large_blobs_are_streamed_and_told() {
    let fake = FakeRegistry::start();
    // Larger than all buffers together, and no multiple of them.
    let noise: Vec<u8> = (0..5_000_123_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let image = image(
        &Platform::new("linux", "amd64"),
        Family::Oci,
        vec![layer("//app:large", &[("noise", &noise)], Compression::None)],
    );
    let (listener, heard) = recorder();
    let client = Client::new(&fake.host(), Options { listener, ..options() }).unwrap();
    let summary = push_with(&client, &image).await.unwrap();
    assert_eq!(fake.blob("app", &image.layers[0].metadata.digest).unwrap(), image.layers[0].blob);
    let heard = heard.lock().unwrap();
    let moved: u64 = heard
        .iter()
        .filter_map(|event| event.strip_prefix("Moved { bytes: ")?.strip_suffix(" }")?.parse::<u64>().ok())
        .sum();
    assert_eq!(moved, summary.sent_bytes);
    assert!(
        heard.iter().any(|event| event.starts_with("Blob") && event.contains("//app:large")),
        "{heard:?}"
    );
}

#[tokio::test]
async fn an_upload_moves_no_tag_and_tags_need_nothing_else() {
    let fake = FakeRegistry::start();
    let (image, folder) = (layers(2), tempfile::tempdir().unwrap());
    let work = to_app(content(&folder, &[&image]), image.descriptor(), &["1", "2"]);
    let client = client(&fake);
    let summary = upload(&client, &work).await.unwrap();
    assert_eq!((summary.sent, summary.tagged), (3, 0));
    assert!(fake.tags("app").is_empty());
    assert_eq!(fake.count("PUT", &format!("/manifests/{}", image.digest())), 1);
    let again = upload(&client, &work).await.unwrap();
    assert_eq!(again, Summary { existed: 3, ..Summary::default() });
    fake.forget_requests();
    assert_eq!(tag(&client, &work).await.unwrap(), 2);
    assert_eq!(fake.requests().len(), 2);
    assert_eq!(fake.tags("app").into_values().collect::<Vec<_>>(), [image.digest(), image.digest()]);
}
