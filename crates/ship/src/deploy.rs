//! `deploy`: many pushes and loads in one command.
//!
//! ```text
//! check      all that can be wrong without a registry, of all members, and then who lacks credentials
//! pushes     all at once: one client for each registry, each blob once for each registry
//! outcome    what became of each member: lines, --digests-out, the exit code
//! ```
//! Nothing is sent unless all of `check` is right. After that each member is on its own: one that fails leaves the
//! results of the others as they are.

mod check;
mod outcome;
mod pushes;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use oci::atomic::AtomicFile;
use registry::jobs::Jobs;
use registry::serve::Embedded;

use self::check::Member;
use self::outcome::{Done, Outcomes};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::spec::{Command, Spec};
use crate::ui::{Ui, count, seconds};
use crate::{interrupt, load, push};

/// Flags of `deploy`. The first paragraph of each is all of its help: `tests/expected/deploy_help.txt` shows the whole.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Replace the registry of every push, and keep the paths. `embedded` is one inside this program that is gone when it
    /// ends
    #[arg(long, value_name = "HOST[:PORT]|embedded")]
    pub registry: Option<String>,
    /// Move this tag in every push, in place of those declared; may be given several times
    #[arg(short, long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The runtime of every load; by default the one that the environment names, else the first that answers
    #[arg(long, value_enum, hide_possible_values = true, value_name = "docker|podman|containerd|nerdctl")]
    pub runtime: Option<load::Runtime>,
    /// Ask the registries what they have, show what each push would send, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write what was pushed to this file, as JSON: by label, `reference` (REPOSITORY@sha256:…) and `tags`. It holds the
    /// pushes that succeeded, also when others failed
    #[arg(long, value_name = "FILE")]
    pub digests_out: Option<PathBuf>,
    /// How many blobs are under way at once, in all pushes together
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

impl Args {
    /// The flags of one push among the many.
    fn of_push(&self) -> push::Args {
        push::Args {
            repository: None,
            tags: self.tags.clone(),
            registry: self.registry.clone(),
            platform: None,
            dry_run: self.dry_run,
            digest_file: None,
            jobs: self.jobs,
            insecure: self.insecure,
            allow_nondistributable_artifacts: self.allow_nondistributable_artifacts,
        }
    }

    /// The flags of one load among the many.
    fn of_load(&self) -> load::Args {
        load::Args { tags: Vec::new(), runtime: self.runtime, output: None, platform: None, run: None }
    }
}

/// The beginning of the help of a deploy target.
#[must_use]
pub fn about(spec: &Spec) -> String {
    let list = |command: Command, verb: &str| {
        let members = spec.deploy.members.iter().filter(|member| member.command == command);
        let lines: String = members.map(|member| format!("\n  {verb} {}", member.label)).collect();
        lines
    };
    format!(
        "{} pushes and loads many images:{}{}\n\n\
         All names, files and credentials are checked before anything is sent. A registry gets each blob once, however many \
         images need it. If one target fails, the others are done all the same, and a second run sends only what is \
         missing.",
        spec.label,
        list(Command::Push, "push"),
        list(Command::Load, "load")
    )
}

/// The end of the help of a deploy target.
#[must_use]
pub fn examples(label: &str) -> String {
    format!(
        "Examples:\n  \
         bazel run {label} -- --dry-run\n  \
         bazel run {label} -- --registry staging.example.com --tag v1.2.0 --digests-out digests.json\n\n\
         Prints `LABEL REPOSITORY@sha256:…` for each push and `Loaded image: NAME` for each load on standard output, and all \
         else on standard error.\n"
    )
}

/// Pushes and loads all members of `spec`, which was read from `path`.
///
/// # Errors
/// What is wrong with any member, before anything is sent; then, once all have ended, what failed.
pub async fn run(
    spec: &Spec,
    path: &std::path::Path,
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let embedded =
        if args.registry.as_deref() == Some(push::EMBEDDED) { Some(Embedded::start()?) } else { None };
    let jobs = Jobs::new(args.jobs.get());
    let mut members = check::members(spec, path, args, embedded.as_ref(), &jobs, environment, ui)?;
    // Made before anything is sent: what can't be written then can't be known afterwards.
    let digests = match &args.digests_out {
        Some(file) if !args.dry_run => {
            Some(AtomicFile::create(&environment.resolve(file)).context("--digests-out")?)
        }
        _ => None,
    };
    let outcomes = Outcomes::new(members.len());
    let work = async {
        let clients = pushes::share(&mut members, args.insecure, environment, ui)?;
        check::access(&members, &clients).await?;
        pushes::send(&members, &clients, environment, ui, &outcomes).await;
        loads(&members, args, environment, ui, &outcomes).await;
        Ok(Exit::Done)
    };
    let ended = interrupt::unless(work, push::INTERRUPTED, ui).await?;
    ui.end();
    outcomes.print(&members, ui)?;
    if let Some(file) = digests {
        outcomes.write(&members, file).context("pushed, but cannot write --digests-out")?;
    }
    if ended == Exit::Interrupted {
        return Ok(ended);
    }
    outcomes.failures(&members)?;
    let verb = if args.dry_run { "checked" } else { "done" };
    ui.say(format!("{} {verb}, in {}", count(members.len(), "target"), seconds(started.elapsed())));
    Ok(Exit::Done)
}

/// The loads, one after the other: a runtime works on one at a time best, and layers that they share then move once.
async fn loads(members: &[Member], args: &Args, environment: &Environment, ui: &Ui, outcomes: &Outcomes) {
    for (number, member) in members.iter().enumerate() {
        let Some((declared, names)) = member.load() else { continue };
        let ui = ui.member(&member.target.label);
        if args.dry_run {
            let names: Vec<String> = names.iter().map(oci::Reference::familiar).collect();
            ui.say(format!("would load {}", names.join(", ")));
            outcomes.set(number, Ok(Done::Nothing));
            continue;
        }
        let loaded = load::run(&member.target, declared, &args.of_load(), environment, &ui).await;
        let lines = ui.results();
        match loaded {
            Ok(_) => outcomes.set(number, Ok(Done::Loaded(lines))),
            Err(error) => outcomes.fail(number, lines, error.context("load")),
        }
    }
}
