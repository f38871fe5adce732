//! What the tests of this crate share: images as content, and clients that don't wait long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use oci::{Compression, Descriptor, Digest, Family, Platform};
use registry::client::{Client, Options};
use registry::content::{Content, Source};
use registry::error::Error;
use registry::event::{Event, Listener};
use registry::jobs::Jobs;
use registry::keychain::Keychain;
use registry::push::{Push, Summary, push};
use registry::retry::Policy;
use tempfile::TempDir;
use testing::image::{Image, image, index, layer};
use testing::registry::FakeRegistry;

/// An image of `count` layers, `//app:0` being the lowest.
pub(crate) fn layers(count: usize) -> Image {
    let layers = (0..count)
        .map(|i| {
            layer(&format!("//app:{i}"), &[("file", format!("layer {i}").as_bytes())], Compression::Gzip)
        })
        .collect();
    image(&Platform::new("linux", "amd64"), Family::Oci, layers)
}

/// `images` as content, with layers in files of `folder` as a build has them.
pub(crate) fn content(folder: &TempDir, images: &[&Image]) -> Content {
    let mut content = Content::new();
    for image in images {
        for bytes in [&image.manifest, &image.config] {
            content.insert(Digest::of(bytes), Source::Bytes(bytes.clone().into()));
        }
        for layer in &image.layers {
            let (digest, label) = (layer.metadata.digest, &layer.metadata.history.created_by);
            let file = folder.path().join(format!("{}.blob", label.replace(['/', ':'], "_")));
            std::fs::write(&file, &layer.blob).unwrap();
            content.insert(digest, Source::File(file));
            content.label(digest, label.clone());
        }
    }
    content
}

/// The index of `images`, put into `content`.
pub(crate) fn insert_index(content: &mut Content, images: &[&Image]) -> Descriptor {
    let bytes = index(images);
    let digest = Digest::of(&bytes);
    content.insert(digest, Source::Bytes(bytes.into()));
    content.describe(&digest).unwrap()
}

/// A push of `root` to the repository `app` with these tags.
pub(crate) fn to_app(content: Content, root: Descriptor, tags: &[&str]) -> Push {
    Push {
        repository: "app".to_owned(),
        root,
        tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        image_tags: Vec::new(),
        referrers: Vec::new(),
        blob_repository: None,
        content: Arc::new(content),
        jobs: Jobs::new(4),
        share: None,
        push_foreign: false,
        dry_run: false,
    }
}

/// Quick to try again.
pub(crate) fn options() -> Options {
    let retry = Policy {
        attempts: 4,
        first: Duration::from_millis(2),
        longest: Duration::from_millis(1500),
        total: Duration::from_secs(3),
    };
    Options { retry, ..Options::default() }
}

/// A client of `fake`.
pub(crate) fn client(fake: &FakeRegistry) -> Client {
    Client::new(&fake.host(), options()).unwrap()
}

/// A client of `fake` with the keychain of a docker configuration file.
pub(crate) fn client_with(fake: &FakeRegistry, config: &str, folder: &TempDir) -> Client {
    let path = folder.path().join("config.json");
    std::fs::write(&path, config).unwrap();
    let keychain = Keychain::of_files(vec![path]);
    Client::new(&fake.host(), Options { keychain, ..options() }).unwrap()
}

/// Pushes `image` to `fake` as `app:1`.
pub(crate) async fn push_image(fake: &FakeRegistry, image: &Image) -> Result<Summary, Error> {
    push_with(&client(fake), image).await
}

/// Pushes `image` as `app:1`.
pub(crate) async fn push_with(client: &Client, image: &Image) -> Result<Summary, Error> {
    let folder = tempfile::tempdir().unwrap();
    push(client, &to_app(content(&folder, &[image]), image.descriptor(), &["1"])).await
}

/// A listener that keeps what it hears, as text.
pub(crate) fn recorder() -> (Listener, Arc<Mutex<Vec<String>>>) {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener: Listener = {
        let heard = Arc::clone(&heard);
        Arc::new(move |event: &Event<'_>| heard.lock().unwrap().push(format!("{event:?}")))
    };
    (listener, heard)
}
