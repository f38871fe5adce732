//! Where the bytes of digests are.
//!
//! [`Content`] knows files, bytes in memory, blob trees, and blobs that are in other registries; it copies nothing and
//! reads nothing until asked. What it hands out is verified: a reader fails before its end if the bytes don't have the
//! size and digest that they are asked for by.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use oci::descriptor::Descriptor;
use oci::digest::Digest;
use oci::layout::{BLOBS, MAX_DOCUMENT};
use oci::manifest::Document;
use oci::verify::VerifyReader;

use crate::client::Blob;
use crate::endpoint;
use crate::remote::{Nowhere, RemoteBlob, Sources};

/// Manifests larger than this are refused, as registries do.
pub const MANIFEST_LIMIT: u64 = 4 << 20;

/// Where the bytes of one digest are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In memory.
    Bytes(Bytes),
    /// In a file that holds them and nothing else.
    File(PathBuf),
    /// In a registry, from which they come when they are read, without a file in between.
    Remote(RemoteBlob),
}

/// A repository that may hold a blob, so that another repository of its registry can mount it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MountSource {
    /// The registry, as references spell it; none: whichever is pushed to.
    pub registry: Option<String>,
    /// The repository's path.
    pub repository: String,
}

/// Why bytes could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// Nothing knows the bytes.
    #[error("{what} is nowhere here; looked in {looked}. Build its target again{fix}")]
    Missing {
        /// The digest, with label and media type where they are known.
        what: String,
        /// Everywhere that was looked.
        looked: String,
        /// What else to do.
        fix: &'static str,
    },
    /// A file can't be opened or read, or its bytes aren't those that were asked for.
    #[error("{what}: cannot read {}", place.display())]
    Read {
        /// The digest, with label where it is known.
        what: String,
        /// The file.
        place: PathBuf,
        /// The cause; says expected and found where bytes differ.
        source: io::Error,
    },
    /// The bytes are no manifest and no index.
    #[error("{what} is no manifest or index{}", place.as_ref().map(|p| format!(" ({})", p.display())).unwrap_or_default())]
    Parse {
        /// The digest, with label where it is known.
        what: String,
        /// The file it is in, if any.
        place: Option<PathBuf>,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// They are in other registries, and none gave them.
    #[error(transparent)]
    Nowhere(Nowhere),
}

/// Where the bytes of digests are, and what is known about them.
#[derive(Clone, Debug, Default)]
pub struct Content {
    blobs: BTreeMap<Digest, Source>,
    labels: BTreeMap<Digest, String>,
    trees: Vec<PathBuf>,
    mounts: BTreeMap<Digest, Vec<MountSource>>,
    remote: BTreeMap<Digest, Elsewhere>,
}

/// A blob that other places have.
#[derive(Clone, Debug)]
struct Elsewhere {
    size: u64,
    urls: Vec<String>,
    sources: Arc<Sources>,
}

impl Content {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says where the bytes of `digest` are. The first place that is said stays.
    pub fn insert(&mut self, digest: Digest, source: Source) {
        self.blobs.entry(digest).or_insert(source);
    }

    /// Adds a directory that holds `blobs/sha256/<hex>`. Trees are asked last, in order.
    pub fn add_tree(&mut self, directory: PathBuf) {
        self.trees.push(directory);
    }

    /// Says that `blob` is in one of `sources`, or at the URLs of its descriptor. Whatever is here goes first.
    pub fn insert_remote(&mut self, blob: &Descriptor, sources: &Arc<Sources>) {
        let elsewhere =
            || Elsewhere { size: blob.size, urls: blob.urls.clone(), sources: Arc::clone(sources) };
        self.remote.entry(blob.digest).or_insert_with(elsewhere);
    }

    /// Names the target that made `digest`, for messages. The first name stays.
    pub fn label(&mut self, digest: Digest, label: impl Into<String>) {
        self.labels.entry(digest).or_insert_with(|| label.into());
    }

    /// Says that `repository` on `registry` may hold `digest`; without a registry, on any that it is pushed to.
    pub fn allow_mount(&mut self, digest: Digest, registry: Option<&str>, repository: &str) {
        let registry = registry.map(|registry| endpoint::name(registry).to_owned());
        let source = MountSource { registry, repository: repository.to_owned() };
        let sources = self.mounts.entry(digest).or_default();
        if !sources.contains(&source) {
            sources.push(source);
        }
    }

