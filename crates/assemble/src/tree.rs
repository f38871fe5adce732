//! `assemble tree`: the tree that a container of an image sees, as one listing.
//!
//! Listings of layers that `pack` made or imported are taken as they are; layers of bases that nobody has listed are read.

use std::path::PathBuf;

use ::layer::overlay::Tree;
use anyhow::{Context as _, Result};

use crate::{
    files,
    stack::{Stack, StackArgs, not_at_hand},
};

/// Arguments of `assemble tree`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: StackArgs,
    /// Where to write the listing.
    #[arg(long, value_name = "OUT")]
    output: PathBuf,
}

/// Writes the listing. `warn` is told what is odd in a layer that nobody has looked into before.
///
/// # Errors
/// If a layer is not at hand or not what it should be, beginning with the label of the image.
pub fn run(args: &Args, mut warn: impl FnMut(&str)) -> Result<()> {
    let label = &args.stack.label;
    let bytes = list(args, &mut |words| warn(&format!("{label}: {words}"))).with_context(|| label.clone())?;
    files::write_all([(args.output.as_path(), bytes)])
}

fn list(args: &Args, warn: &mut dyn FnMut(&str)) -> Result<Vec<u8>> {
    let mut tree = Tree::default();
    for layer in Stack::read(&args.stack, warn)?.layers {
        let listing = layer.listing.with_context(|| {
            format!("{}, so that its files cannot be listed", not_at_hand(&layer.descriptor))
        })?;
        tree.add(&listing).with_context(|| format!("the layer {}", layer.descriptor.digest))?;
    }
    let mut bytes = Vec::new();
    tree.write(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use oci::{Compression, Family, Platform};
    use testing::image;

    use super::*;
    use crate::stack::tests::arguments;

    #[test]
    fn layers_with_and_without_listings_give_one_tree() {
        let dir = tempfile::tempdir().unwrap();
        let layer = |files: &[(&str, &[u8])]| image::layer("//:layer", files, Compression::Gzip);
        let layers = vec![
            layer(&[("etc/old", b"1"), ("etc/kept", b"22")]),
            layer(&[("etc/.wh.old", b""), ("etc/new", b"333")]),
        ];
        let image = image::image(&Platform::new("linux", "amd64"), Family::Oci, layers);
        let output = dir.path().join("mtree");
        let list = |stack| {
            let args = Args { stack, output: output.clone() };
            run(&args, |_| {}).map_err(|error| format!("{error:#}"))?;
            let text = fs::read_to_string(&output).unwrap();
            fs::remove_file(&output).unwrap();
            Ok::<_, String>(text)
        };
        let expected = "#mtree\n\
            ./etc type=dir mode=0755 uid=0 gid=0 size=0 time=0.0\n\
            ./etc/kept type=file mode=0644 uid=0 gid=0 size=2 time=0.0\n\
            ./etc/new type=file mode=0644 uid=0 gid=0 size=3 time=0.0\n";
        for listed in [&[][..], &[0], &[1], &[0, 1]] {
            assert_eq!(list(arguments(dir.path(), &image, listed)).unwrap(), expected, "{listed:?}");
        }
        let error = list(arguments(dir.path(), &image, &[0]).without_layout()).unwrap_err();
        let digest = image.layers[1].metadata.digest;
        let says = format!(
            "//:image: the layer {digest} (application/vnd.oci.image.layer.v1.tar+gzip) is not at hand"
        );
        assert!(error.contains(&says), "{error}");
        assert!(!output.exists());
    }
}
