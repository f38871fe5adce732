//! `load`: an image into a container runtime.
//!
//! ```text
//! names      what it will be called
//! choice     which image of an index the runtime gets
//! limits     what the runtime cannot take
//! reframe    layers in a compression that the runtime reads
//! progress   how far it is
//! transfer   the runtime pulls from loopback, names it, forgets where it came from
//! archive    the way where it does not reach loopback
//! file       the way into a file, or to a loader, in place of a runtime
//! summary    what moved
//! start      a container of it
//! ```
//! Everything that can be wrong with the command and the image is found before the runtime is asked to do anything.

mod archive;
mod choice;
mod file;
mod limits;
mod names;
mod progress;
mod reframe;
mod start;
mod summary;
mod transfer;

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use oci::{Platform, Reference};
use registry::content::Content;
use runtime::{About, Engine, Found, Kind};

use self::choice::Choice;
use self::progress::{Had, News};
use self::transfer::{Moved, Pulled, Transferred};
use crate::environment::Environment;
use crate::exit::{Exit, fail, usage};
use crate::spec::{self, Spec};
use crate::target::Target;
use crate::ui::Ui;

/// Flags of `load`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name the image so, in place of the declared names; repeatable.
    #[arg(short, long = "tag", value_name = "NAME[:TAG]")]
    pub tags: Vec<String>,

    /// The runtime to load into; by default the one that the environment names, else the first that answers.
    #[arg(long, value_enum)]
    pub runtime: Option<Runtime>,

    /// Write an archive for `docker load` and others to this file, `-` being standard output, and load nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["runtime", "run"])]
    pub output: Option<PathBuf>,

    /// Of an index, load the image for this platform; by default the runtime's own.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub platform: Option<Platform>,

    /// Start a container of the image then, with all arguments that follow.
    #[arg(long, value_name = "ARGS", num_args = 0.., allow_hyphen_values = true)]
    pub run: Option<Vec<OsString>>,
}

/// A container runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Runtime {
    /// Docker's daemon: `DOCKER_HOST`, the current docker context, or the usual sockets.
    Docker,
    /// Podman: `CONTAINER_HOST`, the usual sockets of its service, or its command.
    Podman,
    /// containerd, by `ctr`: `CONTAINERD_ADDRESS`, `CONTAINERD_NAMESPACE`.
    Containerd,
    /// containerd, by `nerdctl` and its configuration.
    Nerdctl,
}

impl From<Runtime> for Kind {
    fn from(runtime: Runtime) -> Self {
        match runtime {
            Runtime::Docker => Self::Docker,
            Runtime::Podman => Self::Podman,
            Runtime::Containerd => Self::Containerd,
            Runtime::Nerdctl => Self::Nerdctl,
        }
    }
}

/// The beginning of the help of a load target.
#[must_use]
pub fn about(spec: &Spec) -> String {
    let names = match spec.load.repo_tags.as_slice() {
        [] => String::new(),
        names => format!(" as {}", names.join(", ")),
    };
    format!(
        "{} loads its image into a container runtime{names}.\n\n\
         The runtime fetches just what it lacks, from this program.",
        spec.label
    )
}

/// The end of the help of a load target.
#[must_use]
pub fn examples(label: &str) -> String {
    format!(
        "Examples:\n  \
         bazel run {label} -- --tag app:mine --run --port 8080\n  \
         bazel run {label} -- --runtime podman\n  \
         bazel run {label} -- --output image.tar\n\n\
         Prints `Loaded image: NAME` for each name on standard output, and all else on standard error.\n"
    )
}

/// What the image will be called: all that can be wrong with a load before a runtime is asked.
///
/// # Errors
/// If there is no name, or one that no image can have.
pub fn check(target: &Target, load: &spec::Load, args: &Args) -> anyhow::Result<Vec<Reference>> {
    names::parse(&target.load_names(load, &args.tags)?)
}

/// Loads `target` and returns how it ended. Prints `Loaded image: REF` for each name on standard output, or on standard
/// error where that is the container's. Where it is dropped, as Ctrl-C does, what it has begun at the runtime is taken back.
///
/// # Errors
/// Whatever stops the load; `exit::Exit::of` turns it into an exit code.
pub async fn run(
    target: &Target,
    load: &spec::Load,
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let names = check(target, load, args)?;
    if args.output.is_some() || (load.loader.is_some() && args.runtime.is_none()) {
        by_file(target, load, args, &names, environment, ui).await
    } else {
        by_runtime(target, args, &names, environment, ui).await
    }
}

/// Into the file of `--output`, or to the loader that the target declares.
async fn by_file(
    target: &Target,
    load: &spec::Load,
    args: &Args,
    names: &[Reference],
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let narrowed;
    let target = match &args.platform {
        Some(platform) => {
            narrowed = target.clone().only(platform).context("--platform")?;
            &narrowed
        }
        None => target,
    };
    let image = file::Image { target, format: load.format, names };
    match (&args.output, &load.loader) {
        (Some(output), _) => file::write(image, output, environment, ui).await,
        (None, Some(_)) if args.run.is_some() => {
            Err(usage("--run needs a runtime that is known, and this target has a loader: say --runtime too"))
        }
        (None, Some(loader)) => file::load(image, loader, environment, ui).await,
        (None, None) => Err(usage("there is neither --output nor a loader")),
    }
}

