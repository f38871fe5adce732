//! Artifacts that go with an image: found in a registry that lists them, and in one that leaves it to clients.

use super::common::*;
use oci::{Descriptor, Digest, Document, Index};
use registry::content::{Content, Source};
use registry::error::Error;
use registry::event::{Event, Listed};
use registry::push::{Push, Summary, push};
use registry::referrers;
use registry::{Client, Options};
use std::sync::{Arc, Mutex};
use testing::artifact::{Artifact, sbom};
use testing::image::{Image, small};
use testing::registry::{FakeRegistry, Fault};

/// A push of `image` as `app:1`, with artifacts that are about it.
fn with(image: &Image, artifacts: &[&Artifact]) -> Push {
    let mut content = Content::new();
    for bytes in image.blobs().chain(artifacts.iter().flat_map(|artifact| artifact.blobs())) {
        content.insert(Digest::of(bytes), Source::Bytes(bytes.to_vec().into()));
    }
    for artifact in artifacts {
        content.label(artifact.digest(), "//app:sbom");
    }
    let referrers = artifacts.iter().map(|artifact| artifact.descriptor()).collect();
    Push { referrers, ..to_app(content, image.descriptor(), &["1"]) }
}

/// What the tag of `subject` lists, in order; nothing without the tag.
fn listed(fake: &FakeRegistry, subject: &Digest) -> Vec<Descriptor> {
    let Some(digest) = fake.tags("app").remove(referrers::tag(subject).as_str()) else { return Vec::new() };
    let Document::Index(index) = Document::parse(&fake.manifest("app", &digest).unwrap()).unwrap() else {
        panic!("the tag names no index");
    };
    index.manifests
}

/// As a list names `artifact`.
fn entry(artifact: &Artifact) -> Descriptor {
    let document = Document::parse(&artifact.manifest).unwrap();
    referrers::entry(&artifact.descriptor(), &document).unwrap().1
}

/// The paths of all `PUT`s of manifests, from the last slash on.
fn puts(fake: &FakeRegistry) -> Vec<String> {
    let puts = fake.requests().into_iter().filter(|r| r.method == "PUT" && r.path.contains("/manifests/"));
    puts.map(|request| request.path.rsplit_once('/').unwrap().1.to_owned()).collect()
}

#[tokio::test]
async fn a_registry_that_lists_them() {
    let fake = FakeRegistry::start();
    fake.list_referrers();
    let image = small();
    let about_image = sbom("one", &image.descriptor());
    let about_sbom = sbom("two", &about_image.descriptor());
    let work = with(&image, &[&about_image, &about_sbom]);
    let summary = push(&client(&fake), &work).await.unwrap();
    assert_eq!((summary.attached, summary.tagged, summary.sent), (2, 1, 5));
    let digests =
        [image.digest(), about_image.digest(), about_sbom.digest()].map(|digest| digest.to_string());
    let expected: Vec<String> = digests.iter().cloned().chain(["1".to_owned()]).collect();
    assert_eq!(puts(&fake), expected, "by digest, after what they are about, and before the tag");
    assert_eq!(fake.tags("app").len(), 1);
    fake.forget_requests();
    let summary = push(&client(&fake), &work).await.unwrap();
    assert_eq!((summary.attached, summary.sent, summary.existed), (2, 0, 6));
    // Three HEADs, the artifacts, the tag.
    assert_eq!(fake.requests().len(), 3 + 2 + 1);
}

