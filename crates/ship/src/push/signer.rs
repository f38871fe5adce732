//! The signer of a push: a tool of the user's, run with the digest that was pushed. Nothing cryptographic happens here.
//!
//! Invariant: it runs when all that is pushed is in the registry, and before any tag moves. So a tag never names what
//! isn't signed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context as _;
use oci::reference::Repository;
use oci::stamp::{UnknownKey, replace};

use crate::environment::Environment;
use crate::exit::{Exit, fail, usage};
use crate::program;
use crate::spec::{self, Part};
use crate::target::Target;
use crate::ui::Ui;

/// The signer's command, ready before anything is sent.
#[derive(Debug)]
pub(super) struct Signer {
    label: String,
    reference: String,
    tool: PathBuf,
    arguments: Vec<OsString>,
    variables: BTreeMap<String, OsString>,
}

impl Signer {
    /// Finds the tool and its files, and puts in what placeholders stand for: `{reference}` (REPOSITORY@sha256:…),
    /// `{repository}`, `{registry}` and `{digest}` of what is pushed to `repository`, and stamps. Where no argument names
    /// any of the four, the reference becomes the last argument.
    ///
    /// # Errors
    /// If a file isn't found, or a stamp has no value.
    pub(super) fn new(
        target: &Target,
        declared: &spec::Signer,
        repository: &Repository,
    ) -> anyhow::Result<Self> {
        let reference = format!("{repository}@{}", target.root.digest);
        let own = BTreeMap::from([
            ("digest", target.root.digest.to_string()),
            ("reference", reference.clone()),
            ("registry", repository.registry().to_owned()),
            ("repository", repository.to_string()),
        ]);
        let mut values = Placeholders { target, label: &declared.label, own, named: false };
        let variables = declared
            .env
            .iter()
            .map(|(name, parts)| Ok((name.clone(), values.expand(parts, "env")?)))
            .collect::<anyhow::Result<_>>()?;
        values.named = false;
        let arguments = declared.args.iter().map(|parts| values.expand(parts, "args"));
        let mut arguments = arguments.collect::<anyhow::Result<Vec<_>>>()?;
        if !values.named {
            arguments.push(reference.clone().into());
        }
        let tool = target.files.find(&declared.tool)?;
        Ok(Self { label: declared.label.clone(), reference, tool, arguments, variables })
    }

    /// The command for people; not the variables, which may be secrets.
    pub(super) fn shown(&self) -> String {
        program::shown(&self.tool, &self.arguments)
    }

    /// Runs the tool to its end.
    ///
    /// # Errors
    /// If it can't be started, or fails.
    pub(super) async fn run(
        &self,
        target: &Target,
        environment: &Environment,
        ui: &Ui,
    ) -> anyhow::Result<()> {
        let shown = self.shown();
        ui.say(format!("signing: {shown}"));
        let mut command = program::helper(&self.tool, &self.arguments, &target.files, environment);
        let status = command.envs(&self.variables).status().await;
        let left = || {
            format!(
                "{} is in the registry, by its digest, and no tag was moved. Another run sends nothing again, signs, and \
                 then moves the tags",
                self.reference
            )
        };
        let status = status
            .with_context(|| format!("cannot start the signer {}: {shown}", self.label))
            .with_context(left)?;
        if status.success() {
            return Ok(());
        }
        let message = format!("the signer {} failed, {status}: {shown}\n{}", self.label, left());
        Err(fail(Exit::Failed, message))
    }
}

/// What stands for placeholders.
struct Placeholders<'a> {
    target: &'a Target,
    /// The signer's.
    label: &'a str,
    /// Those that a signer has beside stamps. `digest` differs from that of names: a tag can't hold a colon.
    own: BTreeMap<&'static str, String>,
    /// Whether one of `own` was asked for.
    named: bool,
}

impl Placeholders<'_> {
    fn expand(&mut self, parts: &[Part], attribute: &str) -> anyhow::Result<OsString> {
        let mut all = OsString::new();
        for part in parts {
            match part {
                Part::File(file) => all.push(self.target.files.find(file)?),
                Part::Text(text) => all.push(self.expand_text(text, attribute)?),
            }
        }
        Ok(all)
    }

    fn expand_text(&mut self, text: &str, attribute: &str) -> anyhow::Result<String> {
        let Self { target, label, own, named } = self;
        let expanded = replace(text, |name| match own.get(name) {
            Some(value) => {
                *named = true;
                Ok(Some(value.as_str()))
            }
            None => target.values.lookup(name),
        });
        expanded.map_err(|error: UnknownKey| usage(format!("{attribute} of {label}: {error}")))
    }
}
