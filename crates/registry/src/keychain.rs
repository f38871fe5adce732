//! Credentials of registries, from where docker and podman keep them.
//!
//! Nothing is read before a registry asks for credentials, and then the first place that has some for it wins. The
//! order, as documented for users:
//! 1. `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json` where that variable is not set;
//! 2. `$REGISTRY_AUTH_FILE`;
//! 3. `$XDG_RUNTIME_DIR/containers/auth.json`;
//! 4. `$XDG_CONFIG_HOME/containers/auth.json`, or `~/.config/containers/auth.json`.
//!
//! In each file, the helper named for the registry comes first, then the helper for all, then what the file holds.

mod file;
mod helper;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use file::ConfigFile;

use crate::secret::Secret;

/// Docker Hub's name in configuration files and helpers.
pub(crate) const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// What to show a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// User and password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// An identity token (OAuth 2 refresh token), to be exchanged for a bearer token.
    Identity(Secret),
    /// A bearer token that is sent as it is.
    Bearer(Secret),
}

/// A credential, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The credential.
    pub credential: Credential,
    /// For example `/home/me/.docker/config.json`, or that with `docker-credential-pass`.
    pub source: String,
}

/// Why credentials could not be read.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    /// A file is there but can't be read.
    #[error("cannot read credentials from {}: check its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("cannot use the credentials in {}: mend the file, or log in again", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong. It never quotes the file.
        source: file::ParseError,
    },
    /// A helper can't be started, fails, or answers nonsense.
    #[error("the credential helper {helper}, which {} names, failed for {host}: {what}", named_by.display())]
    Helper {
        /// The program.
        helper: String,
        /// The file that names it.
        named_by: PathBuf,
        /// The host that was asked for.
        host: String,
        /// What happened.
        what: String,
    },
}

/// Where credentials are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keychain {
    files: Vec<PathBuf>,
}

impl Keychain {
    /// No credentials at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Looks in the given configuration files.
    #[must_use]
    pub fn of_files(files: Vec<PathBuf>) -> Self {
        Self { files }
    }

    /// Looks where docker and podman do, by the given environment variables.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = |below: &str| path("HOME").map(|home| home.join(below));
        let files = [
            path("DOCKER_CONFIG").or_else(|| home(".docker")).map(|folder| folder.join("config.json")),
            path("REGISTRY_AUTH_FILE"),
            path("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
            path("XDG_CONFIG_HOME")
                .or_else(|| home(".config"))
                .map(|folder| folder.join("containers/auth.json")),
        ];
        Self { files: files.into_iter().flatten().collect() }
    }

    /// The files that are looked in, in order; for messages.
    #[must_use]
    pub fn places(&self) -> Vec<String> {
        self.files.iter().map(|path| path.display().to_string()).collect()
    }