    /// Repositories that were said to hold `digest` on `registry`, or, without one, on any: in the order in which that was
    /// said.
    pub fn mounts<'a>(&'a self, digest: &Digest, registry: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let registry = registry.map(endpoint::name);
        let sources = self.mounts.get(digest).into_iter().flatten();
        sources
            .filter(move |source| source.registry.as_deref() == registry)
            .map(|source| source.repository.as_str())
    }

    /// The target that made `digest`, if it is known.
    #[must_use]
    pub fn label_of(&self, digest: &Digest) -> Option<&str> {
        self.labels.get(digest).map(String::as_str)
    }

    /// The digest with the target that made it, for messages.
    #[must_use]
    pub fn name(&self, digest: &Digest) -> String {
        match self.label_of(digest) {
            Some(label) => format!("{label} ({digest})"),
            None => digest.to_string(),
        }
    }

    /// Where the bytes of `digest` are.
    ///
    /// # Errors
    /// [`ContentError::Missing`]; the file of a source that was said is not looked at.
    pub fn source(&self, digest: &Digest) -> Result<Source, ContentError> {
        if let Some(source) = self.blobs.get(digest) {
            return Ok(source.clone());
        }
        let candidates: Vec<PathBuf> =
            self.trees.iter().map(|tree| tree.join(BLOBS).join(digest.hex())).collect();
        if let Some(path) = candidates.iter().find(|path| path.is_file()) {
            return Ok(Source::File(path.clone()));
        }
        let mut looked = vec!["the files of the run target".to_owned()];
        looked.extend(candidates.iter().map(|path| path.display().to_string()));
        if let Some(Elsewhere { size, urls, sources }) = self.remote.get(digest) {
            let blob = Blob { digest: *digest, size: *size };
            let remote = RemoteBlob::new(blob, self.name(digest), Arc::clone(sources), urls);
            return Ok(Source::Remote(remote.looked(looked)));
        }
        let fix = if self.label_of(digest).is_some() { "" } else { ", or that of the base image" };
        Err(ContentError::Missing { what: self.name(digest), looked: looked.join(", "), fix })
    }

    /// The size of `digest` in bytes, as it is on disk or in a descriptor; not verified.
    ///
    /// # Errors
    /// If nothing knows the bytes, or their file can't be looked at.
    pub fn size(&self, digest: &Digest) -> Result<u64, ContentError> {
        match self.source(digest)? {
            Source::Bytes(bytes) => Ok(bytes.len() as u64),
            Source::File(path) => match path.metadata() {
                Ok(metadata) => Ok(metadata.len()),
                Err(error) => Err(self.unreadable(digest, &path, error)),
            },
            Source::Remote(blob) => Ok(blob.size),
        }
    }

    /// The bytes of `digest`, as a reader that fails before its end unless they have that digest and the size that
    /// they have on disk.
    ///
    /// # Errors
    /// If nothing knows the bytes, or their file can't be opened.
    pub fn open(&self, digest: &Digest) -> Result<Box<dyn Read + Send>, ContentError> {
        let size = self.size(digest)?;
        self.open_sized(digest, size)
    }

    /// As [`Content::open`], and the bytes must be `size` many.
    ///
    /// # Errors
    /// As [`Content::open`].
    pub fn open_sized(&self, digest: &Digest, size: u64) -> Result<Box<dyn Read + Send>, ContentError> {
        Ok(match self.source(digest)? {
            Source::Bytes(bytes) => Box::new(VerifyReader::new(io::Cursor::new(bytes), *digest, size)),
            Source::File(path) => match File::open(&path) {
                Ok(file) => Box::new(VerifyReader::new(file, *digest, size)),
                Err(error) => return Err(self.unreadable(digest, &path, error)),
            },
            // Verifies by itself.
            Source::Remote(blob) => Box::new(blob.sized(size).open()?),
        })
    }

    /// All bytes of `digest`, verified: for configs, which registries take like any blob.
    ///
    /// # Errors
    /// If nothing knows the bytes, they can't be read, aren't those of `digest`, or are more than [`MAX_DOCUMENT`].
    pub fn bytes(&self, digest: &Digest) -> Result<Bytes, ContentError> {
        self.at_most(MAX_DOCUMENT, digest)
    }

    fn at_most(&self, limit: u64, digest: &Digest) -> Result<Bytes, ContentError> {
        let size = self.size(digest)?;
        let read = |mut reader: Box<dyn Read + Send>| {
            if size > limit {
                return Err(io::Error::other(format!("it has {size} bytes, and at most {limit} are read")));
            }
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes)?;
            Ok(Bytes::from(bytes))
        };
        read(self.open_sized(digest, size)?)
            .map_err(|error| self.unreadable(digest, &self.place(digest), error))
    }

    /// A descriptor of the manifest or index `digest`, made from its bytes.
    ///
    /// # Errors
    /// As [`Content::bytes`], or if it is neither, or more than [`MANIFEST_LIMIT`].
    pub fn describe(&self, digest: &Digest) -> Result<Descriptor, ContentError> {
        let bytes = self.at_most(MANIFEST_LIMIT, digest)?;
        let document = self.parse(digest, &bytes)?;
        Ok(Descriptor::new(document.media_type(), *digest, bytes.len() as u64))
    }

    /// The manifest or index `digest`, parsed.
    ///
    /// # Errors
    /// As [`Content::describe`].
    pub fn document(&self, digest: &Digest) -> Result<Document, ContentError> {
        self.parse(digest, &self.at_most(MANIFEST_LIMIT, digest)?)
    }

    fn parse(&self, digest: &Digest, bytes: &[u8]) -> Result<Document, ContentError> {
        Document::parse(bytes).map_err(|error| ContentError::Parse {
            what: self.name(digest),
            place: match self.source(digest) {
                Ok(Source::File(path)) => Some(path),
                _ => None,
            },
            source: Box::new(error),
        })
    }

    /// Every descriptor reachable from `root`, each digest once: children before what names them, `root` last.
    ///
    /// # Errors
    /// If a manifest or index on the way can't be had; blobs are not looked at.
    pub fn walk(&self, root: &Descriptor) -> Result<Vec<Descriptor>, ContentError> {
        let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
        self.walk_into(root, &mut seen, &mut found)?;
        Ok(found)
    }

    fn walk_into(
        &self,
        at: &Descriptor,
        seen: &mut BTreeSet<Digest>,
        found: &mut Vec<Descriptor>,
    ) -> Result<(), ContentError> {
        if !seen.insert(at.digest) {
            return Ok(());
        }
        if is_document(at) {
            for child in self.document(&at.digest)?.children() {
                self.walk_into(child, seen, found)?;
            }
        }
        found.push(at.clone());
        Ok(())
    }

    /// The error for bytes that can't be read from `place`. One that says already where they come from stays.
    pub(crate) fn unreadable(&self, digest: &Digest, place: &Path, source: io::Error) -> ContentError {
        match source.downcast() {
            Ok(error) => error,
            Err(source) => ContentError::Read { what: self.name(digest), place: place.to_owned(), source },
        }
    }

    /// The file of `digest`, or a word for memory, or where else it is.
    pub(crate) fn place(&self, digest: &Digest) -> PathBuf {
        match self.source(digest) {
            Ok(Source::File(path)) => path,
            Ok(Source::Remote(blob)) => blob.places().into(),
            _ => PathBuf::from("memory"),
        }
    }
}