#[tokio::test]
async fn a_registry_that_leaves_it_to_clients() {
    let fake = FakeRegistry::start();
    let image = small();
    let (one, two) = (sbom("one", &image.descriptor()), sbom("two", &image.descriptor()));
    let about_one = sbom("three", &one.descriptor());
    push(&client(&fake), &with(&image, &[&one])).await.unwrap();
    assert_eq!(listed(&fake, &image.digest()), [entry(&one)]);
    push(&client(&fake), &with(&image, &[&two, &one, &about_one])).await.unwrap();
    assert_eq!(listed(&fake, &image.digest()), [entry(&one), entry(&two)]);
    assert_eq!(listed(&fake, &one.digest()), [entry(&about_one)]);
    let tags: Vec<_> = puts(&fake).into_iter().rev().take(3).collect();
    assert!(tags[0] == "1" && tags[1].starts_with("sha256-") && tags[2].starts_with("sha256-"), "{tags:?}");

    fake.forget_requests();
    let again = push(&client(&fake), &with(&image, &[&two, &one, &about_one])).await.unwrap();
    assert_eq!((again.attached, again.sent), (3, 0));
    assert_eq!(puts(&fake).iter().filter(|put| put.starts_with("sha256-")).count(), 0, "nothing to add");
    assert_eq!(listed(&fake, &image.digest()).len(), 2);
}

#[tokio::test]
async fn an_artifact_by_itself() {
    for lists in [false, true] {
        let fake = FakeRegistry::start();
        if lists {
            fake.list_referrers();
        }
        // The image need not be there.
        let image = small();
        let artifact = sbom("alone", &image.descriptor());
        for tags in [&[][..], &["sbom"]] {
            let work = with(&image, &[&artifact]);
            let work = Push { root: artifact.descriptor(), referrers: vec![], ..work };
            let work = Push { tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(), ..work };
            let summary = push(&client(&fake), &work).await.unwrap();
            assert_eq!((summary.attached, summary.tagged), (1, tags.len()));
            assert!(fake.manifests("app").contains(&artifact.digest()));
            let expected = if lists { vec![] } else { vec![entry(&artifact)] };
            assert_eq!(listed(&fake, &image.digest()), expected);
        }
        assert_eq!(fake.tags("app")["sbom"], artifact.digest());
    }
}

#[tokio::test]
async fn what_others_wrote_stays() {
    let fake = FakeRegistry::start();
    let image = small();
    push_image(&fake, &image).await.unwrap();
    let other = sbom("theirs", &image.descriptor());
    let mut theirs = entry(&other);
    theirs.extra.insert("new".to_owned(), 1.into());
    let mut index = Index::new(oci::Family::Oci, vec![theirs.clone()]);
    index.annotations = [("kept".to_owned(), "yes".to_owned())].into();
    let bytes = oci::json::canonical(&index).unwrap();
    // What an index lists must be there first.
    push(&client(&fake), &Push { tags: vec![], ..with(&image, &[&other]) }).await.unwrap();
    put(&fake, &referrers::tag(&image.digest()).to_string(), oci::media_type::OCI_INDEX, &bytes).await;
    let own = sbom("ours", &image.descriptor());
    push(&client(&fake), &with(&image, &[&own])).await.unwrap();
    assert_eq!(listed(&fake, &image.digest()), [theirs, entry(&own)]);
    let digest = fake.tags("app")[referrers::tag(&image.digest()).as_str()];
    let Document::Index(index) = Document::parse(&fake.manifest("app", &digest).unwrap()).unwrap() else {
        panic!("no index");
    };
    assert_eq!(index.annotations["kept"], "yes");
}

/// Puts a manifest as somebody else would.
async fn put(fake: &FakeRegistry, reference: &str, media_type: &str, bytes: &[u8]) {
    let scope = registry::scope::Scope::push("app", [].into());
    let descriptor = Descriptor::of(media_type, bytes);
    client(fake).put_manifest(&scope, reference, &descriptor, bytes.to_vec().into()).await.unwrap();
}

#[tokio::test]
async fn entries_that_others_take_away_come_back() {
    let fake = FakeRegistry::start();
    let image = small();
    let own = sbom("ours", &image.descriptor());
    fake.fail("PUT", "/manifests/sha256-", 2, Fault::Lose);
    push(&client(&fake), &with(&image, &[&own])).await.unwrap();
    assert_eq!(listed(&fake, &image.digest()), [entry(&own)]);
    assert_eq!(fake.count("PUT", "/manifests/sha256-"), 3);
}

