//! The way into a runtime that does not reach this machine's loopback: the image goes to it as one archive.
//!
//! Layers that it is known to have are left out where it allows that: docker's classic store looks for a layer's file only
//! if it has no such layer.
//!
//! Invariant: nothing is written to disk here, and an archive that cannot be finished is broken off, so that no runtime
//! takes it for a whole one.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use oci::archive::{self, Archive, Format};
use oci::config::Config;
use oci::manifest::Document;
use oci::{Descriptor, Digest, Reference};
use registry::content::Content;
use runtime::Engine;
use tokio::sync::mpsc;

use super::choice::Choice;
use super::failure;
use super::transfer::{Moved, Transferred, name};

/// Size of the pieces that are sent, in bytes.
const PIECE: usize = 256 << 10;
/// How many pieces may wait until the runtime takes them.
const WAITING: usize = 8;
/// How often to look how much was sent.
const LOOK: Duration = Duration::from_millis(100);

/// Something that happens on the way.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// So many more bytes went.
    Sent(u64),
    /// It goes again from the beginning, and why.
    Again(String),
}

/// Brings the image that was chosen into the runtime under `names`. `show` is told what happens on the way.
///
/// # Errors
/// The runtime does not take it; a blob cannot be read.
pub(super) async fn send(
    engine: &Engine,
    content: Arc<Content>,
    choice: &Choice,
    names: &[Reference],
    show: &dyn Fn(News),
) -> anyhow::Result<Transferred> {
    let Some((first, others)) = names.split_first() else { anyhow::bail!("the image has no name") };
    let had = had(engine, &content, choice).await?;
    let advance = |bytes| show(News::Sent(bytes));
    let sent = match send_without(engine, &content, choice, first, had.clone(), &advance).await {
        // What it had may be gone by now, or be of no use to it. What is wrong here is as wrong the next time.
        Err(error) if !had.is_empty() && is_refusal(&error) => {
            show(News::Again(format!("{error:#}\nso it gets all layers")));
            send_without(engine, &content, choice, first, BTreeSet::new(), &advance).await?
        }
        sent => sent?,
    };
    let (mut named, problems) = name(engine, first, others).await;
    named.insert(0, first.clone());
    Ok(Transferred { moved: Moved::Archive(sent), named, problems })
}

/// Whether it is the runtime that said no.
fn is_refusal(error: &anyhow::Error) -> bool {
    error.downcast_ref::<runtime::Error>().is_some_and(|error| error.words().is_some())
}

/// The layers of the image that the runtime has, and needs no file for.
async fn had(engine: &Engine, content: &Content, choice: &Choice) -> anyhow::Result<BTreeSet<Digest>> {
    let Document::Manifest(manifest) = content.document(&choice.image.digest)? else {
        return Ok(BTreeSet::new());
    };
    let diff_ids = Config::parse(&content.bytes(&manifest.config.digest)?)?.diff_ids()?;
    let count = engine.layers_had(&diff_ids).await.map_err(failure)?.min(manifest.layers.len());
    let (had, needed) = manifest.layers.split_at(count);
    let needed: BTreeSet<Digest> = needed.iter().map(|layer| layer.digest).collect();
    Ok(had.iter().map(|layer| layer.digest).filter(|layer| !needed.contains(layer)).collect())
}

/// Sends the image without these layers; returns the bytes of the archive.
async fn send_without(
    engine: &Engine,
    content: &Arc<Content>,
    choice: &Choice,
    name: &Reference,
    without: BTreeSet<Digest>,
    advance: &dyn Fn(u64),
) -> anyhow::Result<u64> {
    let sent = Arc::new(AtomicU64::new(0));
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let (content, counter) = (Arc::clone(content), Arc::clone(&sent));
    let (image, name) = (choice.image.clone(), name.clone());
    let writer =
        tokio::task::spawn_blocking(move || write(&content, &image, &name, &without, &sender, &counter));
    let pieces = stream::poll_fn(move |context| receiver.poll_recv(context)).boxed();
    let loaded = tokio::select! {
        loaded = engine.load(pieces, choice.platform.as_ref()) => loaded,
        never = look(&sent, advance) => match never {},
    };
    // A blob that cannot be read is why the runtime got half an archive, and not the other way round.
    writer.await.context("the thread that writes the archive")??;
    loaded.map_err(failure)?;
    Ok(sent.load(Ordering::Relaxed))
}

/// Tells how much more was sent, again and again.
async fn look(sent: &AtomicU64, advance: &dyn Fn(u64)) -> std::convert::Infallible {
    let mut told = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = sent.load(Ordering::Relaxed);
        advance(now - told);
        told = now;
    }
}

