//! The spec of a run target: what the build wrote beside the executable, version 1.
//!
//! A field that this version doesn't know is passed over; a major version that it doesn't know is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use crate::exit::usage;

/// The version of the spec that this program reads.
pub const VERSION: u64 = 1;

/// What a run target does, and with what.
#[derive(Clone, Debug, Deserialize)]
pub struct Spec {
    /// `push`, `load`, `deploy`, `inspect`, `cosign` or `test`.
    pub command: Command,
    /// The label of the run target, as users write it.
    pub label: String,
    /// Where the spec itself is, relative to the execution root; finds the other files when there are no runfiles.
    #[serde(rename = "self", default)]
    pub own_path: PathBuf,
    /// The image; absent for `deploy`.
    pub content: Option<Content>,
    /// Bazel's status files, which hold the values of stamps, as far as names need them.
    #[serde(default)]
    pub status: Vec<File>,
    /// For `push`.
    #[serde(default)]
    pub push: Push,
    /// For `load`.
    #[serde(default)]
    pub load: Load,
    /// For `deploy`.
    #[serde(default)]
    pub deploy: Deploy,
    /// For `inspect`.
    #[serde(default)]
    pub inspect: Inspect,
    /// For `cosign`.
    #[serde(default)]
    pub cosign: Cosign,
    /// For `test`.
    #[serde(default)]
    pub test: Test,
}

/// The command that a spec is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// Push to a registry.
    Push,
    /// Load into a container runtime.
    Load,
    /// Push and load many images.
    Deploy,
    /// Show what is in the image.
    Inspect,
    /// Sign or attest with cosign.
    Cosign,
    /// Test what is in the image.
    Test,
}

/// A file of the build, in the two ways there are to find it.
#[derive(Clone, Debug, Deserialize)]
pub struct File {
    /// Its path in the runfiles, starting with the canonical name of its repository.
    pub rlocation: String,
    /// Its path relative to the execution root.
    pub path: PathBuf,
}

/// The files that make up the image.
#[derive(Clone, Debug, Deserialize)]
pub struct Content {
    /// The manifest or index to push or load.
    pub root: File,
    /// Every other manifest and index.
    #[serde(default)]
    pub manifests: Vec<File>,
    /// Artifacts that go with the root, since they are about it, something that it names, or another of these.
    #[serde(default)]
    pub referrers: Vec<Referrer>,
    /// All image configs.
    #[serde(default)]
    pub configs: Vec<File>,
    /// The layers that the build knows one by one.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Directories that hold `blobs/sha256/<hex>`.
    #[serde(default)]
    pub blob_trees: Vec<File>,
    /// Repositories that blobs may be mounted from; those with a registry hold blobs that the build hasn't got, and are
    /// asked for them in this order.
    #[serde(default)]
    pub sources: Vec<Source>,
}

/// An artifact that is about something else.
#[derive(Clone, Debug, Deserialize)]
pub struct Referrer {
    /// The target that made it.
    pub label: String,
    /// Its manifest.
    pub manifest: File,
}

/// One layer.
#[derive(Clone, Debug, Deserialize)]
pub struct Layer {
    /// The target that made it.
    pub label: String,
    /// Its `layer.json`.
    pub metadata: File,
    /// Its bytes, if the build has them.
    pub blob: Option<File>,
}

/// A repository that is known to hold some of the blobs.
#[derive(Clone, Debug, Deserialize)]
pub struct Source {
    /// The registry, for example `r.example` or `http://r.example` ([`registry::endpoint::Endpoint::new`]); absent:
    /// whichever is pushed to.
    pub registry: Option<String>,
    /// The repository on it, for example `base/debian`.
    pub repository: String,
    /// A file like docker's `config.json`, the only one to look for its credentials in when blobs are read from it.
    #[serde(default)]
    pub credentials: Option<File>,
}

/// Where a push goes. Names may hold placeholders: see [`crate::names`].
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Push {
    /// The repository.
    pub repository: Option<String>,
    /// A file that holds the repository.
    pub repository_file: Option<File>,
    /// Tags.
    #[serde(default)]
    pub remote_tags: Vec<String>,
    /// A file with one tag a line.
    pub remote_tags_file: Option<File>,
    /// Tags of each image of an index, such as `{tag}-{os}-{arch}`.
    #[serde(default)]
    pub platform_tags: Vec<String>,
    /// A repository of the same registry that gets all layers, from which they are mounted.
    pub blob_repository: Option<String>,
    /// What signs the image before tags move.
    pub signer: Option<Signer>,
}

