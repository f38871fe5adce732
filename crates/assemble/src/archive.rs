//! `assemble archive`: one tar with everything that a manifest or index names, for `docker load` and others.
//!
//! Digests of layers are taken from their layer.json, and those in blob trees from their names: whoever made
//! these files has hashed them. Sizes are checked.

use std::{
    io::{self, BufWriter},
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use oci::{
    Descriptor, Digest, Reference,
    archive::{self, Archive, Format},
    atomic::AtomicFile,
    stamp::Values,
};

use crate::{
    content::{ContentArgs, Sources},
    files::{self, StatusArgs},
};

/// How much is written at a time.
const BUFFER: usize = 256 << 10;

/// Arguments of `assemble archive`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    content: ContentArgs,
    /// `docker` for any Docker, of one image; `oci` for readers of layouts.
    #[arg(long)]
    format: Format,
    /// A name of the image, which loading the archive gives it; repeatable. `{digest}` stands for the digest of the image,
    /// without `sha256:`, as in names that a load gives.
    #[arg(long, value_name = "NAME[:TAG]")]
    tag: Vec<String>,
    /// A file with further names, one a line.
    #[arg(long, value_name = "FILE")]
    tags_file: Option<PathBuf>,
    #[command(flatten)]
    status: StatusArgs,
    /// Label of the target that needs the archive, for messages.
    #[arg(long)]
    label: String,
    /// Where to write the archive.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the archive; `warn` is told what some reader of it may lack.
///
/// # Errors
/// If something is missing that the root names, or the format has no place for it, beginning with the label of the target;
/// there is no archive then.
pub fn run(args: &Args, mut warn: impl FnMut(&str)) -> Result<()> {
    write(args, |words| warn(&format!("{}: {words}", args.label))).with_context(|| args.label.clone())
}

fn write(args: &Args, mut warn: impl FnMut(&str)) -> Result<()> {
    let root = files::read(&args.content.root)?;
    let names = names(args, &Digest::of(&root))?;
    let sources = Sources::gather(&args.content)?;
    let (descriptor, _) = sources
        .describe_root(&root)
        .with_context(|| format!("cannot make an archive of {}", args.content.root.display()))?;
    let archive = Archive { format: args.format, root: &descriptor, names: &names };
    let mut out = BufWriter::with_capacity(BUFFER, AtomicFile::create(&args.output)?);
    let open = |blob: &Descriptor| sources.open_part((&descriptor, &root), blob);
    let written = archive::write(&archive, &mut out, open)
        .with_context(|| format!("cannot make {}", args.output.display()))?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error);
    file.with_context(|| format!("cannot write {}", args.output.display()))?.commit()?;
    if args.format == Format::Docker
        && let Some(layer) = written.zstd_layers.first()
    {
        warn(&format!(
            "{} layers of the archive are compressed with zstd ({layer}), which Docker before version 23 cannot read. For \
             those, give the layers compression = \"gzip\", or load the image by `bazel run`, which converts them",
            written.zstd_layers.len()
        ));
    }
    Ok(())
}

