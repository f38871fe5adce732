//! Docker contexts: named daemons in the directory of docker's configuration.
//!
//! `config.json` names the current one (`currentContext`); the context `NAME` is described by
//! `contexts/meta/SHA256(NAME)/meta.json`. The name `default` means that there is none.

use std::io;
use std::path::{Path, PathBuf};

use oci::digest::Digest;
use serde::Deserialize;

use super::error::Error;

/// The part of docker's `config.json` that says which daemon is meant.
#[derive(Deserialize)]
struct Config {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// The parts of a context's `meta.json` that are used.
#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints", default)]
    endpoints: Endpoints,
}

#[derive(Deserialize, Default)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
struct DockerEndpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
}

/// The name of the current context that docker's `config.json` holds; `None` without the file, without the field, or
/// where it is `default`.
pub(super) fn current(config_dir: &Path) -> Result<Option<String>, Error> {
    let path = config_dir.join("config.json");
    let Some(text) = read(&path)? else { return Ok(None) };
    let config: Config = parse(&path, &text)?;
    Ok(config.current_context.filter(|name| !name.is_empty() && name != "default"))
}

/// The host URL of the context `name`.
pub(super) fn host(config_dir: &Path, name: &str) -> Result<String, Error> {
    let path = meta_path(config_dir, name);
    let Some(text) = read(&path)? else {
        return Err(Error::NoContext { name: name.to_owned(), path });
    };
    let meta: Meta = parse(&path, &text)?;
    meta.endpoints.docker.and_then(|docker| docker.host).filter(|host| !host.is_empty()).ok_or_else(|| {
        Error::Configuration {
            path,
            detail: format!("the context `{name}` has no docker endpoint with a Host"),
        }
    })
}

fn meta_path(config_dir: &Path, name: &str) -> PathBuf {
    config_dir.join("contexts/meta").join(Digest::of(name.as_bytes()).hex()).join("meta.json")
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match std::fs::read(path) {
        Ok(text) => Ok(Some(text)),
        // A home that is a file, or that may not be looked into, has no configuration either.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => {
            Err(Error::Configuration { path: path.to_owned(), detail: format!("cannot be read: {error}") })
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, text: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| Error::Configuration {
        path: path.to_owned(),
        detail: format!("is not valid: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a context's description where docker keeps it.
    fn write_meta(dir: &Path, name: &str, text: &str) {
        let path = meta_path(dir, name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn current_context() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(current(dir.path()).unwrap(), None, "no file");
        for (text, expected) in [
            (r#"{"auths":{}}"#, None),
            (r#"{"currentContext":""}"#, None),
            (r#"{"currentContext":"default"}"#, None),
            (r#"{"currentContext":"rootless","auths":{}}"#, Some("rootless")),
        ] {
            std::fs::write(dir.path().join("config.json"), text).unwrap();
            assert_eq!(current(dir.path()).unwrap().as_deref(), expected, "{text}");
        }
        std::fs::write(dir.path().join("config.json"), "{").unwrap();
        let error = current(dir.path()).unwrap_err().to_string();
        assert!(error.contains("config.json") && error.contains("is not valid"), "{error}");
    }

    #[test]
    fn host_of_a_context() {
        let dir = tempfile::tempdir().unwrap();
        write_meta(
            dir.path(),
            "rootless",
            r#"{"Name":"rootless","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///run/user/1/docker.sock","SkipTLSVerify":false}}}"#,
        );
        assert_eq!(host(dir.path(), "rootless").unwrap(), "unix:///run/user/1/docker.sock");
        assert_eq!(
            meta_path(Path::new("/d"), "rootless"),
            Path::new(
                "/d/contexts/meta/12b961af5feb3e9d39f93b2cefb9a1a944f18d02cca0cac2f04f5a982240605f/meta.json"
            ),
            "the directory is the SHA-256 of the name"
        );

        let error = host(dir.path(), "gone").unwrap_err().to_string();
        assert!(error.contains("`gone`") && error.contains("docker context"), "{error}");
        write_meta(dir.path(), "kube", r#"{"Name":"kube","Endpoints":{}}"#);
        let error = host(dir.path(), "kube").unwrap_err().to_string();
        assert!(error.contains("has no docker endpoint"), "{error}");
    }
}
