//! Where a daemon may listen, which one it is, and who said so.

use std::fmt;
use std::path::PathBuf;

/// An address of a daemon's API, as `DOCKER_HOST` and docker contexts write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `unix:///path/to.sock`.
    Unix(PathBuf),
    /// `tcp://host:port` or `http://host:port`: plain HTTP. Holds `host:port`.
    Tcp(String),
}

impl Endpoint {
    /// Reads a docker host URL. `tls` says that `tcp://` was asked to be encrypted.
    ///
    /// # Errors
    /// Why the URL cannot be used and what to do, as words that go after the URL.
    pub fn parse(url: &str, tls: bool) -> Result<Self, String> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err("is no URL: write unix:///PATH or tcp://HOST:PORT".to_owned());
        };
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(PathBuf::from(rest))),
            "unix" => Err(format!("is a relative path: write unix:///{rest} with the whole path of the socket")),
            "tcp" | "http" if !tls => Self::parse_tcp(rest),
            "tcp" | "http" | "https" => Err(
                "asks for TLS, and daemons are spoken to without it: use the daemon's unix socket, or forward it with \
                 `ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST` and set DOCKER_HOST=unix:///tmp/docker.sock"
                    .to_owned(),
            ),
            "ssh" => Err(format!(
                "goes through ssh, which is not spoken here: forward the socket with `ssh -NL \
                 /tmp/docker.sock:/var/run/docker.sock {rest}` and set DOCKER_HOST=unix:///tmp/docker.sock"
            )),
            "npipe" => Err("is a Windows named pipe, which is not spoken here: let the daemon listen on \
                            tcp://127.0.0.1:2375"
                .to_owned()),
            "fd" => Err("is for the daemon only: write unix:///PATH or tcp://HOST:PORT".to_owned()),
            _ => Err(format!("has the unknown scheme `{scheme}`: write unix:///PATH or tcp://HOST:PORT")),
        }
    }

    fn parse_tcp(rest: &str) -> Result<Self, String> {
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('/') {
            return Err("has a path after the port: write tcp://HOST:PORT".to_owned());
        }
        let Ok(url) = url::Url::parse(&format!("http://{authority}")) else {
            return Err("has no valid host and port: write tcp://HOST:PORT".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds a user or password, which docker's API has no use for: write tcp://HOST:PORT"
                .to_owned());
        }
        let host = url.host_str().ok_or("has no host: write tcp://HOST:PORT")?;
        // A URL of HTTP leaves its default port out, and docker's own default is another.
        let port = match url.port() {
            Some(port) => port,
            None if authority.ends_with(":80") => 80,
            None => 2375,
        };
        Ok(Self::Tcp(format!("{host}:{port}")))
    }

    /// The base of the URLs of requests; a unix socket has no host, so any name does.
    pub(crate) fn base_url(&self) -> String {
        match self {
            Self::Unix(_) => "http://docker".to_owned(),
            Self::Tcp(authority) => format!("http://{authority}"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(authority) => write!(f, "tcp://{authority}"),
        }
    }
}

/// Which program answers the Engine API: docker's daemon, or podman's service, which speaks it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `dockerd`.
    Docker,
    /// `podman system service`.
    Podman,
}

/// A daemon, as errors name it: `the docker daemon at unix:///var/run/docker.sock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// Which.
    pub program: Program,
    /// Where.
    pub endpoint: Endpoint,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        })
    }
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.program {
            Program::Docker => "docker daemon",
            Program::Podman => "podman service",
        };
        write!(f, "the {what} at {}", self.endpoint)
    }
}

/// Who named an endpoint: an error repeats it, since that is where the user can change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `DOCKER_HOST`.
    DockerHost,
    /// A docker context, by name.
    Context(String),
    /// `CONTAINER_HOST`.
    ContainerHost,
    /// A place where a daemon usually listens; the words say whose.
    WellKnown(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DockerHost => f.write_str("from DOCKER_HOST"),
            Self::ContainerHost => f.write_str("from CONTAINER_HOST"),
            Self::Context(name) => write!(f, "from the docker context `{name}`"),
            Self::WellKnown(whose) => f.write_str(whose),
        }
    }
}

/// One endpoint worth trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where.
    pub endpoint: Endpoint,
    /// Who says so.
    pub origin: Origin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_docker_hosts() {
        for (url, expected) in [
            ("unix:///var/run/docker.sock", Ok("unix:///var/run/docker.sock")),
            ("unix:///with space/d.sock", Ok("unix:///with space/d.sock")),
            ("tcp://127.0.0.1:2375", Ok("tcp://127.0.0.1:2375")),
            ("tcp://127.0.0.1:2375/", Ok("tcp://127.0.0.1:2375")),
            ("http://h:80", Ok("tcp://h:80")),
            ("tcp://h", Ok("tcp://h:2375")),
            ("tcp://[::1]:2375", Ok("tcp://[::1]:2375")),
            ("unix://docker.sock", Err("relative path")),
            ("/var/run/docker.sock", Err("is no URL")),
            ("tcp://", Err("no valid host")),
            ("tcp://h:99999", Err("no valid host")),
            ("tcp://h:1/prefix", Err("path after the port")),
            ("tcp://user:secret@h:1", Err("user or password")),
            ("https://h:2376", Err("TLS")),
            ("ssh://me@build", Err("/tmp/docker.sock:/var/run/docker.sock me@build`")),
            ("npipe:////./pipe/docker_engine", Err("named pipe")),
            ("fd://", Err("for the daemon only")),
            ("podman://x", Err("unknown scheme `podman`")),
        ] {
            match (Endpoint::parse(url, false), expected) {
                (Ok(endpoint), Ok(expected)) => assert_eq!(endpoint.to_string(), expected, "{url}"),
                (Err(why), Err(part)) => assert!(why.contains(part), "{url}: {why}"),
                (found, expected) => panic!("{url}: {found:?}, expected {expected:?}"),
            }
        }
        assert!(Endpoint::parse("tcp://h:2376", true).unwrap_err().contains("TLS"));
        assert!(Endpoint::parse("unix:///s", true).is_ok(), "TLS says nothing of unix sockets");
    }
}
