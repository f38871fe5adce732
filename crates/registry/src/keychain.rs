//! Credentials of registries, from where Bazel, docker and podman keep them: the same for everything that is asked of a
//! registry, be it a push, a load or a layer of a base.
//!
//! Nothing is asked before a registry asks for credentials, and then the first place that has some for it wins. The
//! order, as documented for users:
//! 1. Bazel's credential helpers (`--credential_helper` in .bazelrc), where the caller names them;
//! 2. `$NETRC`, or `~/.netrc`, which Bazel reads, too;
//! 3. `$DOCKER_AUTH_CONFIG`, which holds a configuration file instead of naming one, as CI systems set it;
//! 4. `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json` where that variable is not set;
//! 5. `$REGISTRY_AUTH_FILE`;
//! 6. `$XDG_RUNTIME_DIR/containers/auth.json`;
//! 7. `$XDG_CONFIG_HOME/containers/auth.json`, or `~/.config/containers/auth.json`.
//!
//! In each configuration file, the helper named for the registry comes first (`credHelpers`), then the helper for all (`credsStore`),
//! then what the file holds (`auths`).

mod bazel;
mod file;
mod helper;
mod netrc;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use bazel::BazelHelper;
pub use file::ConfigFile;

use crate::endpoint::Endpoint;
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
    helpers: Vec<BazelHelper>,
    netrc: Option<PathBuf>,
    configs: Vec<Config>,
}

/// The variable that holds a configuration.
const AUTH_CONFIG: &str = "DOCKER_AUTH_CONFIG";

/// A configuration of docker or podman.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Config {
    File(PathBuf),
    /// The value of [`AUTH_CONFIG`].
    Variable(Secret),
}

impl Config {
    /// What messages call it.
    fn name(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Variable(_) => PathBuf::from(format!("${AUTH_CONFIG}")),
        }
    }

    /// Reads it; none if there isn't one.
    fn load(&self) -> Result<Option<ConfigFile>, KeychainError> {
        let json = match self {
            Self::Variable(json) => json.reveal().as_bytes().to_vec(),
            Self::File(path) => match read(path)? {
                Some(json) => json,
                None => return Ok(None),
            },
        };
        let parsed = ConfigFile::parse(&json);
        parsed.map(Some).map_err(|source| KeychainError::Parse { path: self.name(), source })
    }
}

/// Reads a file; none if there isn't one.
fn read(path: &Path) -> Result<Option<Vec<u8>>, KeychainError> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(None),
        Err(source) => Err(KeychainError::Read { path: path.to_owned(), source }),
    }
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
        Self { configs: files.into_iter().map(Config::File).collect(), ..Self::default() }
    }

    /// Looks where docker, podman and Bazel do, by the given environment variables.
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
        let value = variable(AUTH_CONFIG).filter(|value| !value.is_empty());
        let value = value.map(|value| Config::Variable(Secret::new(value.to_string_lossy())));
        let files = files.into_iter().flatten().map(Config::File);
        Self {
            helpers: Vec::new(),
            netrc: path("NETRC").or_else(|| home(".netrc")),
            configs: value.into_iter().chain(files).collect(),
        }
    }

    /// Asks Bazel's credential helpers before anything else.
    #[must_use]
    pub fn with_bazel_helpers(mut self, helpers: Vec<BazelHelper>) -> Self {
        self.helpers = helpers;
        self
    }

    /// Where is looked, in order; for messages.
    #[must_use]
    pub fn places(&self) -> Vec<String> {
        let helpers = self.helpers.iter().map(|helper| name_of(&helper.program, &helper.named_by));
        let configs = self.netrc.clone().into_iter().chain(self.configs.iter().map(Config::name));
        helpers.chain(configs.map(|path| path.display().to_string())).collect()
    }

    /// The credential for `repository` on `registry`, if there is one. The repository matters to helpers, and to podman's
    /// files, whose keys may go down to one.
    ///
    /// # Errors
    /// If a file or helper on the way to the answer fails: then a later place does not stand in, since it might be
    /// another account.
    pub async fn find(&self, registry: &str, repository: &str) -> Result<Option<Found>, KeychainError> {
        if let Some(helper) = bazel::choose(&self.helpers, registry) {
            let answer = bazel::get(helper, registry, repository).await;
            let answer = answer.map_err(|what| KeychainError::Helper {
                helper: helper.program.clone(),
                named_by: helper.named_by.clone(),
                host: registry.to_owned(),
                what,
            })?;
            if let Some(credential) = answer {
                return Ok(Some(Found { credential, source: name_of(&helper.program, &helper.named_by) }));
            }
        }
        if let Some(found) = self.find_in_netrc(registry)? {
            return Ok(Some(found));
        }
        for place in &self.configs {
            let Some(config) = place.load()? else { continue };
            if let Some(found) = find_in(&config, &place.name(), registry, repository).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn find_in_netrc(&self, registry: &str) -> Result<Option<Found>, KeychainError> {
        let Some(path) = &self.netrc else { return Ok(None) };
        let Some(text) = read(path)? else { return Ok(None) };
        let [name, host] = names_of(registry);
        let credential = netrc::find(&String::from_utf8_lossy(&text), &[&name, &host]);
        Ok(credential.map(|credential| Found { credential, source: path.display().to_string() }))
    }
}

/// A registry and its host, without ports: what scopes of helpers and entries of .netrc may name.
fn names_of(registry: &str) -> [String; 2] {
    let without_port = |host: &str| match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name.to_owned(),
        _ => host.to_owned(),
    };
    [without_port(registry), without_port(&Endpoint::new(registry, false).host)]
}

