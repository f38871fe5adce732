//! `assemble manifest`: the manifest and config of an image.
//!
//! This module reads and writes; what an image is made of is decided in `build`, without any files.

mod build;
mod env;
mod execution;
mod expansion;
mod healthcheck;
mod history;
pub(crate) mod replaced;
mod spec;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oci::stamp::Values;
use serde_json::{Map, Value};

use self::{
    build::{Base, Inputs},
    expansion::Expansion,
    spec::Spec,
};
use crate::{
    files::{self, IdentityArgs, StatusArgs},
    lines,
};

/// Arguments of `assemble manifest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Attributes of the image: JSON, or the path of a file that holds it.
    #[arg(long, value_name = "JSON|FILE")]
    spec: String,
    /// Manifest of the base image.
    #[arg(long, value_name = "FILE", requires = "base_config")]
    base_manifest: Option<PathBuf>,
    /// Config of the base image.
    #[arg(long, value_name = "FILE", requires = "base_manifest")]
    base_config: Option<PathBuf>,
    /// The layer.json of a layer of the base, lowest first. Those that nobody has are left out.
    #[arg(long, value_name = "LAYER_JSON", requires = "base_manifest")]
    base_layer: Vec<PathBuf>,
    /// The layer.json of a layer, lowest first.
    #[arg(long, value_name = "LAYER_JSON")]
    layer: Vec<PathBuf>,
    #[command(flatten)]
    files: AttributeFiles,
    /// Variables that the binary of the image wants to be set, NAME=VALUE a line.
    #[arg(long, value_name = "FILE")]
    binary_env_file: Vec<PathBuf>,
    /// When the image was made: a file with a time as RFC 3339 writes it. 1970-01-01T00:00:00Z if it is
    /// absent.
    #[arg(long, value_name = "FILE")]
    created_file: Option<PathBuf>,
    #[command(flatten)]
    status: StatusArgs,
    /// JSON to merge over the base's config and below the attributes.
    #[arg(long, value_name = "FILE")]
    config_fragment: Option<PathBuf>,
    /// Where to write the manifest.
    #[arg(long, value_name = "OUT")]
    manifest: PathBuf,
    /// Where to write the config.
    #[arg(long, value_name = "OUT")]
    config: PathBuf,
    #[command(flatten)]
    identity: IdentityArgs,
}

/// Attributes in the form of files.
#[derive(Debug, Default, clap::Args)]
struct AttributeFiles {
    /// The entrypoint, one argument a line.
    #[arg(long, value_name = "FILE")]
    entrypoint_file: Option<PathBuf>,
    /// The command, one argument a line.
    #[arg(long, value_name = "FILE")]
    cmd_file: Option<PathBuf>,
    /// Environment variables, NAME=VALUE a line.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Labels, KEY=VALUE a line.
    #[arg(long, value_name = "FILE")]
    labels_file: Option<PathBuf>,
    /// Annotations of the manifest, KEY=VALUE a line.
    #[arg(long, value_name = "FILE")]
    annotations_file: Option<PathBuf>,
    /// Ports, separated by lines or commas.
    #[arg(long, value_name = "FILE")]
    exposed_ports_file: Option<PathBuf>,
    /// Volumes, separated by lines or commas.
    #[arg(long, value_name = "FILE")]
    volumes_file: Option<PathBuf>,
}

/// Writes manifest, config, descriptor and digest. `warn` is told what is no error and yet worth a look.
///
/// # Errors
/// Whatever is wrong with the inputs, beginning with the label of the target.
pub fn run(args: &Args, mut warn: impl FnMut(&str)) -> Result<()> {
    let mut spec: Spec = files::read_spec(&args.spec)?;
    let label = spec.label.clone();
    let layers = |paths: &[PathBuf]| paths.iter().map(|path| files::read_layer(path)).collect::<Result<_>>();
    let image = (|| {
        args.files.read_into(&mut spec)?;
        let expansion = read_expansion(&mut spec, &args.status)?;
        if let Some(expansion) = &expansion {
            expansion.apply(&mut spec)?;
        }
        add_binary_env(&mut spec, &args.binary_env_file)?;
        let inputs = Inputs {
            base: read_base(args)?,
            base_layers: layers(&args.base_layer)?,
            layers: layers(&args.layer)?,
            created: read_created(args.created_file.as_deref(), expansion.as_ref())?,
            fragment: read_fragment(args.config_fragment.as_deref())?,
            spec,
        };
        build::build(inputs, |warning| warn(&format!("{label}: {warning}")))
    })()
    .with_context(|| label.clone())?;
    let outputs = [(args.manifest.as_path(), image.manifest), (args.config.as_path(), image.config)];
    files::write_all(outputs.into_iter().chain(args.identity.contents(&image.descriptor)?))
}

