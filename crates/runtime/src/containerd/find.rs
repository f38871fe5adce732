//! Which containerd is meant: its socket, and the namespace.

use std::path::PathBuf;

use crate::Environment;

/// The namespace that `ctr` and `nerdctl` take where none is named.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";
/// The namespace that docker's daemon keeps what it has in.
pub(crate) const DOCKERS_NAMESPACE: &str = "moby";

/// Where a containerd may listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Socket {
    /// The socket.
    pub(crate) path: PathBuf,
    /// Who says so.
    pub(crate) origin: &'static str,
}

/// The sockets to try, in order: one if it is named, else the usual ones.
pub(crate) fn sockets(environment: &Environment) -> Vec<Socket> {
    if let Some(address) = &environment.containerd_address {
        let path = address.strip_prefix("unix://").unwrap_or(address);
        return vec![Socket { path: path.into(), origin: "from CONTAINERD_ADDRESS" }];
    }
    let usual = environment.system_containerd_sockets.iter();
    usual.map(|path| Socket { path: path.clone(), origin: "a usual socket" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_final() {
        let mut environment = Environment {
            system_containerd_sockets: vec!["/run/containerd/containerd.sock".into(), "/run/k3s.sock".into()],
            ..Environment::default()
        };
        let found = |environment: &Environment| -> Vec<String> {
            sockets(environment).iter().map(|at| format!("{} {}", at.path.display(), at.origin)).collect()
        };
        assert_eq!(
            found(&environment),
            ["/run/containerd/containerd.sock a usual socket", "/run/k3s.sock a usual socket"]
        );
        for address in ["unix:///tmp/c.sock", "/tmp/c.sock"] {
            environment.containerd_address = Some(address.to_owned());
            assert_eq!(found(&environment), ["/tmp/c.sock from CONTAINERD_ADDRESS"]);
        }
    }
}
