//! Several pushes to one registry: what they share is sent once, and nobody waits for one that failed.

use super::common::*;
use oci::{Compression, Digest, Family, Platform};
use registry::client::{Client, Options};
use registry::error::Error;
use registry::jobs::Jobs;
use registry::push::{Push, Summary, push};
use registry::sharing::Sharing;
use tempfile::TempDir;
use testing::image::{Image, image, layer};
use testing::registry::{FakeRegistry, Fault, Login};

/// Images that share all layers but the last.
fn siblings(count: usize, layers: usize) -> Vec<Image> {
    let one = |text: String| layer(&format!("//app:{text}"), &[("file", text.as_bytes())], Compression::Gzip);
    let sibling = |number| {
        let shared = (1..layers).map(|at| one(format!("shared{at}")));
        let layers = shared.chain([one(format!("own{number}"))]).collect();
        image(&Platform::new("linux", "amd64"), Family::Oci, layers)
    };
    (0..count).map(sibling).collect()
}

/// A push of each image to the repository of its number, with that number as its tag.
fn pushes(folder: &TempDir, images: &[Image], repositories: &[&str], jobs: usize) -> Vec<Push> {
    let jobs = Jobs::new(jobs);
    let push = |(number, image): (usize, &Image)| Push {
        repository: repositories[number % repositories.len()].to_owned(),
        jobs: jobs.clone(),
        ..to_app(content(folder, &[image]), image.descriptor(), &[&number.to_string()])
    };
    images.iter().enumerate().map(push).collect()
}

