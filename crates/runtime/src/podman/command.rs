//! `podman` as a command: it keeps images itself, and needs no service to run.

use oci::{Platform, Reference};
use serde::Deserialize;

use crate::client::{Client, ClientError};
use crate::{Archive, Environment, Reason};

/// The command, which has answered.
#[derive(Debug, Clone)]
pub struct Command {
    client: Client,
    release: String,
    platform: Platform,
}

/// The parts of `podman info` that are used. With a remote podman they are those of the machine that runs containers.
#[derive(Deserialize)]
struct Info {
    version: Version,
    host: Host,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "Version")]
    version: String,
}

#[derive(Deserialize)]
struct Host {
    arch: String,
    os: String,
}

impl Command {
    /// Finds `podman` on `PATH` and asks it what it runs.
    pub(crate) async fn connect(environment: &Environment, global: &[String]) -> Result<Self, Reason> {
        let program = environment.program("podman").ok_or(Reason::NotOnPath)?;
        let client = Client::new(program, global);
        let output =
            client.run("info", &["info", "--format=json"]).await.map_err(|error| error.to_string())?;
        let Info { version, host } = serde_json::from_str(&output)
            .map_err(|error| format!("`podman info --format=json` answers what makes no sense: {error}"))?;
        Ok(Self { client, release: version.version, platform: Platform::new(host.os, host.arch) })
    }

    /// Its release, such as `4.3.1`.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The platform of its containers.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Pulls `reference`, over plain HTTP if that is what is spoken there, for `platform` or else its own.
    ///
    /// # Errors
    /// `podman` ends with an error.
    pub async fn pull(&self, reference: &Reference, platform: Option<&Platform>) -> Result<(), ClientError> {
        self.client.pull(&["pull", "--quiet", "--tls-verify=false"], reference, platform).await
    }

    /// Gives the image `source` the further name `target`.
    ///
    /// # Errors
    /// `podman` ends with an error.
    pub async fn tag(&self, source: &Reference, target: &Reference) -> Result<(), ClientError> {
        self.client.tag(&["tag"], source, target).await
    }

    /// Takes the name `name` away, and the image if it has no other. A name that is not there is fine.
    ///
    /// # Errors
    /// `podman` ends with an error.
    pub async fn untag(&self, name: &Reference) -> Result<(), ClientError> {
        self.client.untag(&["rmi"], name, "image not known").await
    }

    /// Loads `archive`, with the names that are in it.
    ///
    /// # Errors
    /// `podman` ends with an error.
    pub async fn load(&self, archive: Archive) -> Result<(), ClientError> {
        self.client.load(&["load", "--quiet"], None, &[], archive).await
    }
}
