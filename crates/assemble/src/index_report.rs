//! `assemble index-report`: what is in an index, as JSON, from the reports on its images. No layer is looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use oci::{
    Digest, Document,
    report::{IndexReport, Report, VERSION},
};

use crate::files;

/// Arguments of `assemble index-report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Label of the index, for messages.
    #[arg(long)]
    label: String,
    /// The index.
    #[arg(long, value_name = "FILE")]
    index: PathBuf,
    /// An index that is listed in the index, or in one that is.
    #[arg(long, value_name = "FILE")]
    nested: Vec<PathBuf>,
    /// The report on an image that one of them lists.
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
    /// Where to write the report.
    #[arg(long, value_name = "OUT")]
    output: PathBuf,
}

/// Writes the report.
///
/// # Errors
/// If an input is not what it should be, or an image is listed of which there is no report; begins with the label.
pub fn run(args: &Args) -> Result<()> {
    let bytes = read(args).with_context(|| args.label.clone())?;
    files::write_all([(args.output.as_path(), bytes)])
}

fn read(args: &Args) -> Result<Vec<u8>> {
    let index = files::read(&args.index)?;
    let mut nested = BTreeMap::new();
    for path in &args.nested {
        let bytes = files::read(path)?;
        nested.insert(Digest::of(&bytes), bytes);
    }
    let mut reports = BTreeMap::new();
    for path in &args.report {
        let report =
            Report::parse(&files::read(path)?).with_context(|| format!("cannot use {}", path.display()))?;
        reports.insert(report.digest, report);
    }
    Ok(report(&args.label, &index, &nested, reports)?.to_json()?)
}

/// Puts the reports on images in the order of `index`.
fn report(
    label: &str,
    index: &[u8],
    nested: &BTreeMap<Digest, Vec<u8>>,
    mut reports: BTreeMap<Digest, Report>,
) -> Result<IndexReport> {
    let parsed = Document::parse(index)?;
    let mut size = index.len() as u64;
    let (mut images, mut seen) = (Vec::new(), BTreeSet::new());
    // What is still to be looked at, the next one last.
    let mut below: Vec<_> = parsed.children().cloned().collect();
    below.reverse();
    while let Some(child) = below.pop() {
        if !seen.insert(child.digest) {
            continue;
        }
        if let Some(bytes) = nested.get(&child.digest) {
            size += bytes.len() as u64;
            let children: Vec<_> = Document::parse(bytes)?.children().cloned().collect();
            below.extend(children.into_iter().rev());
        } else {
            let mut report = reports
                .remove(&child.digest)
                .with_context(|| format!("it lists {}, of which there is no report", child.digest))?;
            if report.platform.is_none() {
                report.platform = child.platform;
            }
            images.push(report);
        }
    }
    // A layer that several images have is stored once; a manifest and a config are each image's own.
    let mut layers = BTreeMap::new();
    for image in &images {
        let own: BTreeMap<Digest, u64> =
            image.layers.iter().map(|layer| (layer.digest, layer.size)).collect();
        size += image.size - own.values().sum::<u64>();
        layers.extend(own);
    }
    size += layers.values().sum::<u64>();
    Ok(IndexReport {
        v: VERSION,
        label: label.to_owned(),
        digest: Digest::of(index),
        media_type: parsed.media_type().to_owned(),
        size,
        annotations: match parsed {
            Document::Index(index) => index.annotations,
            Document::Manifest(manifest) => manifest.annotations,
        },
        images,
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use oci::{Compression, Descriptor, Family, Index, Platform};
    use testing::image::{self, Image};

    use super::*;
    use crate::{report as image_report, stack::tests::arguments};

    fn image(architecture: &str) -> Image {
        let shared = image::layer("//:shared", &[("shared", b"of all images")], Compression::Gzip);
        let own = image::layer("//:own", &[("own", architecture.as_bytes())], Compression::Gzip);
        image::image(&Platform::new("linux", architecture), Family::Oci, vec![shared, own])
    }

    /// Writes the report on an image to a folder of its own in `dir`.
    fn reported(dir: &Path, name: &str, image: &Image) -> PathBuf {
        let dir = dir.join(name);
        fs::create_dir(&dir).unwrap();
        image_report::write_example(arguments(&dir, image, &[0, 1]), &dir.join("report.json"));
        dir.join("report.json")
    }

    #[test]
    fn images_in_the_order_of_the_index_and_what_they_share_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let [amd64, arm64, riscv64] = ["amd64", "arm64", "riscv64"].map(image);
        let inner = image::index(&[&riscv64, &amd64]);
        let inner_descriptor = Descriptor::of(oci::media_type::OCI_INDEX, &inner);
        let mut outer =
            Index::new(Family::Oci, vec![arm64.descriptor(), inner_descriptor, amd64.descriptor()]);
        outer.annotations.insert("a".into(), "b".into());
        let outer = oci::json::canonical(&outer).unwrap();
        fs::write(path("outer"), &outer).unwrap();
        fs::write(path("inner"), &inner).unwrap();
        let report = [("1", &amd64), ("2", &arm64), ("3", &riscv64)]
            .map(|(name, image)| reported(dir.path(), name, image));
        let mut args = Args {
            label: "//:index".into(),
            index: path("outer"),
            nested: vec![path("inner")],
            report: report.to_vec(),
            output: path("out"),
        };
        run(&args).unwrap();
        let found: IndexReport = serde_json::from_slice(&fs::read(&args.output).unwrap()).unwrap();
        assert_eq!((found.label.as_str(), found.digest), ("//:index", Digest::of(&outer)));
        assert_eq!(found.annotations["a"], "b");
        let digests: Vec<Digest> = found.images.iter().map(|image| image.digest).collect();
        assert_eq!(digests, [arm64.digest(), riscv64.digest(), amd64.digest()]);
        let blobs: BTreeSet<&[u8]> =
            [&amd64, &arm64, &riscv64].into_iter().flat_map(Image::blobs).chain([&*outer, &*inner]).collect();
        assert_eq!(found.size, blobs.iter().map(|blob| blob.len() as u64).sum::<u64>());

        fs::remove_file(&args.output).unwrap();
        args.report.remove(1);
        let error = format!("{:#}", run(&args).unwrap_err());
        assert_eq!(error, format!("//:index: it lists {}, of which there is no report", arm64.digest()));
        assert!(!args.output.exists());
    }
}
