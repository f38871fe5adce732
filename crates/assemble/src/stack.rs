//! The layers of an image with what is known of each: from its layer.json and listing, or else from the blob itself.
//!
//! Invariant: no blob is read of which there is a listing, and a blob that is read is what its descriptor says.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use ::layer::{
    import::{Treatment, import_from},
    layer::{Description, granted_threads},
};
use anyhow::{Context as _, Result, ensure};
use oci::{
    Descriptor, Digest, Document, LayerJson, Manifest,
    config::{Config, History},
    layer_json::{self, Blob, LayerHistory},
};

use crate::{content::in_trees, files};

/// An image, and what is known of its layers.
#[derive(Debug, clap::Args)]
pub(crate) struct StackArgs {
    /// The manifest.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The config.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The layer.json of a layer with a listing; that is the `--mtree` of the same position.
    #[arg(long, value_name = "LAYER_JSON")]
    layer: Vec<PathBuf>,
    /// The listing of a layer.
    #[arg(long, value_name = "FILE")]
    mtree: Vec<PathBuf>,
    /// The layer.json of a layer without a listing; its blob is the `--blob` of the same position.
    #[arg(long, value_name = "LAYER_JSON")]
    unlisted_layer: Vec<PathBuf>,
    /// The blob of a layer without a listing.
    #[arg(long, value_name = "FILE")]
    blob: Vec<PathBuf>,
    /// A directory with blobs in blobs/sha256, such as the layout of a base image.
    #[arg(long, value_name = "DIR")]
    blob_tree: Vec<PathBuf>,
    /// Label of the image, for messages.
    #[arg(long)]
    pub(crate) label: String,
}

/// An image, read.
#[derive(Debug)]
pub(crate) struct Stack {
    /// The bytes of the manifest.
    pub(crate) bytes: Vec<u8>,
    pub(crate) manifest: Manifest,
    /// The bytes of the config.
    pub(crate) config: Vec<u8>,
    /// In the order of the manifest.
    pub(crate) layers: Vec<Layer>,
}

/// A layer of the image.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) descriptor: Descriptor,
    /// What is known of it; of one that is not at hand, hardly anything.
    pub(crate) metadata: LayerJson,
    /// Whether a target made it, whose label is in the metadata.
    pub(crate) has_label: bool,
    /// What is in it; `None` if that is not at hand.
    pub(crate) listing: Option<String>,
}

impl Stack {
    /// Reads the image. `warn` is told what is odd in a layer that nobody has looked into before.
    pub(crate) fn read(args: &StackArgs, warn: &mut dyn FnMut(&str)) -> Result<Self> {
        let bytes = files::read(&args.manifest)?;
        let unusable = || format!("cannot understand {}", args.manifest.display());
        let Document::Manifest(manifest) = Document::parse(&bytes).with_context(unusable)? else {
            anyhow::bail!("{} is an index, and should be the manifest of an image", args.manifest.display());
        };
        let config = files::read(&args.config)?;
        let sources = Sources::gather(args)?;
        let parsed = Config::parse(&config).with_context(|| args.config.display().to_string())?;
        let history = parsed.history().with_context(|| args.config.display().to_string())?;
        let steps: Vec<&History> = history.iter().filter(|step| !step.empty_layer).collect();
        let mut known: BTreeMap<Digest, Layer> = BTreeMap::new();
        let mut layers = Vec::with_capacity(manifest.layers.len());
        for (at, descriptor) in manifest.layers.iter().enumerate() {
            // What a base without a complete history says of its layers is anybody's guess.
            let step = steps.get(at).filter(|_| steps.len() == manifest.layers.len());
            let created_by = step.and_then(|step| step.created_by.clone()).unwrap_or_default();
            let mut layer = match known.get(&descriptor.digest) {
                Some(layer) => layer.clone(),
                None => sources.look_into(descriptor, warn)?,
            };
            known.insert(descriptor.digest, layer.clone());
            if !layer.has_label {
                // Equal layers of a base are often made by different steps: each of them may be empty.
                layer.metadata.history.created_by = created_by;
            }
            layers.push(layer);
        }
        Ok(Self { bytes, manifest, config, layers })
    }
}

