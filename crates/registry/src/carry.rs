//! One blob on its way into a repository: looked for, mounted, or sent.
//!
//! With a blob repository, a layer goes there first and is mounted from there. Invariant: what waits for its turn takes up
//! no room of [`Jobs`].

use std::collections::BTreeSet;
use std::sync::Arc;

use oci::descriptor::Descriptor;
use oci::digest::Digest;
use oci::media_type::{Kind, kind};

use crate::client::{Blob, Client};
use crate::content::{Content, Source};
use crate::error::Error;
use crate::event::{Arrival, Event};
use crate::jobs::Jobs;
use crate::plan::Plan;
use crate::push::Push;
use crate::scope::Scope;
use crate::sharing::{Share, Turn, Way};

/// A blob of at most this size is sent without asking for it first, if it is a config: when the manifest isn't
/// there, its config hardly ever is, and asking costs what sending does.
const SENT_UNASKED: u64 = 64 << 10;

/// The repositories that blobs go to.
#[derive(Clone, Debug)]
pub(crate) struct Scopes {
    /// The one that is pushed to.
    pub(crate) target: Arc<Scope>,
    /// The one that gets layers first, if there is one.
    pub(crate) home: Option<Arc<Scope>>,
}

impl Scopes {
    /// Those of a push, whose plan this is.
    pub(crate) fn new(client: &Client, push: &Push, plan: &Plan) -> Self {
        let mounts = plan.blobs.iter().flat_map(|blob| {
            let mounts = |registry| push.content.mounts(&blob.digest, registry);
            mounts(Some(client.registry())).chain(mounts(None))
        });
        let homes = push.share.iter().flat_map(|share| share.homes());
        let mount_from: BTreeSet<String> = mounts.map(str::to_owned).chain(homes.cloned()).collect();
        let home = push.blob_repository.as_deref().filter(|home| *home != push.repository);
        let home = home.map(|home| Arc::new(Scope::push(home, mount_from.clone())));
        let mount_from = mount_from.into_iter().chain(home.iter().map(|home| home.repository().to_owned()));
        Self { target: Arc::new(Scope::push(&push.repository, mount_from.collect())), home }
    }
}

/// Brings the blobs of a push to a registry, each when it is this push's turn and there is room.
#[derive(Clone, Debug)]
pub(crate) struct Carrier {
    pub(crate) client: Client,
    pub(crate) scopes: Scopes,
    pub(crate) content: Arc<Content>,
    pub(crate) jobs: Jobs,
    pub(crate) share: Arc<Share>,
    pub(crate) dry_run: bool,
}

impl Carrier {
    /// Brings a blob to the repository that is pushed to; says how it got there.
    ///
    /// # Errors
    /// The first request that fails.
    pub(crate) async fn carry(&self, descriptor: &Descriptor) -> Result<Arrival, Error> {
        let Scopes { target, home } = &self.scopes;
        let blob = Blob { digest: descriptor.digest, size: descriptor.size };
        // A config belongs to one image, and is no layer to share.
        let home = home.as_ref().filter(|_| !is_config(descriptor));
        let way = if home.is_some() { Way::Through } else { Way::Any };
        let Some(turn) = self.share.turn(target.repository(), &blob.digest, way).await else {
            return Ok(Arrival::Existed);
        };
        let room = self.jobs.room().await;
        let ask = self.dry_run || !is_small_config(descriptor);
        let how = if ask && self.client.has_blob(target, &blob.digest).await? {
            Arrival::Existed
        } else if let Some(home) = home {
            // Whoever waits for its turn takes nobody's room.
            drop(room);
            self.carry_through(home, blob).await?
        } else {
            self.bring(target, blob, &turn).await?
        };
        turn.done();
        Ok(how)
    }

    /// Brings a blob to `home`, unless it is there, and mounts it from there.
    async fn carry_through(&self, home: &Scope, blob: Blob) -> Result<Arrival, Error> {
        let how = match self.share.turn(home.repository(), &blob.digest, Way::Any).await {
            None => Arrival::Mounted,
            Some(turn) => {
                let _room = self.jobs.room().await;
                let there = self.client.has_blob(home, &blob.digest).await?;
                let how = if there { Arrival::Mounted } else { self.bring(home, blob, &turn).await? };
                turn.done();
                how
            }
        };
        if self.dry_run {
            return Ok(how);
        }
        let _room = self.jobs.room().await;
        let mounted =
            self.client.put_blob(&self.scopes.target, blob, &[home.repository()], &self.content).await?;
        Ok(if mounted { how } else { Arrival::Sent })
    }

    /// Brings a blob that the repository of `scope` lacks there: by a mount where it can be, else by sending it.
    async fn bring(&self, scope: &Scope, blob: Blob, turn: &Turn) -> Result<Arrival, Error> {
        let content = &self.content;
        let with_other;
        let (scope, from): (&Scope, Vec<&str>) = match turn.from() {
            Some(other) => {
                with_other = scope.and_mount_from(other);
                (&with_other, vec![other])
            }
            None => (scope, self.candidates(scope, &blob.digest)),
        };
        if self.dry_run {
            // Another push of the same run would have brought it to where it is mounted from.
            let mounted = turn.from().is_some() || self.is_in_one_of(&from, &blob.digest).await;
            return Ok(if mounted { Arrival::Mounted } else { Arrival::WouldSend });
        }
        if self.client.put_blob(scope, blob, &from, content).await? {
            return Ok(Arrival::Mounted);
        }
        if let Some(from) = turn.from() {
            let (name, to) = (&content.name(&blob.digest), scope.repository());
            (self.client.listener())(&Event::NotMounted { name, from, to });
        }
        Ok(Arrival::Sent)
    }

    /// The repositories to mount a blob from, in the order in which to try.
    fn candidates(&self, scope: &Scope, digest: &Digest) -> Vec<&str> {
        let other = |from: &&str| *from != scope.repository();
        let said = self.content.mounts(digest, None).filter(other);
        let known = self.content.mounts(digest, Some(self.client.registry())).filter(other);
        if matches!(self.content.source(digest), Ok(Source::Remote(_))) {
            return known.chain(said).collect();
        }
        // What is here is hardly ever in those that a base came from. To try one of them costs nothing, since the answer
        // is the beginning of an upload; each further one costs a request.
        said.chain(known.take(1)).collect()
    }

    /// Whether one of `repositories` has a blob. One that can't be asked has it not: nothing can be mounted from there.
    async fn is_in_one_of(&self, repositories: &[&str], digest: &Digest) -> bool {
        for repository in repositories {
            if matches!(self.client.has_blob(&Scope::pull(repository), digest).await, Ok(true)) {
                return true;
            }
        }
        false
    }
}

pub(crate) fn is_config(descriptor: &Descriptor) -> bool {
    kind(&descriptor.media_type) == Some(Kind::Config)
}

fn is_small_config(descriptor: &Descriptor) -> bool {
    descriptor.size <= SENT_UNASKED && is_config(descriptor)
}
