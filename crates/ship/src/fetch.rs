//! `fetch`: one blob from a registry into a file. It is the tool of the action `OciFetch`, which runs for a layout or an
//! archive of an image whose base was pulled.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use oci::digest::Digest;
use oci::reference::Repository;
use registry::client::{Blob, Options};
use registry::endpoint::split_scheme;
use registry::remote::{SaveError, StopOnDrop};
use registry::{RemoteBlob, Sources};

use crate::action;
use crate::credentials::keychain;
use crate::environment::Environment;
use crate::exit::{Exit, usage};
use crate::ui::{Ui, bytes};

/// Flags of `fetch`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The digest of the blob, `sha256:…`.
    #[arg(long)]
    pub digest: Digest,
    /// Its size in bytes.
    #[arg(long, value_name = "BYTES")]
    pub size: u64,
    /// A repository that has it; repeatable, asked in order. `http://` before it says that its registry speaks plain HTTP
    /// only, as those on loopback do anyway; `https://`, that one on loopback doesn't.
    #[arg(long = "source", value_name = "REGISTRY/REPOSITORY")]
    pub sources: Vec<String>,
    /// A URL that has it; repeatable, asked after all repositories, without credentials.
    #[arg(long = "url", value_name = "URL")]
    pub urls: Vec<String>,
    /// A file like docker's config.json, the only one to look for credentials in.
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// What it is, for messages.
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// The file to write: there at the end with the right bytes, or not at all.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Fetches the blob. Prints nothing when all is well.
///
/// # Errors
/// A source that is no repository, before anything is asked; then, for each source, why it did not give the blob.
pub async fn run(args: &Args, environment: &Environment, ui: &Ui) -> anyhow::Result<Exit> {
    let options = Options { keychain: keychain(environment), listener: ui.listener(), ..Options::default() };
    let mut sources = Sources::new(options);
    for source in &args.sources {
        let (registry, repository) =
            parse_source(source).map_err(|error| usage(format!("--source {source}: {error}")))?;
        sources.add(&registry, &repository, args.credentials.as_ref().map(|file| environment.resolve(file)));
    }
    if sources.is_empty() && args.urls.is_empty() {
        return Err(usage("there is nobody to ask: say --source REGISTRY/REPOSITORY or --url URL"));
    }
    let name = match &args.label {
        Some(label) => format!("{label} ({})", args.digest),
        None => args.digest.to_string(),
    };
    let sources = Arc::new(sources);
    let _stop = StopOnDrop(Arc::clone(&sources));
    let blob = Blob { digest: args.digest, size: args.size };
    let blob = RemoteBlob::new(blob, &name, sources, &args.urls);
    let output = environment.resolve(&args.output);
    let saved =
        tokio::task::spawn_blocking(move || blob.save(&output)).await.context("the download broke off")?;
    saved.map_err(|error| match error {
        SaveError::Content(error) => action::explain(error.into()),
        error => error.into(),
    })?;
    ui.detail(format!("fetched {name}, {}", bytes(args.size)));
    Ok(Exit::Done)
}

/// Registry and path of a source.
fn parse_source(text: &str) -> Result<(String, String), oci::reference::ReferenceError> {
    let (scheme, rest) = split_scheme(text);
    if scheme.is_empty() {
        let repository: Repository = text.parse()?;
        return Ok((repository.registry().to_owned(), repository.path().to_owned()));
    }
    // Whoever writes a scheme means a registry, even one that looks like the beginning of a path.
    let (registry, path) = rest.split_once('/').unwrap_or((rest, ""));
    let repository = Repository::new(registry, path)?;
    Ok((format!("{scheme}{}", repository.registry()), repository.path().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        for (text, expected) in [
            ("r.example/a/b", Ok(("r.example", "a/b"))),
            ("r.example:5000/a", Ok(("r.example:5000", "a"))),
            ("docker.io/library/busybox", Ok(("docker.io", "library/busybox"))),
            ("http://r.example:5000/a", Ok(("http://r.example:5000", "a"))),
            ("http://registry/a/b", Ok(("http://registry", "a/b"))),
            ("http://registry", Err("has an empty part")),
            ("https://127.0.0.1:5000/a", Ok(("https://127.0.0.1:5000", "a"))),
            ("ftp://r.example/a", Err("without \"ftp://\"")),
            ("r.example/a:1", Err("has a tag")),
            ("r.example/A", Err("lower case")),
        ] {
            match (parse_source(text), expected) {
                (Ok((registry, path)), Ok(expected)) => {
                    assert_eq!((registry.as_str(), path.as_str()), expected);
                }
                (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{text}: {error}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
