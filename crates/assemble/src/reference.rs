//! `assemble reference`: the name of an image in a repository, by digest, for rules that deploy.
//!
//! It is an output of the build, so it depends on the build's inputs alone: a repository that holds stamps is known
//! only when the push runs, and has no such name.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use oci::{Digest, Reference, reference::Repository, stamp};

use crate::files;

/// Arguments of `assemble reference`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Label of the push, for messages.
    #[arg(long, value_name = "LABEL")]
    label: String,
    /// The repository.
    #[arg(long, value_name = "REPOSITORY")]
    repository: Option<String>,
    /// A file that holds the repository.
    #[arg(long, value_name = "FILE", conflicts_with = "repository")]
    repository_file: Option<PathBuf>,
    /// A file that holds the image's digest.
    #[arg(long, value_name = "FILE")]
    digest: PathBuf,
    /// Where to write the reference, as a line of text.
    #[arg(long, value_name = "OUT")]
    output: PathBuf,
}

/// Writes the reference.
///
/// # Errors
/// If there is no repository, one that holds stamps, or one that no registry takes; beginning with the label.
pub fn run(args: &Args) -> Result<()> {
    let reference = build(args).with_context(|| args.label.clone())?;
    // With a newline, as digest files have it.
    files::write_all([(args.output.as_path(), format!("{reference}\n").into_bytes())])
}

fn build(args: &Args) -> Result<Reference> {
    let digest = files::read_text(&args.digest)?;
    let digest: Digest =
        digest.trim().parse().with_context(|| format!("cannot understand {}", args.digest.display()))?;
    let (text, origin) = match (&args.repository, &args.repository_file) {
        (Some(text), _) => (text.clone(), "repository".to_owned()),
        (None, Some(file)) => {
            let (text, shown) = (files::read_text(file)?, file.display().to_string());
            // As the push itself reads it.
            match oci::names::only(&text, "a repository") {
                Ok(name) => (name.to_owned(), shown),
                Err(error) => bail!("{shown} {error}"),
            }
        }
        (None, None) => bail!(
            "the output group `reference` needs the repository: set the attribute repository or repository_file"
        ),
    };
    Ok(Reference { digest: Some(digest), ..repository(&text).with_context(|| origin)?.into() })
}

fn repository(text: &str) -> Result<Repository> {
    let mut stamp_name = None;
    stamp::replace(text, |name| {
        stamp_name.get_or_insert_with(|| name.to_owned());
        Ok::<Option<&str>, anyhow::Error>(None)
    })?;
    if let Some(name) = stamp_name {
        bail!(
            "{{{name}}} gets its value when the push runs, so that a commit rebuilds nothing, and the output group \
             `reference` is made before that. Use the last line that the push prints, or its --digest-file; or declare \
             a push without stamps in its repository, and stamp its tags instead"
        );
    }
    Ok(text.parse()?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn args(repository: Option<&str>, file: Option<&str>) -> (tempfile::TempDir, Args) {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("digest"), format!("{}\n", Digest::of(b""))).unwrap();
        let args = Args {
            label: "//app:push".to_owned(),
            repository: repository.map(str::to_owned),
            repository_file: file.map(|text| {
                fs::write(at("repository"), text).unwrap();
                at("repository")
            }),
            digest: at("digest"),
            output: at("reference"),
        };
        (dir, args)
    }

    #[test]
    fn names_by_digest() {
        let digest = Digest::of(b"");
        for (repository, file, expected) in [
            (Some("r.example/app"), None, "r.example/app"),
            (Some("app"), None, "docker.io/library/app"),
            (None, Some("\nr.example:5000/a/b\r\n"), "r.example:5000/a/b"),
            (None, Some("\u{feff}r.example/app\r\n"), "r.example/app"),
        ] {
            let (_dir, args) = args(repository, file);
            run(&args).unwrap();
            assert_eq!(fs::read_to_string(&args.output).unwrap(), format!("{expected}@{digest}\n"));
        }
    }

    #[test]
    fn what_has_no_such_name() {
        for (repository, file, says) in [
            (None, None, "//app:push: the output group `reference` needs the repository"),
            (
                Some("r.example/{STABLE_TEAM}/app"),
                None,
                "//app:push: repository: {STABLE_TEAM} gets its value when the push",
            ),
            (None, Some("r.example/{digest}"), "{digest} gets its value when the push runs"),
            (Some("r.example/App"), None, "must be lower case"),
            (None, Some(""), "repository is empty and should hold a repository"),
            (None, Some("r.example/a\nr.example/b\n"), "and nothing else: line 2 is \"r.example/b\""),
        ] {
            let (_dir, args) = args(repository, file);
            let error = format!("{:#}", run(&args).unwrap_err());
            assert!(error.contains(says), "{error}");
            assert!(!args.output.exists());
        }
    }
}
