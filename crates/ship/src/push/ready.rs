//! A push in two steps, which one push and many together have in common: [`ready`] finds all that can be wrong without
//! asking a registry, and [`send`] does the rest.

use std::sync::Arc;

use oci::reference::Repository;
use registry::client::{Client, Options};
use registry::jobs::Jobs;
use registry::push::{Push, Summary};
use registry::serve::Embedded;

use super::signer::Signer;
use super::{Args, destination, referrers};
use crate::credentials::keychain;
use crate::environment::Environment;
use crate::spec;
use crate::target::Target;
use crate::ui::Ui;

/// A push with names that a registry takes, and whoever signs it.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Where it goes.
    pub(crate) repository: Repository,
    /// What goes there.
    pub(crate) work: Push,
    signer: Option<Signer>,
}

/// The push of `target` as it is declared, and as the command line has changed that; to `embedded` if there is one.
///
/// # Errors
/// Names that no registry takes; files of the signer that aren't found. Nothing was sent then.
pub(crate) fn ready(
    target: &Target,
    declared: &spec::Push,
    args: &Args,
    embedded: Option<&Embedded>,
    jobs: Jobs,
    ui: &Ui,
) -> anyhow::Result<Ready> {
    let mut repository = destination::repository(target, declared, args)?;
    let tags = destination::tags(target, declared, args, ui)?;
    let blob_repository = destination::blob_repository(declared)?;
    let referrers = referrers::of(target, ui)?;
    if let Some(embedded) = embedded {
        repository = repository.with_registry(&embedded.address().to_string())?;
    }
    let signer = match &declared.signer {
        Some(signer) if embedded.is_none() => Some(Signer::new(target, signer, &repository)?),
        Some(signer) => {
            ui.say(format!("not signed by {}: the embedded registry ends with this program", signer.label));
            None
        }
        None => None,
    };
    let work = Push {
        repository: repository.path().to_owned(),
        root: target.root.clone(),
        tags: tags.root,
        image_tags: tags.images,
        referrers,
        blob_repository,
        content: Arc::clone(&target.content),
        jobs,
        share: None,
        push_foreign: args.allow_nondistributable_artifacts,
        dry_run: args.dry_run,
    };
    Ok(Ready { repository, work, signer })
}

/// Does it: all that is pushed, then the signer, then the tags.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn send(
    client: &Client,
    ready: &Ready,
    target: &Target,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Summary> {
    let Ready { work, signer, .. } = ready;
    let Some(signer) = signer else { return Ok(registry::push::push(client, work).await?) };
    let mut summary = registry::push::upload(client, work).await?;
    ui.end();
    if work.dry_run {
        ui.say(format!("would sign: {}", signer.shown()));
    } else {
        signer.run(target, environment, ui).await?;
    }
    summary.tagged = registry::push::tag(client, work).await?;
    Ok(summary)
}

/// A client of a registry, with the credentials of this process.
///
/// # Errors
/// If the address is none, or there can be no HTTP client.
pub(crate) fn client(
    registry: &str,
    insecure: bool,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Client> {
    let keychain = keychain(environment);
    let options = Options { insecure, keychain, listener: ui.listener(), ..Options::default() };
    Ok(Client::new(registry, options)?)
}
