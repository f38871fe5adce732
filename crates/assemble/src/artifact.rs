//! `assemble artifact`: the manifest of what is no image but lives in a registry too: a Helm chart, a wasm module, an
//! SBOM, an attestation (OCI image-spec 1.1, manifest.md, "Guidelines for Artifact Usage").
//!
//! Each file is a layer as it is, under its title. What the artifact is about is known by its descriptor alone.

mod build;
mod media_type;
mod title;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use oci::{
    Descriptor, LayerJson,
    digest::Hasher,
    layer_json::{self, Blob, LayerHistory},
};
use serde::Deserialize;

use crate::{
    files::{self, IdentityArgs},
    lines,
};
use build::{Content, EMPTY, Parts};

/// Arguments of `assemble artifact`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Attributes of the artifact: JSON, or the path of a file that holds it.
    #[arg(long, value_name = "JSON|FILE")]
    spec: String,
    /// The config, or `{}` where there is none.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A file, in the order of the spec.
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// Where to write the layer.json of the file at the same position.
    #[arg(long, value_name = "OUT")]
    layer: Vec<PathBuf>,
    /// Descriptor of the image, index or artifact that this one is about.
    #[arg(long, value_name = "DESCRIPTOR")]
    subject: Option<PathBuf>,
    /// Annotations, one KEY=VALUE a line.
    #[arg(long, value_name = "FILE")]
    annotations_file: Option<PathBuf>,
    /// Where to write the manifest.
    #[arg(long, value_name = "OUT")]
    manifest: PathBuf,
    #[command(flatten)]
    identity: IdentityArgs,
}

/// Attributes of an artifact.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Spec {
    /// Label of the target, for messages and for layer.json.
    label: String,
    artifact_type: Option<String>,
    /// None where the artifact has no config.
    config_media_type: Option<String>,
    files: Vec<Named>,
    annotations: Option<BTreeMap<String, String>>,
}

/// A file as the rules know it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// None for the `{}` that stands for no file at all.
    title: Option<String>,
    /// None: by the end of the title.
    media_type: Option<String>,
}

impl Named {
    fn media_type(&self) -> &str {
        match (&self.media_type, &self.title) {
            (Some(given), _) => given,
            (None, Some(title)) => media_type::of(title),
            (None, None) => EMPTY,
        }
    }
}

/// Writes manifest, descriptor, digest, and a layer.json for each file.
///
/// # Errors
/// Whatever is wrong with the inputs, beginning with the label of the target.
pub fn run(args: &Args) -> Result<()> {
    let mut spec: Spec = files::read_spec(&args.spec)?;
    let label = spec.label.clone();
    let (artifact, layers) = (|| {
        let annotations = args.annotations_file.as_deref();
        lines::read("annotations", annotations, &mut spec.annotations, lines::map)?;
        let parts = read(spec, args)?;
        let layers =
            parts.files.iter().map(|file| layer(&label, &file.descriptor)).collect::<Result<Vec<_>>>()?;
        Ok::<_, anyhow::Error>((build::build(parts)?, layers))
    })()
    .with_context(|| label.clone())?;
    let outputs = args.layer.iter().map(PathBuf::as_path).zip(layers);
    let manifest = (args.manifest.as_path(), artifact.manifest);
    files::write_all(outputs.chain([manifest]).chain(args.identity.contents(&artifact.descriptor)?))
}

/// Checks names first, and then reads each file once.
fn read(spec: Spec, args: &Args) -> Result<Parts> {
    ensure!(
        spec.files.len() == args.file.len() && args.file.len() == args.layer.len(),
        "the spec names {} files, --file {} and --layer {}: they go together",
        spec.files.len(),
        args.file.len(),
        args.layer.len()
    );
    title::check(spec.files.iter().filter_map(|file| file.title.as_deref()))?;
    let files = spec.files.iter().zip(&args.file).map(|(named, path)| {
        let mut content = describe(path, named.media_type())?;
        if let Some(title) = &named.title {
            content.descriptor.annotations.insert("org.opencontainers.image.title".to_owned(), title.clone());
        }
        Ok(content)
    });
    let files = files.collect::<Result<_>>()?;
    let config = describe(&args.config, spec.config_media_type.as_deref().unwrap_or(EMPTY))?;
    let subject = args.subject.as_deref().map(|path| {
        Descriptor::parse(&files::read(path)?)
            .with_context(|| format!("cannot understand {}", path.display()))
    });
    Ok(Parts {
        artifact_type: spec.artifact_type,
        config,
        files,
        subject: subject.transpose()?,
        annotations: spec.annotations.unwrap_or_default(),
    })
}

