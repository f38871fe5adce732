//! Pushes to one registry that share blobs: each blob is sent once, and mounted from there into the other repositories.
//!
//! The first push that names a blob promises to bring it, so that the repository that it can be mounted from is known
//! before the first token is asked for. Invariants: of one blob at most one upload is under way, unless the registry
//! refuses to mount it; nobody waits for a push that has ended, whether it brought what it promised or not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oci::descriptor::Descriptor;
use oci::digest::Digest;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::carry::is_config;
use crate::content::ContentError;
use crate::plan::Plan;
use crate::push::Push;

/// The blobs of several pushes to one registry, and which of its repositories have them by now.
#[derive(Debug, Default)]
pub struct Sharing(Mutex<BTreeMap<Digest, Known>>);

/// What is known of a blob.
#[derive(Debug, Default)]
struct Known {
    /// The push that brings it first.
    promised: Option<usize>,
    /// The repositories that have it.
    there: BTreeSet<String>,
    /// Those that are getting it, and how.
    coming: BTreeMap<String, Way>,
    /// Wakes those who wait for any of this to change.
    changed: Arc<Notify>,
}

/// How a blob gets into a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From another repository that has it, else by an upload.
    Any,
    /// By a mount from a repository that gets it first, in a turn of its own.
    Through,
}

impl Sharing {
    /// Lets pushes to one registry share their blobs: those before others in this list promise to bring what they have in
    /// common.
    ///
    /// # Errors
    /// If a manifest or index can't be had.
    pub fn among(pushes: &mut [&mut Push]) -> Result<(), ContentError> {
        let plans = pushes.iter().map(|push| Plan::new(&push.content, &push.root, push.push_foreign));
        let plans = plans.collect::<Result<Vec<Plan>, _>>()?;
        let mut promised: BTreeMap<Digest, usize> = BTreeMap::new();
        for (number, plan) in plans.iter().enumerate() {
            for blob in &plan.blobs {
                promised.entry(blob.digest).or_insert(number);
            }
        }
        let homes = plans.iter().zip(pushes.iter()).map(|(plan, push)| {
            let of = |blob: &Descriptor| home(&*pushes[promised[&blob.digest]], blob);
            plan.blobs.iter().map(of).filter(|home| *home != push.repository).map(str::to_owned).collect()
        });
        let homes: Vec<BTreeSet<String>> = homes.collect();
        let known = |number| Known { promised: Some(number), ..Known::default() };
        let blobs = promised.into_iter().map(|(digest, number)| (digest, known(number))).collect();
        let sharing = Arc::new(Self(Mutex::new(blobs)));
        for (number, (push, homes)) in pushes.iter_mut().zip(homes).enumerate() {
            push.share = Some(Arc::new(Share { sharing: Arc::clone(&sharing), number, homes }));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Digest, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The repository that a push brings a blob to first.
fn home<'a>(push: &'a Push, blob: &Descriptor) -> &'a str {
    match &push.blob_repository {
        Some(home) if !is_config(blob) => home,
        _ => &push.repository,
    }
}

/// What one push shares with others; by default nothing.
#[derive(Debug, Default)]
pub struct Share {
    sharing: Arc<Sharing>,
    number: usize,
    homes: BTreeSet<String>,
}

impl Share {
    /// The repositories that blobs of this push are promised to, other than its own.
    pub(crate) fn homes(&self) -> &BTreeSet<String> {
        &self.homes
    }

    /// The promises that this push makes, until the result is dropped: what was not brought then, others bring.
    pub(crate) fn promises(&self) -> Promises<'_> {
        Promises(self)
    }

    fn resign(&self) {
        for blob in self.sharing.lock().values_mut() {
            if blob.promised.take_if(|number| *number == self.number).is_some() {
                blob.changed.notify_waiters();
            }
        }
    }

    /// Says that `repository` has these blobs.
    pub(crate) fn found(&self, repository: &str, blobs: &[Digest]) {
        let mut known = self.sharing.lock();
        for digest in blobs {
            let blob = known.entry(*digest).or_default();
            blob.there.insert(repository.to_owned());
            blob.changed.notify_waiters();
        }
    }

    /// Waits until it is up to this push to bring a blob to `repository`; none once it is there.
    pub(crate) async fn turn(&self, repository: &str, digest: &Digest, way: Way) -> Option<Turn> {
        loop {
            match self.look(repository, digest, way) {
                Look::There => return None,
                Look::Free(from) => {
                    let (sharing, repository) = (Arc::clone(&self.sharing), repository.to_owned());
                    return Some(Turn { sharing, digest: *digest, repository, from });
                }
                Look::Busy(changed) => changed.await,
            }
        }
    }

    fn look(&self, repository: &str, digest: &Digest, way: Way) -> Look {
        let mut known = self.sharing.lock();
        let blob = known.entry(*digest).or_default();
        if blob.there.contains(repository) {
            return Look::There;
        }
        let nowhere = blob.there.is_empty();
        // For either way: whoever promised must not find its own repository taken by one that waits for it.
        let promised = nowhere && blob.promised.is_some_and(|number| number != self.number);
        let sent = nowhere && way == Way::Any && blob.coming.values().any(|way| *way == Way::Any);
        if promised || sent || blob.coming.contains_key(repository) {
            // Made under the lock, so that it misses no change.
            return Look::Busy(Arc::clone(&blob.changed).notified_owned());
        }
        blob.coming.insert(repository.to_owned(), way);
        // One that tokens were asked for, if there is one.
        let from = blob.there.iter().find(|there| self.homes.contains(*there)).or(blob.there.first());
        Look::Free(from.cloned())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.resign();
    }
}

/// Breaks the promises of a push that are not kept, when it is dropped.
#[derive(Debug)]
pub(crate) struct Promises<'a>(&'a Share);

impl Drop for Promises<'_> {
    fn drop(&mut self) {
        self.0.resign();
    }
}

/// What there is to do about a blob.
enum Look {
    /// Nothing.
    There,
    /// To bring it, from this repository if one has it.
    Free(Option<String>),
    /// To wait for another push.
    Busy(OwnedNotified),
}

/// The duty to bring a blob to a repository. Dropped before it is done, it is up to the next who waits.
#[derive(Debug)]
pub(crate) struct Turn {
    sharing: Arc<Sharing>,
    digest: Digest,
    repository: String,
    from: Option<String>,
}

impl Turn {
    /// Another repository that has the blob for sure.
    pub(crate) fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// The blob is there.
    pub(crate) fn done(self) {
        if let Some(blob) = self.sharing.lock().get_mut(&self.digest) {
            blob.there.insert(self.repository.clone());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(blob) = self.sharing.lock().get_mut(&self.digest) {
            blob.coming.remove(&self.repository);
            blob.changed.notify_waiters();
        }
    }
}
