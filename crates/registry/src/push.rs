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
use oci::reference::Tag;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::{Blob, Client};
use crate::content::{Content, Source};
use crate::error::Error;
use crate::event::{Arrival, Event};
use crate::plan::{Plan, is_foreign};
use crate::scope::Scope;

/// A blob of at most this size is sent without asking for it first, if it is a config: when the manifest isn't
/// there, its config hardly ever is, and asking costs what sending does.
const SENT_UNASKED: u64 = 64 << 10;

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
    /// How many blobs are under way at once. At least 1; 8 is a good number.
    pub jobs: usize,
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

/// The repositories that blobs go to.
#[derive(Clone, Debug)]
struct Scopes {
    /// The one that is pushed to.
    target: Arc<Scope>,
    /// The one that gets layers first, if there is one.
    home: Option<Arc<Scope>>,
}

impl Scopes {
    fn new(client: &Client, push: &Push, plan: &Plan) -> Self {
        let mount_from: BTreeSet<String> = plan
            .blobs
            .iter()
            .flat_map(|blob| push.content.mounts(&blob.digest, client.registry()).map(str::to_owned))
            .collect();
        let home = push.blob_repository.as_deref().filter(|home| *home != push.repository);
        let home = home.map(|home| Arc::new(Scope::push(home, mount_from.clone())));
        let mount_from = mount_from.into_iter().chain(home.iter().map(|home| home.repository().to_owned()));
        Self { target: Arc::new(Scope::push(&push.repository, mount_from.collect())), home }
    }
}

/// Brings all that the root names; returns whether the root itself was there, and so all of it.
async fn push_below(
    client: &Client,
    push: &Push,
    scopes: &Scopes,
    plan: &Plan,
    summary: &mut Summary,
) -> Result<bool, Error> {
    summary.foreign += plan.foreign.len();
    let exists = client.has_manifest(&scopes.target, &push.root).await?;
    let levels = if exists { Vec::new() } else { missing(client, push, &scopes.target, plan).await? };
    let lacking = levels.iter().flatten().chain((!exists).then_some(&push.root));
    push_blobs(client, push, scopes, needed(push, plan, lacking)?, summary).await?;
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
    for (level, lacks, manifest) in in_parallel(push.jobs, asks).await? {
        if lacks {
            levels[level].push(manifest);
        }
    }
    Ok(levels)
}

/// The blobs that the manifests in `lacking` name: those of manifests that are there are there as well, but for layers that
/// aren't to be distributed, which an earlier push may have left out. In the order of the plan; the second value is how
/// many needn't be looked at.
fn needed<'a>(
    push: &Push,
    plan: &Plan,
    lacking: impl Iterator<Item = &'a Descriptor>,
) -> Result<(Vec<Descriptor>, usize), Error> {
    let mut named = BTreeSet::new();
    for manifest in lacking {
        named.extend(push.content.document(&manifest.digest)?.children().map(|child| child.digest));
    }
    let wanted = |blob: &&Descriptor| named.contains(&blob.digest) || is_foreign(blob);
    let needed: Vec<Descriptor> = plan.blobs.iter().filter(wanted).cloned().collect();
    let there = plan.blobs.len() - needed.len();
    Ok((needed, there))
}

async fn push_blobs(
    client: &Client,
    push: &Push,
    scopes: &Scopes,
    (blobs, there): (Vec<Descriptor>, usize),
    summary: &mut Summary,
) -> Result<(), Error> {
    summary.existed += there;
    if blobs.is_empty() {
        return Ok(());
    }
    let bytes = blobs.iter().map(|blob| blob.size).sum();
    (client.listener())(&Event::Planned { blobs: blobs.len(), bytes });
    let work = blobs.into_iter().map(|descriptor| {
        let (client, scopes, content) = (client.clone(), scopes.clone(), Arc::clone(&push.content));
        let dry_run = push.dry_run;
        async move {
            let how = push_blob(&client, &scopes, &content, &descriptor, dry_run).await?;
            let Descriptor { digest, size, .. } = &descriptor;
            (client.listener())(&Event::Blob { digest, name: &content.name(digest), size: *size, how });
            Ok((how, *size))
        }
    });
    for (how, size) in in_parallel(push.jobs, work).await? {
        summary.count(how, size);
    }
    Ok(())
}

async fn push_blob(
    client: &Client,
    scopes: &Scopes,
    content: &Arc<Content>,
    descriptor: &Descriptor,
    dry_run: bool,
) -> Result<Arrival, Error> {
    let blob = Blob { digest: descriptor.digest, size: descriptor.size };
    let ask = dry_run || !is_small_config(descriptor);
    if ask && client.has_blob(&scopes.target, &blob.digest).await? {
        return Ok(Arrival::Existed);
    }
    match &scopes.home {
        // A config belongs to one image, and is no layer to share.
        Some(home) if !is_config(descriptor) => {
            let how = if client.has_blob(home, &blob.digest).await? {
                Arrival::Mounted
            } else {
                bring(client, home, blob, content, dry_run).await?
            };
            if !dry_run {
                let mounted = client.put_blob(&scopes.target, blob, &[home.repository()], content).await?;
                return Ok(if mounted { how } else { Arrival::Sent });
            }
            Ok(how)
        }
        _ => bring(client, &scopes.target, blob, content, dry_run).await,
    }
}

/// Brings a blob that the repository of `scope` lacks there: by a mount where it can be, else by sending it.
async fn bring(
    client: &Client,
    scope: &Scope,
    blob: Blob,
    content: &Arc<Content>,
    dry_run: bool,
) -> Result<Arrival, Error> {
    let from = content.mounts(&blob.digest, client.registry()).filter(|from| *from != scope.repository());
    // What is here may be in none of them: one try costs nothing, and more do. What isn't here is in one of them.
    let tries = if matches!(content.source(&blob.digest), Ok(Source::Remote(_))) { usize::MAX } else { 1 };
    let from: Vec<&str> = from.take(tries).collect();
    if dry_run {
        return Ok(if from.is_empty() { Arrival::WouldSend } else { Arrival::Mounted });
    }
    let mounted = client.put_blob(scope, blob, &from, content).await?;
    Ok(if mounted { Arrival::Mounted } else { Arrival::Sent })
}

fn is_config(descriptor: &Descriptor) -> bool {
    use oci::media_type::{Kind, kind};
    kind(&descriptor.media_type) == Some(Kind::Config)
}

fn is_small_config(descriptor: &Descriptor) -> bool {
    descriptor.size <= SENT_UNASKED && is_config(descriptor)
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
    in_parallel(push.jobs, work).await.map(drop)
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

/// Runs `work`, at most `jobs` at once, started in order. The first error ends all of it.
pub(crate) async fn in_parallel<T: Send + 'static>(
    jobs: usize,
    work: impl Iterator<Item = impl Future<Output = Result<T, Error>> + Send + 'static>,
) -> Result<Vec<T>, Error> {
    let slots = Arc::new(Semaphore::new(jobs.max(1)));
    let mut running = JoinSet::new();
    let mut done = Vec::new();
    for work in work {
        // Taken here and not in the task, so that work starts in order and waits without being spawned.
        let slot = Arc::clone(&slots).acquire_owned().await;
        while let Some(result) = running.try_join_next() {
            done.push(joined(result)?);
        }
        running.spawn(async move {
            let _slot = slot;
            work.await
        });
    }
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