fn read_base(args: &Args) -> Result<Option<Base>> {
    let (Some(manifest), Some(config)) = (&args.base_manifest, &args.base_config) else { return Ok(None) };
    let base = Base::parse(&files::read(manifest)?, &files::read(config)?);
    base.with_context(|| format!("cannot use {} as a base", manifest.display())).map(Some)
}

fn read_expansion(spec: &mut Spec, status: &StatusArgs) -> Result<Option<Expansion>> {
    let Some(names) = spec.expand.take() else { return Ok(None) };
    let mut values = Values::default();
    if spec.stamp {
        status.add_to(&mut values)?;
    }
    Ok(Some(Expansion::new(names, spec.stamp, values)))
}

/// Puts the variables of the image's binary before those of its attributes, which may refer to them.
fn add_binary_env(spec: &mut Spec, paths: &[PathBuf]) -> Result<()> {
    let mut env = std::mem::take(&mut spec.binary_env);
    for path in paths {
        let pairs = files::read_text(path).and_then(|text| lines::pairs(&text));
        env.extend(pairs.with_context(|| format!("the binary's env, in {}", path.display()))?);
    }
    if env.is_empty() {
        return Ok(());
    }
    for (_, value) in &mut env {
        *value = value.replace('$', "$$");
    }
    env.extend(spec.env.take().unwrap_or_default());
    spec.env = Some(env);
    Ok(())
}

fn read_created(path: Option<&Path>, expansion: Option<&Expansion>) -> Result<String> {
    let Some(path) = path else { return Ok(oci::timestamp::EPOCH.to_owned()) };
    let text = files::read_text(path)?.trim().to_owned();
    let expanded = expansion.map_or_else(|| Ok(text.clone()), |expansion| expansion.created(&text));
    expanded
        .and_then(|time| oci::timestamp::check(&time).map(|()| time).map_err(Into::into))
        .with_context(|| format!("created, in {}", path.display()))
}

fn read_fragment(path: Option<&Path>) -> Result<Map<String, Value>> {
    let Some(path) = path else { return Ok(Map::new()) };
    serde_json::from_slice(&files::read(path)?)
        .with_context(|| format!("config, in {}: it must be a JSON object", path.display()))
}

impl AttributeFiles {
    /// Puts what the files hold where the same attributes as literals would be.
    fn read_into(&self, spec: &mut Spec) -> Result<()> {
        lines::read("entrypoint", self.entrypoint_file.as_deref(), &mut spec.entrypoint, |text| {
            Ok(lines::arguments(text))
        })?;
        lines::read("cmd", self.cmd_file.as_deref(), &mut spec.cmd, |text| Ok(lines::arguments(text)))?;
        lines::read("env", self.env_file.as_deref(), &mut spec.env, lines::pairs)?;
        lines::read("labels", self.labels_file.as_deref(), &mut spec.labels, lines::map)?;
        lines::read("annotations", self.annotations_file.as_deref(), &mut spec.annotations, lines::map)?;
        let list = |text: &str| Ok(lines::items(text));
        lines::read("exposed_ports", self.exposed_ports_file.as_deref(), &mut spec.exposed_ports, list)?;
        lines::read("volumes", self.volumes_file.as_deref(), &mut spec.volumes, list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_for_literals() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            std::fs::write(dir.path().join(name), content).unwrap();
            Some(dir.path().join(name))
        };
        let attributes = AttributeFiles {
            entrypoint_file: file("entrypoint", "/app\n-x\n"),
            cmd_file: file("cmd", ""),
            env_file: file("env", "A=1\n"),
            labels_file: file("labels", "a=b=c\n"),
            annotations_file: file("annotations", "x=y\n"),
            exposed_ports_file: file("ports", "80,81\n"),
            volumes_file: file("volumes", "/v\n/w\n"),
        };
        let mut spec = Spec::default();
        attributes.read_into(&mut spec).unwrap();
        assert_eq!(spec.entrypoint.as_deref(), Some(&["/app".to_owned(), "-x".to_owned()][..]));
        assert_eq!(spec.cmd.as_deref(), Some(&[][..]), "an empty file unsets");
        assert_eq!(spec.env, Some(vec![("A".to_owned(), "1".to_owned())]));
        assert_eq!(spec.labels.as_ref().unwrap()["a"], "b=c");
        assert_eq!(spec.annotations.as_ref().unwrap()["x"], "y");
        assert_eq!(
            (spec.exposed_ports.as_ref().unwrap().len(), spec.volumes.as_ref().unwrap().len()),
            (2, 2)
        );
        let error = attributes.read_into(&mut spec).unwrap_err().to_string();
        assert!(error.contains("entrypoint is given twice"), "{error}");
    }