/// A helper, as messages name it.
fn name_of(program: &str, named_by: &Path) -> String {
    format!("{program} ({})", named_by.display())
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
            return Ok(Some(Found { credential, source: name_of(&helper, path) }));
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
            ["/h/.netrc", "/h/.docker/config.json", "/h/.config/containers/auth.json"]
        );
        assert_eq!(
            places(&[
                ("HOME", "/h"),
                ("NETRC", "/n"),
                ("DOCKER_CONFIG", "/d"),
                ("REGISTRY_AUTH_FILE", "/a.json"),
                ("XDG_RUNTIME_DIR", "/run"),
                ("XDG_CONFIG_HOME", "/c"),
            ]),
            ["/n", "/d/config.json", "/a.json", "/run/containers/auth.json", "/c/containers/auth.json"]
        );
        let both = places(&[("DOCKER_AUTH_CONFIG", "{}"), ("DOCKER_CONFIG", "/d")]);
        assert_eq!(both, ["$DOCKER_AUTH_CONFIG", "/d/config.json"]);
    }

    #[tokio::test]
    async fn netrc_goes_before_configurations() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("config.json", r#"{"auths":{"r.example":{"auth":"djpx"},"other.example":{"auth":"djpx"}}}"#);
        write(
            ".netrc",
            "machine r.example login u password p\nmachine registry-1.docker.io login u password p\n",
        );
        let keychain = Keychain::from_variables(|name| {
            ["HOME", "DOCKER_CONFIG"].contains(&name).then(|| folder.path().as_os_str().to_owned())
        });
        for (registry, file) in [
            ("r.example", Some(".netrc")),
            ("r.example:5000", Some(".netrc")),
            ("docker.io", Some(".netrc")),
            ("other.example", Some("config.json")),
            ("nobody.example", None),
        ] {
            let found = keychain.find(registry, "x").await.unwrap().map(|found| found.source);
            assert_eq!(found, file.map(|file| folder.path().join(file).display().to_string()), "{registry}");
        }
    }

    #[tokio::test]
    async fn a_variable_may_hold_the_file() {
        let keychain =
            |json: &str| Keychain::from_variables(|name| (name == AUTH_CONFIG).then(|| OsString::from(json)));
        let right = keychain(r#"{"auths":{"r.example":{"auth":"dTpw"}}}"#);
        let found = right.find("r.example", "x").await.unwrap().unwrap();
        assert_eq!(found.source, "$DOCKER_AUTH_CONFIG");
        assert!(!format!("{right:?}").contains("dTpw"));
        let error = keychain("hunter2").find("r.example", "x").await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("$DOCKER_AUTH_CONFIG") && !text.contains("hunter2"), "{text}");
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
    async fn asks_bazels_helpers_first() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.json");
        std::fs::write(&config, r#"{"auths":{"r.example":{"auth":"dTpw"}}}"#).unwrap();
        let program = folder.path().join("helper");
        let named_by = PathBuf::from("/w/.bazelrc");
        let helper = BazelHelper {
            scope: Some("*.example".into()),
            program: program.display().to_string(),
            named_by: named_by.clone(),
        };
        let keychain = Keychain::of_files(vec![config.clone()]).with_bazel_helpers(vec![helper]);
        let file = config.display().to_string();
        let ours = format!("{} (/w/.bazelrc)", program.display());
        assert_eq!(keychain.places(), [ours.clone(), file.clone()]);
        for (script, expected) in [
            // What it is asked comes back as its answer.
            (
                r#"read asked; echo "{\"headers\":{\"authorization\":[\"Bearer t\"]}}"; test "$asked" = '{"uri":"https://r.example/v2/team/x/"}'"#,
                Ok(&ours),
            ),
            (r#"echo '{"headers":{}}'"#, Ok(&file)),
            ("echo 'not logged in' >&2; exit 1", Err("not logged in")),
            ("echo hunter2", Err("its answer is no credential")),
            (r#"echo '{"headers":{"Authorization":["hunter2"]}}'"#, Err("neither a bearer token")),
        ] {
            std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            match (keychain.find("r.example", "team/x").await, expected) {
                (Ok(Some(found)), Ok(source)) => assert_eq!(&found.source, source, "{script}"),
                (Err(error), Err(says)) => {
                    let text = error.to_string();
                    assert!(
                        text.contains(says) && text.contains("/w/.bazelrc") && !text.contains("hunter2"),
                        "{text}"
                    );
                }
                (found, _) => panic!("{script}: {found:?}"),
            }
        }
        assert!(keychain.find("r.test", "x").await.unwrap().is_none());
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
