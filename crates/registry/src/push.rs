//! Pushing an image: few requests, blobs in parallel, and nothing named before it is there.
//!
//! The root is asked for first, by digest: a registry that has it has all that it names, but for layers that aren't to be
//! distributed, and what is left is one request a tag. Otherwise blobs go first, then manifests below the root from the
//! bottom up, then the root under its tags. So whatever breaks off a push, no tag ever names what is incomplete.
//!
//! [`push`] does all of it. [`upload`] does all but the tags, and [`tag`] the rest, for those who have something to do in
//! between that the tags must wait for.
//!
//! Artifacts that are about the image go after it and before the tags ([`attach`]).
//!
//! With a blob repository, a layer goes there first and is mounted from there: on registries with a store for each
//! repository, images that share layers then store and send them once.

mod attach;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use oci::descriptor::Descriptor;
use oci::digest::Digest;
use oci::reference::Tag;
use tokio::task::JoinSet;

use crate::carry::{Carrier, Scopes};
use crate::client::Client;
use crate::content::Content;
use crate::error::Error;
use crate::event::{Arrival, Event};
use crate::jobs::Jobs;
use crate::plan::{Plan, is_foreign};
use crate::scope::Scope;
use crate::sharing::Share;

/// What to push, and where to.
#[derive(Clone, Debug)]
pub struct Push {
    /// The repository on the client's registry.
    pub repository: String,
    /// The manifest or index.
    pub root: Descriptor,
    /// Tags to move; without any, the image is pushed by digest.
    pub tags: Vec<Tag>,
    /// Tags of manifests below the root; they move before its own.
    pub image_tags: Vec<(Descriptor, Tag)>,
    /// Artifacts that are about the root or what it names, or about one that is before them in this list.
    pub referrers: Vec<Descriptor>,
    /// A repository on the client's registry that gets all layers, from which they are mounted.
    pub blob_repository: Option<String>,
    /// Where the bytes are.
    pub content: Arc<Content>,
    /// How much is under way at once.
    pub jobs: Jobs,
    /// What it shares with other pushes to the same registry ([`crate::sharing`]); good for one push.
    pub share: Option<Arc<Share>>,
    /// Push layers that aren't to be distributed, too.
    pub push_foreign: bool,
    /// Ask, and change nothing.
    pub dry_run: bool,
}

/// What a push did; in a dry run, what it would have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Blobs that were sent.
    pub sent: usize,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Blobs that were mounted from another repository.
    pub mounted: usize,
    /// Blobs that were there already.
    pub existed: usize,
    /// Layers that are never pushed.
    pub foreign: usize,
    /// Artifacts that were pushed as being about something; the root, too, if it is one.
    pub attached: usize,
    /// Tags that were moved.
    pub tagged: usize,
}

impl Summary {
    fn count(&mut self, how: Arrival, size: u64) {
        match how {
            Arrival::Existed => self.existed += 1,
            Arrival::Mounted => self.mounted += 1,
            Arrival::Foreign => self.foreign += 1,
            Arrival::Sent | Arrival::WouldSend => {
                self.sent += 1;
                self.sent_bytes += size;
            }
        }
    }
}

/// Pushes an image: as [`upload`] and then [`tag`] do, but for a root that has tags and nothing that waits for it, and so
/// needn't be put by digest.
///
/// Dropping the future ends all that is under way; the tags are then as they were, or some are moved.
///
/// # Errors
/// The first error of any part; the other parts are then ended. [`Error::Partly`] once tags were moved.
pub async fn push(client: &Client, push: &Push) -> Result<Summary, Error> {
    if !push.referrers.is_empty() || attach::is_about_something(push)? {
        let mut summary = upload(client, push).await?;
        summary.tagged = tag(client, push).await?;
        return Ok(summary);
    }
    let plan = Plan::new(&push.content, &push.root, push.push_foreign)?;
    let scopes = Scopes::new(client, push, &plan);
    let mut summary = Summary::default();
    let exists = push_below(client, push, &scopes, &plan, &mut summary).await?;
    if push.tags.is_empty() && !exists {
        push_root(client, push, &scopes).await?;
    }
    summary.tagged = move_tags(client, push, &scopes).await?;
    Ok(summary)
}

