//! The pushes, all at once.

use std::collections::BTreeMap;

use anyhow::Context as _;
use futures_util::future::join_all;
use registry::client::Client;
use registry::push::Push;
use registry::sharing::Sharing;

use super::check::{Member, Work};
use super::outcome::{Done, Outcomes};
use crate::environment::Environment;
use crate::push::{self, Ready};
use crate::ui::Ui;

/// One client for each registry, by its name: its connections and tokens are for all pushes there.
pub(super) type Clients = BTreeMap<String, Client>;

/// Makes the clients, and lets the pushes to each registry share their blobs.
///
/// # Errors
/// If the address of a registry is none, or a manifest can't be read.
pub(super) fn share(
    members: &mut [Member],
    insecure: bool,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Clients> {
    let mut by_registry: BTreeMap<String, Vec<&mut Push>> = BTreeMap::new();
    for member in members {
        if let Work::Push(ready) = &mut member.work {
            let Ready { repository, work, .. } = &mut **ready;
            by_registry.entry(repository.registry().to_owned()).or_default().push(work);
        }
    }
    let mut clients = Clients::new();
    for (registry, mut pushes) in by_registry {
        Sharing::among(&mut pushes)?;
        clients.insert(registry.clone(), push::client(&registry, insecure, environment, ui)?);
    }
    Ok(clients)
}

/// Sends all that is to be pushed. What became of each push is in `outcomes` as soon as it has ended.
pub(super) async fn send(
    members: &[Member],
    clients: &Clients,
    environment: &Environment,
    ui: &Ui,
    outcomes: &Outcomes,
) {
    let pushes = members.iter().enumerate().filter_map(|(number, member)| {
        let ready = member.push()?;
        let ui = ui.member(&member.target.label);
        Some(async move {
            let client = &clients[ready.repository.registry()];
            let sent = push::send(client, ready, &member.target, environment, &ui).await;
            if let Ok(summary) = &sent {
                ui.say(push::describe(summary, ready.work.dry_run));
                if let Some(tags) = push::tags(ready, summary) {
                    ui.say(tags);
                }
            }
            outcomes.set(number, sent.map(|_| Done::Pushed).context("push"));
        })
    });
    join_all(pushes).await;
}
