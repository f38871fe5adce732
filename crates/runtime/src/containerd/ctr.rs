//! `ctr`, containerd's own client.

use std::ffi::OsString;
use std::path::PathBuf;

use oci::{Platform, Reference};

use super::find::{DEFAULT_NAMESPACE, Socket};
use crate::client::{Client, ClientError};
use crate::{Archive, Environment, Reason, probe};

/// The label by which containerd remembers which repositories of a registry had a blob, up to the registry's name, which
/// comes without its port. Its value lists them, with commas between.
const SOURCE_LABEL: &str = "containerd.io/distribution.source.";

/// What `ctr` says of what is not there.
const GONE: &str = "not found";

/// A containerd that answers, and the namespace that is meant.
#[derive(Debug, Clone)]
pub struct Ctr {
    client: Client,
    socket: PathBuf,
    namespace: String,
    release: String,
}

impl Ctr {
    /// Asks the containerd at `socket` what it is.
    pub(crate) async fn connect(environment: &Environment, socket: &Socket) -> Result<Self, Reason> {
        probe::socket(&socket.path).map_err(|error| probe::why_not(&error))?;
        let program = environment.program("ctr").ok_or(
            "something listens, but `ctr`, containerd's client, by which it is spoken to, is not on PATH",
        )?;
        let namespace = environment.containerd_namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE).to_owned();
        let global: [OsString; 4] =
            ["--address".into(), socket.path.clone().into(), "--namespace".into(), namespace.clone().into()];
        let client = Client::new(program, global);
        let output = client.run("version", &["version"]).await.map_err(|error| error.to_string())?;
        let release = server_version(&output)
            .ok_or_else(|| format!("`ctr version` names no version of a server: {output}"))?
            .to_owned();
        Ok(Self { client, socket: socket.path.clone(), namespace, release })
    }

    /// Its release, such as `1.6.20~ds1`.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &std::path::Path {
        &self.socket
    }

    /// The namespace that images go to.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether it has that namespace.
    ///
    /// # Errors
    /// `ctr` ends with an error.
    pub async fn has_namespace(&self, name: &str) -> Result<bool, ClientError> {
        let names = self.client.run("list of namespaces", &["namespaces", "list", "--quiet"]).await?;
        Ok(names.lines().any(|line| line.trim() == name))
    }

    /// Fetches what the store lacks of `reference`, over plain HTTP, for `platform` or else this machine's, and unpacks
    /// it.
    ///
    /// # Errors
    /// `ctr` ends with an error.
    pub async fn pull(&self, reference: &Reference, platform: Option<&Platform>) -> Result<(), ClientError> {
        self.client.pull(&["images", "pull", "--plain-http"], reference, platform).await
    }

    /// Gives the image `source` the further name `target`, which another image loses.
    ///
    /// # Errors
    /// `ctr` ends with an error.
    pub async fn tag(&self, source: &Reference, target: &Reference) -> Result<(), ClientError> {
        self.client.tag(&["images", "tag", "--force"], source, target).await
    }

    /// Takes the name `name` away; containerd then drops what nothing names. A name that is not there is fine.
    ///
    /// # Errors
    /// `ctr` ends with an error.
    pub async fn untag(&self, name: &Reference) -> Result<(), ClientError> {
        self.client.untag(&["images", "remove"], name, GONE).await
    }

    /// Takes away what containerd remembers of the repository of `name`, from which blobs came: it would grow with each
    /// pull.
    ///
    /// # Errors
    /// `ctr` ends with an error.
    pub async fn forget(&self, name: &Reference) -> Result<(), ClientError> {
        let registry = name.repository.registry();
        let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
        let (label, repository) = (format!("{SOURCE_LABEL}{host}"), name.repository.path());
        let filter = format!("labels.\"{label}\"~=\"{repository}\"");
        let operation = format!("removal of what is remembered of {name}");
        let blobs = self.client.run(&operation, &["content", "list", &filter]).await?;
        for (digest, others) in blobs.lines().filter_map(|line| others_in(line, &label, repository)) {
            let arguments = ["content", "label", digest, &format!("{label}={others}")];
            // What is garbage may go at any time.
            self.client.unless_gone(&operation, &arguments, GONE).await?;
        }
        Ok(())
    }

    /// Imports `archive`, with the names that are in it, for `platform` or else this machine's.
    ///
    /// # Errors
    /// `ctr` ends with an error.
    pub async fn load(&self, archive: Archive, platform: Option<&Platform>) -> Result<(), ClientError> {
        self.client.load(&["images", "import"], platform, &["-"], archive).await
    }
}

/// The version in the part about the server of what `ctr version` prints.
fn server_version(output: &str) -> Option<&str> {
    let (_, server) = output.split_once("Server:")?;
    server.lines().find_map(|line| line.trim().strip_prefix("Version:")).map(str::trim)
}

/// The digest in a line of `ctr content list`, and the value of `label` there without `repository`; `None` where that is not
/// in it.
fn others_in<'a>(line: &'a str, label: &str, repository: &str) -> Option<(&'a str, String)> {
    let digest = line.split_whitespace().next()?;
    let (_, from) = line.split_once(label)?;
    // `=first,second,another.label=value`: repositories hold no `=`.
    let listed = from.strip_prefix('=')?.split(',').map(str::trim).take_while(|part| !part.contains('='));
    let (ours, others): (Vec<&str>, Vec<&str>) = listed.partition(|part| *part == repository);
    (!ours.is_empty()).then(|| (digest, others.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_repositories_of_a_registry_stay() {
        let label = "containerd.io/distribution.source.127.0.0.1";
        for (labels, expected) in [
            (format!("{label}=ours/image"), Some("")),
            (format!("containerd.io/uncompressed=sha256:1,{label}=a,ours/image,b"), Some("a,b")),
            (format!("{label}=ours/image,b,containerd.io/uncompressed=sha256:1"), Some("b")),
            (format!("{label}=other,containerd.io/uncompressed=ours/image"), None),
            ("containerd.io/uncompressed=sha256:1".to_owned(), None),
        ] {
            let line = format!("sha256:ab\t115B\t10 minutes\t{labels}");
            let expected = expected.map(|others| ("sha256:ab", others.to_owned()));
            assert_eq!(others_in(&line, label, "ours/image"), expected, "{line}");
        }
    }

    #[test]
    fn version_of_the_server() {
        let output = "Client:\n  Version:  1.7.0\n  Revision: \n  Go version: go1.19\n\nServer:\n  Version:  1.6.20~ds1\n  \
                      Revision: 1.6.20~ds1-1+deb12u2\n  UUID: c26a\n";
        assert_eq!(server_version(output), Some("1.6.20~ds1"));
        assert_eq!(server_version("Client:\n  Version:  1.7.0\n"), None);
    }
}
