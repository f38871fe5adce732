//! `assemble layout`: a layout directory with everything that a manifest or index names.
//!
//! Digests of layers are taken from their layer.json, and those in blob trees from their names: whoever made
//! these files has hashed them. Sizes are checked.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use oci::{
    Descriptor, Digest, Document,
    config::Config,
    layout::{BLOBS, LayoutWriter, Place},
    media_type::{self, Kind},
    verify,
};

use crate::files;

/// Indexes in indexes are followed to this depth; nobody nests more than one.
const MAX_DEPTH: usize = 8;
/// Where Bazel's actions find generated files, seen from the folder in which they run.
const GENERATED: &str = "bazel-out";

/// Arguments of `assemble layout`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The manifest or index that the layout is for.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// A manifest or index that the root names.
    #[arg(long, value_name = "FILE")]
    manifest: Vec<PathBuf>,
    /// A config that a manifest names.
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// The layer.json of a layer; its blob is the `--blob` of the same position.
    #[arg(long, value_name = "LAYER_JSON")]
    layer: Vec<PathBuf>,
    /// The blob of a layer.
    #[arg(long, value_name = "FILE")]
    blob: Vec<PathBuf>,
    /// A directory with blobs in blobs/sha256, such as the layout of a base image.
    #[arg(long, value_name = "DIR")]
    blob_tree: Vec<PathBuf>,
    /// Where to write the layout.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

/// Writes the layout.
///
/// # Errors
/// If something is missing that the root names, or is not what its descriptor says; there is no layout then.
pub fn run(args: &Args) -> Result<()> {
    let root = files::read(&args.root)?;
    let sources = Sources::gather(args)?;
    let layout = LayoutWriter::create(&args.output)?;
    write(layout, &root, &sources).with_context(|| format!("cannot make a layout of {}", args.root.display()))
}

fn write(mut layout: LayoutWriter, root: &[u8], sources: &Sources) -> Result<()> {
    let document = Document::parse(root)?;
    let mut descriptor = Descriptor::of(document.media_type(), root);
    layout.add_bytes(root)?;
    add_children(&mut layout, sources, &document, MAX_DEPTH)?;
    if let Document::Manifest(manifest) = &document
        && manifest.is_image()
    {
        // A config without a platform is odd, and yet no reason to refuse what was built.
        let config = sources.read(&manifest.config)?;
        descriptor.platform = Config::parse(&config).and_then(|config| config.platform()).ok();
    }
    Ok(layout.finish(vec![descriptor])?)
}

/// Adds what `document` names, and what that names in turn.
fn add_children(
    layout: &mut LayoutWriter,
    sources: &Sources,
    document: &Document,
    depth: usize,
) -> Result<()> {
    ensure!(depth > 0, "indexes are nested more than {MAX_DEPTH} deep");
    for child in document.children() {
        if layout.has(&child.digest) {
            continue;
        }
        match media_type::kind(&child.media_type) {
            Some(Kind::Manifest | Kind::Index) => {
                let bytes = sources.read(child)?;
                let document = Document::parse(&bytes).with_context(|| child.digest.to_string())?;
                layout.add_bytes(&bytes)?;
                add_children(layout, sources, &document, depth - 1)?;
            }
            kind => match sources.find(&child.digest) {
                Some(Source::Bytes(bytes)) => {
                    verify::verify(&bytes, child.digest, child.size)?;
                    layout.add_bytes(&bytes)?;
                }
                Some(Source::File(path)) => layout.add_file(child, &path, sources.place(&path))?,
                // It may not be distributed: whoever runs the image fetches it from its own URL.
                None if matches!(kind, Some(Kind::Layer { foreign: true, .. })) => {}
                None => return Err(missing(child)),
            },
        }
    }
    Ok(())
}

fn missing(descriptor: &Descriptor) -> anyhow::Error {
    anyhow!(
        "{} ({}) is named there, and nothing given holds it: it must be among --manifest, --config, --blob or in a \
         --blob-tree",
        descriptor.digest,
        descriptor.media_type
    )
}

