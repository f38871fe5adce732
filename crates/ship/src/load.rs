//! `load`: an image into a container runtime.
//!
//! ```text
//! names      what it will be called
//! choice     which image of an index the daemon gets
//! limits     what the daemon cannot take
//! progress   how far it is
//! transfer   the daemon pulls from loopback, names it, forgets where it came from
//! summary    what moved
//! ```
//! Everything that can be wrong with the command and the image is found before the daemon is asked to do anything.

mod choice;
mod limits;
mod names;
mod progress;
mod summary;
mod transfer;

use std::sync::Arc;
use std::time::Instant;

use oci::Platform;
use runtime::docker::{self, Docker, Progress};

use self::progress::Had;
use crate::environment::Environment;
use crate::exit::{Exit, fail, usage};
use crate::spec;
use crate::target::Target;
use crate::ui::Ui;

/// Flags of `load`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name the image so, in place of the declared names; repeatable.
    #[arg(short, long = "tag", value_name = "NAME[:TAG]")]
    pub tags: Vec<String>,

    /// The runtime to load into.
    #[arg(long, value_enum, default_value_t = Runtime::Docker)]
    pub runtime: Runtime,

    /// Of an index, load the image for this platform; by default the daemon's own.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub platform: Option<Platform>,
}

/// A container runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Runtime {
    /// Docker's daemon: `DOCKER_HOST`, the current docker context, or the usual sockets.
    Docker,
}

/// Loads `target` and returns how it ended. Prints `Loaded image: REF` for each name on standard output.
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
    let names = names::parse(&target.load_names(load, &args.tags)?)?;
    match args.runtime {
        Runtime::Docker => {
            let docker = connect(environment).await?;
            into_docker(&docker, target, &names, args.platform.as_ref(), ui).await
        }
    }
}

/// Finds the docker daemon.
async fn connect(environment: &Environment) -> anyhow::Result<Docker> {
    let places = runtime::Environment::from_variables(|name| environment.variables.get(name).cloned());
    docker::connect(&places).await.map_err(|error| match error {
        docker::Error::UnusableHost { .. } | docker::Error::NoContext { .. } => usage(error.to_string()),
        error => failure(error),
    })
}

async fn into_docker(
    docker: &Docker,
    target: &Target,
    names: &[oci::Reference],
    platform: Option<&Platform>,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let daemon = docker.version().await.map_err(failure)?;
    let own = Platform::new(daemon.os.as_str(), daemon.arch.as_str());
    let choice = choice::choose(&target.content, &target.root, &own, platform)?;
    limits::check(&target.content, &choice, &daemon)?;

    ui.detail(format!("docker {} ({own}) at {}", daemon.version, docker.endpoint()));

    let started = Instant::now();
    ui.begin(choice.layers.iter().map(|layer| layer.size).sum());
    let mut had = Had::none_of(&choice.layers);
    let show = |message: Progress| {
        ui.advance(had.grow(&message));
        if message.bytes.is_none() {
            let layer = message.layer.map_or_else(String::new, |layer| format!("{layer}: "));
            ui.detail(format!("docker: {layer}{}", message.status));
        }
    };
    let done = transfer::transfer(docker, Arc::clone(&target.content), &choice, names, show).await;
    ui.end();
    let done = done?;
    for line in summary::lines(&target.content, &choice.layers, &done.served, started.elapsed()) {
        ui.say(line);
    }
    for name in &done.named {
        ui.result(format!("Loaded image: {}", name.familiar()))?;
    }
    if done.problems.is_empty() {
        return Ok(Exit::Done);
    }
    let exit = if done.named.is_empty() { Exit::Failed } else { Exit::Partly };
    Err(fail(exit, done.problems.join("\n")))
}

/// An error of the daemon, with the exit code that it calls for.
fn failure(error: docker::Error) -> anyhow::Error {
    if error.is_unreachable() { fail(Exit::Unreachable, error.to_string()) } else { error.into() }
}