/// Writes the archive to `sender`. That nobody takes it any more is no error here: whoever took it knows why.
fn write(
    content: &Content,
    image: &Descriptor,
    name: &Reference,
    without: &BTreeSet<Digest>,
    sender: &mpsc::Sender<io::Result<Bytes>>,
    sent: &AtomicU64,
) -> anyhow::Result<()> {
    let names = [name.clone()];
    let archive = Archive { format: Format::Docker, root: image, names: &names };
    let mut out = BufWriter::with_capacity(PIECE, Pieces { sender, sent });
    let open =
        |blob: &Descriptor| content.open_sized(&blob.digest, blob.size).map(Some).map_err(io::Error::other);
    let written = archive::write_without(&archive, without, &mut out, open).map_err(anyhow::Error::from);
    match written.and_then(|_| out.flush().map_err(Into::into)) {
        Ok(()) => Ok(()),
        Err(_) if sender.is_closed() => Ok(()),
        Err(error) => {
            let _ = sender.blocking_send(Err(io::Error::other("the archive broke off")));
            Err(error.context("cannot make an archive of the image"))
        }
    }
}

/// Where the archive is written to: each piece goes to whoever sends it.
struct Pieces<'a> {
    sender: &'a mpsc::Sender<io::Result<Bytes>>,
    sent: &'a AtomicU64,
}

