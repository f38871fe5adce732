//! What is asked of a runtime, whichever it is.

use std::process::Command;
use std::time::Duration;

use oci::manifest::DOCKERS_MOST_LAYERS;
use oci::{Digest, Platform, Reference};

use crate::containerd::{Ctr, Nerdctl};
use crate::docker::{Docker, Endpoint, Progress};
use crate::{Archive, Environment, Error, Kind, podman};

/// How long a daemon may take from a pull's begin to its first request. One that finds the way asks within
/// milliseconds.
const DAEMON_SILENCE: Duration = Duration::from_secs(2);
/// The same for a command, which starts first; on a busy machine that takes its time.
const COMMAND_SILENCE: Duration = Duration::from_secs(10);

/// A runtime that answers.
#[derive(Debug, Clone)]
pub enum Engine {
    /// Docker's daemon.
    Docker(Docker),
    /// Podman's service.
    PodmanService(podman::Service),
    /// `podman`.
    PodmanCommand(podman::Command),
    /// containerd, by `ctr`.
    Containerd(Ctr),
    /// containerd, by `nerdctl`.
    Nerdctl(Nerdctl),
}

/// What a runtime is and what it can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its release, such as `20.10.24+dfsg1`.
    pub release: String,
    /// The platform of its containers.
    pub platform: Platform,
    /// Where it is, such as `unix:///var/run/docker.sock`.
    pub place: String,
    /// For containerd, the namespace that images go to.
    pub namespace: Option<String>,
    /// Whether it can unpack layers that are compressed with zstd.
    pub reads_zstd: bool,
    /// The most layers that an image may have, where there is such a limit.
    pub most_layers: Option<usize>,
}

