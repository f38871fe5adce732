//! Where the parts of an image go and what they are called: a home for layers, tags of the images of an index.

use super::common::*;
use oci::{Compression, Family, Platform};
use registry::error::Error;
use registry::push::{Push, push};
use tempfile::TempDir;
use testing::image::{Image, image, layer};
use testing::registry::{FakeRegistry, Fault, Login};

/// A push of two layers to the repository `app`, with `blobs` as the home of layers.
fn with_home(folder: &TempDir, image: &Image) -> Push {
    let work = to_app(content(folder, &[image]), image.descriptor(), &["1"]);
    Push { blob_repository: Some("blobs".to_owned()), ..work }
}

#[tokio::test]
async fn layers_have_one_home_that_others_mount_from() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.require(Login::Anonymous);
    let image = layers(2);
    let first = with_home(&folder, &image);
    let summary = push(&client(&fake), &first).await.unwrap();
    assert_eq!((summary.sent, summary.mounted), (3, 0));
    for layer in &image.layers {
        let digest = layer.metadata.digest;
        assert!(fake.blob("blobs", &digest).is_some() && fake.blob("app", &digest).is_some());
    }
    assert!(fake.tags("blobs").is_empty() && fake.manifests("blobs").is_empty());
    // Both layers to their home, and the config to the image.
    assert_eq!(fake.count("PUT", "/v2/blobs/blobs/"), 2);
    assert_eq!(fake.count("PUT", "/v2/app/blobs/"), 1);

    let second = Push { repository: "other".to_owned(), ..first.clone() };
    let summary = push(&client(&fake), &second).await.unwrap();
    assert_eq!((summary.sent, summary.mounted), (1, 2), "the config alone is sent");
}

#[tokio::test]
async fn a_home_of_its_own_is_no_home() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let work = Push { blob_repository: Some("app".to_owned()), ..with_home(&folder, &layers(2)) };
    let summary = push(&client(&fake), &work).await.unwrap();
    assert_eq!((summary.sent, summary.mounted), (3, 0));
    assert_eq!(fake.count("POST", ""), 3);
}

#[tokio::test]
async fn where_nothing_can_be_mounted_layers_are_sent_twice() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.refuse_mounts();
    let image = layers(1);
    push(&client(&fake), &with_home(&folder, &image)).await.unwrap();
    assert!(fake.blob("app", &image.layers[0].metadata.digest).is_some());
    assert_eq!(fake.tags("app").len(), 1);
}

#[tokio::test]
async fn a_dry_run_leaves_the_home_alone() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let image = layers(2);
    fake.insert_blob("blobs", image.layers[0].blob.clone());
    let work = Push { dry_run: true, ..with_home(&folder, &image) };
    let summary = push(&client(&fake), &work).await.unwrap();
    assert_eq!((summary.sent, summary.mounted), (2, 1));
    assert!(fake.requests().iter().all(|request| request.method == "HEAD"));
}

/// An index of two images to be pushed as `app:1`, each of which is to be called by its architecture.
fn tagged_images(folder: &TempDir) -> (Push, [Image; 2]) {
    let images = ["amd64", "arm64"].map(|architecture| {
        let layer = layer(&format!("//app:{architecture}"), &[("file", b"x")], Compression::Gzip);
        image(&Platform::new("linux", architecture), Family::Oci, vec![layer])
    });
    let both: Vec<&Image> = images.iter().collect();
    let mut content = content(folder, &both);
    let root = insert_index(&mut content, &both);
    let image_tags = images
        .iter()
        .map(|image| (image.descriptor(), image.platform.architecture.parse().unwrap()))
        .collect();
    (Push { image_tags, ..to_app(content, root, &["1"]) }, images)
}

#[tokio::test]
async fn images_of_an_index_have_tags_before_it_has() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let (work, [amd, arm]) = tagged_images(&folder);
    let summary = push(&client(&fake), &work).await.unwrap();
    assert_eq!(summary.tagged, 3);
    let expected = [("1", work.root.digest), ("amd64", amd.digest()), ("arm64", arm.digest())];
    assert_eq!(fake.tags("app"), expected.map(|(tag, digest)| (tag.to_owned(), digest)).into());
    let last = fake.requests().pop().unwrap();
    assert!(last.path.ends_with("/manifests/1"), "{last:?}");

    // Nothing changed: the root is asked for, and each tag is put.
    fake.forget_requests();
    push(&client(&fake), &work).await.unwrap();
    assert_eq!(fake.requests().len(), 1 + 3);
}

#[tokio::test]
async fn a_refused_tag_of_an_image_leaves_the_root_as_it_was() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let (work, _) = tagged_images(&folder);
    fake.fail("PUT", "/manifests/arm64", usize::MAX, Fault::status(403));
    let error = push(&client(&fake), &work).await.unwrap_err();
    assert!(
        matches!(&error, Error::Partly { done, failed, .. } if done.len() == 1 && failed.as_str() == "arm64"),
        "{error}"
    );
    assert_eq!(fake.tags("app").into_keys().collect::<Vec<_>>(), ["amd64"]);
}
