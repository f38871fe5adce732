//! Reading inputs and writing outputs: every error names the file.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use oci::{Descriptor, LayerJson, atomic::AtomicFile, json::canonical, stamp::Values};
use serde::de::DeserializeOwned;

/// The version of every spec that the rules write.
const SPEC_VERSION: u64 = 1;

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads a text file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let bytes = read(path)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// Reads the `layer.json` of a layer.
pub(crate) fn read_layer(path: &Path) -> Result<LayerJson> {
    LayerJson::parse(&read(path)?).with_context(|| format!("cannot understand {}", path.display()))
}

/// Reads a spec: JSON itself if it begins with a brace, else the path of a file that holds it.
pub(crate) fn read_spec<T: DeserializeOwned>(argument: &str) -> Result<T> {
    let (name, bytes) = if argument.starts_with('{') {
        ("the spec".to_owned(), argument.as_bytes().to_vec())
    } else {
        (argument.to_owned(), read(Path::new(argument))?)
    };
    parse_spec(&bytes).with_context(|| format!("cannot understand {name}"))
}

/// Parses a spec. The version first, since of another one nothing else may be expected.
pub(crate) fn parse_spec<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut value: serde_json::Map<_, _> = serde_json::from_slice(bytes)?;
    let version = value.remove("v").and_then(|version| version.as_u64());
    let Some(version) = version else { bail!("it has no version: \"v\" is missing or not a number") };
    ensure!(
        version == SPEC_VERSION,
        "it has version {version}, and this tool reads version {SPEC_VERSION}: \
         the rules and the assemble toolchain are of different releases; use those of one"
    );
    Ok(serde_json::from_value(value.into())?)
}

/// Bazel's status files, whose values stand for placeholders.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct StatusArgs {
    /// A status file of the build, `KEY VALUE` a line, whose values stand for placeholders; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) status_file: Vec<PathBuf>,
}

impl StatusArgs {
    /// Adds what the files hold to `values`.
    pub(crate) fn add_to(&self, values: &mut Values) -> Result<()> {
        for path in &self.status_file {
            values.add_status_bytes(&read(path)?);
        }
        Ok(())
    }
}

/// The outputs that every image and index has beside its JSON.
#[derive(Debug, clap::Args)]
pub(crate) struct IdentityArgs {
    /// Where to write the descriptor.
    #[arg(long, value_name = "OUT")]
    pub(crate) descriptor: PathBuf,
    /// Where to write the digest, as a line of text.
    #[arg(long, value_name = "OUT")]
    pub(crate) digest: PathBuf,
}

impl IdentityArgs {
    /// The two files, for [`write_all`].
    pub(crate) fn contents(&self, descriptor: &Descriptor) -> Result<[(&Path, Vec<u8>); 2]> {
        identity(&self.descriptor, &self.digest, descriptor)
    }
}

/// The same outputs where not everybody wants them.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct OptionalIdentityArgs {
    /// Where to write the descriptor.
    #[arg(long, value_name = "OUT", requires = "digest")]
    descriptor: Option<PathBuf>,
    /// Where to write the digest, as a line of text.
    #[arg(long, value_name = "OUT", requires = "descriptor")]
    digest: Option<PathBuf>,
}

impl OptionalIdentityArgs {
    /// The files that are wanted, for [`write_all`].
    pub(crate) fn contents(
        &self,
        describe: impl FnOnce() -> Result<Descriptor>,
    ) -> Result<Vec<(&Path, Vec<u8>)>> {
        let (Some(descriptor), Some(digest)) = (&self.descriptor, &self.digest) else {
            return Ok(Vec::new());
        };
        identity(descriptor, digest, &describe()?).map(Vec::from)
    }
}

fn identity<'a>(
    path: &'a Path,
    digest: &'a Path,
    descriptor: &Descriptor,
) -> Result<[(&'a Path, Vec<u8>); 2]> {
    // With a newline, as the digest files of rules_oci have it, which scripts compare and concatenate.
    let line = format!("{}\n", descriptor.digest).into_bytes();
    Ok([(path, canonical(descriptor)?), (digest, line)])
}

/// Writes files that belong together: none is at its place before all of them are complete.
pub(crate) fn write_all<'a>(files: impl IntoIterator<Item = (&'a Path, Vec<u8>)>) -> Result<()> {
    commit(stage(files)?)
}

/// Writes files that are not at their place yet.
pub(crate) fn stage<'a>(files: impl IntoIterator<Item = (&'a Path, Vec<u8>)>) -> Result<Vec<AtomicFile>> {
    let mut pending = Vec::new();
    for (path, bytes) in files {
        let mut file = AtomicFile::create(path)?;
        file.write_all(&bytes).with_context(|| format!("cannot write {}", path.display()))?;
        pending.push(file);
    }
    Ok(pending)
}

/// Puts files at their place.
pub(crate) fn commit(files: Vec<AtomicFile>) -> Result<()> {
    files.into_iter().try_for_each(|file| Ok(file.commit()?))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Spec {
        label: String,
    }

    #[test]
    fn specs_are_inline_or_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spec.json");
        let text = r#"{"v":1,"label":"//x"}"#;
        fs::write(&path, text).unwrap();
        for argument in [text, path.to_str().unwrap()] {
            assert_eq!(read_spec::<Spec>(argument).unwrap().label, "//x");
        }
    }

    #[test]
    fn specs_that_are_not_understood() {
        let cases = [
            (r#"{"v":2,"new":1}"#, "version 2"),
            (r#"{"label":"//x"}"#, "no version"),
            (r#"{"v":1,"label":"//x","more":1}"#, "unknown field `more`"),
            ("{", "EOF"),
            ("/missing", "cannot read /missing"),
        ];
        for (argument, expected) in cases {
            let error = format!("{:#}", read_spec::<Spec>(argument).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn all_files_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let (good, bad) = (dir.path().join("good"), dir.path().join("missing/bad"));
        write_all([(good.as_path(), b"1".to_vec()), (bad.as_path(), b"2".to_vec())]).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        write_all([(good.as_path(), b"1".to_vec())]).unwrap();
        assert_eq!(fs::read(good).unwrap(), b"1");
    }
}
