//! Artifacts that are about what is pushed, or the root if it is one: put by digest, after what they are about, and then
//! listed where a registry does not do that itself.
//!
//! They are put even where they are there already: the answer alone tells whether the registry lists them, and what others
//! took off a list comes back with the next push.

use std::collections::BTreeMap;

use oci::descriptor::Descriptor;
use oci::digest::Digest;

use super::{Push, Scopes, Summary, push_below};
use crate::client::Client;
use crate::error::Error;
use crate::event::{Event, Listed};
use crate::plan::Plan;
use crate::referrers;

/// Whether the root is about something else.
pub(super) fn is_about_something(push: &Push) -> Result<bool, Error> {
    Ok(referrers::entry(&push.root, &push.content.document(&push.root.digest)?).is_some())
}

/// Attaches the root, if it is about something, and all referrers. Their subjects are there, or come before them.
pub(super) async fn attach(
    client: &Client,
    push: &Push,
    scopes: &Scopes,
    summary: &mut Summary,
) -> Result<(), Error> {
    let mut unlisted: BTreeMap<Digest, Vec<Descriptor>> = BTreeMap::new();
    let tell = |artifact: &Digest, subject: &Digest, how| {
        (client.listener())(&Event::Attached { name: &push.content.name(artifact), subject, how });
    };
    for artifact in std::iter::once(&push.root).chain(&push.referrers) {
        let entry = referrers::entry(artifact, &push.content.document(&artifact.digest)?);
        if artifact.digest != push.root.digest {
            let own = Push { root: artifact.clone(), referrers: Vec::new(), ..push.clone() };
            let plan = Plan::new(&push.content, artifact, push.push_foreign)?;
            push_below(client, &own, &Scopes::new(client, &own, &plan), &plan, summary).await?;
        }
        let Some((subject, entry)) = entry else { continue };
        summary.attached += 1;
        if push.dry_run {
            tell(&artifact.digest, &subject, Listed::Would);
            continue;
        }
        let bytes = push.content.bytes(&artifact.digest)?;
        let stored =
            client.put_manifest(&scopes.target, &artifact.digest.to_string(), artifact, bytes).await?;
        if stored.subject {
            tell(&artifact.digest, &subject, Listed::ByRegistry);
        } else {
            unlisted.entry(subject).or_default().push(entry);
        }
    }
    for (subject, entries) in unlisted {
        referrers::list(client, &scopes.target, &subject, &entries).await?;
        for entry in &entries {
            tell(&entry.digest, &subject, Listed::ByTag);
        }
    }
    Ok(())
}