/// What is at hand.
struct Sources<'a> {
    listed: BTreeMap<Digest, (LayerJson, &'a Path)>,
    blobs: BTreeMap<Digest, (LayerJson, &'a Path)>,
    trees: &'a [PathBuf],
}

impl<'a> Sources<'a> {
    fn gather(args: &'a StackArgs) -> Result<Self> {
        let pairs = |layers: &[PathBuf], files: &'a [PathBuf], names: &str| {
            ensure!(
                layers.len() == files.len(),
                "there are {} and {} of {names}: they come in pairs",
                layers.len(),
                files.len()
            );
            let read = |(layer, file): (&PathBuf, &'a PathBuf)| {
                let layer = files::read_layer(layer)?;
                Ok((layer.digest, (layer, file.as_path())))
            };
            layers.iter().zip(files).map(read).collect::<Result<BTreeMap<_, _>>>()
        };
        Ok(Self {
            listed: pairs(&args.layer, &args.mtree, "--layer and --mtree")?,
            blobs: pairs(&args.unlisted_layer, &args.blob, "--unlisted-layer and --blob")?,
            trees: &args.blob_tree,
        })
    }

    /// Tells what is known of a layer, and what is in it. What made it is known of those with a label.
    fn look_into(&self, descriptor: &Descriptor, warn: &mut dyn FnMut(&str)) -> Result<Layer> {
        let digest = &descriptor.digest;
        let layer = |metadata, has_label, listing| Layer {
            descriptor: descriptor.clone(),
            metadata,
            has_label,
            listing,
        };
        if let Some((metadata, mtree)) = self.listed.get(digest) {
            return Ok(layer(metadata.clone(), true, Some(files::read_text(mtree)?)));
        }
        let described = self.blobs.get(digest);
        let created_by =
            described.map_or_else(String::new, |(metadata, _)| metadata.history.created_by.clone());
        let path = match described {
            Some((_, blob)) => Some(blob.to_path_buf()),
            None => in_trees(self.trees, digest),
        };
        let Some(path) = path else { return Ok(layer(unknown(descriptor), false, None)) };
        let (metadata, listing) = read(&path, descriptor, created_by, warn)?;
        ensure!(
            metadata.digest == *digest,
            "{} should be the layer {digest}, and is {}: build it again",
            path.display(),
            metadata.digest
        );
        Ok(layer(metadata, described.is_some(), Some(listing)))
    }
}

/// Reads the blob at `path`, which should be of `descriptor`.
fn read(
    path: &Path,
    descriptor: &Descriptor,
    created_by: String,
    warn: &mut dyn FnMut(&str),
) -> Result<(LayerJson, String)> {
    let blob = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let description = Description { created_by, platform: None, annotations: descriptor.annotations.clone() };
    let mut listing = Vec::new();
    let outputs = (&mut listing, path);
    let layer =
        import_from((path, blob), Treatment::Keep, granted_threads(), description, None, outputs, warn)?;
    Ok((layer, String::from_utf8(listing).context("a listing is text")?))
}

/// A layer that nobody can look into.
fn unknown(descriptor: &Descriptor) -> LayerJson {
    LayerJson {
        v: layer_json::VERSION,
        layer_format: None,
        digest: descriptor.digest,
        diff_id: descriptor.digest,
        size: descriptor.size,
        uncompressed_size: None,
        media_type: descriptor.media_type.clone(),
        platform: None,
        annotations: descriptor.annotations.clone(),
        history: LayerHistory { created_by: String::new() },
        blob: Blob::Source,
        members: None,
        shape: None,
    }
}

