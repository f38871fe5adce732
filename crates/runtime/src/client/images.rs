//! What clients are asked about images. They differ in words alone, such as `images pull --plain-http` and
//! `pull --tls-verify=false`, which callers give.

use oci::{Platform, Reference};

use super::{Client, ClientError};
use crate::Archive;

impl Client {
    /// Pulls `reference` by `words`, for `platform` or else the client's own.
    pub(crate) async fn pull(
        &self,
        words: &[&str],
        reference: &Reference,
        platform: Option<&Platform>,
    ) -> Result<(), ClientError> {
        let name = reference.to_string();
        let platform = platform.map(flag);
        let arguments: Vec<&str> =
            words.iter().copied().chain(platform.as_deref()).chain([name.as_str()]).collect();
        self.run(&format!("pull of {name}"), &arguments).await.map(drop)
    }

    /// Gives the image `source` the further name `target` by `words`.
    pub(crate) async fn tag(
        &self,
        words: &[&str],
        source: &Reference,
        target: &Reference,
    ) -> Result<(), ClientError> {
        let operation = format!("tag of {source} as {target}");
        let names = [source.to_string(), target.to_string()];
        self.run(&operation, &[words, &[&names[0], &names[1]]].concat()).await.map(drop)
    }

    /// Loads `archive`, with the names that are in it, by `words` and then `last`, for `platform` or else the client's own.
    pub(crate) async fn load(
        &self,
        words: &[&str],
        platform: Option<&Platform>,
        last: &[&str],
        archive: Archive,
    ) -> Result<(), ClientError> {
        let platform = platform.map(flag);
        let arguments: Vec<&str> =
            words.iter().copied().chain(platform.as_deref()).chain(last.iter().copied()).collect();
        self.feed("load of an archive", &arguments, archive).await.map(drop)
    }

    /// Takes the name `name` away by `words`. A name that is not there, of which the client says `gone`, is fine.
    pub(crate) async fn untag(
        &self,
        words: &[&str],
        name: &Reference,
        gone: &str,
    ) -> Result<(), ClientError> {
        let name = name.to_string();
        let operation = format!("removal of the name {name}");
        self.unless_gone(&operation, &[words, &[&name]].concat(), gone).await
    }

    /// Runs it, and takes it for done where the client says by `gone` that what it is about is not there.
    pub(crate) async fn unless_gone(
        &self,
        operation: &str,
        arguments: &[&str],
        gone: &str,
    ) -> Result<(), ClientError> {
        match self.run(operation, arguments).await {
            Err(error) if error.words().is_some_and(|words| words.contains(gone)) => Ok(()),
            done => done.map(drop),
        }
    }
}

fn flag(platform: &Platform) -> String {
    format!("--platform={platform}")
}
