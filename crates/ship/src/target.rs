//! A run target with its files found and read: what every command starts from.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use oci::Platform;
use oci::descriptor::Descriptor;
use oci::digest::Digest;
use oci::layer_json::LayerJson;
use oci::stamp::Values;
use registry::client::Options;
use registry::content::{Content, Source, is_document};
use registry::remote::{Sources, StopOnDrop};

use crate::credentials::keychain;
use crate::environment::Environment;
use crate::exit::usage;
use crate::images;
use crate::runfiles::{Runfiles, Start};
use crate::spec::{self, Spec};
use crate::ui::Ui;

/// A run target: label, image, and the way to its files.
#[derive(Clone, Debug)]
pub struct Target {
    /// The label of the run target.
    pub label: String,
    /// The manifest or index to push or load.
    pub root: Descriptor,
    /// Artifacts to push with it, in the order of the spec.
    pub referrers: Vec<Descriptor>,
    /// Where the bytes of everything that `root` and the referrers name are.
    pub content: Arc<Content>,
    /// The layers that the build knows, in the order of the spec; layers of bases known only by digest are not here.
    pub layers: Vec<Layer>,
    /// What placeholders in names stand for: the keys of Bazel's status files as far as the spec names them, and
    /// `digest`, that of `root` without `sha256:`.
    pub values: Values,
    /// Whether the spec names status files.
    pub stamped: bool,
    /// Finds the files of the spec.
    pub files: Runfiles,
    _downloads: Arc<StopOnDrop>,
}

/// A layer, and the target that made it.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The target.
    pub label: String,
    /// What the build says about it.
    pub metadata: LayerJson,
}

impl Target {
    /// Finds and reads the small files of `spec`, which was read from `spec_path`. No blob is read, and no registry asked.
    ///
    /// # Errors
    /// If a file isn't found (names all places tried) or isn't what it should be (names the file).
    pub fn open(spec: &Spec, spec_path: &Path, environment: &Environment, ui: &Ui) -> anyhow::Result<Self> {
        Self::among(spec, files(spec, spec_path, environment)?, environment, ui)
    }

    /// The same, with the files of `spec` among these.
    ///
    /// # Errors
    /// As [`Target::open`].
    pub fn among(spec: &Spec, files: Runfiles, environment: &Environment, ui: &Ui) -> anyhow::Result<Self> {
        let Some(declared) = &spec.content else {
            return Err(usage(format!("the spec of {} names no image: build the target again", spec.label)));
        };
        let mut content = Content::new();
        for tree in &declared.blob_trees {
            content.add_tree(files.find(tree)?);
        }
        for config in &declared.configs {
            let digest = insert_small(&mut content, &files, config)?;
            content.label(digest, "config");
        }
        for manifest in &declared.manifests {
            insert_small(&mut content, &files, manifest)?;
        }
        let mut referrers = Vec::new();
        for artifact in &declared.referrers {
            let digest = insert_small(&mut content, &files, &artifact.manifest)?;
            content.label(digest, artifact.label.clone());
            referrers.push(content.describe(&digest).with_context(|| artifact.label.clone())?);
        }
        let root = insert_small(&mut content, &files, &declared.root)?;
        let mut layers = Vec::new();
        for layer in &declared.layers {
            let path = files.find(&layer.metadata)?;
            let metadata = read(&path).and_then(|json| {
                LayerJson::parse(&json).with_context(|| format!("{} is no layer.json", path.display()))
            });
            let metadata = metadata.with_context(|| format!("layer {}", layer.label))?;
            if let Some(blob) = &layer.blob {
                let file = files.find(blob).with_context(|| format!("layer {}", layer.label))?;
                content.insert(metadata.digest, Source::File(file));
            }
            content.label(metadata.digest, layer.label.clone());
            layers.push(Layer { label: layer.label.clone(), metadata });
        }
        let root = content.describe(&root).with_context(|| format!("the image of {}", spec.label))?;
        let downloads = insert_sources(&mut content, &root, &declared.sources, &files, environment, ui)?;
        let mut values = Values::default();
        for status in &spec.status {
            values.add_status_bytes(&read(&files.find(status)?)?);
        }
        let target = Self {
            label: spec.label.clone(),
            root,
            referrers,
            content: Arc::new(content),
            layers,
            values,
            stamped: !spec.status.is_empty(),
            files,
            _downloads: Arc::new(downloads),
        };
        let root = target.root.clone();
        Ok(target.with_root(root))
    }

    /// The same target with another manifest or index to push or load, which must be below its own.
    #[must_use]
    pub fn with_root(mut self, root: Descriptor) -> Self {
        self.values.insert("digest", root.digest.hex());
        Self { root, ..self }
    }

    /// The same target with the image for `platform` alone.
    ///
    /// # Errors
    /// If there is none: lists the platforms there are. If a manifest can't be read.
    pub fn only(self, platform: &Platform) -> anyhow::Result<Self> {
        let images = images::below(&self.content, &self.root)?;
        let Some(image) = images.iter().find(|image| image.fits(platform)) else {
            return Err(usage(images::none_for(platform, &images)));
        };
        Ok(self.with_root(image.descriptor.clone()))
    }
}

/// The files of a run target, whose spec was read from `spec_path`: the path of its executable with `.json` added.
///
/// # Errors
/// If a runfiles manifest is there but can't be read.
pub fn files(spec: &Spec, spec_path: &Path, environment: &Environment) -> anyhow::Result<Runfiles> {
    Runfiles::new(&Start::of_target(spec_path, &spec.own_path, environment))
}

/// Says where else blobs are: to be mounted from there, and, those that the build hasn't got, to be read.
fn insert_sources(
    content: &mut Content,
    root: &Descriptor,
    declared: &[spec::Source],
    files: &Runfiles,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<StopOnDrop> {
    let options = Options { keychain: keychain(environment), listener: ui.listener(), ..Options::default() };
    let mut sources = Sources::new(options);
    for source in declared {
        if let Some(registry) = &source.registry {
            let credentials = source.credentials.as_ref().map(|file| files.find(file)).transpose()?;
            sources.add(registry, &source.repository, credentials);
        }
    }
    let sources = Arc::new(sources);
    let blobs = content.walk(root)?.into_iter().filter(|descriptor| !is_document(descriptor));
    for blob in blobs {
        // Which blobs a source has is not known.
        for source in declared {
            content.allow_mount(blob.digest, source.registry.as_deref(), &source.repository);
        }
        if !(sources.is_empty() && blob.urls.is_empty()) && content.source(&blob.digest).is_err() {
            content.insert_remote(&blob, &sources);
        }
    }
    Ok(StopOnDrop(sources))
}

/// Keeps a manifest, index or config in memory under the digest of its bytes.
fn insert_small(content: &mut Content, files: &Runfiles, file: &spec::File) -> anyhow::Result<Digest> {
    let bytes = read(&files.find(file)?)?;
    let digest = Digest::of(&bytes);
    content.insert(digest, Source::Bytes(bytes.into()));
    Ok(digest)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