/// Into a runtime, and then into a container if that is wanted.
async fn by_runtime(
    target: &Target,
    args: &Args,
    names: &[Reference],
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let places = runtime::Environment::from_variables(|name| environment.variables.get(name).cloned());
    let Ready { found, about, choice, container } = prepare(target, args, &places).await?;
    introduce(&found, &about, ui);
    let engine = &found.engine;
    let done = bring(engine, &about, &target.content, &choice, names, ui).await?;
    report(engine, &done, container.is_some(), ui)?;
    match (container, done.named.first(), &args.run) {
        // Its client takes this process's place, and nothing is cleaned up any more: whatever has to go is gone by now.
        (Some(container), Some(name), Some(arguments)) => container.start(&engine.stored(name), arguments),
        _ => Ok(Exit::Done),
    }
}

/// What was found to be right before anything is done.
struct Ready {
    found: Found,
    about: About,
    choice: Choice,
    /// What is to be started, if anything.
    container: Option<start::Container>,
}

/// Finds the runtime, and what it gets.
async fn prepare(target: &Target, args: &Args, places: &runtime::Environment) -> anyhow::Result<Ready> {
    let found = runtime::find(places, args.runtime.map(Kind::from)).await.map_err(failure)?;
    let about = found.engine.about().await.map_err(failure)?;
    let choice = choice::choose(&target.content, &target.root, &about.platform, args.platform.as_ref())?;
    limits::check(found.engine.kind(), &about, &choice)?;
    // A client that is not there is no reason to have half of what was asked for.
    let container = match &args.run {
        Some(_) => Some(start::Container::new(&found.engine, places, &target.content, &choice)?),
        None => None,
    };
    Ok(Ready { found, about, choice, container })
}

/// Brings what was chosen to the runtime, and says what moved. Nothing of it is left on this machine's disk.
async fn bring(
    engine: &Engine,
    about: &About,
    content: &Arc<Content>,
    choice: &Choice,
    names: &[Reference],
    ui: &Ui,
) -> anyhow::Result<Transferred> {
    let reframed = if about.reads_zstd { None } else { reframe::reframe(content, choice).await? };
    let (content, choice) = match &reframed {
        None => (content, choice),
        Some(reframed) => {
            ui.say(format!(
                "{} {} cannot read zstd: as gzip go {}. So the image has the digest {} there, and not {}; its ID and \
                 contents are the same",
                engine.kind(),
                about.release,
                reframed.layers.join(", "),
                reframed.choice.pull,
                choice.pull,
            ));
            (&reframed.content, &reframed.choice)
        }
    };

    let (started, size) = (Instant::now(), choice.layers.iter().map(|layer| layer.size).sum());
    ui.begin(size);
    let had = RefCell::new(Had::none_of(&choice.layers));
    let by_messages = engine.kind() == Kind::Docker;
    let show = |news: News| match news {
        News::Said(message) => {
            ui.advance(had.borrow_mut().grow(&message));
            if message.bytes.is_none() {
                let layer = message.layer.map_or_else(String::new, |layer| format!("{layer}: "));
                ui.detail(format!("{}: {layer}{}", engine.kind(), message.status));
            }
        }
        News::Detail(text) => ui.detail(text),
        News::Handed(_) if by_messages => {}
        News::Handed(bytes) => ui.advance(had.borrow_mut().handed(bytes)),
    };
    let pulled = transfer::transfer(engine, content.clone(), choice, names, &show).await;
    ui.end();
    let done = match pulled? {
        Pulled::Done(done) => done,
        Pulled::OutOfReach(how) => {
            ui.say(format!("{how}. So it gets the image as an archive"));
            ui.begin(size);
            let show = |news: archive::News| match news {
                archive::News::Sent(bytes) => ui.advance(bytes),
                archive::News::Again(why) => {
                    ui.detail(why);
                    ui.begin(size);
                }
            };
            let sent = archive::send(engine, content.clone(), choice, names, &show).await;
            ui.end();
            sent?
        }
    };
    match &done.moved {
        Moved::Layers(served) => {
            for line in summary::lines(content, &choice.layers, served, started.elapsed()) {
                ui.say(line);
            }
        }
        Moved::Archive(bytes) => ui.say(summary::archive(*bytes, started.elapsed())),
    }
    Ok(done)
}

/// Prints the names that the image has now; on standard error if standard output is the container's.
fn report(engine: &Engine, done: &Transferred, to_run: bool, ui: &Ui) -> anyhow::Result<()> {
    for name in &done.named {
        let line = format!("Loaded image: {}", engine.stored(name));
        if to_run { ui.say(line) } else { ui.result(line)? }
    }
    if done.problems.is_empty() {
        return Ok(());
    }
    let exit = if done.named.is_empty() { Exit::Failed } else { Exit::Partly };
    Err(fail(exit, done.problems.join("\n")))
}

/// Says where the image goes, and what was passed over or might have been meant.
fn introduce(found: &Found, about: &About, ui: &Ui) {
    let kind = found.engine.kind();
    for tried in &found.passed_over {
        ui.say(format!("not into {} at {}: {}", tried.kind, tried.place, tried.reason));
    }
    let namespace = about.namespace.as_ref().map_or_else(String::new, |namespace| {
        format!(", namespace {namespace} (CONTAINERD_NAMESPACE names another, such as k8s.io for Kubernetes)")
    });
    let also = found.others.iter().map(|kind| format!("; --runtime {kind} is here too")).collect::<String>();
    ui.say(format!(
        "loading into {kind} {} ({}) at {}{namespace}{also}",
        about.release, about.platform, about.place
    ));
}

/// An error of the runtime, with the exit code that it calls for.
fn failure(error: runtime::Error) -> anyhow::Error {
    if error.is_usage() {
        usage(error.to_string())
    } else if error.is_unreachable() {
        fail(Exit::Unreachable, error.to_string())
    } else {
        error.into()
    }
}