/// Whether a descriptor is that of a manifest or an index.
#[must_use]
pub fn is_document(descriptor: &Descriptor) -> bool {
    descriptor.is_document()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::media_type;
    use testing::image::small;

    fn read(content: &Content, digest: &Digest) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut reader = content.open(digest).map_err(|error| error.to_string())?;
        reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    #[test]
    fn walks_a_layout_children_first() {
        let (folder, image) = (tempfile::tempdir().unwrap(), small());
        image.write_layout(&folder.path().join("layout"));
        let mut content = Content::new();
        content.add_tree(folder.path().join("layout"));
        let root = content.describe(&image.digest()).unwrap();
        assert_eq!(root.media_type, media_type::OCI_MANIFEST);
        let walked: Vec<Digest> = content.walk(&root).unwrap().iter().map(|found| found.digest).collect();
        let layer = image.layers[0].metadata.digest;
        assert_eq!(walked, [Digest::of(&image.config), layer, image.digest()]);
        assert_eq!(read(&content, &layer).unwrap(), image.layers[0].blob);
        assert_eq!(content.size(&layer).unwrap(), image.layers[0].blob.len() as u64);
    }

    #[test]
    fn what_is_wrong_is_found_at_the_end_of_reading() {
        let folder = tempfile::tempdir().unwrap();
        let (file, digest) = (folder.path().join("blob"), Digest::of(b"right"));
        std::fs::write(&file, "wrong").unwrap();
        let mut content = Content::new();
        content.insert(digest, Source::File(file.clone()));
        content.label(digest, "//app:layer");
        assert!(read(&content, &digest).unwrap_err().contains("sha256:"));
        let error = content.describe(&digest).unwrap_err().to_string();
        assert!(error.contains("//app:layer") && error.contains(file.to_str().unwrap()), "{error}");
    }

    #[test]
    fn what_is_here_goes_before_what_is_elsewhere() {
        let (mut content, mut sources) = (Content::new(), Sources::new(crate::Options::default()));
        sources.add("r.example", "base", None);
        let blob = Descriptor::of("x/y", b"layer");
        content.label(blob.digest, "@base//:layer");
        content.insert_remote(&blob, &Arc::new(sources));
        let remote = content.source(&blob.digest).unwrap();
        assert!(matches!(&remote, Source::Remote(blob) if blob.places() == "r.example/base"), "{remote:?}");
        assert_eq!(content.size(&blob.digest).unwrap(), 5);
        content.insert(blob.digest, Source::Bytes("layer".into()));
        assert_eq!(read(&content, &blob.digest).unwrap(), b"layer");
    }

    #[test]
    fn says_where_it_looked() {
        let mut content = Content::new();
        content.add_tree("/base".into());
        let digest = Digest::of(b"");
        let error = content.source(&digest).unwrap_err().to_string();
        assert!(
            error.contains("base image") && error.contains(&format!("/base/blobs/sha256/{}", digest.hex())),
            "{error}"
        );
        content.insert(digest, Source::Bytes(Bytes::new()));
        content.insert(digest, Source::File("/second".into()));
        assert_eq!(content.source(&digest).unwrap(), Source::Bytes(Bytes::new()));
    }

    #[test]
    fn what_is_no_manifest_is_named() {
        let mut content = Content::new();
        let digest = Digest::of(b"{}");
        content.insert(digest, Source::Bytes("{}".into()));
        content.label(digest, "//app:image");
        let error = content.describe(&digest).unwrap_err().to_string();
        assert!(error.contains("//app:image") && error.contains("no manifest or index"), "{error}");
    }

    #[test]
    fn a_config_may_be_larger_than_a_manifest() {
        let mut content = Content::new();
        // Blanks are JSON too.
        let bytes = [br#"{"schemaVersion":2,"layers":[]}"#.to_vec(), vec![b' '; 5 << 20]].concat();
        let digest = Digest::of(&bytes);
        content.insert(digest, Source::Bytes(bytes.into()));
        assert_eq!(content.bytes(&digest).unwrap().len() as u64, content.size(&digest).unwrap());
        let error = content.describe(&digest).unwrap_err();
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(why.contains("at most 4194304"), "{why}");
    }

    #[test]
    fn mounts_are_by_registry() {
        let (mut content, digest) = (Content::new(), Digest::of(b""));
        for (registry, repository) in [
            (Some("r.example"), "b"),
            (None, "z"),
            (None, "a"),
            (None, "z"),
            (Some("other.example"), "c"),
            (Some("http://plain.example"), "d"),
            (Some("index.docker.io"), "e"),
        ] {
            content.allow_mount(digest, registry, repository);
        }
        for (registry, expected) in [
            (Some("r.example"), &["b"][..]),
            (Some("plain.example"), &["d"]),
            (Some("docker.io"), &["e"]),
            (Some("unknown.example"), &[]),
            (None, &["z", "a"]),
        ] {
            assert_eq!(content.mounts(&digest, registry).collect::<Vec<_>>(), expected, "{registry:?}");
        }
    }
}