/// Whether the registry has the image: the question that a push begins with, asked with its credentials. Nothing changes.
///
/// # Errors
/// If the registry can't be asked, or wants other credentials.
pub async fn exists(client: &Client, push: &Push) -> Result<bool, Error> {
    let plan = Plan::new(&push.content, &push.root, push.push_foreign)?;
    let _room = push.jobs.room().await;
    client.has_manifest(&Scopes::new(client, push, &plan).target, &push.root).await
}

/// Pushes an image, the root by its digest, and what is about it, and leaves all tags as they are.
///
/// # Errors
/// The first error of any part; the other parts are then ended.
pub async fn upload(client: &Client, push: &Push) -> Result<Summary, Error> {
    let plan = Plan::new(&push.content, &push.root, push.push_foreign)?;
    let scopes = Scopes::new(client, push, &plan);
    let mut summary = Summary::default();
    let exists = push_below(client, push, &scopes, &plan, &mut summary).await?;
    if !exists && !attach::is_about_something(push)? {
        push_root(client, push, &scopes).await?;
    }
    attach::attach(client, push, &scopes, &mut summary).await?;
    Ok(summary)
}

/// Moves the tags of an image that is there, and returns how many there are.
///
/// # Errors
/// If a tag is refused; [`Error::Partly`] once others were moved.
pub async fn tag(client: &Client, push: &Push) -> Result<usize, Error> {
    // With the scopes of the upload, whose credentials are at hand.
    let plan = Plan::new(&push.content, &push.root, push.push_foreign)?;
    move_tags(client, push, &Scopes::new(client, push, &plan)).await
}

/// Brings all that the root names; returns whether the root itself was there, and so all of it.
async fn push_below(
    client: &Client,
    push: &Push,
    scopes: &Scopes,
    plan: &Plan,
    summary: &mut Summary,
) -> Result<bool, Error> {
    let share = push.share.clone().unwrap_or_default();
    // Whatever becomes of this push, nobody waits for it longer than for its blobs.
    let _promises = share.promises();
    summary.foreign += plan.foreign.len();
    let exists = client.has_manifest(&scopes.target, &push.root).await?;
    let levels = if exists { Vec::new() } else { missing(client, push, &scopes.target, plan).await? };
    let lacking = levels.iter().flatten().chain((!exists).then_some(&push.root));
    push_blobs(client, push, scopes, &share, needed(push, plan, lacking)?, summary).await?;
    for level in levels {
        push_level(client, push, &scopes.target, level).await?;
    }
    Ok(exists)
}

/// The manifests below the root that the registry lacks, by level.
async fn missing(
    client: &Client,
    push: &Push,
    scope: &Arc<Scope>,
    plan: &Plan,
) -> Result<Vec<Vec<Descriptor>>, Error> {
    let asks = plan
        .levels
        .iter()
        .enumerate()
        .flat_map(|(level, manifests)| manifests.iter().cloned().map(move |manifest| (level, manifest)));
    let asks = asks.map(|(level, manifest)| {
        let (client, scope) = (client.clone(), Arc::clone(scope));
        async move { Ok((level, !client.has_manifest(&scope, &manifest).await?, manifest)) }
    });
    let mut levels = vec![Vec::new(); plan.levels.len()];
    for (level, lacks, manifest) in in_parallel(&push.jobs, asks).await? {
        if lacks {
            levels[level].push(manifest);
        }
    }
    Ok(levels)
}

/// The blobs that the manifests in `lacking` name: those of manifests that are there are there as well, but for layers that
/// aren't to be distributed, which an earlier push may have left out. In the order of the plan; the second value is those
/// that needn't be looked at.
fn needed<'a>(
    push: &Push,
    plan: &Plan,
    lacking: impl Iterator<Item = &'a Descriptor>,
) -> Result<(Vec<Descriptor>, Vec<Digest>), Error> {
    let mut named = BTreeSet::new();
    for manifest in lacking {
        named.extend(push.content.document(&manifest.digest)?.children().map(|child| child.digest));
    }
    let wanted = |blob: &&Descriptor| named.contains(&blob.digest) || is_foreign(blob);
    let (needed, there): (Vec<&Descriptor>, Vec<_>) = plan.blobs.iter().partition(wanted);
    Ok((needed.into_iter().cloned().collect(), there.into_iter().map(|blob| blob.digest).collect()))
}

