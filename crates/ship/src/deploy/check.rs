//! All that can be wrong with any member, found before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use oci::{Digest, Reference};
use registry::content::Source;
use registry::jobs::Jobs;
use registry::plan::Plan;
use registry::serve::Embedded;

use super::Args;
use super::pushes::Clients;
use crate::environment::Environment;
use crate::exit::{Exit, fail, usage};
use crate::push::{self, Ready};
use crate::spec::{self, Command, Spec};
use crate::target::{self, Target};
use crate::ui::Ui;
use crate::{load, runfiles};

/// A push or a load that is ready.
#[derive(Debug)]
pub(super) struct Member {
    /// Its image.
    pub(super) target: Target,
    /// What is done with it.
    pub(super) work: Work,
}

/// What is done with an image.
#[derive(Debug)]
pub(super) enum Work {
    /// It is pushed.
    Push(Box<Ready>),
    /// It is loaded under these names.
    Load(spec::Load, Vec<Reference>),
}

impl Member {
    /// The push, if it is one.
    pub(super) fn push(&self) -> Option<&Ready> {
        match &self.work {
            Work::Push(ready) => Some(ready),
            Work::Load(..) => None,
        }
    }

    /// The load and its names, if it is one.
    pub(super) fn load(&self) -> Option<(&spec::Load, &[Reference])> {
        match &self.work {
            Work::Push(_) => None,
            Work::Load(declared, names) => Some((declared, names)),
        }
    }
}

/// All members of a deploy target, whose spec was read from `path`.
///
/// # Errors
/// All that is wrong with them: names, tags, files that aren't found, blobs that nobody has, tags that two of them would
/// set to different images.
pub(super) fn members(
    spec: &Spec,
    path: &Path,
    args: &Args,
    embedded: Option<&Embedded>,
    jobs: &Jobs,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Vec<Member>> {
    let files = target::files(spec, path, environment)?;
    let (mut members, mut problems) = (Vec::new(), Vec::new());
    for declared in &spec.deploy.members {
        let ui = ui.member(&declared.label);
        let checked = member(declared, &files, args, embedded, jobs, environment, &ui);
        match checked.with_context(|| declared.label.clone()) {
            Ok(member) => members.push(member),
            Err(error) => problems.push(error),
        }
    }
    problems.extend(conflicts(&members));
    all_right(problems)?;
    Ok(members)
}

fn member(
    spec: &Spec,
    files: &runfiles::Runfiles,
    args: &Args,
    embedded: Option<&Embedded>,
    jobs: &Jobs,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Member> {
    let target = Target::among(spec, files.clone(), environment, ui)?;
    let (work, foreign) = match spec.command {
        Command::Load => {
            let names = load::check(&target, &spec.load, &args.of_load())?;
            (Work::Load(spec.load.clone(), names), true)
        }
        _ => {
            let mut declared = spec.push.clone();
            if !args.tags.is_empty() {
                declared.remote_tags.clear();
                declared.remote_tags_file = None;
            }
            let ready = push::ready(&target, &declared, &args.of_push(), embedded, jobs.clone(), ui)?;
            (Work::Push(Box::new(ready)), args.allow_nondistributable_artifacts)
        }
    };
    findable(&target, foreign)?;
    Ok(Member { target, work })
}

/// Finds every blob of an image and of what is about it, without reading any. Of one that is in another registry it is
/// known where to ask.
fn findable(target: &Target, foreign: bool) -> anyhow::Result<()> {
    let roots = std::iter::once(&target.root).chain(&target.referrers);
    let plans = roots.map(|root| Plan::new(&target.content, root, foreign));
    for blob in plans.collect::<Result<Vec<_>, _>>()?.into_iter().flat_map(|plan| plan.blobs) {
        let (source, size) = (target.content.source(&blob.digest)?, target.content.size(&blob.digest)?);
        if let (Source::File(path), true) = (source, size != blob.size) {
            return Err(usage(format!(
                "{}: {} has {size} bytes, and the manifest says {}. Build the target again",
                target.content.name(&blob.digest),
                path.display(),
                blob.size
            )));
        }
    }
    Ok(())
}

/// Tags of one repository that two pushes would set to different images.
fn conflicts(members: &[Member]) -> Vec<anyhow::Error> {
    let mut set: BTreeMap<String, (Digest, &str)> = BTreeMap::new();
    let mut problems = Vec::new();
    for member in members {
        let Some(Ready { repository, work, .. }) = member.push() else { continue };
        let root = work.tags.iter().map(|tag| (work.root.digest, tag));
        let images = work.image_tags.iter().map(|(image, tag)| (image.digest, tag));
        for (digest, tag) in root.chain(images) {
            let label = member.target.label.as_str();
            let (other, before) = set.entry(format!("{repository}:{tag}")).or_insert((digest, label));
            if *other != digest {
                problems.push(usage(format!(
                    "{before} and {label} both set {repository}:{tag}, to different images: {other} and {digest}. Give \
                     them other tags or repositories"
                )));
            }
        }
    }
    problems
}

/// Asks each repository for something, as its push will: so a registry that wants other credentials says so before
/// anything is sent. Whatever else goes wrong is left to the push.
///
/// # Errors
/// The answers of all registries that want credentials, or refuse those that they got.
pub(super) async fn access(members: &[Member], clients: &Clients) -> anyhow::Result<()> {
    let mut asked = BTreeSet::new();
    let mut asks = Vec::new();
    for member in members {
        let Some(Ready { repository, work, .. }) = member.push() else { continue };
        if asked.insert((repository.registry(), repository.path())) {
            let client = &clients[repository.registry()];
            asks.push(async move {
                let found = registry::push::exists(client, work).await;
                (&member.target.label, found)
            });
        }
    }
    let answers = futures_util::future::join_all(asks).await;
    let refused = answers.into_iter().filter_map(|(label, found)| match found {
        Err(error) if error.class() == registry::Class::Authentication => {
            Some(anyhow::Error::new(error).context(label.clone()))
        }
        _ => None,
    });
    all_right(refused.collect())
}

/// Nothing, or all of the problems as one error.
fn all_right(mut problems: Vec<anyhow::Error>) -> anyhow::Result<()> {
    let exits: BTreeSet<u8> = problems.iter().map(|problem| Exit::of(problem) as u8).collect();
    match problems.as_slice() {
        [] => Ok(()),
        [_] => Err(problems.remove(0).context("nothing was sent")),
        [first, ..] => {
            let exit = if exits.len() == 1 { Exit::of(first) } else { Exit::Failed };
            let lines: String = problems.iter().map(|problem| format!("\n  {problem:#}")).collect();
            Err(fail(exit, format!("nothing was sent, since {} things are wrong:{lines}", problems.len())))
        }
    }
}
