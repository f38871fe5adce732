//! What the environment says about where daemons are.
//!
//! Invariant: the crate itself reads no variable; whoever uses it brings them along, once, at the start.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The variables and well-known places that decide which daemon is meant. Build one by hand in tests; programs call
/// [`Environment::from_variables`].
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `DOCKER_HOST`: a URL such as `unix:///run/docker.sock` or `tcp://127.0.0.1:2375`.
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`: the name of a docker context, which beats the configuration's current one.
    pub docker_context: Option<String>,
    /// `DOCKER_CONFIG`: docker's configuration directory; by default `~/.docker`.
    pub docker_config: Option<PathBuf>,
    /// `DOCKER_TLS_VERIFY` is set and not empty: `tcp://` means TLS.
    pub docker_tls: bool,
    /// `XDG_RUNTIME_DIR`: where rootless daemons keep their sockets.
    pub xdg_runtime_dir: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// The system daemon's socket: `/var/run/docker.sock` outside of tests.
    pub system_docker_socket: Option<PathBuf>,
    /// `CONTAINER_HOST`: the URL of podman's service, such as `unix:///run/podman/podman.sock`.
    pub container_host: Option<String>,
    /// Where podman's service of the system listens: `/run/podman/podman.sock` outside of tests.
    pub system_podman_socket: Option<PathBuf>,
    /// `CONTAINERD_ADDRESS`: containerd's socket, as a path or as `unix://PATH`.
    pub containerd_address: Option<String>,
    /// `CONTAINERD_NAMESPACE`: which of containerd's namespaces is meant; images of one are not seen in another.
    pub containerd_namespace: Option<String>,
    /// Where containerd usually listens: its own place and that of k3s outside of tests.
    pub system_containerd_sockets: Vec<PathBuf>,
    /// `PATH`: where command-line clients are.
    pub path: Option<OsString>,
}

impl Environment {
    /// Takes it from any source of variables. One that is set to nothing counts as not set, as docker's own client has it.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        let path = |name: &str| set(name).map(PathBuf::from);
        Self {
            docker_host: text("DOCKER_HOST"),
            docker_context: text("DOCKER_CONTEXT"),
            docker_config: path("DOCKER_CONFIG"),
            docker_tls: set("DOCKER_TLS_VERIFY").is_some(),
            xdg_runtime_dir: path("XDG_RUNTIME_DIR"),
            home: path("HOME"),
            system_docker_socket: Some(PathBuf::from("/var/run/docker.sock")),
            container_host: text("CONTAINER_HOST"),
            system_podman_socket: Some(PathBuf::from("/run/podman/podman.sock")),
            containerd_address: text("CONTAINERD_ADDRESS"),
            containerd_namespace: text("CONTAINERD_NAMESPACE"),
            system_containerd_sockets: [
                "/run/containerd/containerd.sock",
                "/run/k3s/containerd/containerd.sock",
            ]
            .map(PathBuf::from)
            .to_vec(),
            path: set("PATH"),
        }
    }

    /// The program of that name on `PATH`.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        // An empty entry would mean the working directory, which no client is meant to come from.
        let folders = std::env::split_paths(self.path.as_ref()?).filter(|folder| folder.is_absolute());
        folders.map(|folder| folder.join(&name)).find(|path| is_executable(path))
    }

    /// Where the user's own podman's service listens, if that can be named.
    #[must_use]
    pub fn podman_socket(&self) -> Option<PathBuf> {
        self.xdg_runtime_dir.as_ref().map(|dir| dir.join("podman/podman.sock"))
    }

    /// Docker's configuration directory, if one can be named.
    #[must_use]
    pub fn docker_config_dir(&self) -> Option<PathBuf> {
        self.docker_config.clone().or_else(|| self.home.as_ref().map(|home| home.join(".docker")))
    }
}

fn is_executable(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    #[cfg(unix)]
    let executable = {
        use std::os::unix::fs::PermissionsExt as _;
        metadata.permissions().mode() & 0o111 != 0
    };
    #[cfg(not(unix))]
    let executable = true;
    metadata.is_file() && executable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_variables(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn a_variable_set_to_nothing_is_not_set() {
        let environment = from(&[("DOCKER_HOST", ""), ("DOCKER_TLS_VERIFY", ""), ("HOME", "/home/u")]);
        assert_eq!(environment.docker_host, None);
        assert!(!environment.docker_tls);
        assert_eq!(environment.docker_config_dir(), Some(PathBuf::from("/home/u/.docker")));
    }

    #[test]
    fn docker_config_beats_home() {
        let environment = from(&[("DOCKER_CONFIG", "/etc/d"), ("HOME", "/home/u")]);
        assert_eq!(environment.docker_config_dir(), Some(PathBuf::from("/etc/d")));
    }

    #[cfg(unix)]
    #[test]
    fn programs_are_found_on_the_path_and_nowhere_else() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        for (folder, mode) in [("first", 0o644), ("second", 0o755)] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
            let file = dir.path().join(folder).join("ctr");
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = format!(":relative:{0}/first:{0}/missing:{0}/second", dir.path().display());
        let environment = from(&[("PATH", path.as_str())]);
        assert_eq!(environment.program("ctr"), Some(dir.path().join("second/ctr")));
        assert_eq!(environment.program("podman"), None);
        assert_eq!(from(&[]).program("ctr"), None);
    }
}