/// All of them together.
async fn together(client: &Client, pushes: &[Push]) -> Vec<Result<Summary, Error>> {
    let mut pushes = pushes.to_vec();
    Sharing::among(&mut pushes.iter_mut().collect::<Vec<_>>()).unwrap();
    let mut running = tokio::task::JoinSet::new();
    for (number, work) in pushes.into_iter().enumerate() {
        let client = client.clone();
        running.spawn(async move { (number, push(&client, &work).await) });
    }
    let mut ended = running.join_all().await;
    ended.sort_by_key(|(number, _)| *number);
    ended.into_iter().map(|(_, sent)| sent).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_images_that_share_nine_of_ten_layers_in_three_repositories() {
    for jobs in [1, 8] {
        let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
        let images = siblings(20, 10);
        let pushes = pushes(&folder, &images, &["a", "b", "c"], jobs);
        let summaries = together(&client(&fake), &pushes).await;
        let sum = |of: fn(&Summary) -> usize| -> usize {
            summaries.iter().map(|summary| of(summary.as_ref().unwrap())).sum()
        };
        // 9 shared layers, and of each image a layer and a config; the shared ones once for each further repository.
        assert_eq!(sum(|summary| summary.sent), 9 + 2 * 20);
        assert_eq!(sum(|summary| summary.mounted), 9 * 2);
        assert_eq!(sum(|summary| summary.existed), 9 * 17);
        assert_eq!(fake.count("PUT", "/blobs/uploads/"), 9 + 2 * 20);
        // Of manifests: 20 questions, 20 tags. Of blobs: HEAD, POST and PUT for each that is sent, without the HEAD for a
        // config; HEAD and POST for a mount.
        assert_eq!(fake.requests().len(), 40 + 3 * (9 + 20) + 2 * 20 + 2 * 18);
        for (number, image) in images.iter().enumerate() {
            let repository = ["a", "b", "c"][number % 3];
            assert_eq!(fake.tags(repository)[&number.to_string()], image.digest());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_allow_the_mounts_that_come() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.require(Login::Anonymous);
    let images = siblings(4, 3);
    for summary in together(&client(&fake), &pushes(&folder, &images, &["a", "b"], 4)).await {
        summary.unwrap();
    }
    let tokens = fake.requests().into_iter().filter(|request| request.path == "/token");
    let scopes = tokens.map(|token| {
        let scopes = token.query.into_iter().filter(|(key, _)| key == "scope");
        scopes.map(|(_, value)| value).collect::<Vec<_>>().join(" ")
    });
    let mut scopes: Vec<String> = scopes.collect();
    scopes.sort();
    assert_eq!(scopes, ["repository:a:pull,push", "repository:b:pull,push repository:a:pull"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registry_has_in_one_repository_is_mounted_into_others() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let images = siblings(2, 4);
    let pushes = pushes(&folder, &images, &["a", "b"], 4);
    push(&client(&fake), &pushes[0]).await.unwrap();
    fake.forget_requests();
    let summaries = together(&client(&fake), &pushes).await;
    let found: Vec<_> = summaries
        .into_iter()
        .map(|summary| summary.unwrap())
        .map(|summary| (summary.sent, summary.mounted, summary.existed))
        .collect();
    assert_eq!(found, [(0, 0, 5), (2, 3, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_mounted_it_is_sent_again_and_told() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.refuse_mounts();
    let images = siblings(3, 3);
    let (listener, heard) = recorder();
    let client = Client::new(&fake.host(), Options { listener, ..options() }).unwrap();
    for summary in together(&client, &pushes(&folder, &images, &["a", "b"], 4)).await {
        summary.unwrap();
    }
    // Two shared layers into two repositories, and of each image a layer and a config.
    assert_eq!(fake.count("PUT", "/blobs/uploads/"), 2 * 2 + 3 * 2);
    let heard = heard.lock().unwrap();
    let told: Vec<_> = heard.iter().filter(|event| event.starts_with("NotMounted")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|event| event.contains("from: \"a\", to: \"b\"")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_promised_and_could_not_bring_the_next_brings() {
    for (method, part, fault) in [
        ("POST", "/v2/a/blobs/uploads/", Fault::status(403)),
        ("PUT", "/v2/a/blobs/uploads/", Fault::status(400)),
        ("HEAD", "/v2/a/manifests/", Fault::status(403)),
        ("HEAD", "/v2/a/blobs/", Fault::status(403)),
    ] {
        let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
        fake.fail(method, part, usize::MAX, fault);
        let images = siblings(4, 4);
        let summaries = together(&client(&fake), &pushes(&folder, &images, &["a", "b", "c", "d"], 2)).await;
        assert!(summaries[0].is_err(), "{method} {part}");
        let sent: usize = summaries[1..].iter().map(|summary| summary.as_ref().unwrap().sent).sum();
        assert_eq!(sent, 3 + 3 * 2, "{method} {part}");
        assert!(fake.tags("a").is_empty());
        for (repository, number) in [("b", 1), ("c", 2), ("d", 3)] {
            assert_eq!(fake.tags(repository)[&number.to_string()], images[number].digest());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_repository_gets_each_layer_once() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let images = siblings(6, 4);
    let mut pushes = pushes(&folder, &images, &["a", "b", "c"], 2);
    for push in &mut pushes {
        push.blob_repository = Some("shared/blobs".to_owned());
    }
    for summary in together(&client(&fake), &pushes).await {
        summary.unwrap();
    }
    assert_eq!(fake.count("PUT", "/v2/shared/blobs/blobs/uploads/"), 3 + 6);
    // Configs only.
    for repository in ["a", "b", "c"] {
        assert_eq!(fake.count("PUT", &format!("/v2/{repository}/blobs/uploads/")), 2);
        assert!(fake.blob(repository, &images[0].layers[0].metadata.digest).is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_is_done_then() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let image = layers(3);
    let mut pushes = pushes(&folder, &vec![image.clone(); 3], &["a", "b", "b"], 4);
    for dry_run in [true, false] {
        for push in &mut pushes {
            push.dry_run = dry_run;
        }
        let mut sum = Summary::default();
        for summary in together(&client(&fake), &pushes).await {
            let summary = summary.unwrap();
            sum.sent += summary.sent;
            sum.mounted += summary.mounted;
            sum.existed += summary.existed;
        }
        // Three layers and a config; which of the two pushes to one repository mounts them is left open.
        assert_eq!((sum.sent, sum.mounted, sum.existed), (4, 4, 4));
        assert_eq!(fake.requests().iter().all(|request| request.method == "HEAD"), dry_run);
    }
    for digest in image.blobs().skip(1).map(Digest::of) {
        assert!(fake.blob("a", &digest).is_some() && fake.blob("b", &digest).is_some());
    }
}
