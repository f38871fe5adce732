//! `push`: an image to a registry.
//!
//! What a person typed and what the target declares become a repository and tags first ([`destination`]); nothing is
//! sent before all of it is known to be right.

mod destination;
mod ready;
mod referrers;
mod signer;
pub mod upload;

pub(crate) use ready::{Ready, client, ready, send};

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use oci::Platform;
use oci::reference::Tag;
use registry::jobs::Jobs;
use registry::push::Summary;
use registry::read_back::{ReadBack, read_back};
use registry::serve::Embedded;

use crate::environment::Environment;
use crate::exit::Exit;
use crate::report;
use crate::spec::{self, Spec};
use crate::target::Target;
use crate::ui::{Ui, bytes, count, seconds};

/// The value of `--registry` that stands for a registry inside this program.
pub(crate) const EMBEDDED: &str = "embedded";

/// What is said when pushes are interrupted.
pub const INTERRUPTED: &str = "interrupted: no tag names anything that is incomplete";

/// Flags of `push`. The first paragraph of each is all of its help: `tests/expected/push_help.txt` shows the whole.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Push to this repository, in place of the declared one
    #[arg(short, long, value_name = "REPOSITORY")]
    pub repository: Option<String>,
    /// Move this tag too, beside those declared; may be given several times
    #[arg(short, long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Replace the registry in the repository. `embedded` is one inside this program that is gone when it ends: shows
    /// what the image is made of, and reads it all back
    #[arg(long, value_name = "HOST[:PORT]|embedded")]
    pub registry: Option<String>,
    /// Of an index, push the image for this platform alone
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub platform: Option<Platform>,
    /// Ask the registry what it has, show what would be sent, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write the digest of what was pushed (`sha256:…`) to this file
    #[arg(long, value_name = "FILE")]
    pub digest_file: Option<PathBuf>,
    /// How many blobs are under way at once
    #[arg(long, value_name = "N", default_value = "8")]
    pub jobs: NonZeroUsize,
    /// Allow plain HTTP and any certificate, so that others can read and change what is sent, credentials included.
    /// Loopback addresses and *.localhost need no flag for plain HTTP
    #[arg(long)]
    pub insecure: bool,
    /// Push layers, too, whose media type says that they aren't to be distributed
    #[arg(long)]
    pub allow_nondistributable_artifacts: bool,
}

/// The beginning of the help of a push target.
#[must_use]
pub fn about(spec: &Spec) -> String {
    let declared = match (&spec.push.repository, &spec.push.repository_file) {
        (Some(repository), _) => repository.clone(),
        (None, Some(file)) => format!("the repository that {} names", file.path.display()),
        (None, None) => "the repository of --repository".to_owned(),
    };
    let mut tags = Vec::new();
    if !spec.push.remote_tags.is_empty() {
        tags.push(spec.push.remote_tags.join(", "));
    }
    if let Some(file) = &spec.push.remote_tags_file {
        tags.push(format!("as {} lists", file.path.display()));
    }
    let mut tags =
        if tags.is_empty() { String::new() } else { format!(" and tags it {}", tags.join(", and ")) };
    if !spec.push.platform_tags.is_empty() {
        tags += &format!(", and its image for each platform {}", spec.push.platform_tags.join(", "));
    }
    let signed = match &spec.push.signer {
        Some(signer) => format!(" and {} has signed it", signer.label),
        None => String::new(),
    };
    format!(
        "{} pushes its image to {declared}{tags}.\n\n\
         What the registry has already is not sent. A tag moves only once all that it names is there{signed}. Names may \
         hold {{STABLE_…}} and other keys of the workspace status, and {{digest}}. Credentials come from the configuration \
         of docker and podman (`docker login`).",
        spec.label
    )
}

/// The end of the help of a push target.
#[must_use]
pub fn examples(label: &str) -> String {
    format!(
        "Examples:\n  \
         bazel run {label} -- --tag v1.2.0 --tag latest\n  \
         bazel run {label} -- --repository registry.example.com/team/app --dry-run\n  \
         bazel run {label} -- --registry embedded\n\n\
         Prints REPOSITORY@sha256:… on standard output, and all else on standard error.\n"
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
    let narrowed;
    let target = match &args.platform {
        Some(platform) => {
            narrowed = target.clone().only(platform).context("--platform")?;
            &narrowed
        }
        None => target,
    };
    let embedded = if args.registry.as_deref() == Some(EMBEDDED) { Some(Embedded::start()?) } else { None };
    let ready = ready(target, declared, args, embedded.as_ref(), Jobs::new(args.jobs.get()), ui)?;
    let Ready { repository, .. } = &ready;
    let client = client(repository.registry(), args.insecure, environment, ui)?;
    let pushed = send(&client, &ready, target, environment, ui).await;
    ui.end();
    let summary = pushed?;
    if embedded.is_some() && !args.dry_run {
        let mut read = ReadBack::default();
        for root in std::iter::once(&target.root).chain(&ready.work.referrers) {
            read += read_back(&client, repository.path(), root, args.jobs.get()).await?;
        }
        ui.say(report::table(target)?);
        ui.say(format!(
            "read back {} and {} ({}) over HTTP: every digest is right",
            count(read.manifests, "manifest"),
            count(read.blobs, "blob"),
            bytes(read.bytes)
        ));
    }
    ui.say(format!("{}, in {}", describe(&summary, args.dry_run), seconds(started.elapsed())));
    if let Some(tags) = tags(&ready, &summary) {
        ui.say(tags);
    }
    if let (Some(file), false) = (&args.digest_file, args.dry_run) {
        oci::atomic::write(&environment.resolve(file), target.root.digest.to_string().as_bytes())
            .context("pushed, but cannot write --digest-file")?;
    }
    ui.result(format!("{repository}@{}", target.root.digest))?;
    Ok(Exit::Done)
}

/// The last line for people: `pushed 3 blobs (12.3 MB), 8 already there`.
pub(crate) fn describe(summary: &Summary, dry_run: bool) -> String {
    let Summary { sent, sent_bytes, mounted, existed, foreign, attached, tagged: _ } = *summary;
    let verb = if dry_run { "would push" } else { "pushed" };
    let mut text = format!("{verb} {} ({})", count(sent, "blob"), bytes(sent_bytes));
    let rest = [
        (mounted, "mounted"),
        (existed, "already there"),
        (foreign, "not to be pushed"),
        (attached, "attached"),
    ];
    for (number, what) in rest {
        if number > 0 {
            text += &format!(", {number} {what}");
        }
    }
    text
}

/// The line that tells the tags: `tagged it 1, latest`; none where no tag moved.
pub(crate) fn tags(Ready { work, .. }: &Ready, summary: &Summary) -> Option<String> {
    let all = work.tags.iter().chain(work.image_tags.iter().map(|(_, tag)| tag));
    let all: Vec<&str> = all.map(Tag::as_str).collect();
    let verb = if work.dry_run { "would tag it" } else { "tagged it" };
    (summary.tagged > 0).then(|| format!("{verb} {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_line() {
        let summary = Summary { sent: 3, sent_bytes: 12_300_000, existed: 8, ..Summary::default() };
        assert_eq!(describe(&summary, false), "pushed 3 blobs (12.3 MB), 8 already there");
        let summary =
            Summary { sent: 1, sent_bytes: 5, mounted: 2, foreign: 1, attached: 1, ..Summary::default() };
        let expected = "would push 1 blob (5 B), 2 mounted, 1 not to be pushed, 1 attached";
        assert_eq!(describe(&summary, true), expected);
    }
}