#[tokio::test]
async fn entries_that_never_stay_are_an_error_before_any_tag() {
    let fake = FakeRegistry::start();
    let image = small();
    let own = sbom("ours", &image.descriptor());
    fake.fail("PUT", "/manifests/sha256-", usize::MAX, Fault::Lose);
    let error = push(&client(&fake), &with(&image, &[&own])).await.unwrap_err();
    assert!(matches!(error, Error::Listing { .. }), "{error}");
    let error = error.to_string();
    assert!(error.contains("app:sha256-") && error.contains("of 8 writes none has stayed"), "{error}");
    assert_eq!(fake.tags("app"), [].into());
    assert_eq!(fake.count("PUT", "/manifests/sha256-"), 8);
}

#[tokio::test]
async fn the_last_write_counts() {
    let fake = FakeRegistry::start();
    let image = small();
    let own = sbom("ours", &image.descriptor());
    fake.fail("PUT", "/manifests/sha256-", 7, Fault::Lose);
    push(&client(&fake), &with(&image, &[&own])).await.unwrap();
    assert_eq!(listed(&fake, &image.digest()), [entry(&own)]);
}

#[tokio::test]
async fn a_tag_that_is_no_list_is_left_alone() {
    let fake = FakeRegistry::start();
    let image = small();
    push_image(&fake, &image).await.unwrap();
    let tag = referrers::tag(&image.digest()).to_string();
    put(&fake, &tag, oci::media_type::OCI_MANIFEST, &image.manifest).await;
    let own = sbom("ours", &image.descriptor());
    let error = push(&client(&fake), &with(&image, &[&own])).await.unwrap_err().to_string();
    assert!(error.contains(&tag) && error.contains("names something else than an index"), "{error}");
    assert_eq!(fake.tags("app")[&tag], image.digest());
}

#[tokio::test]
async fn pushes_at_the_same_time() {
    const PUSHES: usize = 6;
    let fake = FakeRegistry::start();
    fake.give_etags();
    let image = small();
    push_image(&fake, &image).await.unwrap();
    let artifacts: Vec<_> = (0..PUSHES).map(|i| sbom(&i.to_string(), &image.descriptor())).collect();
    let mut running = tokio::task::JoinSet::new();
    for artifact in &artifacts {
        let (client, work) = (client(&fake), with(&image, &[artifact]));
        running.spawn(async move { push(&client, &work).await });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap().unwrap();
    }
    let listed = listed(&fake, &image.digest());
    for artifact in &artifacts {
        assert!(listed.contains(&entry(artifact)), "{listed:?}");
    }
    assert_eq!(listed.len(), PUSHES);
    let writes = fake.requests().into_iter().filter(|r| r.method == "PUT" && r.path.contains("/sha256-"));
    assert!(writes.filter(|write| write.if_match.is_some()).count() >= PUSHES - 1);
}

#[tokio::test]
async fn a_dry_run_tells_and_changes_nothing() {
    let fake = FakeRegistry::start();
    let image = small();
    let own = sbom("ours", &image.descriptor());
    let heard: Arc<Mutex<Vec<(String, Digest, Listed)>>> = Arc::default();
    let listener = {
        let heard = Arc::clone(&heard);
        Arc::new(move |event: &Event<'_>| {
            if let Event::Attached { name, subject, how } = event {
                heard.lock().unwrap().push(((*name).to_owned(), **subject, *how));
            }
        })
    };
    let client = Client::new(&fake.host(), Options { listener, ..options() }).unwrap();
    let work = with(&image, &[&own]);
    let dry = push(&client, &Push { dry_run: true, ..work.clone() }).await.unwrap();
    assert_eq!(
        dry,
        Summary { sent: 4, sent_bytes: dry.sent_bytes, attached: 1, tagged: 1, ..Summary::default() }
    );
    assert!(fake.requests().iter().all(|request| request.method == "HEAD"));
    push(&client, &work).await.unwrap();
    fake.list_referrers();
    push(&client, &work).await.unwrap();
    let name = format!("//app:sbom ({})", own.digest());
    let expected =
        [Listed::Would, Listed::ByTag, Listed::ByRegistry].map(|how| (name.clone(), image.digest(), how));
    assert_eq!(*heard.lock().unwrap(), expected);
}