    #[test]
    fn file_errors_name_attribute_and_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("env");
        std::fs::write(&path, "A").unwrap();
        let attributes = AttributeFiles { env_file: Some(path.clone()), ..AttributeFiles::default() };
        let error = format!("{:#}", attributes.read_into(&mut Spec::default()).unwrap_err());
        assert!(error.contains("env, in ") && error.contains("line 1"), "{error}");
        std::fs::write(&path, [0xff]).unwrap();
        let error = format!("{:#}", attributes.read_into(&mut Spec::default()).unwrap_err());
        assert!(error.contains("not UTF-8"), "{error}");
    }

    #[test]
    fn env_of_the_binary_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("env");
        std::fs::write(&path, "PATHS=/a:/$b\n").unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let own = pair("PATHS", "/own:$PATHS");
        let mut spec =
            Spec { binary_env: vec![pair("HOME", "/$x")], env: Some(vec![own.clone()]), ..Spec::default() };
        add_binary_env(&mut spec, std::slice::from_ref(&path)).unwrap();
        assert_eq!(spec.env, Some(vec![pair("HOME", "/$$x"), pair("PATHS", "/a:/$$b"), own]));
        let mut spec = Spec::default();
        add_binary_env(&mut spec, &[]).unwrap();
        assert_eq!(spec.env, None, "nothing is said of env");
        std::fs::write(&path, "A").unwrap();
        let error = format!("{:#}", add_binary_env(&mut spec, &[path]).unwrap_err());
        assert!(error.contains("the binary's env, in ") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn created() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("created");
        assert_eq!(read_created(None, None).unwrap(), "1970-01-01T00:00:00Z");
        std::fs::write(&path, "2024-05-06T07:08:09Z\r\n").unwrap();
        assert_eq!(read_created(Some(&path), None).unwrap(), "2024-05-06T07:08:09Z");
        for (content, expected) in [("yesterday", "\"yesterday\""), ("", "\"\" is not a time")] {
            std::fs::write(&path, content).unwrap();
            let error = format!("{:#}", read_created(Some(&path), None).unwrap_err());
            assert!(error.contains("created, in ") && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn placeholders_in_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            std::fs::write(dir.path().join(name), content).unwrap();
            dir.path().join(name)
        };
        let created = file("created", "{BUILD_TIMESTAMP}\n");
        let status_file =
            vec![file("stable", "STABLE_X 1\n"), file("volatile", "BUILD_TIMESTAMP 1700000000\n")];
        // As a command prints it whose user has another encoding.
        std::fs::write(&status_file[0], b"STABLE_AUTHOR J\xf6rg\nSTABLE_X 1\n").unwrap();
        let status = StatusArgs { status_file };
        let attributes = AttributeFiles {
            labels_file: Some(file("labels", "a={name}-{STABLE_X}\n")),
            ..AttributeFiles::default()
        };
        let names = Some([("name".to_owned(), "image".to_owned())].into());
        for (expand, label) in [(names, "image-1"), (None, "{name}-{STABLE_X}")] {
            let mut spec = Spec { expand, stamp: true, ..Spec::default() };
            attributes.read_into(&mut spec).unwrap();
            let expansion = read_expansion(&mut spec, &status).unwrap();
            if let Some(expansion) = &expansion {
                expansion.apply(&mut spec).unwrap();
                let time = read_created(Some(&created), Some(expansion)).unwrap();
                assert_eq!(time, "2023-11-14T22:13:20Z");
            }
            assert_eq!(spec.labels.unwrap()["a"], label);
        }
        let error = format!("{:#}", read_created(Some(&created), None).unwrap_err());
        assert!(error.contains("\"{BUILD_TIMESTAMP}\" is not a time"), "{error}");
    }
}