/// Where the bytes of a digest are.
#[derive(Debug, Clone)]
enum Source {
    /// A document, read already.
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// Everything that a document may name.
#[derive(Debug)]
struct Sources {
    by_digest: BTreeMap<Digest, Source>,
    trees: Vec<PathBuf>,
    /// The real folder of generated files, if there is one.
    generated: Option<PathBuf>,
}

impl Sources {
    fn gather(args: &Args) -> Result<Self> {
        ensure!(
            args.layer.len() == args.blob.len(),
            "there are {} --layer and {} --blob: each layer needs its blob",
            args.layer.len(),
            args.blob.len()
        );
        let mut by_digest = BTreeMap::new();
        for path in args.manifest.iter().chain(&args.config) {
            let bytes = files::read(path)?;
            by_digest.insert(Digest::of(&bytes), Source::Bytes(bytes));
        }
        for (metadata, blob) in args.layer.iter().zip(&args.blob) {
            by_digest.insert(files::read_layer(metadata)?.digest, Source::File(blob.clone()));
        }
        Ok(Self {
            by_digest,
            trees: args.blob_tree.clone(),
            generated: std::fs::canonicalize(GENERATED).ok(),
        })
    }

    fn find(&self, digest: &Digest) -> Option<Source> {
        let in_tree = |tree: &PathBuf| Some(tree.join(BLOBS).join(digest.hex())).filter(|path| path.exists());
        self.by_digest.get(digest).cloned().or_else(|| self.trees.iter().find_map(in_tree).map(Source::File))
    }

    /// Reads a document and verifies it.
    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>> {
        let (bytes, name) = match self.find(&descriptor.digest).ok_or_else(|| missing(descriptor))? {
            Source::Bytes(bytes) => (bytes, descriptor.digest.to_string()),
            Source::File(path) => (files::read(&path)?, path.display().to_string()),
        };
        verify::verify(&bytes, descriptor.digest, descriptor.size)
            .with_context(|| format!("{name} is not what is named"))?;
        Ok(bytes)
    }

