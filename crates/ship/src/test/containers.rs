//! Command tests, in containers of docker or podman.
//!
//! Invariant: nothing is left behind, neither containers nor images, whatever happens. A test that cannot be run has
//! failed, and says what is missing: it is never passed over.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use oci::{Reference, config::Config, manifest::Document};
use runtime::{Engine, Kind};
use structure::commands::{Ran, Run};
use structure::{Outcome, Verdict};

use super::Args;
use crate::environment::Environment;
use crate::load;
use crate::spec;
use crate::target::Target;
use crate::ui::Ui;

/// The repository that images of tests are in while they run.
const NAME: &str = "strata-test";
/// What to do where a command cannot be run.
const WAYS_OUT: &str = "Let the test reach a daemon (docs/test-images.md, \"Commands\"), or set command_tests = \"skip\" to leave \
                        commands out";

/// Runs them one after the other.
///
/// # Errors
/// If standard output is closed.
pub(super) async fn run(
    target: &Target,
    runs: &[Run<'_>],
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let mut runtime = match Runtime::with_image(target, args, environment, ui).await {
        Ok(runtime) => runtime,
        Err(error) => {
            let why = format!("it needs a container runtime: {error:#}. {WAYS_OUT}");
            let failed = |run: &Run<'_>| run.outcome(Verdict::Failed(vec![why.clone()]), Duration::ZERO);
            return Ok(runs.iter().map(failed).collect());
        }
    };
    let mut outcomes = Vec::with_capacity(runs.len());
    for run in runs {
        let started = Instant::now();
        outcomes.push(match runtime.test(run, environment).await {
            Ok(ran) => run.judge(&ran, started.elapsed()),
            Err(error) => run.outcome(Verdict::Failed(vec![format!("{error:#}")]), started.elapsed()),
        });
    }
    Ok(outcomes)
}

/// A runtime that has the image, and what has been made in it so far.
struct Runtime<'a> {
    engine: Engine,
    places: runtime::Environment,
    /// The image's name there.
    image: String,
    /// The image's platform, where it is not the runtime's.
    platform: Option<String>,
    /// What makes names of this run its own.
    random: String,
    /// How many containers there have been.
    containers: usize,
    made: Vec<Made>,
    ui: &'a Ui,
}

/// Something to be removed.
enum Made {
    Container(String),
    Image(String),
}

impl<'a> Runtime<'a> {
    async fn with_image(
        target: &Target,
        args: &Args,
        environment: &Environment,
        ui: &'a Ui,
    ) -> anyhow::Result<Self> {
        let places = runtime::Environment::from_variables(|name| environment.variables.get(name).cloned());
        let found = runtime::find(&places, args.runtime.map(Kind::from)).await?;
        let engine = found.engine;
        let kind = engine.kind();
        if !matches!(kind, Kind::Docker | Kind::Podman) {
            bail!("commands run in docker and podman, and what was found is {kind}");
        }
        engine.client(&places).map_err(|client| {
            anyhow::anyhow!("containers are started by `{client}`, and that is not on PATH: install it")
        })?;
        // Sandboxes number processes anew, so that a number of ours would not be unique.
        let random =
            tempfile::Builder::new().prefix("").tempdir().context("cannot make a temporary folder")?;
        let random = random.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name: Reference = format!("{NAME}:{}-{random}", &target.root.digest.hex()[..12]).parse()?;
        let stored = engine.stored(&name);
        let made = vec![Made::Image(stored.clone())];
        let mut this =
            Self { engine, places, image: stored, platform: None, random, containers: 0, made, ui };
        let declared = spec::Load { repo_tags: vec![name.to_string()], ..spec::Load::default() };
        let flags =
            load::Args { tags: Vec::new(), runtime: args.runtime, output: None, platform: None, run: None };
        load::run(target, &declared, &flags, environment, ui).await?;
        this.platform = foreign(target, &this.engine).await?;
        Ok(this)
    }

    /// Runs the commands of one test.
    async fn test(&mut self, run: &Run<'_>, environment: &Environment) -> anyhow::Result<Ran> {
        let before = self.made.len();
        let ran = self.steps(run, environment).await;
        for made in self.made.split_off(before).into_iter().rev() {
            self.remove(&made);
        }
        ran
    }

    async fn steps(&mut self, run: &Run<'_>, environment: &Environment) -> anyhow::Result<Ran> {
        let options = options(run, environment)?;
        let mut image = self.image.clone();
        for step in run.setup {
            let (container, ran) = self.container(&image, &options, step).await?;
            if ran.exit_code != 0 {
                let said = String::from_utf8_lossy(ran.stderr.trim_ascii()).into_owned();
                bail!("setup: {step:?} should end with 0, and ended with {}: {said}", ran.exit_code);
            }
            image = text(&self.call("commit", &["commit", &container]).await?);
            self.made.push(Made::Image(image.clone()));
        }
        Ok(self.container(&image, &options, &run.arguments).await?.1)
    }

