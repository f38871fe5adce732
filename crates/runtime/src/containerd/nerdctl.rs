//! `nerdctl`, which finds its containerd by its own configuration, also a rootless one.

use oci::{Platform, Reference};

use super::find::DEFAULT_NAMESPACE;
use crate::client::{Client, ClientError};
use crate::{Archive, Environment, Reason};

/// The command, which has answered.
#[derive(Debug, Clone)]
pub struct Nerdctl {
    client: Client,
    namespace: String,
    release: String,
}

impl Nerdctl {
    /// Finds `nerdctl` on `PATH` and asks it what it talks to.
    pub(crate) async fn connect(environment: &Environment) -> Result<Self, Reason> {
        let program = environment.program("nerdctl").ok_or(Reason::NotOnPath)?;
        let client = Client::new(program, [""; 0]);
        let output = client.run("info", &["info"]).await.map_err(|error| error.to_string())?;
        let release = field(&output, "Server Version").unwrap_or("of an unknown version").to_owned();
        let named = field(&output, "Namespace").or(environment.containerd_namespace.as_deref());
        let namespace = named.unwrap_or(DEFAULT_NAMESPACE).to_owned();
        // Said each time, so that what was read is what is meant.
        let client = Client::new(client.program().to_owned(), ["--namespace", &namespace]);
        Ok(Self { client, namespace, release })
    }

    /// The release of containerd, such as `v1.7.2`.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The namespace that images go to.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Pulls `reference`, over plain HTTP if that is what is spoken there, for `platform` or else this machine's.
    ///
    /// # Errors
    /// `nerdctl` ends with an error.
    pub async fn pull(&self, reference: &Reference, platform: Option<&Platform>) -> Result<(), ClientError> {
        self.client.pull(&["--insecure-registry", "pull", "--quiet"], reference, platform).await
    }

    /// Gives the image `source` the further name `target`.
    ///
    /// # Errors
    /// `nerdctl` ends with an error.
    pub async fn tag(&self, source: &Reference, target: &Reference) -> Result<(), ClientError> {
        self.client.tag(&["tag"], source, target).await
    }

    /// Takes the name `name` away. A name that is not there is fine.
    ///
    /// # Errors
    /// `nerdctl` ends with an error.
    pub async fn untag(&self, name: &Reference) -> Result<(), ClientError> {
        self.client.untag(&["rmi"], name, "no such image").await
    }

    /// Loads `archive`, with the names that are in it, for `platform` or else this machine's.
    ///
    /// # Errors
    /// `nerdctl` ends with an error.
    pub async fn load(&self, archive: Archive, platform: Option<&Platform>) -> Result<(), ClientError> {
        self.client.load(&["load", "--quiet"], platform, &[], archive).await
    }
}

/// A field of what `nerdctl info` prints: the first line that begins with `name:`.
fn field<'a>(output: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.trim().strip_prefix(name)?.strip_prefix(':').map(str::trim);
    output.lines().find_map(value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_info() {
        let output = "Client:\n Namespace:\tdefault\n Debug Mode:\tfalse\n\nServer:\n Server Version: v1.7.2\n Name:\n";
        assert_eq!(field(output, "Namespace"), Some("default"));
        assert_eq!(field(output, "Server Version"), Some("v1.7.2"));
        assert_eq!(field(output, "Name"), None);
        assert_eq!(field(output, "Version"), None);
    }
}