impl Engine {
    /// Which runtime it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Docker(_) => Kind::Docker,
            Self::PodmanService(_) | Self::PodmanCommand(_) => Kind::Podman,
            Self::Containerd(_) => Kind::Containerd,
            Self::Nerdctl(_) => Kind::Nerdctl,
        }
    }

    /// What it is and what it can take.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn about(&self) -> Result<About, Error> {
        let plain = |release: &str, platform: Platform, place: String| About {
            release: release.to_owned(),
            platform,
            place,
            namespace: None,
            reads_zstd: true,
            most_layers: None,
        };
        Ok(match self {
            Self::Docker(docker) => {
                let version = docker.version().await?;
                let platform = Platform::new(version.os.as_str(), version.arch.as_str());
                About {
                    reads_zstd: version.reads_zstd(),
                    most_layers: Some(DOCKERS_MOST_LAYERS),
                    ..plain(&version.version, platform, docker.endpoint().to_string())
                }
            }
            Self::PodmanService(service) => {
                let version = service.engine().version().await?;
                let platform = Platform::new(version.os.as_str(), version.arch.as_str());
                plain(&version.version, platform, service.endpoint().to_string())
            }
            Self::PodmanCommand(podman) => {
                let place = podman.client().program().display().to_string();
                plain(podman.release(), podman.platform().clone(), place)
            }
            // containerd's containers run on this machine.
            Self::Containerd(ctr) => About {
                namespace: Some(ctr.namespace().to_owned()),
                ..plain(
                    ctr.release(),
                    Platform::of_this_machine(),
                    format!("unix://{}", ctr.socket().display()),
                )
            },
            Self::Nerdctl(nerdctl) => About {
                namespace: Some(nerdctl.namespace().to_owned()),
                ..plain(
                    nerdctl.release(),
                    Platform::of_this_machine(),
                    nerdctl.client().program().display().to_string(),
                )
            },
        })
    }

    /// How long to wait for its first request after it was told to pull, before it counts as not finding the way.
    #[must_use]
    pub fn silence(&self) -> Duration {
        match self {
            Self::Docker(_) | Self::PodmanService(_) => DAEMON_SILENCE,
            Self::PodmanCommand(_) | Self::Containerd(_) | Self::Nerdctl(_) => COMMAND_SILENCE,
        }
    }

    /// The name under which to pull what is served as `pinned`, by its digest and as `latest`.
    #[must_use]
    pub fn pulled_as(&self, pinned: Reference) -> Reference {
        match self {
            Self::Docker(_) | Self::Containerd(_) => pinned,
            // These cannot take away a name that holds a digest. Without a tag, `latest` is meant.
            Self::PodmanService(_) | Self::PodmanCommand(_) | Self::Nerdctl(_) => {
                Reference { tag: "latest".parse().ok(), digest: None, ..pinned }
            }
        }
    }

    /// Lets it pull `reference`, over plain HTTP, for `platform` or else its own. `progress` sees what it says on the way.
    ///
    /// # Errors
    /// It cannot be asked, or refuses, or the pull fails.
    pub async fn pull(
        &self,
        reference: &Reference,
        platform: Option<&Platform>,
        progress: impl FnMut(Progress),
    ) -> Result<(), Error> {
        match self {
            Self::Docker(docker) => docker.pull(reference, platform, progress).await?,
            Self::PodmanService(service) => service.pull(reference, platform, progress).await?,
            Self::PodmanCommand(podman) => podman.pull(reference, platform).await?,
            Self::Containerd(ctr) => ctr.pull(reference, platform).await?,
            Self::Nerdctl(nerdctl) => nerdctl.pull(reference, platform).await?,
        }
        Ok(())
    }

    /// Gives the image `source` the further name `target`.
    ///
    /// # Errors
    /// It cannot be asked, or has no such image.
    pub async fn tag(&self, source: &Reference, target: &Reference) -> Result<(), Error> {
        match self {
            Self::Docker(docker) => docker.tag(&source.to_string(), target).await?,
            Self::PodmanService(service) => service.tag(source, target).await?,
            Self::PodmanCommand(podman) => podman.tag(source, target).await?,
            Self::Containerd(ctr) => ctr.tag(source, target).await?,
            Self::Nerdctl(nerdctl) => nerdctl.tag(source, target).await?,
        }
        Ok(())
    }

    /// Takes the name `name` away. The image itself goes too, if nothing else names or uses it. A name that is not there
    /// is fine.
    ///
    /// # Errors
    /// It cannot be asked, or refuses.
    pub async fn untag(&self, name: &Reference) -> Result<(), Error> {
        match self {
            Self::Docker(docker) => docker.untag(name).await?,
            Self::PodmanService(service) => service.untag(name).await?,
            Self::PodmanCommand(podman) => podman.untag(name).await?,
            Self::Containerd(ctr) => ctr.untag(name).await?,
            Self::Nerdctl(nerdctl) => nerdctl.untag(name).await?,
        }
        Ok(())
    }

    /// Lets it forget that blobs came from the repository of `name`, which is no more.
    ///
    /// # Errors
    /// It cannot be asked, or refuses.
    pub async fn forget(&self, name: &Reference) -> Result<(), Error> {
        match self {
            Self::Containerd(ctr) => Ok(ctr.forget(name).await?),
            // The others remember nothing that matters.
            _ => Ok(()),
        }
    }

    /// How many of these layers, the lowest first and by their uncompressed digests, an archive for it may be without. That
    /// is known of docker's classic store alone.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn layers_had(&self, layers: &[Digest]) -> Result<usize, Error> {
        match self {
            Self::Docker(docker) if !docker.info().await?.containerd_store() => {
                Ok(docker.layers_had(layers).await?)
            }
            _ => Ok(0),
        }
    }

    /// Lets it load `archive`, with the names that are in it, for `platform` or else its own.
    ///
    /// # Errors
    /// It cannot be asked, or refuses, or the archive breaks off.
    pub async fn load(&self, archive: Archive, platform: Option<&Platform>) -> Result<(), Error> {
        match self {
            Self::Docker(docker) => docker.load(archive).await?,
            Self::PodmanService(service) => service.load(archive).await?,
            Self::PodmanCommand(podman) => podman.load(archive).await?,
            Self::Containerd(ctr) => ctr.load(archive, platform).await?,
            Self::Nerdctl(nerdctl) => nerdctl.load(archive, platform).await?,
        }
        Ok(())
    }

    /// How it writes a name that it has stored: docker the short form (`app:latest`), the others the whole
    /// (`docker.io/library/app:latest`).
    #[must_use]
    pub fn stored(&self, name: &Reference) -> String {
        match self {
            Self::Docker(_) => name.familiar(),
            _ => name.to_string(),
        }
    }

    /// What a person types to take a name away; for messages.
    #[must_use]
    pub fn removal(&self, name: &Reference) -> String {
        match self {
            Self::Docker(_) => format!("docker rmi {name}"),
            Self::PodmanService(_) | Self::PodmanCommand(_) => format!("podman rmi {name}"),
            Self::Containerd(ctr) => format!("ctr --namespace {} images remove {name}", ctr.namespace()),
            Self::Nerdctl(nerdctl) => format!("nerdctl --namespace {} rmi {name}", nerdctl.namespace()),
        }
    }

    /// Its client, told where it is, as a command that takes further arguments.
    ///
    /// # Errors
    /// The name of the client that is not there.
    pub fn client(&self, environment: &Environment) -> Result<Command, &'static str> {
        let installed = |name| environment.program(name).map(Command::new).ok_or(name);
        Ok(match self {
            Self::Docker(docker) => {
                let mut command = installed("docker")?;
                command.arg("--host").arg(docker.endpoint().to_string());
                command
            }
            Self::PodmanService(service) => {
                let mut command = installed("podman")?;
                command.arg("--remote").arg("--url").arg(match service.endpoint() {
                    Endpoint::Unix(path) => format!("unix://{}", path.display()),
                    Endpoint::Tcp(authority) => format!("tcp://{authority}"),
                });
                command
            }
            Self::PodmanCommand(podman) => podman.client().command(),
            Self::Containerd(ctr) => ctr.client().command(),
            Self::Nerdctl(nerdctl) => nerdctl.client().command(),
        })
    }
}
