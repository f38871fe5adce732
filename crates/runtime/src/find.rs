//! Which runtime is meant.
//!
//! Asked for one, that one it is. Else what the user names decides, and is final: `DOCKER_HOST` or `DOCKER_CONTEXT`,
//! `CONTAINER_HOST`, `CONTAINERD_ADDRESS` or `CONTAINERD_NAMESPACE`, the current context of docker's configuration, in
//! that order. Where nothing is named, the first that answers is taken: docker, podman, containerd, nerdctl.
//!
//! Invariant: what is taken unasked is what this user's own commands show. A containerd that docker's daemon uses is
//! none, since `docker` does not see what others put there.

use std::fmt;

use crate::containerd::{self, Ctr, DOCKERS_NAMESPACE, Nerdctl, Socket};
use crate::docker::{self, Candidate, Docker};
use crate::podman::{self, Place};
use crate::{Engine, Environment, Error, Reason, Tried};

/// A container runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Docker's daemon.
    Docker,
    /// Podman, with or without its service.
    Podman,
    /// containerd, by `ctr`.
    Containerd,
    /// containerd, by `nerdctl`.
    Nerdctl,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::Nerdctl => "nerdctl",
        })
    }
}

/// The runtime that was found.
#[derive(Debug)]
pub struct Found {
    /// It.
    pub engine: Engine,
    /// What was there, went before it, and will not do. Places where there is nothing at all are left out.
    pub passed_over: Vec<Tried>,
    /// Others that seem to be there, where none was asked for or named.
    pub others: Vec<Kind>,
}

/// Finds the runtime that `wanted` and `environment` mean.
///
/// # Errors
/// [`Error::NoRuntime`], and docker's own where docker is named, name every place that was tried and why each will not
/// do; others say what of the environment cannot be used.
pub async fn find(environment: &Environment, wanted: Option<Kind>) -> Result<Found, Error> {
    let named = match wanted.or_else(|| named(environment)) {
        None if docker::names_a_context(environment)? => Some(Kind::Docker),
        named => named,
    };
    let Some(kind) = named else { return anything(environment).await };
    let mut tried = Vec::new();
    match in_order(kind, environment, &mut tried).await? {
        Some(engine) => Ok(Found { engine, passed_over: there(tried), others: Vec::new() }),
        None => Err(Error::NoRuntime { wanted: Some(kind), tried }),
    }
}

/// The kind that a variable names.
fn named(environment: &Environment) -> Option<Kind> {
    if environment.docker_host.is_some() || environment.docker_context.is_some() {
        Some(Kind::Docker)
    } else if environment.container_host.is_some() {
        Some(Kind::Podman)
    } else if environment.containerd_address.is_some() || environment.containerd_namespace.is_some() {
        Some(Kind::Containerd)
    } else {
        None
    }
}

/// Whatever answers first.
async fn anything(environment: &Environment) -> Result<Found, Error> {
    let mut tried = Vec::new();
    for kind in [Kind::Docker, Kind::Podman, Kind::Containerd, Kind::Nerdctl] {
        let Some(engine) = in_order(kind, environment, &mut tried).await? else { continue };
        if let Engine::Containerd(ctr) = &engine
            && ctr.has_namespace(DOCKERS_NAMESPACE).await?
        {
            tried.push(Tried {
                kind,
                place: format!("unix://{}", ctr.socket().display()),
                reason: "is docker's, whose daemon would not see the image; --runtime containerd takes it all the same"
                    .into(),
            });
            continue;
        }
        let others = if kind == Kind::Docker { podman_besides(environment) } else { Vec::new() };
        return Ok(Found { engine, passed_over: there(tried), others });
    }
    Err(Error::NoRuntime { wanted: None, tried })
}

/// Podman, where it seems to be there. Nothing is asked, so that a load does not wait for it.
fn podman_besides(environment: &Environment) -> Vec<Kind> {
    let own = environment.podman_socket();
    let sockets = own.iter().chain(&environment.system_podman_socket);
    let there = sockets.clone().any(|socket| socket.exists()) || environment.program("podman").is_some();
    if there { vec![Kind::Podman] } else { Vec::new() }
}

/// Those of `tried` where there is something.
fn there(tried: Vec<Tried>) -> Vec<Tried> {
    tried.into_iter().filter(|tried| !tried.reason.is_absence()).collect()
}

/// The first of the ways to `kind` that answers. Adds those that don't to `tried`.
async fn in_order(
    kind: Kind,
    environment: &Environment,
    tried: &mut Vec<Tried>,
) -> Result<Option<Engine>, Error> {
    match kind {
        Kind::Docker => match docker::connect(environment).await {
            Ok(docker) => Ok(Some(docker_or_podman(docker))),
            Err(docker::Error::NoDaemon(all)) if all.iter().all(docker::Tried::is_usual) => {
                tried.extend(all.into_iter().map(|one| api_tried(kind, one)));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        },
        Kind::Podman => {
            for place in podman::places(environment)? {
                match place {
                    Place::Service(candidate) => match podman_service(candidate).await? {
                        Ok(service) => return Ok(Some(Engine::PodmanService(service))),
                        Err(one) => tried.push(one),
                    },
                    Place::Command(global) => match podman::Command::connect(environment, &global).await {
                        Ok(podman) => return Ok(Some(Engine::PodmanCommand(podman))),
                        Err(reason) => {
                            tried.push(Tried { kind, place: "the podman command".to_owned(), reason });
                        }
                    },
                }
            }
            Ok(None)
        }
        Kind::Containerd => {
            for socket in containerd::sockets(environment) {
                match Ctr::connect(environment, &socket).await {
                    Ok(ctr) => return Ok(Some(Engine::Containerd(ctr))),
                    Err(reason) => tried.push(containerd_tried(&socket, reason)),
                }
            }
            Ok(None)
        }
        Kind::Nerdctl => match Nerdctl::connect(environment).await {
            Ok(nerdctl) => Ok(Some(Engine::Nerdctl(nerdctl))),
            Err(reason) => {
                tried.push(Tried { kind, place: "the nerdctl command".to_owned(), reason });
                Ok(None)
            }
        },
    }
}

/// Podman's service answers docker's API as well, on docker's usual socket too where the package podman-docker puts it.
fn docker_or_podman(docker: Docker) -> Engine {
    podman::Service::over(&docker).map_or(Engine::Docker(docker), Engine::PodmanService)
}

/// Podman's service at `candidate`; else why not.
async fn podman_service(candidate: Candidate) -> Result<Result<podman::Service, Tried>, Error> {
    let origin = candidate.origin.clone();
    Ok(match docker::first(vec![candidate]).await? {
        Ok(engine) => podman::Service::over(&engine).ok_or_else(|| Tried {
            kind: Kind::Podman,
            place: format!("{} ({origin})", engine.endpoint()),
            reason: "answers, and is docker and not podman".into(),
        }),
        Err(mut all) => Err(api_tried(Kind::Podman, all.remove(0))),
    })
}

fn api_tried(kind: Kind, one: docker::Tried) -> Tried {
    Tried { kind, place: format!("{} ({})", one.endpoint, one.origin), reason: one.reason }
}

fn containerd_tried(socket: &Socket, reason: Reason) -> Tried {
    let place = format!("unix://{} ({})", socket.path.display(), socket.origin);
    Tried { kind: Kind::Containerd, place, reason }
}
