//! Layers in a compression that the runtime reads: for Docker before 23, what is zstd goes as gzip.
//!
//! Invariant: the tars stay as they are, and with them the configuration, which names them by their uncompressed digests;
//! so the image has the ID that it has everywhere. Only its manifest is another. Equal layers give equal bytes, so that a
//! daemon knows those again that it has.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use flate2::write::GzEncoder;
use oci::Descriptor;
use oci::digest::Hasher;
use oci::manifest::Document;
use oci::media_type::OCI_LAYER_GZIP;
use registry::content::{Content, Source};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::choice::Choice;
use crate::stop::{StopOnDrop, Stopped};

/// How much is read at once, in bytes.
const PIECE: usize = 256 << 10;

/// What is loaded in place of what was chosen.
#[derive(Debug)]
pub(super) struct Reframed {
    /// Where its bytes are.
    pub content: Arc<Content>,
    /// The manifest to pull, which is another, and its layers.
    pub choice: Choice,
    /// The layers' labels, or digests, that are now compressed with gzip.
    pub layers: Vec<String>,
    /// Holds the layers for as long as they are needed.
    _folder: TempDir,
}

/// What was chosen, with gzip for zstd; `None` where there is no zstd.
///
/// # Errors
/// A layer cannot be read, or is not what its digest says; there is no room for the new ones.
pub(super) async fn reframe(content: &Arc<Content>, choice: &Choice) -> anyhow::Result<Option<Reframed>> {
    let Document::Manifest(mut manifest) = content.document(&choice.image.digest)? else { return Ok(None) };
    if !manifest.layers.iter().any(Descriptor::is_zstd_layer) {
        return Ok(None);
    }
    let folder = TempDir::with_prefix("strata-gzip-").context("no folder for layers as gzip")?;
    let made = all(content, &manifest.layers, folder.path()).await?;

    let (mut content, mut layers) = (Content::clone(content), Vec::new());
    for (at, layer, path) in made {
        let old = std::mem::replace(&mut manifest.layers[at], layer);
        let name = content.label_of(&old.digest).map_or_else(|| old.digest.to_string(), str::to_owned);
        let new = &manifest.layers[at];
        content.label(new.digest, name.as_str());
        content.insert(new.digest, Source::File(path));
        layers.push(name);
    }
    let bytes = oci::json::canonical(&manifest).context("the manifest with layers as gzip")?;
    let image = Descriptor {
        platform: choice.image.platform.clone(),
        ..Descriptor::of(choice.image.media_type.as_str(), &bytes)
    };
    content.insert(image.digest, Source::Bytes(bytes.into()));
    let choice = Choice {
        pull: image.digest,
        image,
        platform: choice.platform.clone(),
        most_layers: manifest.layers.len(),
        layers: manifest.layers,
    };
    Ok(Some(Reframed { content: Arc::new(content), choice, layers, _folder: folder }))
}

/// Compresses every layer that is zstd anew, as many at a time as there are CPUs. Returns where in `layers` each is, what
/// it is now, and its file.
async fn all(
    content: &Arc<Content>,
    layers: &[Descriptor],
    folder: &Path,
) -> anyhow::Result<Vec<(usize, Descriptor, PathBuf)>> {
    let stop = StopOnDrop::default();
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let permits = Arc::new(Semaphore::new(threads));
    let mut tasks = JoinSet::new();
    for (at, layer) in layers.iter().enumerate().filter(|(_, layer)| layer.is_zstd_layer()) {
        let permit = Arc::clone(&permits).acquire_owned().await?;
        let content = Arc::clone(content);
        let (layer, path, stopped) = (layer.clone(), folder.join(at.to_string()), stop.stopped());
        tasks.spawn_blocking(move || {
            let _permit = permit;
            // Opened here, since that waits where the blob is elsewhere.
            let blob = content.open_sized(&layer.digest, layer.size)?;
            let made = one(blob, &layer, &path, &stopped);
            let name = || format!("{}: cannot make it gzip", content.name(&layer.digest));
            made.with_context(name).map(|made| (at, made, path))
        });
    }
    let mut made = Vec::new();
    while let Some(done) = tasks.join_next().await {
        made.push(done.context("a thread that compresses")??);
    }
    made.sort_by_key(|(at, ..)| *at);
    Ok(made)
}

/// Writes the tar in `blob` to `path`, compressed with gzip; returns its descriptor.
fn one(blob: impl Read, layer: &Descriptor, path: &Path, stopped: &Stopped) -> anyhow::Result<Descriptor> {
    let mut tar = zstd::Decoder::with_buffer(BufReader::with_capacity(PIECE, blob))?;
    let out = Hashed { file: BufWriter::new(File::create(path)?), hasher: Hasher::new(), size: 0 };
    // It goes through memory and is unpacked at once: time is what counts, and not size.
    let mut out = GzEncoder::new(out, flate2::Compression::fast());
    let mut piece = vec![0; PIECE];
    loop {
        let length = tar.read(&mut piece)?;
        if length == 0 {
            break;
        }
        out.write_all(&piece[..length])?;
        stopped.check()?;
    }
    // What follows the last frame belongs to the blob, and to its digest, which is checked at its end.
    io::copy(&mut tar.finish(), &mut io::sink())?;
    let Hashed { mut file, hasher, size } = out.finish()?;
    file.flush()?;
    // One that was to come from its own URL is here now, and nowhere else.
    let (media_type, urls) = (OCI_LAYER_GZIP.to_owned(), Vec::new());
    Ok(Descriptor { media_type, digest: hasher.finish(), size, urls, ..layer.clone() })
}