impl Write for Pieces<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let bytes = Bytes::copy_from_slice(piece);
        self.sender.blocking_send(Ok(bytes)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::cell::RefCell;

    use oci::Platform;
    use registry::client::Options;
    use registry::content::Source;
    use registry::remote::Sources;
    use runtime::{Environment, Kind};
    use serde_json::json;
    use testing::docker::{Answer, Call, FakeDocker, introduce};
    use testing::image::{self, Image};
    use testing::registry::FakeRegistry;

    use super::*;
    use crate::load::choice::choose;

    /// Sends a small image, whose layer's bytes are `blob`; see [`send_content`].
    async fn send_to(
        blob: &[u8],
        has: &[Digest],
        load: fn() -> Answer,
    ) -> (anyhow::Result<Transferred>, Vec<Call>, Vec<String>) {
        let layer = Source::Bytes(blob.to_vec().into());
        send_content(|content, digest| content.insert(digest, layer.clone()), has, load).await
    }

    /// Sends a small image, whose layer `put` puts into its content, to a daemon that has an image of layers `has` and answers `load`;
    /// returns what came of it, the calls that change something, and why it went again.
    async fn send_content(
        put: impl FnOnce(&mut Content, Digest),
        has: &[Digest],
        load: fn() -> Answer,
    ) -> (anyhow::Result<Transferred>, Vec<Call>, Vec<String>) {
        let has = json!({ "Id": "sha256:1", "RootFS": { "Layers": has } }).to_string();
        let dir = tempfile::tempdir().expect("a temporary folder");
        let fake = FakeDocker::start(dir.path(), move |call: Call| {
            let has = has.clone();
            async move {
                introduce(&call, "28.2.2").unwrap_or_else(|| match call.path.as_str() {
                    "/images/json" => Answer::new(200, r#"[{"Id":"sha256:1"},{"Id":"sha256:gone"}]"#),
                    "/images/sha256:1/json" => Answer::new(200, &has),
                    "/images/sha256:gone/json" => Answer::error(404, "no such image"),
                    "/images/load" => load(),
                    _ => Answer::new(201, ""),
                })
            }
        });
        let environment = Environment { docker_host: Some(fake.host()), ..Environment::default() };
        let engine =
            runtime::find(&environment, Some(Kind::Docker)).await.expect("the fake daemon answers").engine;
        let image = image::small();
        let (content, choice) = content_of(&image, put);
        let names = ["app:latest", "r.example/app:v1"].map(|name| name.parse().expect("a name"));
        let again = RefCell::new(Vec::new());
        let show = |news| match news {
            News::Sent(_) => {}
            News::Again(why) => again.borrow_mut().push(why),
        };
        let result = send(&engine, content, &choice, &names, &show).await;
        let calls = fake.all_calls().into_iter().filter(|call| call.method == "POST").collect();
        (result, calls, again.into_inner())
    }

    fn content_of(image: &Image, put: impl FnOnce(&mut Content, Digest)) -> (Arc<Content>, Choice) {
        let mut content = Content::new();
        content.label(image.layers[0].metadata.digest, "//app:layer");
        put(&mut content, image.layers[0].metadata.digest);
        for blob in [&image.config, &image.manifest] {
            content.insert(Digest::of(blob), Source::Bytes(blob.clone().into()));
        }
        let root = content.describe(&image.digest()).expect("the image's manifest");
        let choice = choose(&content, &root, &Platform::new("linux", "amd64"), None).expect("the only image");
        (Arc::new(content), choice)
    }

    fn holds(archive: &[u8], part: &[u8]) -> bool {
        archive.windows(part.len()).any(|window| window == part)
    }

    #[tokio::test]
    async fn the_image_goes_under_its_first_name_and_gets_the_others_there() {
        let image = image::small();
        let (result, calls, _) = send_to(&image.layers[0].blob, &[], || {
            Answer::lines(&[r#"{"stream":"Loaded image: app:latest"}"#])
        })
        .await;
        let done = result.unwrap();
        assert_eq!(
            done.named.iter().map(Reference::familiar).collect::<Vec<_>>(),
            ["app:latest", "r.example/app:v1"]
        );
        let archive = &calls[0].body;
        for part in
            [&image.layers[0].blob[..], &image.config, &image.manifest, br#""RepoTags":["app:latest"]"#]
        {
            assert!(holds(archive, part), "{}", String::from_utf8_lossy(part));
        }
        assert!(matches!(done.moved, Moved::Archive(bytes) if bytes == archive.len() as u64));
        assert_eq!(
            (calls[1].path.as_str(), calls[1].query.as_str()),
            ("/images/docker.io/library/app:latest/tag", "repo=r.example%2Fapp&tag=v1")
        );
    }

    // On several threads, as in the program: the download waits in one of them.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_layer_that_only_its_registry_has_is_passed_on() {
        let (image, from) = (image::small(), FakeRegistry::start());
        let layer = &image.layers[0];
        from.insert_blob("base", layer.blob.clone());
        let mut sources = Sources::new(Options::default());
        sources.add(&from.host(), "base", None);
        let sources = Arc::new(sources);
        let put = |content: &mut Content, _| content.insert_remote(&layer.metadata.descriptor(), &sources);
        let (result, calls, _) = send_content(put, &[], || Answer::new(200, "")).await;
        result.unwrap();
        assert!(holds(&calls[0].body, &layer.blob));
    }

    #[tokio::test]
    async fn what_the_daemon_says_is_passed_on() {
        let refuse =
            || Answer::lines(&[r#"{"errorDetail":{"message":"no space left"},"error":"no space left"}"#]);
        let (result, calls, _) = send_to(&image::small().layers[0].blob, &[], refuse).await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains("says: no space left"), "{error}");
        assert_eq!(calls.len(), 1, "nothing is named");
    }

    #[tokio::test]
    async fn a_blob_that_is_not_what_its_digest_says_breaks_the_archive_off() {
        let image = image::small();
        let other = vec![0; image.layers[0].blob.len()];
        let (result, calls, _) = send_to(&other, &[], || Answer::new(200, "")).await;
        let error = format!("{:#}", result.unwrap_err());
        assert!(error.contains("cannot make an archive") && error.contains("sha256:"), "{error}");
        assert!(calls.iter().all(|call| !holds(&call.body, b"RepoTags")), "the daemon has not got all of it");
    }

    #[tokio::test]
    async fn a_layer_that_the_daemon_has_is_left_out_unless_it_turns_out_that_it_has_not() {
        let image = image::small();
        let (layer, diff_id) = (&image.layers[0].blob, image.layers[0].metadata.diff_id);
        let loaded: fn() -> Answer = || Answer::new(200, "");
        let refused: fn() -> Answer = || Answer::error(500, "open layer: no such file or directory");
        // That says nothing of layers: the daemon may have been ended.
        let cut: fn() -> Answer = || Answer::lines(&[r#"{"stream":"Loading"}"#]).cut();
        for (has, load, is_loaded, expected) in [
            (vec![diff_id], loaded, true, &[false][..]),
            (vec![diff_id, Digest::of(b"more")], loaded, true, &[false]),
            (vec![Digest::of(b"below"), diff_id], loaded, true, &[true]),
            (vec![diff_id], refused, false, &[false, true]),
            (vec![diff_id], cut, false, &[false]),
        ] {
            let (result, calls, again) = send_to(layer, &has, load).await;
            let loads = calls.iter().filter(|call| call.path == "/images/load");
            assert_eq!(loads.map(|call| holds(&call.body, layer)).collect::<Vec<_>>(), expected, "{has:?}");
            assert_eq!(result.is_ok(), is_loaded, "{result:?}");
            assert_eq!(again.len(), expected.len() - 1, "{again:?}");
            assert!(again.iter().all(|why| why.contains("open layer: no such file")), "{again:?}");
        }
    }
}