/// Why nobody can look into a layer, and what to do.
pub(crate) fn not_at_hand(layer: &Descriptor) -> String {
    let why = if layer.is_foreign_layer() {
        "it may not be distributed, and whoever runs the image fetches it from its own URL"
    } else {
        "nothing given holds it"
    };
    format!("the layer {} ({}) is not at hand: {why}", layer.digest, layer.media_type)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use oci::Compression;
    use testing::image;

    use super::*;

    /// Arguments for an image whose parts are in `dir`: there are listings of the layers at these places, and a layout
    /// with everything.
    pub(crate) fn arguments(dir: &Path, image: &image::Image, listed: &[usize]) -> StackArgs {
        image.write_files(dir);
        if !dir.join("layout").exists() {
            image.write_layout(&dir.join("layout"));
        }
        for &at in listed {
            // As pack does: shape in layer.json, and a listing.
            let blob = dir.join(format!("{at}.blob"));
            let layer = &image.layers[at].metadata;
            let (mut metadata, listing) =
                read(&blob, &layer.descriptor(), layer.history.created_by.clone(), &mut |_| {}).unwrap();
            metadata.blob = Blob::File;
            fs::write(dir.join(format!("{at}.layer.json")), metadata.to_json().unwrap()).unwrap();
            fs::write(dir.join(format!("{at}.mtree")), listing).unwrap();
        }
        let files = |ending: &str| listed.iter().map(|at| dir.join(format!("{at}.{ending}"))).collect();
        StackArgs {
            manifest: dir.join("manifest.json"),
            config: dir.join("config.json"),
            layer: files("layer.json"),
            mtree: files("mtree"),
            unlisted_layer: vec![],
            blob: vec![],
            blob_tree: vec![dir.join("nothing"), dir.join("layout")],
            label: "//:image".into(),
        }
    }

    impl StackArgs {
        /// The same without the directory of blobs, but with the blob of the layer at 0 and what is known of it.
        pub(crate) fn with_blob_only(self, dir: &Path) -> Self {
            let (unlisted_layer, blob) = (vec![dir.join("0.layer.json")], vec![dir.join("0.blob")]);
            Self { unlisted_layer, blob, ..self.without_layout() }
        }

        /// The same without the directory of blobs.
        pub(crate) fn without_layout(self) -> Self {
            Self { blob_tree: vec![], ..self }
        }
    }

    fn example() -> image::Image {
        let layer =
            |label: &str, content: &[u8], compression| image::layer(label, &[("f", content)], compression);
        let layers = vec![
            layer("//:a", b"a", Compression::Gzip),
            layer("//:b", b"b", Compression::Zstd),
            layer("//:a", b"a", Compression::Gzip),
        ];
        image::image(&oci::Platform::new("linux", "amd64"), oci::Family::Oci, layers)
    }

    #[test]
    fn whatever_a_layer_is_known_by() {
        let image = example();
        for (listed, has_tree, labels) in [
            (&[0, 1][..], true, [true, true, true]),
            (&[1], true, [false, true, false]),
            (&[1], false, [true, true, true]),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let args = arguments(dir.path(), &image, listed);
            let args = if has_tree { args } else { args.with_blob_only(dir.path()) };
            let stack = Stack::read(&args, &mut |_| {}).unwrap();
            assert_eq!(stack.layers.iter().map(|layer| layer.has_label).collect::<Vec<_>>(), labels);
            for (layer, original) in stack.layers.iter().zip(&image.layers) {
                assert_eq!(layer.metadata.diff_id, original.metadata.diff_id);
                assert_eq!(layer.metadata.history, original.metadata.history);
                assert!(layer.metadata.shape.is_some());
                assert!(layer.listing.as_ref().unwrap().contains("./f type=file"));
            }
        }
    }

    #[test]
    fn a_repeated_layer_has_the_history_of_each_place() {
        let dir = tempfile::tempdir().unwrap();
        let args = arguments(dir.path(), &example(), &[]);
        let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&args.config).unwrap()).unwrap();
        let steps = ["COPY a", "COPY b", "WORKDIR /a"];
        config["history"] = steps.map(|step| serde_json::json!({ "created_by": step })).into();
        for args in [args, arguments(dir.path(), &example(), &[]).without_layout()] {
            fs::write(&args.config, config.to_string()).unwrap();
            let layers = Stack::read(&args, &mut |_| {}).unwrap().layers;
            let created_by: Vec<_> =
                layers.iter().map(|layer| layer.metadata.history.created_by.as_str()).collect();
            assert_eq!(created_by, steps);
        }
    }

    #[test]
    fn what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let image = example();
        let args = || arguments(dir.path(), &image, &[1]);
        let error = |args: &StackArgs| format!("{:#}", Stack::read(args, &mut |_| {}).unwrap_err());
        let unpaired = error(&StackArgs { mtree: vec![], ..args() });
        assert!(unpaired.contains("1 and 0 of --layer and --mtree"), "{unpaired}");
        fs::write(dir.path().join("index.json"), image::index(&[&image])).unwrap();
        let index = error(&StackArgs { manifest: dir.path().join("index.json"), ..args() });
        assert!(index.contains("is an index"), "{index}");
        let wrong = args().with_blob_only(dir.path());
        fs::write(dir.path().join("0.blob"), &image.layers[1].blob).unwrap();
        assert!(error(&wrong).contains("0.blob should be the layer"), "{}", error(&wrong));
    }
}
