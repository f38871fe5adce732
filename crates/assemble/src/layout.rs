//! `assemble layout`: a layout directory with everything that a manifest or index names.
//!
//! Digests of layers are taken from their layer.json, and those in blob trees from their names: whoever made
//! these files has hashed them. Sizes are checked.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use oci::{archive::Parts, layout::LayoutWriter, verify};

use crate::{
    content::{ContentArgs, Source, Sources, missing},
    files,
};

/// Arguments of `assemble layout`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    content: ContentArgs,
    /// Where to write the layout.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

/// Writes the layout.
///
/// # Errors
/// If something is missing that the root names, or is not what its descriptor says; there is no layout then.
pub fn run(args: &Args) -> Result<()> {
    let root = files::read(&args.content.root)?;
    let sources = Sources::gather(&args.content)?;
    let layout = LayoutWriter::create(&args.output)?;
    write(layout, &root, &sources)
        .with_context(|| format!("cannot make a layout of {}", args.content.root.display()))
}

fn write(mut layout: LayoutWriter, root: &[u8], sources: &Sources) -> Result<()> {
    let (descriptor, _) = sources.describe_root(root)?;
    let (parts, _) = Parts::gather(&descriptor, &mut |part| sources.open_part((&descriptor, root), part))?;
    for document in parts.documents.values() {
        layout.add_bytes(document)?;
    }
    for blob in parts.blobs.values() {
        match sources.find(&blob.digest).ok_or_else(|| missing(blob))? {
            Source::Bytes(bytes) => {
                verify::verify(&bytes, blob.digest, blob.size)?;
                layout.add_bytes(&bytes)?;
            }
            Source::File(path) => layout.add_file(blob, &path, sources.place(&path))?,
        }
    }
    Ok(layout.finish(vec![descriptor])?)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use oci::{
        Compression, Descriptor, Family, Platform,
        layout::{BLOBS, Layout},
        media_type,
    };
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
        let content = ContentArgs {
            root: dir.join("manifest.json"),
            manifest: vec![],
            config: vec![dir.join("config.json")],
            layer: each("layer.json"),
            blob: each("blob"),
            blob_tree: vec![],
        };
        Args { content, output: dir.join("layout") }
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
        args.content.manifest = vec![args.content.root.clone()];
        args.content.root = dir.path().join("index.json");
        args.content.blob_tree = vec![dir.path().join("nothing"), dir.path().join("tree")];
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
        let error_with = |change: &dyn Fn(&mut ContentArgs)| {
            let mut args = arguments(dir.path(), &image);
            change(&mut args.content);
            error(&args)
        };
        let no_layer = error_with(&|args| (args.layer, args.blob) = (vec![], vec![]));
        let expected = format!("{} (application/vnd.oci.image.layer", image.layers[0].metadata.digest);
        assert!(no_layer.contains(&expected), "{no_layer}");
        let no_config = error_with(&|args| args.config.clear());
        assert!(
            no_config.contains("image.config") && no_config.contains("nothing given holds it"),
            "{no_config}"
        );
        let unpaired = error_with(&|args| args.blob.clear());
        assert!(unpaired.contains("2 --layer and 0 --blob"), "{unpaired}");
        fs::write(dir.path().join("index.json"), image::index(&[&image])).unwrap();
        let no_manifest = error_with(&|args| args.root = dir.path().join("index.json"));
        assert!(no_manifest.contains(&image.digest().to_string()), "{no_manifest}");
    }

    #[test]
    fn wrong_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let args = arguments(dir.path(), &example("amd64"));
        fs::write(&args.content.blob[1], "short").unwrap();
        let wrong_size = error(&args);
        assert!(
            wrong_size.contains("1.blob has 5 bytes") && wrong_size.contains("build both again"),
            "{wrong_size}"
        );
        fs::write(&args.content.root, "{}").unwrap();
        let wrong_root = error(&args);
        assert!(wrong_root.contains("manifest.json") && wrong_root.contains("neither"), "{wrong_root}");
    }
}