    /// Runs one command in a container, which stays, and gives the container's name.
    async fn container(
        &mut self,
        image: &str,
        options: &[String],
        command: &[String],
    ) -> anyhow::Result<(String, Ran)> {
        let (first, rest) = command.split_first().context("there is no command")?;
        let entrypoint = format!("--entrypoint={first}");
        let platform = self.platform.as_ref().map(|platform| format!("--platform={platform}"));
        let container = format!("{NAME}-{}-{}", self.random, self.containers);
        self.containers += 1;
        let name = format!("--name={container}");
        let arguments: Vec<&str> = ["run", &name, &entrypoint]
            .into_iter()
            .chain(platform.as_deref())
            .chain(options.iter().map(String::as_str))
            .chain([image])
            .chain(rest.iter().map(String::as_str))
            .collect();
        self.made.push(Made::Container(container.clone()));
        let output = self.client(&arguments)?.output().await;
        let output = output.with_context(|| format!("cannot start {}", self.engine.kind()))?;
        // Whether the client's exit code is the command's own, or there was none.
        let state = self.call("inspect", &["inspect", "--format={{.State.Error}}", &container]).await;
        let (exit_code, error) =
            (output.status.code(), state.as_ref().map_or_else(|_| text(&output.stderr), |error| text(error)));
        match exit_code {
            Some(exit_code) if error.is_empty() && state.is_ok() => {
                let ran =
                    Ran { stdout: output.stdout, stderr: output.stderr, exit_code: i64::from(exit_code) };
                Ok((container, ran))
            }
            _ => bail!("{} cannot start {command:?}: {error}", self.engine.kind()),
        }
    }

    /// Asks the client for something, and gives what it printed.
    async fn call(&self, what: &str, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let kind = self.engine.kind();
        let output = self.client(arguments)?.output().await;
        let output = output.with_context(|| format!("cannot start {kind}"))?;
        if !output.status.success() {
            bail!("`{kind} {what}` ended with {}: {}", output.status, text(&output.stderr));
        }
        Ok(output.stdout)
    }

    fn client(&self, arguments: &[&str]) -> anyhow::Result<tokio::process::Command> {
        let mut command = tokio::process::Command::from(self.command()?);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    fn command(&self) -> anyhow::Result<Command> {
        self.engine.client(&self.places).map_err(|client| anyhow::anyhow!("`{client}` is no longer on PATH"))
    }

    fn remove(&self, made: &Made) {
        let arguments = match made {
            Made::Container(name) => ["rm", "--force", "--volumes", name].to_vec(),
            // Not by force, by which podman removes containers of others, too.
            Made::Image(name) => ["rmi", name].to_vec(),
        };
        let Ok(mut command) = self.command() else { return };
        let output = command.args(&arguments).stdin(Stdio::null()).output();
        let problem = match output {
            Ok(output) if output.status.success() => return,
            Ok(output) => text(&output.stderr),
            Err(error) => error.to_string(),
        };
        // What was never made has nothing to be removed.
        let is_gone = ["no such image", "no such container", "image not known", "no container with name"];
        if !is_gone.iter().any(|words| problem.to_lowercase().contains(words)) {
            self.ui.say(format!("`{} {}` failed: {problem}", self.engine.kind(), arguments.join(" ")));
        }
    }
}

impl Drop for Runtime<'_> {
    /// Also where the test is interrupted, as Bazel does when its time is over.
    fn drop(&mut self) {
        for made in std::mem::take(&mut self.made).into_iter().rev() {
            self.remove(&made);
        }
    }
}

/// The platform of the image, where it is not the one that the runtime runs.
async fn foreign(target: &Target, engine: &Engine) -> anyhow::Result<Option<String>> {
    let Document::Manifest(manifest) = target.content.document(&target.root.digest)? else { return Ok(None) };
    let platform = Config::parse(&target.content.bytes(&manifest.config.digest)?)?.platform()?;
    let native = engine.about().await?.platform;
    Ok((!native.matches(&platform)).then(|| platform.to_string()))
}

/// What a container is created with.
fn options(run: &Run<'_>, environment: &Environment) -> anyhow::Result<Vec<String>> {
    let declared = run.options();
    let mut all: Vec<String> = Vec::new();
    let mut add = |flag: &str, value: &str| all.push(format!("--{flag}={value}"));
    if let Some(user) = &declared.user {
        add("user", user);
    }
    if declared.privileged {
        add("privileged", "true");
    }
    if declared.allocate_tty {
        add("tty", "true");
    }
    if let Some(file) = &declared.env_file {
        add("env-file", file);
    }
    for name in &declared.env_vars {
        let value = environment.variables.get(name).and_then(|value| value.to_str());
        let value = value.with_context(|| {
            format!(
                "containerRunOptions.envVars names {name}, which is not set: pass it on by --test_env={name}"
            )
        })?;
        add("env", &format!("{name}={value}"));
    }
    for capability in &declared.capabilities {
        add("cap-add", capability);
    }
    for mount in &declared.bind_mounts {
        add("volume", mount);
    }
    for variable in &run.env {
        add("env", variable);
    }
    Ok(all)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
}
