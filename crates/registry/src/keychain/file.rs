//! The configuration file of docker, `config.json`, and podman's `auth.json`, which is the same with finer keys.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde::Deserialize;

use super::{Credential, DOCKER_HUB_KEY};
use crate::secret::Secret;

/// What a file says about credentials; all else in it is passed over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigFile {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

/// What a file holds for one registry.
#[derive(Clone, Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// Why a file can't be used. Never quotes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is no JSON, or of another shape.
    #[error("it is no configuration file: line {line}, column {column}")]
    Json {
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
    /// An `auth` field is no base64 of `user:password`.
    #[error("the field auth of {key} is not base64 of user:password")]
    Auth {
        /// The key of the entry.
        key: String,
    },
}

impl ConfigFile {
    /// Parses a file.
    ///
    /// # Errors
    /// [`ParseError::Json`]
    pub fn parse(json: &[u8]) -> Result<Self, ParseError> {
        if json.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        // serde_json's message may quote values, so only the place is kept.
        serde_json::from_slice(json)
            .map_err(|error| ParseError::Json { line: error.line(), column: error.column() })
    }

    /// The helper to ask for `registry`: `x` of `docker-credential-x`, or a path.
    #[must_use]
    pub fn helper_for(&self, registry: &str) -> Option<&str> {
        let own = self.cred_helpers.iter().find(|(key, _)| host_of(key) == registry);
        own.map(|(_, name)| name)
            .or(self.creds_store.as_ref())
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    /// What the file itself holds for `repository` on `registry`: the longest key that fits wins.
    ///
    /// # Errors
    /// [`ParseError::Auth`]
    pub fn credential(&self, registry: &str, repository: &str) -> Result<Option<Credential>, ParseError> {
        let mut wanted = format!("{registry}/{repository}");
        loop {
            for (key, entry) in &self.auths {
                if normalised(key) == wanted
                    && let Some(credential) = entry.credential(key)?
                {
                    return Ok(Some(credential));
                }
            }
            match wanted.rfind('/') {
                Some(slash) => wanted.truncate(slash),
                None => return Ok(None),
            }
        }
    }
}

/// A key as `registry` or `registry/path`: docker writes URLs for some registries, podman never.
fn normalised(key: &str) -> String {
    if key == DOCKER_HUB_KEY || host_of(key) == "docker.io" && !key.contains("://") && !key.contains('/') {
        return "docker.io".to_owned();
    }
    match key.split_once("://") {
        Some(_) => host_of(key),
        None => match key.trim_end_matches('/').split_once('/') {
            Some((host, "v1" | "v2")) => host_of(host),
            Some((host, path)) => format!("{}/{path}", host_of(host)),
            None => host_of(key),
        },
    }
}

/// The host of a key, with its port; all names of Docker Hub are one.
fn host_of(key: &str) -> String {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or(rest);
    match host {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        host => host.to_owned(),
    }
}

impl Entry {
    fn credential(&self, key: &str) -> Result<Option<Credential>, ParseError> {
        let set = |field: &Option<String>| field.clone().filter(|value| !value.is_empty());
        if let Some(token) = set(&self.registrytoken) {
            return Ok(Some(Credential::Bearer(Secret::new(token))));
        }
        if let Some(token) = set(&self.identitytoken) {
            return Ok(Some(Credential::Identity(Secret::new(token))));
        }
        if let Some(auth) = set(&self.auth) {
            let bad = || ParseError::Auth { key: key.to_owned() };
            let engine = base64::engine::general_purpose::STANDARD;
            let bytes = engine.decode(auth.trim()).map_err(|_| bad())?;
            let text = String::from_utf8(bytes).map_err(|_| bad())?;
            // Docker pads old passwords with NUL.
            let (user, password) = text.split_once(':').ok_or_else(bad)?;
            let password = Secret::new(password.trim_end_matches('\0'));
            return Ok(Some(Credential::Basic { user: user.to_owned(), password }));
        }
        match (set(&self.username), set(&self.password)) {
            (Some(user), Some(password)) => {
                Ok(Some(Credential::Basic { user, password: Secret::new(password) }))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(user: &str, password: &str) -> Option<Credential> {
        Some(Credential::Basic { user: user.to_owned(), password: Secret::new(password) })
    }

    #[test]
    fn finds_what_each_spelling_of_a_key_means() {
        // auth: user "u", password the letter in the name of the key's purpose
        let entry = |password: &str| format!(r#"{{"username":"u","password":"{password}"}}"#);
        for (key, registry, repository, hit) in [
            ("r.example", "r.example", "x", true),
            ("r.example/", "r.example", "x", true),
            ("r.example:5000", "r.example:5000", "x", true),
            ("r.example:5000", "r.example", "x", false),
            ("https://r.example", "r.example", "x", true),
            ("https://r.example/v1/", "r.example", "x", true),
            ("http://r.example:80/v2/", "r.example:80", "x", true),
            ("r.example/v2", "r.example", "x", true),
            ("r.example/team", "r.example", "team/app", true),
            ("r.example/team/app", "r.example", "team/app", true),
            ("r.example/team", "r.example", "teams/app", false),
            ("r.example/team", "r.example", "app", false),
            ("https://index.docker.io/v1/", "docker.io", "library/x", true),
            ("docker.io", "docker.io", "library/x", true),
            ("docker.io/me", "docker.io", "me/x", true),
            ("docker.io/me", "docker.io", "you/x", false),
        ] {
            let json = format!(r#"{{"auths":{{"{key}":{}}}}}"#, entry("p"));
            let found = ConfigFile::parse(json.as_bytes()).unwrap().credential(registry, repository).unwrap();
            assert_eq!(found, hit.then(|| basic("u", "p")).flatten(), "{key} for {registry}/{repository}");
        }
    }

    #[test]
    fn the_longest_key_wins() {
        let json = r#"{"auths":{"r.example":{"username":"u","password":"host"},
            "r.example/a":{"username":"u","password":"a"},"r.example/a/b":{}}}"#;
        let file = ConfigFile::parse(json.as_bytes()).unwrap();
        for (repository, password) in [("x", "host"), ("a/x", "a"), ("a/b", "a")] {
            assert_eq!(
                file.credential("r.example", repository).unwrap(),
                basic("u", password),
                "{repository}"
            );
        }
    }

    #[test]
    fn reads_each_kind_of_entry() {
        for (entry, expected) in [
            (r#"{"auth":"dTpw"}"#, Ok(basic("u", "p"))),
            (r#"{"auth":"dTpwOng="}"#, Ok(basic("u", "p:x"))),
            (r#"{"auth":"dTpwAAA="}"#, Ok(basic("u", "p"))),
            (r#"{"auth":"dTpw","identitytoken":"t"}"#, Ok(Some(Credential::Identity(Secret::new("t"))))),
            (r#"{"registrytoken":"t"}"#, Ok(Some(Credential::Bearer(Secret::new("t"))))),
            ("{}", Ok(None)),
            (r#"{"auth":""}"#, Ok(None)),
            (r#"{"auth":"dQ=="}"#, Err(ParseError::Auth { key: "r.example".into() })),
        ] {
            let json = format!(r#"{{"auths":{{"r.example":{entry}}}}}"#);
            let file = ConfigFile::parse(json.as_bytes()).unwrap();
            assert_eq!(file.credential("r.example", "x"), expected, "{entry}");
        }
    }

    #[test]
    fn picks_helpers() {
        let json = r#"{"credsStore":"all","credHelpers":{"https://a.example":"a","b.example":"b"},"x":1}"#;
        let file = ConfigFile::parse(json.as_bytes()).unwrap();
        for (registry, helper) in [("a.example", "a"), ("b.example", "b"), ("c.example", "all")] {
            assert_eq!(file.helper_for(registry), Some(helper), "{registry}");
        }
        assert_eq!(ConfigFile::parse(b"{}").unwrap().helper_for("a.example"), None);
        assert_eq!(ConfigFile::parse(b" \n").unwrap().helper_for("a.example"), None);
    }
}
