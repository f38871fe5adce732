//! `upload`: an image to a registry by its digest, with no tag. It is the tool of the action `OciPush`, by which
//! `push_during_build` sends blobs while the rest of the build goes on.
//!
//! Invariant: nobody relies on it. What it says of the registry was so when it ran; a push asks the registry itself.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use oci::reference::Repository;
use registry::client::{Client, Options};
use registry::event::{Event, Listener};
use registry::jobs::Jobs;
use registry::push::{Push, Summary};
use serde::Serialize;

use super::destination;
use crate::action;
use crate::credentials::keychain;
use crate::environment::Environment;
use crate::exit::{Exit, usage};
use crate::spec;
use crate::target::Target;
use crate::ui::Ui;

/// How many blobs are under way at once, as in a push.
const JOBS: usize = 8;

/// Flags of `upload`, beside the spec.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write at the end: JSON that says what was pushed, and how much of it was sent.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
}

/// What an upload did, as its output holds it; counts are of blobs.
#[derive(Debug, Serialize)]
struct Done {
    v: u64,
    /// `REPOSITORY@sha256:…`.
    reference: String,
    /// Were there already.
    existed: usize,
    /// Were mounted from another repository.
    mounted: usize,
    /// Were sent.
    sent: usize,
    /// The bytes of those.
    sent_bytes: u64,
    /// Are never pushed, since they aren't to be distributed.
    foreign: usize,
}

/// Uploads the image of `target`. Prints nothing when all is well but what was tried again.
///
/// # Errors
/// A repository that the build can't know or no registry takes, before anything is sent; then whatever stops the push.
pub async fn run(
    target: &Target,
    declared: &spec::Push,
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let repository = repository(target, declared)?;
    let options = Options { keychain: keychain(environment), listener: quiet(ui), ..Options::default() };
    let client = Client::new(repository.registry(), options)?;
    let work = Push {
        repository: repository.path().to_owned(),
        root: target.root.clone(),
        tags: Vec::new(),
        image_tags: Vec::new(),
        referrers: Vec::new(),
        blob_repository: destination::blob_repository(declared)?,
        content: Arc::clone(&target.content),
        jobs: Jobs::new(JOBS),
        share: None,
        push_foreign: false,
        dry_run: false,
    };
    let uploaded = registry::push::upload(&client, &work).await;
    let summary = uploaded.map_err(|error| action::explain(error.into()))?;
    let Summary { sent, sent_bytes, mounted, existed, foreign, attached: _, tagged: _ } = summary;
    let reference = format!("{repository}@{}", target.root.digest);
    let done = Done { v: 1, reference, existed, mounted, sent, sent_bytes, foreign };
    let mut json = serde_json::to_vec(&done).context("cannot write what was done as JSON")?;
    json.push(b'\n');
    oci::atomic::write(&environment.resolve(&args.output), &json)
        .context("pushed, but cannot write --output")?;
    Ok(Exit::Done)
}

/// The declared repository. An action has no values of stamps: else each commit would push anew what hasn't changed.
fn repository(target: &Target, declared: &spec::Push) -> anyhow::Result<Repository> {
    let mut target = target.clone();
    // Else the message would blame attributes for the lack of status files.
    target.stamped = true;
    let name = destination::declared(&target, declared).context(
        "push_during_build needs a repository that the build knows. Leave stamps to the tags, or push_during_build out",
    )?;
    let Some(name) = name else {
        return Err(usage("no repository to push to: push_during_build needs repository or repository_file"));
    };
    name.text.parse().map_err(|error| usage(format!("{}: {error}", name.origin)))
}

/// Blobs are not listed: a build has other things to say.
fn quiet(ui: &Ui) -> Listener {
    let listener = ui.listener();
    Arc::new(move |event: &Event<'_>| {
        if !matches!(event, Event::Blob { .. }) {
            listener(event);
        }
    })
}