/// What a manifest says of a file.
fn describe(path: &Path, media_type: &str) -> Result<Content> {
    let named = || path.display().to_string();
    let mut file = std::fs::File::open(path).with_context(|| format!("cannot read {}", named()))?;
    ensure!(
        !file.metadata().with_context(named)?.is_dir(),
        "{} is a directory, and an artifact holds files: make an archive of it, and name that",
        named()
    );
    let mut hasher = Hasher::new();
    let size = std::io::copy(&mut file, &mut hasher).with_context(|| format!("cannot read {}", named()))?;
    Ok(Content { name: named(), descriptor: Descriptor::new(media_type, hasher.finish(), size) })
}

/// The layer.json of a file: the file itself is the blob.
fn layer(label: &str, file: &Descriptor) -> Result<Vec<u8>> {
    let layer = LayerJson {
        v: layer_json::VERSION,
        layer_format: None,
        digest: file.digest,
        diff_id: file.digest,
        size: file.size,
        uncompressed_size: Some(file.size),
        media_type: file.media_type.clone(),
        platform: None,
        annotations: file.annotations.clone(),
        history: LayerHistory { created_by: label.to_owned() },
        blob: Blob::Source,
        members: None,
        shape: None,
    };
    Ok(layer.to_json()?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use oci::{Digest, Document, media_type::OCI_MANIFEST};

    use super::*;

    const SPEC: &str = r#"{"v":1,"label":"//app:sbom","artifact_type":"application/spdx+json","config_media_type":null,
        "annotations":null,"files":[{"title":"sbom.spdx.json","media_type":null},{"title":"b/raw","media_type":"a/b"}]}"#;

    /// Arguments in `dir`, where the files are that they name.
    fn arguments(dir: &Path, spec: &str) -> Args {
        let path = |name: &str| dir.join(name);
        let image = testing::image::small();
        for (name, content) in
            [("empty.json", &b"{}"[..]), ("one", b"{\"a\":1}"), ("two", b""), ("notes", b"k=v\n")]
        {
            fs::write(path(name), content).unwrap();
        }
        fs::write(path("subject.json"), oci::json::canonical(&image.descriptor()).unwrap()).unwrap();
        Args {
            spec: spec.to_owned(),
            config: path("empty.json"),
            file: vec![path("one"), path("two")],
            layer: vec![path("0.layer.json"), path("1.layer.json")],
            subject: Some(path("subject.json")),
            annotations_file: Some(path("notes")),
            manifest: path("manifest.json"),
            identity: IdentityArgs { descriptor: path("descriptor.json"), digest: path("digest") },
        }
    }

    #[test]
    fn files_as_layers() {
        let dir = tempfile::tempdir().unwrap();
        let args = arguments(dir.path(), SPEC);
        run(&args).unwrap();
        let bytes = fs::read(&args.manifest).unwrap();
        let Document::Manifest(manifest) = Document::parse(&bytes).unwrap() else { panic!("no manifest") };
        let types: Vec<_> = manifest.layers.iter().map(|layer| layer.media_type.as_str()).collect();
        assert_eq!(types, ["application/spdx+json", "a/b"]);
        assert_eq!(manifest.annotations, [("k".to_owned(), "v".to_owned())].into());
        assert_eq!(manifest.subject.unwrap().digest, testing::image::small().digest());
        for (path, descriptor) in args.layer.iter().zip(&manifest.layers) {
            let layer = files::read_layer(path).unwrap();
            assert_eq!((&layer.descriptor(), layer.blob), (descriptor, Blob::Source));
        }
        assert_eq!(manifest.layers[1].digest, Digest::of(b""));
        let descriptor = Descriptor::parse(&fs::read(&args.identity.descriptor).unwrap()).unwrap();
        let artifact_type = Some("application/spdx+json".to_owned());
        assert_eq!(descriptor, Descriptor { artifact_type, ..Descriptor::of(OCI_MANIFEST, &bytes) });
        assert_eq!(fs::read_to_string(&args.identity.digest).unwrap(), format!("{}\n", Digest::of(&bytes)));
    }

    #[test]
    fn refused_with_nothing_written() {
        let one_file = SPEC.replace(r#",{"title":"b/raw","media_type":"a/b"}"#, "");
        let cases = [
            (SPEC.replace("b/raw", "../raw"), "one", "the title \"../raw\" leads out"),
            (one_file, "one", "the spec names 1 files, --file 2 and --layer 2"),
            (SPEC.to_owned(), "", "is a directory, and an artifact holds files"),
            (SPEC.to_owned(), "missing", "cannot read"),
            (
                SPEC.replace(r#""annotations":null"#, r#""annotations":{}"#),
                "one",
                "annotations is given twice",
            ),
        ];
        for (spec, file, expected) in cases {
            let dir = tempfile::tempdir().unwrap();
            let mut args = arguments(dir.path(), &spec);
            args.file[0] = dir.path().join(file);
            let error = format!("{:#}", run(&args).unwrap_err());
            assert!(error.starts_with("//app:sbom: ") && error.contains(expected), "{error}");
            assert!(!args.manifest.exists() && !args.layer[0].exists());
        }
    }
}
