//! Where podman's service may listen, in order.
//!
//! `CONTAINER_HOST` is final, as it is for podman. Without it, the user's own service goes before the system's: its
//! images are those that `podman images` shows to this user. Where neither listens, `podman` itself does the work.

use std::path::PathBuf;

use crate::docker::{Candidate, Endpoint, Origin};
use crate::{Environment, Error};

/// One way to podman.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Its service.
    Service(Candidate),
    /// Its command, with these arguments before all others.
    Command(Vec<String>),
}

/// The ways to podman, in order.
///
/// # Errors
/// `CONTAINER_HOST` holds a URL that cannot be used.
pub(crate) fn places(environment: &Environment) -> Result<Vec<Place>, Error> {
    if let Some(url) = &environment.container_host {
        // Podman goes through ssh by itself, and takes it from the same variable.
        if url.starts_with("ssh://") {
            return Ok(vec![Place::Command(vec!["--remote".to_owned()])]);
        }
        let usable = ["unix:", "tcp:", "http:"].iter().any(|scheme| url.starts_with(scheme));
        let endpoint = Endpoint::parse(url, false).ok().filter(|_| usable);
        let endpoint = endpoint.ok_or_else(|| Error::ContainerHost(url.clone()))?;
        return Ok(vec![Place::Service(Candidate { endpoint, origin: Origin::ContainerHost })]);
    }
    let own = environment.podman_socket();
    let service = |path: PathBuf, whose| {
        Place::Service(Candidate { endpoint: Endpoint::Unix(path), origin: Origin::WellKnown(whose) })
    };
    let own = own.map(|path| service(path, "your own podman's socket"));
    let system = environment.system_podman_socket.clone();
    let system = system.map(|path| service(path, "the system's podman's socket"));
    Ok(own.into_iter().chain(system).chain([Place::Command(vec![])]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(environment: &Environment) -> Vec<String> {
        let words = |place: &Place| match place {
            Place::Service(candidate) => format!("{} {}", candidate.endpoint, candidate.origin),
            Place::Command(arguments) => {
                ["podman".to_owned()].iter().chain(arguments).cloned().collect::<Vec<_>>().join(" ")
            }
        };
        places(environment).unwrap().iter().map(words).collect()
    }

    #[test]
    fn ways_to_podman() {
        let mut environment = Environment {
            xdg_runtime_dir: Some("/run/user/1000".into()),
            system_podman_socket: Some("/run/podman/podman.sock".into()),
            docker_host: Some("unix:///docker.sock".to_owned()),
            ..Environment::default()
        };
        assert_eq!(
            found(&environment),
            [
                "unix:///run/user/1000/podman/podman.sock your own podman's socket",
                "unix:///run/podman/podman.sock the system's podman's socket",
                "podman",
            ]
        );
        for (url, expected) in [
            ("unix:///tmp/p.sock", "unix:///tmp/p.sock from CONTAINER_HOST"),
            ("tcp://127.0.0.1:8888", "tcp://127.0.0.1:8888 from CONTAINER_HOST"),
            ("ssh://core@127.0.0.1:53000/run/podman.sock", "podman --remote"),
        ] {
            environment.container_host = Some(url.to_owned());
            assert_eq!(found(&environment), [expected]);
        }
        for url in ["https://h:1", "podman.sock", "unix://relative.sock", "npipe:////./pipe/podman"] {
            environment.container_host = Some(url.to_owned());
            let error = places(&environment).unwrap_err().to_string();
            assert!(error.contains(url) && error.contains("write unix:///PATH"), "{error}");
        }
    }
}
