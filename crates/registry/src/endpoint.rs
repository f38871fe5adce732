//! From the registry in a reference to the address that is asked, and whether in plain HTTP.

use std::net::IpAddr;

use url::Url;

/// Where a registry answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The registry as references spell it: what credentials are kept under.
    pub registry: String,
    /// Host, with the port if there is one, that is asked.
    pub host: String,
    /// How it is asked.
    pub transport: Transport,
}

/// How a registry is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS with verified certificates.
    Tls,
    /// Plain HTTP: for loopback addresses and `*.localhost`, where nobody else can listen in, unless they were named with
    /// `https://`, and for registries that were named with `http://`.
    Plain,
    /// The user said `--insecure`: TLS with any certificate, or plain HTTP if that is not spoken.
    Insecure,
}

impl Endpoint {
    /// The endpoint of `registry`, for example `r.example:5000`. A scheme in front of it decides how it is asked, whatever
    /// the host: `http://r.example:5000` in plain HTTP, `https://localhost:5000` by TLS. Without one, loopback is plain
    /// HTTP and all else TLS. `insecure` matters to TLS alone.
    #[must_use]
    pub fn new(registry: &str, insecure: bool) -> Self {
        let name = name(registry);
        // Docker Hub answers under another name than its references have.
        let host = if name == DOCKER_HUB { "registry-1.docker.io" } else { name };
        let plain = registry.starts_with(PLAIN) || (is_loopback(name) && !registry.starts_with(ENCRYPTED));
        let transport = match (plain, insecure) {
            (true, _) => Transport::Plain,
            (false, true) => Transport::Insecure,
            (false, false) => Transport::Tls,
        };
        Self { registry: name.to_owned(), host: host.to_owned(), transport }
    }

    /// The base of all requests, `https://host/v2/`.
    ///
    /// # Errors
    /// If the host is none.
    pub fn url(&self, plain: bool) -> Result<Url, url::ParseError> {
        let scheme = if plain { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{}/v2/", self.host))
    }
}

/// Docker Hub, as references spell it.
const DOCKER_HUB: &str = "docker.io";
/// What stands before a registry that speaks plain HTTP only.
const PLAIN: &str = "http://";
/// What stands before a registry on loopback that speaks TLS.
const ENCRYPTED: &str = "https://";

/// Takes `http://` or `https://` off a name: what stood there, or nothing, and the rest.
#[must_use]
pub fn split_scheme(text: &str) -> (&str, &str) {
    let scheme = [PLAIN, ENCRYPTED].into_iter().find(|scheme| text.starts_with(scheme));
    text.split_at(scheme.map_or(0, str::len))
}

/// A registry as references spell it: without the scheme, and Docker Hub by one of its names.
#[must_use]
pub fn name(registry: &str) -> &str {
    match split_scheme(registry).1 {
        "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        name => name,
    }
}

/// Whether `host` (a name or address, with or without a port) can only be this machine: 127.0.0.0/8, `::1`,
/// `localhost` and names below it (RFC 6761, 6.3).
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').filter(|(name, _)| !name.contains(':')).map_or(host, |(name, _)| name),
    };
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_loopback() {
        for (host, expected) in [
            ("localhost", true),
            ("localhost:5000", true),
            ("LOCALHOST:5000", true),
            ("r.localhost:5000", true),
            ("127.0.0.1", true),
            ("127.9.9.9:1", true),
            ("[::1]:5000", true),
            ("::1", true),
            ("localhost.example", false),
            ("notlocalhost", false),
            ("127.0.0.1.example", false),
            ("10.0.0.1:5000", false),
            ("[fe80::1]:5000", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }

    #[test]
    fn the_scheme_decides_and_else_the_host() {
        for (registry, insecure, transport) in [
            ("127.0.0.1:5000", false, Transport::Plain),
            ("127.0.0.1:5000", true, Transport::Plain),
            ("r.example", false, Transport::Tls),
            ("r.example", true, Transport::Insecure),
            ("http://r.example", false, Transport::Plain),
            ("http://r.example:5000", true, Transport::Plain),
            ("https://127.0.0.1:5000", false, Transport::Tls),
            ("https://r.localhost", false, Transport::Tls),
            ("https://localhost:5000", true, Transport::Insecure),
            ("https://r.example", false, Transport::Tls),
        ] {
            assert_eq!(Endpoint::new(registry, insecure).transport, transport, "{registry}");
        }
        for registry in ["http://r.example:5000", "https://r.example:5000"] {
            let endpoint = Endpoint::new(registry, false);
            assert_eq!(
                (endpoint.registry.as_str(), endpoint.host.as_str()),
                ("r.example:5000", "r.example:5000")
            );
        }
    }

    #[test]
    fn docker_hub_is_asked_elsewhere() {
        for registry in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            let endpoint = Endpoint::new(registry, false);
            assert_eq!(endpoint.registry, "docker.io");
            assert_eq!(endpoint.url(false).unwrap().as_str(), "https://registry-1.docker.io/v2/");
        }
    }
}
