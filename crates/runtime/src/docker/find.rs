//! Which daemons to try, in order.
//!
//! What the user names is final: `DOCKER_HOST`, else `DOCKER_CONTEXT`, else the current context of docker's
//! configuration. That is the docker client's own order. Only where nothing is named are the usual places tried.

use super::context;
use super::endpoint::{Candidate, Endpoint, Origin};
use super::error::Error;
use crate::Environment;

/// Sockets below the home directory, and whose they are.
const IN_HOME: [(&str, &str); 5] = [
    (".docker/run/docker.sock", "Docker Desktop's and rootless docker's socket"),
    (".docker/desktop/docker.sock", "Docker Desktop's socket on Linux"),
    (".rd/docker.sock", "Rancher Desktop's socket"),
    (".colima/default/docker.sock", "Colima's socket"),
    (".orbstack/run/docker.sock", "OrbStack's socket"),
];

/// The endpoints to try, in order: one if it is named, else the usual ones.
///
/// # Errors
/// A host URL that cannot be used, a context that does not exist, docker's configuration that cannot be read.
pub fn candidates(environment: &Environment) -> Result<Vec<Candidate>, Error> {
    let named = |url: &str, origin: Origin| match Endpoint::parse(url, environment.docker_tls) {
        Ok(endpoint) => Ok(vec![Candidate { endpoint, origin }]),
        Err(why) => Err(Error::UnusableHost { url: url.to_owned(), origin, why }),
    };
    if let Some(url) = &environment.docker_host {
        return named(url, Origin::DockerHost);
    }
    if let Some(name) = context_name(environment)? {
        let dir = environment
            .docker_config_dir()
            .ok_or_else(|| Error::NoContext { name: name.clone(), path: "~/.docker".into() })?;
        return named(&context::host(&dir, &name)?, Origin::Context(name));
    }
    Ok(well_known(environment))
}

/// Whether docker's configuration has a current context other than `default`.
///
/// # Errors
/// Docker's configuration cannot be read.
pub(crate) fn names_a_context(environment: &Environment) -> Result<bool, Error> {
    Ok(context_name(environment)?.is_some())
}

/// The context that is in force, other than `default`.
fn context_name(environment: &Environment) -> Result<Option<String>, Error> {
    match (&environment.docker_context, environment.docker_config_dir()) {
        (Some(name), _) => Ok(Some(name.clone()).filter(|name| name != "default")),
        (None, Some(dir)) => context::current(&dir),
        (None, None) => Ok(None),
    }
}

/// Where daemons usually listen: the system's, the user's own, those of the desktop products.
fn well_known(environment: &Environment) -> Vec<Candidate> {
    let system = environment.system_docker_socket.iter().map(|path| (path.clone(), "the system's socket"));
    let rootless =
        environment.xdg_runtime_dir.iter().map(|dir| (dir.join("docker.sock"), "rootless docker's socket"));
    let home = environment
        .home
        .iter()
        .flat_map(|home| IN_HOME.iter().map(|(path, whose)| (home.join(path), *whose)));
    system
        .chain(rootless)
        .chain(home)
        .map(|(path, whose)| Candidate { endpoint: Endpoint::Unix(path), origin: Origin::WellKnown(whose) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(environment: &Environment) -> Vec<String> {
        candidates(environment)
            .unwrap()
            .iter()
            .map(|candidate| format!("{} {}", candidate.endpoint, candidate.origin))
            .collect()
    }

    #[test]
    fn what_is_named_is_final_and_the_strongest_name_wins() {
        let home = tempfile::tempdir().unwrap();
        let docker = home.path().join(".docker");
        for name in ["current", "other"] {
            let dir = docker.join("contexts/meta").join(oci::digest::Digest::of(name.as_bytes()).hex());
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(
                dir.join("meta.json"),
                format!(r#"{{"Endpoints":{{"docker":{{"Host":"unix:///{name}.sock"}}}}}}"#),
            )
            .unwrap();
        }
        std::fs::write(docker.join("config.json"), r#"{"currentContext":"current"}"#).unwrap();

        let mut environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
        assert_eq!(found(&environment), ["unix:///current.sock from the docker context `current`"]);
        environment.docker_context = Some("other".to_owned());
        assert_eq!(found(&environment), ["unix:///other.sock from the docker context `other`"]);
        environment.docker_host = Some("tcp://127.0.0.1:2375".to_owned());
        assert_eq!(found(&environment), ["tcp://127.0.0.1:2375 from DOCKER_HOST"]);

        environment.docker_host = None;
        environment.docker_context = Some("missing".to_owned());
        let error = candidates(&environment).unwrap_err().to_string();
        assert!(error.contains("`missing`"), "{error}");
        environment.docker_context = Some("default".to_owned());
        assert!(found(&environment)[0].ends_with("Docker Desktop's and rootless docker's socket"));
    }

    #[test]
    fn the_usual_places_in_order() {
        let environment = Environment {
            system_docker_socket: Some("/var/run/docker.sock".into()),
            xdg_runtime_dir: Some("/run/user/1000".into()),
            home: Some("/home/u".into()),
            ..Environment::default()
        };
        let found = found(&environment);
        assert_eq!(found[0], "unix:///var/run/docker.sock the system's socket");
        assert_eq!(found[1], "unix:///run/user/1000/docker.sock rootless docker's socket");
        assert!(found[2].starts_with("unix:///home/u/.docker/run/docker.sock"));
        assert_eq!(found.len(), 2 + IN_HOME.len());
    }

    #[test]
    fn a_host_that_cannot_be_used_says_who_named_it() {
        let environment =
            Environment { docker_host: Some("ssh://build".to_owned()), ..Environment::default() };
        let error = candidates(&environment).unwrap_err().to_string();
        assert!(error.contains("ssh://build") && error.contains("DOCKER_HOST"), "{error}");
    }
}