/// A program that signs what was pushed.
#[derive(Clone, Debug, Deserialize)]
pub struct Signer {
    /// The target that declares it, for messages.
    pub label: String,
    /// The executable.
    pub tool: File,
    /// Its arguments, each in parts. Texts may hold placeholders.
    #[serde(default)]
    pub args: Vec<Vec<Part>>,
    /// Variables of its environment, whose values are like arguments.
    #[serde(default)]
    pub env: BTreeMap<String, Vec<Part>>,
}

/// A part of an argument.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// Text.
    Text(String),
    /// The path of a file of the build.
    File(File),
}

/// What a load names the image. Names may hold placeholders: see [`crate::names`].
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Load {
    /// References.
    #[serde(default)]
    pub repo_tags: Vec<String>,
    /// A file with one reference a line.
    pub repo_tags_file: Option<File>,
    /// The format of an archive, where one is made.
    #[serde(default)]
    pub format: Format,
    /// A program that loads archives, in place of a runtime: called as `LOADER load --input FILE`.
    pub loader: Option<File>,
}

/// What a deploy target does.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Deploy {
    /// The specs of its pushes, in order, and then of its loads. Their files are among those of this target: a path in the
    /// runfiles is that of one file, also where the targets by themselves have different files at it.
    #[serde(default)]
    pub members: Vec<Spec>,
}

/// What an inspect target shows.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Inspect {
    /// The report on the image, [`oci::report`].
    pub report: Option<File>,
}

/// What cosign does.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Cosign {
    /// The repository that the image is in; absent: the command line says it.
    pub repository: Option<String>,
    /// What is attested; absent: the image is signed.
    pub attestation: Option<Attestation>,
    /// The executable; absent: `cosign` on `PATH`.
    pub tool: Option<File>,
}

/// Something that is said of an image and signed.
#[derive(Clone, Debug, Deserialize)]
pub struct Attestation {
    /// What is said.
    pub predicate: File,
    /// How to read it, as cosign's `--type` has it: `spdx`, `slsaprovenance`, ….
    #[serde(rename = "type")]
    pub kind: String,
}

/// What a test looks at.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Test {
    /// Configs of container-structure-test.
    #[serde(default)]
    pub configs: Vec<File>,
    /// What is in layers that the build has listed.
    #[serde(default)]
    pub listings: Vec<Listing>,
    /// Of an index, the image for this platform; absent: for that of the machine.
    pub platform: Option<String>,
    /// What becomes of tests that run a command.
    #[serde(default)]
    pub command_tests: CommandTests,
}

/// What is in a layer.
#[derive(Clone, Debug, Deserialize)]
pub struct Listing {
    /// The `layer.json` of the layer.
    pub metadata: File,
    /// Its entries, as `pack` lists them.
    pub mtree: File,
}

/// What becomes of tests that run a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandTests {
    /// They run in a container, and fail where there is no runtime.
    #[default]
    Run,
    /// They are passed over, which is said.
    Skip,
}

/// The format of an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As `docker save` writes it.
    #[default]
    Docker,
    /// An OCI image layout in a tar.
    Oci,
}

impl Spec {
    /// Parses a spec.
    ///
    /// # Errors
    /// If it is no JSON, has another version, or lacks a field.
    pub fn parse(json: &[u8]) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u64,
        }
        let Versioned { v } = serde_json::from_slice(json)?;
        if v != VERSION {
            return Err(usage(format!(
                "it is of version {v} and this program reads version {VERSION}: \
                 both come from one rules_strata, so build the target again"
            )));
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// Reads the spec at `path`.
    ///
    /// # Errors
    /// As [`Spec::parse`], or if the file can't be read; names the file.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let json = std::fs::read(path).with_context(|| format!("cannot read the spec {}", path.display()))?;
        Self::parse(&json).with_context(|| format!("cannot use the spec {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_smallest_spec() {
        let spec = Spec::parse(
            br#"{"v":1,"command":"push","label":"//app:image.push","later":1,
                 "content":{"root":{"rlocation":"_main/m","path":"bazel-out/m"}}}"#,
        )
        .unwrap();
        assert_eq!(spec.command, Command::Push);
        assert_eq!(spec.label, "//app:image.push");
        assert!(
            spec.push.repository.is_none() && spec.content.is_some_and(|content| content.layers.is_empty())
        );
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for (json, says) in [
            (r#"{"v":2}"#, "version 2"),
            (r#"{}"#, "missing field `v`"),
            (r#"{"v":1,"command":"pull"}"#, "unknown variant `pull`"),
            ("#!/bin/sh", "expected value"),
        ] {
            let error = format!("{:#}", Spec::parse(json.as_bytes()).unwrap_err());
            assert!(error.contains(says), "{json}: {error}");
        }
    }
}
