//! `push`: an image to a registry.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use oci::reference::{Repository, Tag};
use registry::client::{Client, Options};
use registry::push::{Push, Summary, push};
use registry::read_back::read_back;
use registry::serve::Embedded;

use crate::credentials::keychain;
use crate::environment::Environment;
use crate::exit::{Exit, usage};
use crate::report;
use crate::spec::{self, Spec};
use crate::target::Target;
use crate::ui::{Ui, bytes, count, seconds};

/// The value of `--registry` that stands for a registry inside this program.
const EMBEDDED: &str = "embedded";

/// Flags of `push`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Push to this repository, in place of the declared one.
    #[arg(short, long, value_name = "REPOSITORY")]
    pub repository: Option<String>,
    /// Move this tag too, beside the declared ones; repeatable.
    #[arg(short, long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Replace the registry part of the repository. `embedded` is a registry inside this program that is gone when
    /// it ends: the image is pushed there, read back and verified, and what it consists of is shown.
    #[arg(long, value_name = "HOST[:PORT]|embedded")]
    pub registry: Option<String>,
    /// Allow unverified certificates and plain HTTP, so that anybody on the way can read and change what is sent,
    /// credentials included. Not needed for loopback addresses and *.localhost, which are plain HTTP by themselves.
    #[arg(long)]
    pub insecure: bool,
    /// Blobs under way at once.
    #[arg(long, value_name = "N", default_value = "8")]
    pub jobs: NonZeroUsize,
    /// Ask the registry what it has, show what would be sent, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Write the digest of what was pushed, `sha256:…`, to this file.
    #[arg(long, value_name = "FILE")]
    pub digest_file: Option<PathBuf>,
    /// Push layers, too, whose media type says that they aren't to be distributed.
    #[arg(long)]
    pub allow_nondistributable_artifacts: bool,
}

/// The first paragraph of the help of a push target.
#[must_use]
pub fn about(spec: &Spec) -> String {
    let declared = match (&spec.push.repository, &spec.push.repository_file) {
        (Some(repository), _) => format!(" to {repository}"),
        (None, Some(file)) => format!(" to the repository that {} names", file.path.display()),
        (None, None) => String::new(),
    };
    let tags = match spec.push.remote_tags.as_slice() {
        [] => String::new(),
        tags => format!(" and tags it {}", tags.join(", ")),
    };
    format!(
        "{} pushes its image{declared}{tags}.\n\n\
         What the registry has already is not sent. A tag moves only once all that it names is there. \
         Credentials come from docker's and podman's configuration (`docker login`).",
        spec.label
    )
}

/// Pushes the image of `target`. Prints `REPOSITORY@sha256:…` on standard output, last.
///
/// # Errors
/// Names that no registry takes, before anything is sent; then whatever stops the push.
pub async fn run(
    target: &Target,
    declared: &spec::Push,
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let mut repository = repository(target, declared, args)?;
    let tags = tags(target, declared, args)?;
    let embedded = if args.registry.as_deref() == Some(EMBEDDED) { Some(Embedded::start()?) } else { None };
    if let Some(embedded) = &embedded {
        repository = repository.with_registry(&embedded.address().to_string())?;
    }
    let client = client(&repository, args, environment, ui)?;
    let work = Push {
        repository: repository.path().to_owned(),
        root: target.root.clone(),
        tags,
        content: Arc::clone(&target.content),
        jobs: args.jobs.get(),
        push_foreign: args.allow_nondistributable_artifacts,
        dry_run: args.dry_run,
    };
    let pushed = push(&client, &work).await;
    ui.end();
    let summary = pushed?;
    if embedded.is_some() && !args.dry_run {
        let read = read_back(&client, repository.path(), &target.root, args.jobs.get()).await?;
        ui.say(report::table(target)?);
        ui.say(format!(
            "read back {} and {} ({}) over HTTP: every digest is right",
            count(read.manifests, "manifest"),
            count(read.blobs, "blob"),
            bytes(read.bytes)
        ));
    }
    ui.say(format!("{}, in {}", describe(&summary, args.dry_run), seconds(started.elapsed())));
    if let (Some(file), false) = (&args.digest_file, args.dry_run) {
        oci::atomic::write(&environment.resolve(file), target.root.digest.to_string().as_bytes())
            .context("pushed, but cannot write --digest-file")?;
    }
    ui.result(format!("{repository}@{}", target.root.digest))?;
    Ok(Exit::Done)
}

fn client(
    repository: &Repository,
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Client> {
    let keychain = keychain(environment);
    let options =
        Options { insecure: args.insecure, keychain, listener: ui.listener(), ..Options::default() };
    Ok(Client::new(repository.registry(), options)?)
}

/// Where to push: the flag, else what is declared; with another registry if one is named.
fn repository(target: &Target, declared: &spec::Push, args: &Args) -> anyhow::Result<Repository> {
    let (text, origin) = match (&args.repository, &declared.repository, &declared.repository_file) {
        (Some(flag), _, _) => (flag.clone(), "--repository".to_owned()),
        (None, Some(text), _) => (text.clone(), "the attribute repository".to_owned()),
        (None, None, Some(file)) => {
            let path = target.files.find(file)?;
            let first = spec::lines(&path)?.into_iter().next();
            let empty = || usage(format!("{} is empty and should hold a repository", path.display()));
            (first.ok_or_else(empty)?, path.display().to_string())
        }
        (None, None, None) => {
            return Err(usage("no repository to push to: set the attribute repository, or say --repository"));
        }
    };
    let repository: Repository = text.parse().map_err(|error| usage(format!("{origin}: {error}")))?;
    match args.registry.as_deref() {
        None | Some(EMBEDDED) => Ok(repository),
        Some(registry) => {
            repository.with_registry(registry).map_err(|error| usage(format!("--registry: {error}")))
        }
    }
}

/// All tags, each once, in the order of declaration.
fn tags(target: &Target, declared: &spec::Push, args: &Args) -> anyhow::Result<Vec<Tag>> {
    let declared = target.names(&declared.remote_tags, declared.remote_tags_file.as_ref())?;
    let declared = declared.iter().map(|tag| (tag, "remote_tags"));
    let mut seen = BTreeSet::new();
    let mut tags = Vec::new();
    for (text, origin) in declared.chain(args.tags.iter().map(|tag| (tag, "--tag"))) {
        let tag: Tag = text.parse().map_err(|error| usage(format!("{origin}: {error}")))?;
        if seen.insert(tag.to_string()) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// The last line for people: `pushed 3 blobs (12.3 MB), 8 already there`.
fn describe(summary: &Summary, dry_run: bool) -> String {
    let Summary { sent, sent_bytes, mounted, existed, foreign, tagged: _ } = *summary;
    let verb = if dry_run { "would push" } else { "pushed" };
    let mut text = format!("{verb} {} ({})", count(sent, "blob"), bytes(sent_bytes));
    for (number, what) in [(mounted, "mounted"), (existed, "already there"), (foreign, "not to be pushed")] {
        if number > 0 {
            text += &format!(", {number} {what}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_line() {
        let summary = Summary { sent: 3, sent_bytes: 12_300_000, existed: 8, ..Summary::default() };
        assert_eq!(describe(&summary, false), "pushed 3 blobs (12.3 MB), 8 already there");
        let summary = Summary { sent: 1, sent_bytes: 5, mounted: 2, foreign: 1, ..Summary::default() };
        assert_eq!(describe(&summary, true), "would push 1 blob (5 B), 2 mounted, 1 not to be pushed");
    }
}