    /// Links generated files alone: Bazel changes the mode of outputs, and people edit source files in place.
    fn place(&self, file: &Path) -> Place {
        let inside =
            |generated: &PathBuf| std::fs::canonicalize(file).is_ok_and(|file| file.starts_with(generated));
        if self.generated.as_ref().is_some_and(inside) { Place::Link } else { Place::Copy }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use oci::{Compression, Family, Platform, layout::Layout};
    use testing::image;

    use super::*;

    fn example(architecture: &str) -> image::Image {
        let shared = image::layer("//:shared", &[("a", b"a")], Compression::Gzip);
        let own = image::layer("//:own", &[("b", architecture.as_bytes())], Compression::Zstd);
        image::image(&Platform::new("linux", architecture), Family::Oci, vec![shared, own])
    }

    /// Arguments for an image whose parts are in `dir`.
    fn arguments(dir: &Path, image: &image::Image) -> Args {
        fs::create_dir_all(dir).unwrap();
        image.write_files(dir);
        let each = |name: &str| (0..image.layers.len()).map(|i| dir.join(format!("{i}.{name}"))).collect();
        Args {
            root: dir.join("manifest.json"),
            manifest: vec![],
            config: vec![dir.join("config.json")],
            layer: each("layer.json"),
            blob: each("blob"),
            blob_tree: vec![],
            output: dir.join("layout"),
        }
    }

    fn error(args: &Args) -> String {
        let error = format!("{:#}", run(args).unwrap_err());
        let left = fs::read_dir(args.output.parent().unwrap()).unwrap();
        let left =
            left.map(|entry| entry.unwrap().file_name()).find(|n| n.to_string_lossy().contains("layout"));
        assert_eq!(left, None, "something stayed");
        error
    }

    #[test]
    fn a_manifest() {
        let dir = tempfile::tempdir().unwrap();
        let image = example("amd64");
        let args = arguments(dir.path(), &image);
        run(&args).unwrap();
        let layout = Layout::open(&args.output).unwrap();
        assert_eq!(layout.index().manifests, [image.descriptor()]);
        for blob in image.blobs() {
            layout.verify_blob(&Descriptor::of("x", blob)).unwrap();
        }
        assert_eq!(fs::read_dir(args.output.join(BLOBS)).unwrap().count(), 4);
    }

    #[test]
    fn an_index_of_what_is_given_and_what_is_in_a_tree() {
        let dir = tempfile::tempdir().unwrap();
        let (amd64, arm64) = (example("amd64"), example("arm64"));
        let inner = image::index(&[&arm64]);
        let inner_descriptor = Descriptor::of(media_type::OCI_INDEX, &inner);
        image::write_layout(&dir.path().join("tree"), &[&arm64], vec![], &[&inner]);
        let outer = oci::Index::new(Family::Oci, vec![amd64.descriptor(), inner_descriptor]);
        let outer = oci::json::canonical(&outer).unwrap();
        fs::write(dir.path().join("index.json"), &outer).unwrap();
        let mut args = arguments(dir.path(), &amd64);
        args.manifest = vec![args.root.clone()];
        args.root = dir.path().join("index.json");
        args.blob_tree = vec![dir.path().join("nothing"), dir.path().join("tree")];
        run(&args).unwrap();
        let layout = Layout::open(&args.output).unwrap();
        assert_eq!(layout.index().manifests, [Descriptor::of(media_type::OCI_INDEX, &outer)]);
        for blob in amd64.blobs().chain(arm64.blobs()).chain([inner.as_slice()]) {
            layout.verify_blob(&Descriptor::of("x", blob)).unwrap();
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let image = example("amd64");
        let args = || arguments(dir.path(), &image);
        let no_layer = Args { layer: vec![], blob: vec![], ..args() };
        let expected = format!("{} (application/vnd.oci.image.layer", image.layers[0].metadata.digest);
        assert!(error(&no_layer).contains(&expected), "{}", error(&no_layer));
        let no_config = error(&Args { config: vec![], ..args() });
        assert!(
            no_config.contains("image.config") && no_config.contains("nothing given holds it"),
            "{no_config}"
        );
        let unpaired = error(&Args { blob: vec![], ..args() });
        assert!(unpaired.contains("2 --layer and 0 --blob"), "{unpaired}");
        fs::write(dir.path().join("index.json"), image::index(&[&image])).unwrap();
        let no_manifest = error(&Args { root: dir.path().join("index.json"), ..args() });
        assert!(no_manifest.contains(&image.digest().to_string()), "{no_manifest}");
    }

    #[test]
    fn wrong_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let args = arguments(dir.path(), &example("amd64"));
        fs::write(&args.blob[1], "short").unwrap();
        let wrong_size = error(&args);
        assert!(
            wrong_size.contains("1.blob has 5 bytes") && wrong_size.contains("build both again"),
            "{wrong_size}"
        );
        fs::write(&args.root, "{}").unwrap();
        let wrong_root = error(&args);
        assert!(wrong_root.contains("manifest.json") && wrong_root.contains("neither"), "{wrong_root}");
    }

    #[cfg(unix)]
    #[test]
    fn only_generated_files_are_linked() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let (generated, source) = (dir.join("bazel-out"), dir.join("src"));
        fs::create_dir_all(&generated).unwrap();
        fs::create_dir_all(&source).unwrap();
        for file in [generated.join("blob"), source.join("blob")] {
            fs::write(file, "x").unwrap();
        }
        std::os::unix::fs::symlink(source.join("blob"), generated.join("link")).unwrap();
        std::os::unix::fs::symlink(generated.join("blob"), source.join("link")).unwrap();
        let sources =
            Sources { by_digest: BTreeMap::new(), trees: vec![], generated: Some(generated.clone()) };
        let cases = [
            (generated.join("blob"), Place::Link),
            (source.join("blob"), Place::Copy),
            (generated.join("link"), Place::Copy),
            (source.join("link"), Place::Link),
        ];
        for (file, expected) in cases {
            assert_eq!(sources.place(&file), expected, "{}", file.display());
        }
        let sources = Sources { generated: None, ..sources };
        assert_eq!(sources.place(&generated.join("blob")), Place::Copy);
    }
}