/// A file whose bytes are counted and hashed on their way.
struct Hashed {
    file: BufWriter<File>,
    hasher: Hasher,
    size: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.file.write(bytes)?;
        self.hasher.update(&bytes[..length]);
        self.size += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use flate2::read::GzDecoder;
    use oci::{Compression, Digest, Family, Manifest, Platform, media_type};
    use registry::client::Options;
    use registry::remote::Sources;
    use testing::image::{self, Image};
    use testing::registry::FakeRegistry;

    use super::*;
    use crate::load::choice::choose;

    fn two_layers(lower: Compression, upper: Compression) -> Image {
        let lower = image::layer("//app:lower", &[("lower", b"lower")], lower);
        let upper = image::layer("//app:upper", &[("upper", &[7; 1 << 20])], upper);
        image::image(&Platform::new("linux", "amd64"), Family::Oci, vec![lower, upper])
    }

    /// The content of `image`, in which the blob of the upper layer is `upper`.
    fn content_of(image: &Image, upper: &[u8]) -> (Arc<Content>, Choice) {
        let mut content = Content::new();
        content.insert(image.layers[1].metadata.digest, Source::Bytes(upper.to_vec().into()));
        content.label(image.layers[1].metadata.digest, "//app:upper");
        for blob in image.blobs() {
            content.insert(Digest::of(blob), Source::Bytes(blob.to_vec().into()));
        }
        let root = content.describe(&image.digest()).expect("the image's manifest");
        let choice = choose(&content, &root, &image.platform, None).expect("the only image");
        (Arc::new(content), choice)
    }

    fn manifest(content: &Content, choice: &Choice) -> Manifest {
        match content.document(&choice.pull).expect("a manifest") {
            Document::Manifest(manifest) => manifest,
            Document::Index(_) => panic!("an index is not what is pulled"),
        }
    }

    #[tokio::test]
    async fn only_layers_that_are_zstd_change_and_their_tars_do_not() {
        let image = two_layers(Compression::Gzip, Compression::Zstd);
        let (content, choice) = content_of(&image, &image.layers[1].blob);
        let made = reframe(&content, &choice).await.unwrap().expect("there is zstd");
        assert_eq!(made.layers, ["//app:upper"]);
        let (old, new) = (manifest(&content, &choice), manifest(&made.content, &made.choice));
        assert_eq!((&new.config, &new.layers[0]), (&old.config, &old.layers[0]));
        assert_eq!(new.layers[1].media_type, OCI_LAYER_GZIP);
        assert_eq!(made.choice.layers, new.layers);
        assert_eq!(made.content.label_of(&new.layers[1].digest), Some("//app:upper"));

        let mut tar = Vec::new();
        let blob = made.content.open_sized(&new.layers[1].digest, new.layers[1].size).unwrap();
        GzDecoder::new(blob).read_to_end(&mut tar).unwrap();
        assert_eq!(Digest::of(&tar), image.layers[1].metadata.diff_id);

        let again = reframe(&content, &choice).await.unwrap().expect("there is zstd");
        assert_eq!(again.choice.pull, made.choice.pull, "the same layers give the same digest");
    }

    #[tokio::test]
    async fn a_layer_that_comes_from_its_own_url_is_served_too() {
        let mut image = two_layers(Compression::Gzip, Compression::Zstd);
        let Document::Manifest(mut manifest) = Document::parse(&image.manifest).unwrap() else { panic!() };
        manifest.layers[1].media_type = media_type::OCI_FOREIGN_LAYER_ZSTD.to_owned();
        manifest.layers[1].urls = vec!["https://mcr.example/layer".to_owned()];
        image.manifest = oci::json::canonical(&manifest).unwrap();
        let (content, choice) = content_of(&image, &image.layers[1].blob);
        let made = reframe(&content, &choice).await.unwrap().expect("there is zstd");
        let layer = &made.choice.layers[1];
        assert_eq!((layer.media_type.as_str(), &layer.urls[..]), (OCI_LAYER_GZIP, &[][..]));
    }

    #[tokio::test]
    async fn a_layer_that_only_its_registry_has_is_fetched_and_verified() {
        let image = two_layers(Compression::Gzip, Compression::Zstd);
        let other = image::layer("//app:other", &[("other", b"other")], Compression::Zstd);
        for (blob, is_right) in [(&image.layers[1].blob, true), (&other.blob, false)] {
            let from = FakeRegistry::start();
            let upper = image.layers[1].metadata.descriptor();
            from.insert_blob("base", blob.clone());
            let mut sources = Sources::new(Options::default());
            sources.add(&from.host(), "base", None);
            let mut content = Content::new();
            content.insert_remote(&upper, &Arc::new(sources));
            for blob in image.blobs().filter(|blob| Digest::of(blob) != upper.digest) {
                content.insert(Digest::of(blob), Source::Bytes(blob.to_vec().into()));
            }
            let root = content.describe(&image.digest()).expect("the image's manifest");
            let choice = choose(&content, &root, &image.platform, None).expect("the only image");
            let made = reframe(&Arc::new(content), &choice).await;
            assert_eq!(made.is_ok(), is_right, "{made:?}");
        }
    }

    #[tokio::test]
    async fn without_zstd_nothing_is_done() {
        let image = two_layers(Compression::None, Compression::Gzip);
        let (content, choice) = content_of(&image, &image.layers[1].blob);
        assert!(reframe(&content, &choice).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_layer_that_is_not_what_its_digest_says_is_refused() {
        let image = two_layers(Compression::Gzip, Compression::Zstd);
        let other = image::layer("//app:other", &[("other", b"other")], Compression::Zstd);
        let (content, choice) = content_of(&image, &other.blob);
        let error = format!("{:#}", reframe(&content, &choice).await.unwrap_err());
        assert!(error.contains("//app:upper") && error.contains("cannot make it gzip"), "{error}");
    }
}
