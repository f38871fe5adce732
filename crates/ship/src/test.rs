//! `test`: whether what is in an image is as configs of container-structure-test say.
//!
//! ```text
//! image       the tree of the layers, and the files that tests look at
//! containers  command tests, in a runtime
//! report      a line for each test, and XML for those who collect it
//! ```
//! Configs are read before anything else. Metadata and files are read straight from manifest and layers, without a daemon
//! and without network; a runtime is looked for only where there is a command to run.

mod containers;
mod image;
mod report;

use anyhow::Context as _;
use oci::Platform;
use structure::{Outcome, Verdict, commands, config::Suite, pattern::Pattern};

use crate::environment::Environment;
use crate::exit::{Exit, usage};
use crate::images;
use crate::load::Runtime;
use crate::spec::{self, CommandTests, Spec};
use crate::target::Target;
use crate::ui::{Ui, count};

/// Where Bazel puts `--test_filter`.
const FILTER: &str = "TESTBRIDGE_TEST_ONLY";
/// Where Bazel wants the XML.
const XML: &str = "XML_OUTPUT_FILE";
/// The workspace of the main repository in runfiles.
const MAIN: &str = "_main/";

/// Flags of `test`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run only tests whose names match this regular expression; by default `--test_filter`
    #[arg(long, value_name = "REGEX")]
    pub filter: Option<String>,

    /// Of an index, test the image for this platform; by default the declared one, else this machine's
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub platform: Option<Platform>,

    /// The runtime that command tests run in; by default the one that the environment names, else the first that answers
    #[arg(long, value_enum)]
    pub runtime: Option<Runtime>,
}

/// The first paragraph of the help of a test target.
#[must_use]
pub fn about(spec: &Spec) -> String {
    format!(
        "{} tests what is in its image, as {} of container-structure-test say{}.\n\n\
         It reads manifest and layers, and asks no registry. Only tests that run a command need a runtime.",
        spec.label,
        count(spec.test.configs.len(), "config"),
        if spec.test.configs.len() == 1 { "s" } else { "" },
    )
}

/// The end of the help of a test target.
#[must_use]
pub fn examples(label: &str) -> String {
    format!(
        "Examples:\n  \
         bazel test {label}\n  \
         bazel test {label} --test_filter='File Content'\n  \
         bazel test {label} --test_arg=--runtime=podman\n\n\
         Prints PASS, FAIL or SKIP for each test on standard output, and all else on standard error.\n"
    )
}

/// Runs the tests of `target`; prints one line for each, and what is wrong.
///
/// # Errors
/// If a config is not one, or the image can't be read. A test that fails is no error: then it ends with [`Exit::Failed`].
pub async fn run(
    target: &Target,
    test: &spec::Test,
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let mut suites = suites(target, test)?;
    let filter = args.filter.as_deref().or_else(|| environment.get(FILTER));
    if let Some(filter) = filter {
        let pattern = Pattern::parse(filter)
            .map_err(|words| usage(format!("the filter {filter:?} is no regular expression: {words}")))?;
        suites.retain_mut(|suite| suite.keep(|name| pattern.is_in(name.as_bytes())));
        if suites.is_empty() {
            ui.result(format!(
                "{}: no test has a name that matches {pattern}, so none was run",
                target.label
            ))?;
        }
    }
    let narrowed = choose(target, test, args)?;
    let image = image::read(&narrowed, test, &suites, ui)?;
    let mut outcomes: Vec<Outcome> = suites.iter().flat_map(|suite| image.test(suite)).collect();
    let runs: Vec<commands::Run<'_>> = suites.iter().flat_map(|suite| commands::of(suite, &image)).collect();
    if !runs.is_empty() {
        outcomes.extend(match test.command_tests {
            CommandTests::Run => containers::run(&narrowed, &runs, args, environment, ui).await?,
            CommandTests::Skip => skipped(&runs),
        });
    }
    for line in report::lines(&target.label, &outcomes) {
        ui.result(line)?;
    }
    if let Some(path) = environment.path(XML) {
        oci::atomic::write(&path, structure::junit::xml(&target.label, &outcomes).as_bytes())
            .context("the XML of the tests")?;
    }
    let failed = outcomes.iter().any(|outcome| matches!(outcome.verdict, Verdict::Failed(_)));
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// The configs, read. What is wrong is said of all of them.
fn suites(target: &Target, test: &spec::Test) -> anyhow::Result<Vec<Suite>> {
    let (mut suites, mut problems) = (Vec::new(), Vec::new());
    for config in &test.configs {
        let path = target.files.find(config)?;
        let name = config.rlocation.strip_prefix(MAIN).unwrap_or(&config.rlocation);
        match Suite::load(name, &path) {
            Ok(suite) => suites.push(suite),
            Err(error) => problems.push(format!("{:#}", anyhow::Error::new(error))),
        }
    }
    if !problems.is_empty() {
        return Err(usage(problems.join("\n")));
    }
    if suites.is_empty() {
        return Err(usage("there is no config: name one in configs"));
    }
    Ok(suites)
}

/// The one image that is tested.
fn choose(target: &Target, test: &spec::Test, args: &Args) -> anyhow::Result<Target> {
    let declared = test.platform.as_deref().map(str::parse::<Platform>).transpose();
    let declared = declared.map_err(|error| usage(format!("platform: {error}")))?;
    if let Some(platform) = args.platform.as_ref().or(declared.as_ref()) {
        return target.clone().only(platform);
    }
    let images = images::below(&target.content, &target.root)?;
    if images.len() == 1 {
        return Ok(target.clone().with_root(images[0].descriptor.clone()));
    }
    // Containers are Linux's nearly everywhere.
    let here = Platform::of_this_machine();
    let linux = Platform::new("linux", here.architecture.clone());
    let platform = if images.iter().any(|image| image.fits(&here)) { here } else { linux };
    target
        .clone()
        .only(&platform)
        .context("an index is tested by the image for this machine unless `platform` says which")
}

fn skipped(runs: &[commands::Run<'_>]) -> Vec<Outcome> {
    let why = || Verdict::Skipped("commands are not run, as command_tests = \"skip\" says".to_owned());
    runs.iter().map(|run| run.outcome(why(), std::time::Duration::ZERO)).collect()
}
