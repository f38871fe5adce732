//! `cosign`: signs or attests, with somebody else's cosign, what a push target sends.
//!
//! Nothing cryptographic happens here. The build knows the digest, so the image need not be pushed by this program, nor be
//! at hand: only its manifest is, whose digest is what cosign is given. All flags but `--repository` are cosign's own and
//! reach it as they are.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use oci::reference::Repository;

use crate::environment::Environment;
use crate::exit::{Exit, fail, usage};
use crate::program;
use crate::spec::{self, Spec};
use crate::target::Target;
use crate::ui::Ui;

/// The program that is started where the spec names none: found through `PATH`.
const COSIGN: &str = "cosign";

/// What was typed after `--`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// `--repository`: in place of the declared one; the last one counts.
    pub repository: Option<String>,
    /// All else, in its order: for cosign.
    pub passed: Vec<OsString>,
    /// Whether `--help` or `-h` was among it.
    pub help: bool,
}

/// Takes `--repository` out of the arguments.
///
/// # Errors
/// If it has no value, or one that isn't UTF-8.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Args> {
    const FLAG: &str = "--repository";
    let mut args = Args::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let inline = argument.to_str().and_then(|text| text.strip_prefix(FLAG)?.strip_prefix('='));
        if let Some(value) = inline {
            args.repository = Some(value.to_owned());
        } else if argument == FLAG {
            let value = arguments.next().ok_or_else(|| usage("--repository needs a value"))?;
            let value =
                value.into_string().map_err(|value| usage(format!("--repository {value:?}: not UTF-8")))?;
            args.repository = Some(value);
        } else {
            args.help |= argument == "--help" || argument == "-h";
            args.passed.push(argument);
        }
    }
    Ok(args)
}

/// The help of a target.
#[must_use]
pub fn help(spec: &Spec) -> String {
    let subcommand = subcommand(&spec.cosign);
    format!(
        "{label} runs `cosign {subcommand}` on its image, by digest{place}.\n\n\
         Usage: bazel run {label} -- [--repository REPOSITORY] [OPTIONS OF cosign {subcommand}]\n\n\
         Options:\n  \
           --repository REPOSITORY  in place of the declared repository\n\n\
         All else is given to cosign as it is; `cosign {subcommand} --help` lists it. The image must have been pushed.",
        label = spec.label,
        place = spec.cosign.repository.as_ref().map(|name| format!(", in {name}")).unwrap_or_default(),
    )
}

/// Runs cosign, which speaks for itself on standard output and standard error.
///
/// # Errors
/// If the repository is none, if cosign can't be started, or if it fails.
pub fn run(
    target: &Target,
    declared: &spec::Cosign,
    args: &Args,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let (repository, origin) = match (&args.repository, &declared.repository) {
        (Some(flag), _) => (flag, "--repository"),
        (None, Some(declared)) => (declared, "the attribute repository"),
        (None, None) => {
            return Err(usage("no repository to sign in: set the attribute repository, or say --repository"));
        }
    };
    let repository: Repository = repository.parse().map_err(|error| usage(format!("{origin}: {error}")))?;
    let predicate = match &declared.attestation {
        Some(attestation) => Some((target.files.find(&attestation.predicate)?, attestation.kind.as_str())),
        None => None,
    };
    let tool = match &declared.tool {
        Some(file) => target.files.find(file)?,
        None => COSIGN.into(),
    };
    let image = format!("{repository}@{}", target.root.digest);
    let ours = our_arguments(&image, predicate.as_ref().map(|(path, kind)| (path.as_path(), *kind)));
    // What was typed may be a password, and this line ends up in logs.
    let rest = if args.passed.is_empty() { "" } else { " …" };
    ui.say(format!("{}{rest}", program::shown(&tool, &ours)));
    let mut command = Command::new(&tool);
    // What was typed comes last, so that it wins.
    command.args(&ours).args(&args.passed);
    // Paths that were typed are relative to where they were typed, not to where `bazel run` starts programs.
    let status = command.current_dir(&environment.directory).status();
    let status = match status {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && declared.tool.is_none() => {
            return Err(fail(
                Exit::Failed,
                "there is no cosign on PATH: install it, or name one by the attribute cosign or by a toolchain of type \
                 @rules_strata//cosign:toolchain_type",
            ));
        }
        status => status.with_context(|| format!("cannot start {}", tool.display()))?,
    };
    if status.success() {
        return Ok(Exit::Done);
    }
    Err(fail(Exit::Failed, format!("cosign {}: {status}", subcommand(declared))))
}

fn subcommand(declared: &spec::Cosign) -> &'static str {
    if declared.attestation.is_some() { "attest" } else { "sign" }
}

/// What cosign is started with, before what was typed.
fn our_arguments(image: &str, predicate: Option<(&Path, &str)>) -> Vec<OsString> {
    match predicate {
        None => vec!["sign".into(), image.into()],
        Some((path, kind)) => vec![
            "attest".into(),
            image.into(),
            "--predicate".into(),
            path.into(),
            "--type".into(),
            kind.into(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn takes_the_repository_and_leaves_the_rest() {
        for (typed, repository, passed) in [
            ("", None, ""),
            ("--repository r.example/a", Some("r.example/a"), ""),
            ("--key k --repository=r.example/a --yes", Some("r.example/a"), "--key k --yes"),
            ("--repository=a --repository b", Some("b"), ""),
            ("--repository-like x --repositoryx", None, "--repository-like x --repositoryx"),
        ] {
            let args = parse(words(typed)).unwrap();
            assert_eq!(args.repository.as_deref(), repository, "{typed}");
            assert_eq!(args.passed, words(passed), "{typed}");
            assert!(!args.help);
        }
        assert!(parse(words("-y --help")).unwrap().help);
        assert!(parse(words("--key k --repository")).unwrap_err().to_string().contains("needs a value"));
    }
}