/// The names in the arguments and in the file, with values for their placeholders.
fn names(args: &Args, digest: &Digest) -> Result<Vec<Reference>> {
    let mut values = Values::default();
    args.status.add_to(&mut values)?;
    values.insert("digest", digest.hex());
    let text = args.tags_file.as_deref().map(files::read_text).transpose()?.unwrap_or_default();
    let written = args.tag.iter().map(String::as_str).chain(oci::names::lines(&text).map(|(_, line)| line));
    let expanded: Vec<_> =
        written.map(|name| values.expand_all(name)).collect::<Result<_, _>>().context("repo_tags")?;
    let names = archive::names(expanded.iter().map(String::as_str)).context("repo_tags")?;
    if let (true, Some(file)) = (names.is_empty(), &args.tags_file) {
        bail!("repo_tags: {} names nothing: write a name into it, such as app:latest", file.display());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, io::Read as _, path::Path};

    use oci::{Compression, Family, Index, Platform};
    use testing::image;

    use super::*;

    fn example(compression: Compression) -> image::Image {
        let layer = image::layer("//:layer", &[("a", b"a")], compression);
        image::image(&Platform::new("linux", "amd64"), Family::Oci, vec![layer])
    }

    /// Arguments for an image whose parts are in `dir`.
    fn arguments(dir: &Path, image: &image::Image, format: Format) -> Args {
        image.write_files(dir);
        let content = ContentArgs {
            root: dir.join("manifest.json"),
            manifest: vec![],
            config: vec![dir.join("config.json")],
            layer: vec![dir.join("0.layer.json")],
            blob: vec![dir.join("0.blob")],
            blob_tree: vec![],
        };
        let output = dir.join("archive.tar");
        let status = StatusArgs::default();
        Args { content, format, tag: vec![], tags_file: None, status, label: "//:x".into(), output }
    }

    fn warnings(args: &Args) -> Result<String, String> {
        let mut warnings = String::new();
        run(args, |words| warnings.push_str(words)).map_err(|error| format!("{error:#}"))?;
        Ok(warnings)
    }

    fn entries(path: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(fs::File::open(path).unwrap());
        let read = |entry: io::Result<tar::Entry<'_, fs::File>>| {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.path().unwrap().to_str().unwrap().to_owned(), bytes)
        };
        archive.entries().unwrap().map(read).collect()
    }

    #[test]
    fn an_image_with_names_from_both_places() {
        let dir = tempfile::tempdir().unwrap();
        let image = example(Compression::Gzip);
        let mut args = arguments(dir.path(), &image, Format::Docker);
        fs::write(dir.path().join("tags"), "team/app\r\n\n b:2 \n").unwrap();
        args.tag = vec!["b:2".into()];
        args.tags_file = Some(dir.path().join("tags"));
        assert_eq!(warnings(&args).unwrap(), "");
        let first = fs::read(&args.output).unwrap();
        let entries = entries(&args.output);
        let index: Index = serde_json::from_slice(&entries["index.json"]).unwrap();
        assert_eq!(index.manifests[0].platform, image.descriptor().platform);
        let names: Vec<_> = index.manifests.iter().map(|m| &*m.annotations[archive::REF_NAME]).collect();
        assert_eq!(names, ["b:2", "team/app:latest"]);
        for blob in image.blobs() {
            assert_eq!(entries[&format!("blobs/sha256/{}", Digest::of(blob).hex())], blob);
        }
        warnings(&args).unwrap();
        assert_eq!(fs::read(&args.output).unwrap(), first, "the same bytes again");
    }

    #[test]
    fn names_with_stamps() {
        let dir = tempfile::tempdir().unwrap();
        let image = example(Compression::Gzip);
        let mut args = arguments(dir.path(), &image, Format::Oci);
        let status = dir.path().join("status.txt");
        fs::write(&status, "STABLE_VERSION 1.2\nBUILD_USER me\n").unwrap();
        args.tag = vec!["app:{STABLE_VERSION}".into(), "app:{digest}".into()];
        let error = warnings(&args).unwrap_err();
        assert!(error.contains("repo_tags: nothing is known of {STABLE_VERSION}"), "{error}");
        args.status.status_file = vec![status];
        warnings(&args).unwrap();
        let index: Index = serde_json::from_slice(&entries(&args.output)["index.json"]).unwrap();
        let names: Vec<_> =
            index.manifests.iter().map(|m| m.annotations[archive::REF_NAME].clone()).collect();
        assert_eq!(names, ["app:1.2".to_owned(), format!("app:{}", image.digest().hex())]);
    }

    #[test]
    fn layers_that_are_only_in_a_tree() {
        let dir = tempfile::tempdir().unwrap();
        let image = example(Compression::Gzip);
        let mut args = arguments(dir.path(), &image, Format::Oci);
        warnings(&args).unwrap();
        let given = fs::read(&args.output).unwrap();
        image.write_layout(&dir.path().join("base"));
        (args.content.layer, args.content.blob) = (vec![], vec![]);
        args.content.blob_tree = vec![dir.path().join("base")];
        warnings(&args).unwrap();
        assert_eq!(fs::read(&args.output).unwrap(), given, "where a blob comes from changes nothing");
    }

    #[test]
    fn zstd_is_told_of_for_docker_alone() {
        let dir = tempfile::tempdir().unwrap();
        let image = example(Compression::Zstd);
        let warned = warnings(&arguments(dir.path(), &image, Format::Docker)).unwrap();
        assert!(warned.contains("//:x: 1 layers") && warned.contains("Docker before version 23"), "{warned}");
        assert_eq!(warnings(&arguments(dir.path(), &image, Format::Oci)).unwrap(), "");
    }

    #[test]
    fn errors_leave_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let image = example(Compression::Gzip);
        let error = |change: &dyn Fn(&mut Args)| {
            let mut args = arguments(dir.path(), &image, Format::Docker);
            change(&mut args);
            let error = warnings(&args).unwrap_err();
            assert!(!args.output.exists());
            error
        };
        fs::write(dir.path().join("empty"), "\n").unwrap();
        fs::write(dir.path().join("index.json"), image::index(&[&image])).unwrap();
        let empty = error(&|args| args.tags_file = Some(dir.path().join("empty")));
        assert!(empty.contains("//:x: repo_tags: ") && empty.contains("names nothing"), "{empty}");
        let bad = error(&|args| args.tag = vec!["App".into()]);
        assert!(bad.contains("repo_tags: `App`") && bad.contains("lower case"), "{bad}");
        let missing = error(&|args| (args.content.layer, args.content.blob) = (vec![], vec![]));
        assert!(missing.contains(&image.layers[0].metadata.digest.to_string()), "{missing}");
        let index = error(&|args| {
            args.content.manifest = vec![dir.path().join("manifest.json")];
            args.content.root = dir.path().join("index.json");
        });
        assert!(index.contains("set format = \"oci\""), "{index}");
        let short = error(&|args| {
            fs::write(dir.path().join("short"), "x").unwrap();
            args.content.blob = vec![dir.path().join("short")];
        });
        assert!(short.contains("build both again"), "{short}");
        let no_config = error(&|args| args.content.config.clear());
        assert!(no_config.contains("image.config"), "{no_config}");
    }
}