async fn push_blobs(
    client: &Client,
    push: &Push,
    scopes: &Scopes,
    share: &Arc<Share>,
    (blobs, there): (Vec<Descriptor>, Vec<Digest>),
    summary: &mut Summary,
) -> Result<(), Error> {
    summary.existed += there.len();
    share.found(&push.repository, &there);
    if blobs.is_empty() {
        return Ok(());
    }
    let bytes = blobs.iter().map(|blob| blob.size).sum();
    (client.listener())(&Event::Planned { blobs: blobs.len(), bytes });
    let carrier = Carrier {
        client: client.clone(),
        scopes: scopes.clone(),
        content: Arc::clone(&push.content),
        jobs: push.jobs.clone(),
        share: Arc::clone(share),
        dry_run: push.dry_run,
    };
    let work = blobs.into_iter().map(|descriptor| {
        let carrier = carrier.clone();
        async move {
            let how = carrier.carry(&descriptor).await?;
            let Descriptor { digest, size, .. } = &descriptor;
            let name = carrier.content.name(digest);
            (carrier.client.listener())(&Event::Blob { digest, name: &name, size: *size, how });
            Ok((how, *size))
        }
    });
    for (how, size) in all(work).await? {
        summary.count(how, size);
    }
    Ok(())
}

/// Puts manifests, none of which names another.
async fn push_level(
    client: &Client,
    push: &Push,
    scope: &Arc<Scope>,
    manifests: Vec<Descriptor>,
) -> Result<(), Error> {
    if push.dry_run {
        return Ok(());
    }
    let work = manifests.into_iter().map(|manifest| {
        let (client, scope, content) = (client.clone(), Arc::clone(scope), Arc::clone(&push.content));
        async move {
            let bytes = content.bytes(&manifest.digest)?;
            client.put_manifest(&scope, &manifest.digest.to_string(), &manifest, bytes).await?;
            (client.listener())(&Event::Manifest { digest: &manifest.digest });
            Ok(())
        }
    });
    in_parallel(&push.jobs, work).await.map(drop)
}

/// Puts the root by its digest.
async fn push_root(client: &Client, push: &Push, scopes: &Scopes) -> Result<(), Error> {
    push_level(client, push, &scopes.target, vec![push.root.clone()]).await
}

/// Puts what is tagged under each tag, images first and the root last, which also makes the root known by digest.
async fn move_tags(client: &Client, push: &Push, scopes: &Scopes) -> Result<usize, Error> {
    if push.dry_run {
        return Ok(push.image_tags.len() + push.tags.len());
    }
    let images = push.image_tags.iter().map(|(image, tag)| (image, tag));
    let mut done: Vec<Tag> = Vec::new();
    for (manifest, tag) in images.chain(push.tags.iter().map(|tag| (&push.root, tag))) {
        let bytes = push.content.bytes(&manifest.digest)?;
        match client.put_manifest(&scopes.target, tag.as_str(), manifest, bytes).await {
            Ok(_) => (client.listener())(&Event::Tagged { tag }),
            Err(error) if done.is_empty() => return Err(error),
            Err(error) => return Err(Error::Partly { done, failed: tag.clone(), source: Box::new(error) }),
        }
        done.push(tag.clone());
    }
    Ok(done.len())
}

/// Runs `work`, each as soon as there is room for it. The first error ends all of it.
pub(crate) async fn in_parallel<T: Send + 'static>(
    jobs: &Jobs,
    work: impl Iterator<Item = impl Future<Output = Result<T, Error>> + Send + 'static>,
) -> Result<Vec<T>, Error> {
    let with_room = work.map(|work| {
        let jobs = jobs.clone();
        async move {
            let _room = jobs.room().await;
            work.await
        }
    });
    all(with_room).await
}

/// Runs `work`, started in order. The first error ends all of it.
async fn all<T: Send + 'static>(
    work: impl Iterator<Item = impl Future<Output = Result<T, Error>> + Send + 'static>,
) -> Result<Vec<T>, Error> {
    let mut running: JoinSet<_> = work.collect();
    let mut done = Vec::with_capacity(running.len());
    while let Some(result) = running.join_next().await {
        done.push(joined(result)?);
    }
    Ok(done)
}

/// The result of a task; a panic in it goes on here.
fn joined<T>(result: Result<Result<T, Error>, tokio::task::JoinError>) -> Result<T, Error> {
    match result {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => unreachable!("a task that nobody ended has ended: {error}"),
        },
    }
}
