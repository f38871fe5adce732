//! A container of the image that was loaded, by the runtime's own client: `--run`.
//!
//! Invariant: the client takes this process's place, so that the container's exit code, its terminal and every signal are
//! those of the command that was typed.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::process::Command;

use oci::Platform;
use oci::config::{Config, field};
use oci::manifest::Document;
use registry::content::Content;
use runtime::{Engine, Kind};

use super::choice::Choice;
use crate::exit::{Exit, fail};

/// What is needed to start a container, found before anything is loaded.
#[derive(Debug)]
pub(super) struct Container {
    command: Command,
    kind: Kind,
    platform: Option<Platform>,
    /// What `ctr` does not put before arguments by itself.
    entrypoint: Vec<String>,
}

impl Container {
    /// Finds the client that starts a container.
    ///
    /// # Errors
    /// There is none; or the image's configuration cannot be read.
    pub(super) fn new(
        engine: &Engine,
        places: &runtime::Environment,
        content: &Content,
        choice: &Choice,
    ) -> anyhow::Result<Self> {
        let kind = engine.kind();
        let command = engine.client(places).map_err(|client| {
            fail(
                Exit::Failed,
                format!("--run starts a container by `{client}`, and that is not on PATH: install it, or leave --run out"),
            )
        })?;
        let entrypoint = match content.document(&choice.image.digest)? {
            Document::Manifest(manifest) => Config::parse(&content.bytes(&manifest.config.digest)?)?
                .list(field::ENTRYPOINT)?
                .unwrap_or_default(),
            Document::Index(_) => Vec::new(),
        };
        Ok(Self { command, kind, platform: choice.platform.clone(), entrypoint })
    }

    /// Starts a container of the image `name`, with `arguments` in place of the image's own, and becomes its client.
    ///
    /// # Errors
    /// The client does not start.
    pub(super) fn start(mut self, name: &str, arguments: &[OsString]) -> anyhow::Result<Exit> {
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        self.command.args(self.arguments(name, arguments, terminal));
        become_it(self.command)
    }

    /// What goes after the client's own arguments.
    fn arguments(&self, name: &str, arguments: &[OsString], terminal: bool) -> Vec<OsString> {
        let mut all: Vec<OsString> = ["run", "--rm"].map(OsString::from).to_vec();
        all.extend(terminal.then(|| OsString::from("--tty")));
        all.extend(self.platform.as_ref().map(|platform| OsString::from(format!("--platform={platform}"))));
        if self.kind == Kind::Containerd {
            let container = format!("strata-{}", std::process::id());
            all.extend(["--net-host", name, &container].map(OsString::from));
            if !arguments.is_empty() {
                all.extend(self.entrypoint.iter().map(OsString::from));
            }
        } else {
            all.extend(["--interactive", "--network=host", name].map(OsString::from));
        }
        all.extend(arguments.iter().cloned());
        all
    }
}

#[cfg(unix)]
fn become_it(mut command: Command) -> anyhow::Result<Exit> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(fail(Exit::Failed, format!("cannot start {}: {error}", command.get_program().display())))
}

/// There is no taking another's place here: waits for the client and ends as it ends.
#[cfg(not(unix))]
fn become_it(mut command: Command) -> anyhow::Result<Exit> {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => {
            Err(fail(Exit::Failed, format!("cannot start {}: {error}", command.get_program().display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn the_command_of_each_client() {
        let id = std::process::id();
        for (kind, arguments, terminal, expected) in [
            (Kind::Docker, &[][..], false, "run --rm --interactive --network=host app:latest".to_owned()),
            (
                Kind::Podman,
                &["--port", "8080"],
                true,
                "run --rm --tty --interactive --network=host app:latest --port 8080".to_owned(),
            ),
            (Kind::Containerd, &[], false, format!("run --rm --net-host app:latest strata-{id}")),
            (
                Kind::Containerd,
                &["-v"],
                true,
                format!("run --rm --tty --net-host app:latest strata-{id} /app -v"),
            ),
        ] {
            let container = Container {
                command: Command::new("client"),
                kind,
                platform: None,
                entrypoint: vec!["/app".to_owned()],
            };
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            let found = container.arguments("app:latest", &arguments, terminal);
            assert_eq!(found.join(OsStr::new(" ")), *expected, "{kind}");
        }
        let emulated = Container {
            command: Command::new("docker"),
            kind: Kind::Docker,
            platform: Some(Platform::new("linux", "arm64")),
            entrypoint: vec![],
        };
        assert_eq!(
            emulated.arguments("app", &[], false).join(OsStr::new(" ")),
            *"run --rm --platform=linux/arm64 --interactive --network=host app"
        );
    }
}
