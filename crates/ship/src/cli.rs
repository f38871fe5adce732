//! From the command line to a command.
//!
//! A run target is this program with a spec beside it: `push.run` with `push.run.json`. Then the spec says the
//! command, and the command line holds its flags only. Without a spec it is a plain program with subcommands.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::environment::Environment;
use crate::exit::{Exit, usage};
use crate::spec::{self, Spec};
use crate::target::Target;
use crate::ui::Ui;
use crate::{cosign, deploy, fetch, inspect, interrupt, load, push, serve, spec_path, test};

/// What is the same in all commands.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Common {
    /// Say more: each blob, each retry, and where credentials came from (never what they are)
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// Pushes, loads and serves OCI images that Bazel built.
#[derive(Debug, Parser)]
#[command(name = "ship", version, after_help = EXIT_CODES)]
struct Plain {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: PlainCommand,
}

#[derive(Debug, Subcommand)]
enum PlainCommand {
    /// Push the image of a spec.
    Push {
        /// The spec, as the build writes it beside a run target.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        args: push::Args,
    },
    /// Load the image of a spec into a container runtime.
    Load {
        /// The spec, as the build writes it beside a run target.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        args: load::Args,
    },
    /// Push the image of a spec by its digest, with no tag. What the action `OciPush` does.
    Upload {
        /// The spec, as the build writes it for the action.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        args: push::upload::Args,
    },
    /// Push and load all that a spec names.
    Deploy {
        /// The spec, as the build writes it beside a run target.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        args: deploy::Args,
    },
    /// Serve an OCI layout directory, read-only and on loopback, until interrupted.
    Serve(serve::Args),
    /// Fetch one blob from the first registry that has it into a file, verified. What the action `OciFetch` does.
    Fetch(fetch::Args),
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 3 partly done, 4 credentials, 5 unreachable, \
                          130 interrupted";

/// A command that is ready to run.
#[derive(Debug)]
pub enum Command {
    /// Push what a spec names.
    Push(Spec, PathBuf, push::Args),
    /// Load what a spec names.
    Load(Spec, PathBuf, load::Args),
    /// Push and load all that a spec names.
    Deploy(Spec, PathBuf, deploy::Args),
    /// Show what a spec names.
    Inspect(Spec, PathBuf, inspect::Args),
    /// Sign or attest what a spec names.
    Cosign(Spec, PathBuf, cosign::Args),
    /// Test what a spec names.
    Test(Spec, PathBuf, test::Args),
    /// Push what a spec names by its digest.
    Upload(Spec, PathBuf, push::upload::Args),
    /// Serve a layout.
    Serve(serve::Args),
    /// Fetch a blob.
    Fetch(fetch::Args),
}

/// Takes the command line apart. Ends the process for `--help` and for what clap refuses (exit code 2).
///
/// # Errors
/// If the spec can't be read.
pub fn parse(
    environment: &Environment,
    arguments: impl Iterator<Item = OsString>,
) -> anyhow::Result<(Common, Command)> {
    let arguments = std::iter::once("ship".into()).chain(arguments);
    if let Some(path) = spec_path::candidates(&environment.executable).into_iter().find(|path| path.is_file())
    {
        let spec = Spec::load(&path)?;
        return run_target(spec, path, arguments);
    }
    if environment.executable.extension().is_some_and(|extension| extension == "run") {
        return Err(usage(format!(
            "{} is a run target, and its spec {} is not beside it: start it where Bazel put it, or take both, and its \
             runfiles, along",
            environment.executable.display(),
            spec_path::beside(&environment.executable).display()
        )));
    }
    let Plain { common, command } = Plain::parse_from(arguments);
    let command = match command {
        PlainCommand::Push { spec, args } => {
            let (spec, path) = named(environment, &spec, spec::Command::Push)?;
            Command::Push(spec, path, args)
        }
        PlainCommand::Load { spec, args } => {
            let (spec, path) = named(environment, &spec, spec::Command::Load)?;
            Command::Load(spec, path, args)
        }
        PlainCommand::Upload { spec, args } => {
            let (spec, path) = named(environment, &spec, spec::Command::Push)?;
            Command::Upload(spec, path, args)
        }
        PlainCommand::Deploy { spec, args } => {
            let (spec, path) = named(environment, &spec, spec::Command::Deploy)?;
            Command::Deploy(spec, path, args)
        }
        PlainCommand::Serve(args) => Command::Serve(args),
        PlainCommand::Fetch(args) => Command::Fetch(args),
    };
    Ok((common, command))
}

/// A spec that was named on the command line; it must be for the command that was asked for.
fn named(environment: &Environment, path: &Path, command: spec::Command) -> anyhow::Result<(Spec, PathBuf)> {
    let path = environment.resolve(path);
    let spec = Spec::load(&path)?;
    if spec.command != command {
        let is = format!("{:?}", spec.command).to_lowercase();
        let fix = match spec.command {
            spec::Command::Push | spec::Command::Load | spec::Command::Deploy => {
                format!("say `ship {is}`")
            }
            // These are no subcommands.
            _ => format!("start {} itself", spec.label),
        };
        return Err(usage(format!("{} is a spec for {is}: {fix}", path.display())));
    }
    Ok((spec, path))
}

/// The flags of a run target.
#[derive(Debug, Parser)]
struct Flags<A: clap::Args> {
    #[command(flatten)]
    args: A,
    #[command(flatten)]
    common: Common,
}

/// Takes the flags of the run target `label` apart, with help that speaks of it.
fn flags<A: clap::Args>(
    label: &str,
    about: String,
    arguments: impl Iterator<Item = OsString>,
) -> (Common, A) {
    flags_with_examples(label, about, "", arguments)
}

/// As [`flags`], with help that ends in `examples`.
fn flags_with_examples<A: clap::Args>(
    label: &str,
    about: String,
    examples: &str,
    arguments: impl Iterator<Item = OsString>,
) -> (Common, A) {
    // Set here and not by attributes: a flattened struct brings its own description.
    let command = Flags::<A>::command()
        .name("ship")
        .version(env!("CARGO_PKG_VERSION"))
        .override_usage(format!("bazel run {label} -- [OPTIONS]"))
        .max_term_width(100)
        .about(about)
        .long_about(clap::builder::Resettable::Reset)
        .after_help(format!("{examples}{EXIT_CODES}"));
    let Flags { args, common } =
        Flags::from_arg_matches(&command.get_matches_from(arguments)).unwrap_or_else(|error| error.exit());
    (common, args)
}

/// The command of a run target.
fn run_target(
    spec: Spec,
    path: PathBuf,
    arguments: impl Iterator<Item = OsString>,
) -> anyhow::Result<(Common, Command)> {
    Ok(match spec.command {
        spec::Command::Push => {
            let examples = push::examples(&spec.label);
            let (common, args) = flags_with_examples(&spec.label, push::about(&spec), &examples, arguments);
            (common, Command::Push(spec, path, args))
        }
        spec::Command::Load => {
            let examples = load::examples(&spec.label);
            let (common, args) = flags_with_examples(&spec.label, load::about(&spec), &examples, arguments);
            (common, Command::Load(spec, path, args))
        }
        spec::Command::Deploy => {
            let examples = deploy::examples(&spec.label);
            let (common, args) = flags_with_examples(&spec.label, deploy::about(&spec), &examples, arguments);
            (common, Command::Deploy(spec, path, args))
        }
        spec::Command::Inspect => {
            let (common, args) = flags(&spec.label, inspect::about(&spec), arguments);
            (common, Command::Inspect(spec, path, args))
        }
        spec::Command::Test => {
            let examples = test::examples(&spec.label);
            let (common, args) = flags_with_examples(&spec.label, test::about(&spec), &examples, arguments);
            (common, Command::Test(spec, path, args))
        }
        // Its flags are cosign's, which clap can't know.
        spec::Command::Cosign => {
            let args = cosign::parse(arguments.skip(1))?;
            (Common { verbose: false }, Command::Cosign(spec, path, args))
        }
    })
}

/// Does what was asked for.
///
/// # Errors
/// Whatever stops it.
pub async fn run(command: &Command, environment: &Environment, ui: &Ui) -> anyhow::Result<Exit> {
    match command {
        Command::Push(spec, path, args) => {
            let target = Target::open(spec, path, environment, ui)?;
            let work = push::run(&target, &spec.push, args, environment, ui);
            let done = interrupt::unless(work, push::INTERRUPTED, ui).await;
            done.with_context(|| format!("{}: push", spec.label))
        }
        Command::Load(spec, path, args) => {
            let target = Target::open(spec, path, environment, ui)?;
            let work = load::run(&target, &spec.load, args, environment, ui);
            let done = interrupt::unless(work, "interrupted", ui).await;
            done.with_context(|| format!("{}: load", spec.label))
        }
        Command::Deploy(spec, path, args) => deploy::run(spec, path, args, environment, ui)
            .await
            .with_context(|| format!("{}: deploy", spec.label)),
        Command::Inspect(spec, path, args) => inspect::run(spec, path, args, environment, ui)
            .with_context(|| format!("{}: inspect", spec.label)),
        Command::Cosign(spec, _, args) if args.help => {
            ui.result(cosign::help(spec))?;
            Ok(Exit::Done)
        }
        Command::Cosign(spec, path, args) => {
            let target = Target::open(spec, path, environment, ui)?;
            cosign::run(&target, &spec.cosign, args, environment, ui)
                .with_context(|| format!("{}: cosign", spec.label))
        }
        Command::Test(spec, path, args) => {
            let target = Target::open(spec, path, environment, ui)?;
            let work = test::run(&target, &spec.test, args, environment, ui);
            let done = interrupt::unless(work, "interrupted", ui).await;
            done.with_context(|| format!("{}: test", spec.label))
        }
        Command::Upload(spec, path, args) => {
            let target = Target::open(spec, path, environment, ui)?;
            let work = push::upload::run(&target, &spec.push, args, environment, ui);
            let done = interrupt::unless(work, push::INTERRUPTED, ui).await;
            done.with_context(|| format!("{}: push during the build", spec.label))
        }
        Command::Serve(args) => {
            interrupt::unless(serve::run(args, environment, ui), "no longer serving", ui).await
        }
        Command::Fetch(args) => interrupt::unless(fetch::run(args, environment, ui), "interrupted", ui).await,
    }
}