    /// The credential for `repository` on `registry`, if there is one. The repository matters to podman's files
    /// only, whose keys may go down to one.
    ///
    /// # Errors
    /// If a file or helper on the way to the answer fails: then a later place does not stand in, since it might be
    /// another account.
    pub async fn find(&self, registry: &str, repository: &str) -> Result<Option<Found>, KeychainError> {
        for path in &self.files {
            let Some(config) = load(path)? else { continue };
            if let Some(found) = find_in(&config, path, registry, repository).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// Reads a configuration file; none if there isn't one.
fn load(path: &Path) -> Result<Option<ConfigFile>, KeychainError> {
    match std::fs::read(path) {
        Ok(json) => ConfigFile::parse(&json)
            .map(Some)
            .map_err(|source| KeychainError::Parse { path: path.to_owned(), source }),
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(source) => Err(KeychainError::Read { path: path.to_owned(), source }),
    }
}

async fn find_in(
    config: &ConfigFile,
    path: &Path,
    registry: &str,
    repository: &str,
) -> Result<Option<Found>, KeychainError> {
    if let Some(name) = config.helper_for(registry) {
        let key = if registry == "docker.io" { DOCKER_HUB_KEY } else { registry };
        let helper = helper::program(name);
        let answer = helper::get(&helper, key).await.map_err(|what| KeychainError::Helper {
            helper: helper.clone(),
            named_by: path.to_owned(),
            host: registry.to_owned(),
            what,
        })?;
        if let Some(credential) = answer {
            return Ok(Some(Found { credential, source: format!("{helper} ({})", path.display()) }));
        }
    }
    let found = config
        .credential(registry, repository)
        .map_err(|source| KeychainError::Parse { path: path.to_owned(), source })?;
    Ok(found.map(|credential| Found { credential, source: path.display().to_string() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Vec<String> {
        Keychain::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
        .places()
    }

    #[test]
    fn looks_where_docker_and_podman_do() {
        assert_eq!(places(&[]), Vec::<String>::new());
        assert_eq!(
            places(&[("HOME", "/h"), ("DOCKER_CONFIG", "")]),
            ["/h/.docker/config.json", "/h/.config/containers/auth.json"]
        );
        assert_eq!(
            places(&[
                ("HOME", "/h"),
                ("DOCKER_CONFIG", "/d"),
                ("REGISTRY_AUTH_FILE", "/a.json"),
                ("XDG_RUNTIME_DIR", "/run"),
                ("XDG_CONFIG_HOME", "/c"),
            ]),
            ["/d/config.json", "/a.json", "/run/containers/auth.json", "/c/containers/auth.json"]
        );
    }

    #[tokio::test]
    async fn the_first_file_that_has_one_wins_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, json: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, json).unwrap();
            path
        };
        // dTpw is u:p, djpx is v:q
        let first = file("first.json", r#"{"auths":{"other.example":{"auth":"dTpw"}}}"#);
        let second = file("second.json", r#"{"auths":{"r.example":{"auth":"dTpw"}}}"#);
        let third = file("third.json", r#"{"auths":{"r.example":{"auth":"djpx"}}}"#);
        let keychain = Keychain::of_files(vec![folder.path().join("none"), first, second.clone(), third]);
        let found = keychain.find("r.example", "x").await.unwrap().unwrap();
        assert_eq!(found.source, second.display().to_string());
        assert_eq!(found.credential, Credential::Basic { user: "u".into(), password: Secret::new("p") });
        assert!(keychain.find("nobody.example", "x").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_broken_file_is_named_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        for text in [
            "hunter2",
            r#"{"auths":{"r.example":{"auth":"aHVudGVyMg=="}}}"#,
            r#"{"auths":{"r.example":{"auth":"!"}}}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Keychain::of_files(vec![path.clone()]).find("r.example", "x").await.unwrap_err();
            let text = format!("{error} {error:?} {}", std::error::Error::source(&error).unwrap());
            assert!(text.contains("config.json") && !text.contains("hunter2"), "{text}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn asks_helpers_by_path() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let helper = folder.path().join("helper");
        let config = folder.path().join("config.json");
        let json = format!(r#"{{"credHelpers":{{"r.example":"{}"}}}}"#, helper.display());
        std::fs::write(&config, json).unwrap();
        let keychain = Keychain::of_files(vec![config]);
        let basic = Credential::Basic { user: "u".into(), password: Secret::new("r.example") };
        for (script, expected) in [
            (r#"read host; echo "{\"Username\":\"u\",\"Secret\":\"$host\"}""#, Ok(Some(basic))),
            (
                r#"echo '{"Username":"<token>","Secret":"t"}'"#,
                Ok(Some(Credential::Identity(Secret::new("t")))),
            ),
            (r#"echo '{"Username":"","Secret":""}'"#, Ok(None)),
            ("echo credentials not found in native keychain; exit 1", Ok(None)),
            ("echo keyring is locked; exit 1", Err("keyring is locked")),
            ("echo hunter2", Err("its answer is no credential")),
        ] {
            std::fs::write(&helper, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
            let found = keychain.find("r.example", "x").await;
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.map(|f| f.credential), expected, "{script}"),
                (Err(error), Err(says)) => {
                    let text = error.to_string();
                    assert!(text.contains(says) && !text.contains("hunter2"), "{text}");
                }
                (found, _) => panic!("{script}: {found:?}"),
            }
        }
    }
}
