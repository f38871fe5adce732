//! `assemble report`: what is in an image, as JSON.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, Result};
use oci::{
    Descriptor, Digest, Document, LayerJson,
    config::Config,
    report::{self, Report},
};

use crate::{
    files,
    manifest::replaced,
    stack::{Layer, Stack, StackArgs},
};

/// Arguments of `assemble report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: StackArgs,
    /// Where to write the report.
    #[arg(long, value_name = "OUT")]
    output: PathBuf,
}

/// Writes the report. `warn` is told what is odd in a layer that nobody has looked into before.
///
/// # Errors
/// If an input is not what it should be, beginning with the label of the image.
pub fn run(args: &Args, mut warn: impl FnMut(&str)) -> Result<()> {
    let label = &args.stack.label;
    let bytes = Stack::read(&args.stack, &mut |words| warn(&format!("{label}: {words}")))
        .and_then(|stack| Ok(report(label, &stack)?.to_json()?))
        .with_context(|| label.clone())?;
    files::write_all([(args.output.as_path(), bytes)])
}

fn report(label: &str, stack: &Stack) -> Result<Report> {
    let Stack { bytes, manifest, config, layers } = stack;
    let parsed = Config::parse(config)?;
    let diff_ids = parsed.diff_ids()?;
    let sizes: BTreeMap<Digest, u64> =
        layers.iter().map(|layer| (layer.descriptor.digest, layer.descriptor.size)).collect();
    let metadata: Vec<LayerJson> = layers.iter().enumerate().map(named).collect();
    let mut replaced_links = Vec::new();
    replaced::check(&[], &metadata, |sentence| replaced_links.push(sentence.to_owned()));
    let describe = |(at, layer): (usize, &Layer)| {
        let Descriptor { digest, size, media_type, annotations, .. } = layer.descriptor.clone();
        let created_by = Some(layer.metadata.history.created_by.clone()).filter(|label| !label.is_empty());
        report::Layer {
            created_by,
            digest,
            size,
            media_type,
            diff_id: diff_ids.get(at).copied(),
            annotations,
            unseen: layer.listing.is_none(),
        }
    };
    Ok(Report {
        v: report::VERSION,
        label: label.to_owned(),
        digest: Digest::of(bytes),
        media_type: Document::Manifest(manifest.clone()).media_type().to_owned(),
        size: bytes.len() as u64 + manifest.config.size + sizes.values().sum::<u64>(),
        platform: parsed.platform().ok(),
        annotations: manifest.annotations.clone(),
        config: serde_json::from_slice(config)?,
        layers: layers.iter().enumerate().map(describe).collect(),
        replaced_links,
    })
}

/// The metadata of a layer, for sentences: one that no target made is called by its place.
fn named((at, layer): (usize, &Layer)) -> LayerJson {
    let mut metadata = layer.metadata.clone();
    if !layer.has_label {
        metadata.history.created_by = format!("layer {}, which the base brought,", at + 1);
    }
    metadata
}

/// Writes the report on the image of `stack` to `output`, for tests of what is made from reports.
#[cfg(test)]
pub(crate) fn write_example(stack: StackArgs, output: &std::path::Path) {
    run(&Args { stack, output: output.to_owned() }, |_| {}).expect("an example can be reported on");
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use oci::{Compression, Family, Platform};
    use testing::image;

    use super::*;
    use crate::stack::tests::arguments;

    fn reported(dir: &Path, image: &image::Image, listed: &[usize]) -> Result<Report, String> {
        let args = Args { stack: arguments(dir, image, listed), output: dir.join("report.json") };
        run(&args, |_| {}).map_err(|error| format!("{error:#}"))?;
        Ok(Report::parse(&fs::read(args.output).unwrap()).unwrap())
    }

    /// A layer with `bin -> usr/bin`, which the fixtures cannot write, and one on top with `bin/tool`.
    fn example() -> image::Image {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "bin", "usr/bin").unwrap();
        let blob = tar.into_inner().unwrap();
        let mut base = image::layer("ADD rootfs", &[], Compression::None);
        let digest = Digest::of(&blob);
        (base.metadata.digest, base.metadata.diff_id, base.metadata.size) =
            (digest, digest, blob.len() as u64);
        base.blob = blob;
        let top = image::layer("//:top", &[("bin/tool", b"x")], Compression::Gzip);
        image::image(&Platform::new("linux", "amd64"), Family::Oci, vec![base, top])
    }

    #[test]
    fn all_of_an_image_on_a_base_that_is_a_layout() {
        let dir = tempfile::tempdir().unwrap();
        let image = example();
        let report = reported(dir.path(), &image, &[1]).unwrap();
        assert_eq!((report.label.as_str(), report.digest), ("//:image", image.digest()));
        assert_eq!(report.platform, Some(Platform::new("linux", "amd64")));
        let stored: usize = image.blobs().map(<[u8]>::len).sum();
        assert_eq!(report.size, stored as u64);
        assert_eq!(report.config["config"]["Cmd"], serde_json::json!(["--base"]));
        let layers: Vec<_> = report
            .layers
            .iter()
            .map(|layer| (layer.created_by.as_deref(), layer.digest, layer.diff_id))
            .collect();
        let expected = |at: usize, label| {
            let metadata = &image.layers[at].metadata;
            (Some(label), metadata.digest, Some(metadata.diff_id))
        };
        assert_eq!(layers, [expected(0, "ADD rootfs"), expected(1, "//:top")]);
        let [link] = report.replaced_links.as_slice() else { panic!("{:?}", report.replaced_links) };
        assert!(link.starts_with("/bin -> usr/bin of layer 1, which the base brought, would"), "{link}");
        assert!(link.contains("//:top has /bin/tool: put that at /usr/bin/tool"), "{link}");
    }

    #[test]
    fn what_is_not_at_hand_is_reported_and_not_looked_into() {
        let dir = tempfile::tempdir().unwrap();
        let image = example();
        let args = arguments(dir.path(), &image, &[1]).without_layout();
        let args = Args { stack: args, output: dir.path().join("report.json") };
        run(&args, |_| {}).unwrap();
        let report = Report::parse(&fs::read(args.output).unwrap()).unwrap();
        assert_eq!(report.replaced_links.len(), 0);
        assert_eq!(report.layers.iter().map(|layer| layer.unseen).collect::<Vec<_>>(), [true, false]);
    }
}
