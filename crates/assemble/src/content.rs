//! What an image or an index consists of, as command lines give it: documents, layers with their layer.json, and
//! directories of blobs.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use oci::{
    Descriptor, Digest, Document,
    config::Config,
    layout::{BLOBS, Place},
    verify,
};

use crate::files;

/// Where Bazel's actions find generated files, seen from the folder in which they run.
const GENERATED: &str = "bazel-out";

/// An image or an index, and everything that it names.
#[derive(Debug, clap::Args)]
pub(crate) struct ContentArgs {
    /// The manifest or index that the output is for.
    #[arg(long, value_name = "FILE")]
    pub(crate) root: PathBuf,
    /// A manifest or index that the root names.
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Vec<PathBuf>,
    /// A config that a manifest names.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// The layer.json of a layer; its blob is the `--blob` of the same position.
    #[arg(long, value_name = "LAYER_JSON")]
    pub(crate) layer: Vec<PathBuf>,
    /// The blob of a layer.
    #[arg(long, value_name = "FILE")]
    pub(crate) blob: Vec<PathBuf>,
    /// A directory with blobs in blobs/sha256, such as the layout of a base image.
    #[arg(long, value_name = "DIR")]
    pub(crate) blob_tree: Vec<PathBuf>,
}

/// Where the bytes of a digest are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A document, read already.
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// Everything that a document may name.
#[derive(Debug)]
pub(crate) struct Sources {
    by_digest: BTreeMap<Digest, Source>,
    trees: Vec<PathBuf>,
    /// The real folder of generated files, if there is one.
    generated: Option<PathBuf>,
}

impl Sources {
    pub(crate) fn gather(args: &ContentArgs) -> Result<Self> {
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

    pub(crate) fn find(&self, digest: &Digest) -> Option<Source> {
        self.by_digest.get(digest).cloned().or_else(|| in_trees(&self.trees, digest).map(Source::File))
    }

    /// Opens the bytes of a digest, if they are at hand.
    pub(crate) fn open(&self, digest: &Digest) -> io::Result<Option<Box<dyn Read>>> {
        Ok(match self.find(digest) {
            Some(Source::Bytes(bytes)) => Some(Box::new(Cursor::new(bytes))),
            Some(Source::File(path)) => {
                let named =
                    |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
                Some(Box::new(File::open(&path).map_err(named)?))
            }
            None => None,
        })
    }

    /// As [`Sources::open`], of a part of the image `root`, whose own bytes are given.
    pub(crate) fn open_part(
        &self,
        root: (&Descriptor, &[u8]),
        part: &Descriptor,
    ) -> io::Result<Option<Box<dyn Read>>> {
        if part.digest == root.0.digest {
            return Ok(Some(Box::new(Cursor::new(root.1.to_vec()))));
        }
        self.open(&part.digest)
    }

    /// Reads a document and verifies it.
    pub(crate) fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>> {
        let (bytes, name) = match self.find(&descriptor.digest).ok_or_else(|| missing(descriptor))? {
            Source::Bytes(bytes) => (bytes, descriptor.digest.to_string()),
            Source::File(path) => (files::read(&path)?, path.display().to_string()),
        };
        verify::verify(&bytes, descriptor.digest, descriptor.size)
            .with_context(|| format!("{name} is not what is named"))?;
        Ok(bytes)
    }

    /// The descriptor of a root, with the platform of an image or the type of an artifact; and what it says.
    pub(crate) fn describe_root(&self, root: &[u8]) -> Result<(Descriptor, Document)> {
        let document = Document::parse(root)?;
        let mut descriptor = Descriptor::of(document.media_type(), root);
        if let Document::Manifest(manifest) = &document {
            descriptor.artifact_type.clone_from(&manifest.artifact_type);
            if manifest.is_image() {
                // A config without a platform is odd, and yet no reason to refuse what was built.
                let config = self.read(&manifest.config)?;
                descriptor.platform = Config::parse(&config).and_then(|config| config.platform()).ok();
            }
        }
        Ok((descriptor, document))
    }

    /// Links generated files alone: Bazel changes the mode of outputs, and people edit source files in place.
    pub(crate) fn place(&self, file: &Path) -> Place {
        let inside =
            |generated: &PathBuf| std::fs::canonicalize(file).is_ok_and(|file| file.starts_with(generated));
        if self.generated.as_ref().is_some_and(inside) { Place::Link } else { Place::Copy }
    }
}

/// The blob `digest` in the first of these directories that has it.
pub(crate) fn in_trees(trees: &[PathBuf], digest: &Digest) -> Option<PathBuf> {
    trees.iter().map(|tree| tree.join(BLOBS).join(digest.hex())).find(|path| path.exists())
}

/// The error for what nobody has.
pub(crate) fn missing(descriptor: &Descriptor) -> anyhow::Error {
    anyhow!(
        "{} ({}) is named there, and nothing given holds it: it must be among --manifest, --config, --blob or in a \
         --blob-tree",
        descriptor.digest,
        descriptor.media_type
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
