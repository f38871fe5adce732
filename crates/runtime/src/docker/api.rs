//! The calls with one short answer: version, info, inspect, tag, untag.
//!
//! Field names are those of the Engine API (API version 1.41 and later); what is not used is not read.

use std::fmt;
use std::str::FromStr;

use futures_util::{StreamExt as _, stream};
use oci::{Digest, Reference};
use reqwest::Method;
use serde::Deserialize;

use super::connect::Docker;
use super::error::Error;

/// How many images to look at at once.
const AT_ONCE: usize = 8;

/// A version of the Engine API, such as 1.41.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ApiVersion {
    /// 1 in every version so far.
    pub(super) major: u32,
    /// What counts up.
    pub(super) minor: u32,
}

impl FromStr for ApiVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (major, minor) = text.split_once('.').ok_or(())?;
        Ok(Self { major: major.parse().map_err(drop)?, minor: minor.parse().map_err(drop)? })
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What answers, and for which platform it runs containers (`GET /version`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Version {
    /// The engine's release, such as `20.10.24+dfsg1` or `28.2.2`.
    pub version: String,
    /// The operating system of its containers, as `GOOS` has it.
    pub os: String,
    /// The architecture of its containers, as `GOARCH` has it.
    pub arch: String,
    /// The parts it is made of.
    #[serde(default)]
    pub components: Vec<Component>,
}

/// A part of a daemon: the engine, containerd, runc.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Component {
    /// Its name.
    pub name: String,
}

impl Version {
    /// The engine's major release; `None` for development builds, which have names or hashes.
    #[must_use]
    pub fn major(&self) -> Option<u32> {
        let digits = self.version.split(|c: char| !c.is_ascii_digit()).next()?;
        if self.version.contains('.') { digits.parse().ok() } else { None }
    }

    /// Whether this is podman's service, which answers docker's API under its own version numbers.
    #[must_use]
    pub fn is_podman(&self) -> bool {
        self.components.iter().any(|component| component.name == "Podman Engine")
    }

    /// Whether layers compressed with zstd can be unpacked: Docker from 23.0 on (tried: 20.10 fails while it registers
    /// the layer), and podman. A development build counts as new.
    #[must_use]
    pub fn reads_zstd(&self) -> bool {
        self.is_podman() || self.major().is_none_or(|major| major >= 23)
    }
}

/// How the daemon is set up (`GET /info`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Info {
    /// The storage driver, such as `overlay2`; with the containerd store, its snapshotter.
    pub driver: String,
    /// Pairs of words about the driver.
    #[serde(default)]
    pub driver_status: Option<Vec<Vec<String>>>,
}

impl Info {
    /// Whether images live in containerd's store, where an image's ID is its manifest's digest, and not in docker's
    /// classic one, where it is its configuration's.
    #[must_use]
    pub fn containerd_store(&self) -> bool {
        self.driver_status.iter().flatten().any(|pair| {
            matches!(pair.as_slice(), [key, value] if key == "driver-type" && value.starts_with("io.containerd.snapshotter"))
        })
    }
}

/// An image that the daemon has (`GET /images/NAME/json`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Image {
    /// `sha256:…`: of the configuration in the classic store, of the manifest in containerd's.
    pub id: String,
    /// Its tags, as docker writes them (`hello:latest`).
    #[serde(default)]
    pub repo_tags: Option<Vec<String>>,
    /// What it is made of.
    #[serde(rename = "RootFS", default)]
    pub root_fs: RootFs,
}

/// The layers of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RootFs {
    /// Their uncompressed digests, the lowest first.
    #[serde(default)]
    pub layers: Vec<String>,
}

/// An image in a list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
}

impl Docker {
    /// Which engine this is and what it runs.
    ///
    /// # Errors
    /// As for every call: the connection fails, or the daemon refuses or answers nonsense.
    pub async fn version(&self) -> Result<Version, Error> {
        self.json("version", self.request(Method::GET, "/version", &[])).await
    }

    /// How the daemon is set up.
    ///
    /// # Errors
    /// As for every call.
    pub async fn info(&self) -> Result<Info, Error> {
        self.json("info", self.request(Method::GET, "/info", &[])).await
    }

    /// The image of that name or ID; `None` where the daemon has none.
    ///
    /// # Errors
    /// As for every call.
    pub async fn inspect(&self, name: &str) -> Result<Option<Image>, Error> {
        let request = self.request(Method::GET, &format!("/images/{name}/json"), &[]);
        match self.json(&format!("inspect of {name}"), request).await {
            Ok(image) => Ok(Some(image)),
            Err(Error::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How many of these layers, the lowest first and by their uncompressed digests, some image of the daemon is made of in
    /// that order: those it has.
    ///
    /// # Errors
    /// As for every call.
    pub async fn layers_had(&self, layers: &[Digest]) -> Result<usize, Error> {
        let request = self.request(Method::GET, "/images/json", &[("all", "true")]);
        let listed: Vec<Listed> = self.json("list of images", request).await?;
        let images = stream::iter(listed).map(async |Listed { id }| self.inspect(&id).await);
        let mut images = std::pin::pin!(images.buffer_unordered(AT_ONCE));
        let mut most = 0;
        while let Some(image) = images.next().await {
            // One that is gone meanwhile has nothing.
            let has = image?.map(|image| image.root_fs.layers).unwrap_or_default();
            let common = has.iter().zip(layers).take_while(|(has, layer)| **has == layer.to_string());
            most = most.max(common.count());
        }
        Ok(most)
    }

    /// Gives the image `source` (a name or ID) the further name `target`, whose tag is `latest` if it has none.
    ///
    /// # Errors
    /// As for every call; the daemon has no such image.
    pub async fn tag(&self, source: &str, target: &Reference) -> Result<(), Error> {
        let repository = target.repository.to_string();
        let tag = target.tag.as_ref().map_or_else(|| "latest".to_owned(), ToString::to_string);
        let query = [("repo", repository.as_str()), ("tag", tag.as_str())];
        let request = self.request(Method::POST, &format!("/images/{source}/tag"), &query);
        self.send(&format!("tag of {source} as {target}"), request).await.map(drop)
    }

    /// Takes the name `name` away. The image itself goes too, but only if nothing else names it and no container uses
    /// it. A name that is not there is fine.
    ///
    /// # Errors
    /// As for every call.
    pub async fn untag(&self, name: &Reference) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &format!("/images/{name}"), &[]);
        match self.send(&format!("removal of the name {name}"), request).await {
            Ok(_) | Err(Error::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(version: &str, engine: &str) -> Version {
        serde_json::from_value(serde_json::json!({
            "Version": version, "Os": "linux", "Arch": "amd64",
            "Components": [{"Name": engine, "Version": version, "Details": {}}],
        }))
        .unwrap()
    }

    #[test]
    fn who_reads_zstd() {
        for (release, engine, expected) in [
            ("20.10.24+dfsg1", "Engine", false),
            ("22.06.0-beta.0", "Engine", false),
            ("23.0.0", "Engine", true),
            ("28.2.2", "Engine", true),
            ("4.3.1", "Podman Engine", true),
            ("dev", "Engine", true),
            ("1a2b3c4", "Engine", true),
        ] {
            assert_eq!(version(release, engine).reads_zstd(), expected, "{engine} {release}");
        }
    }

    #[test]
    fn which_store() {
        for (info, expected) in [
            (r#"{"Driver":"overlay2","DriverStatus":[["Backing Filesystem","extfs"]]}"#, false),
            (
                r#"{"Driver":"overlayfs","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#,
                true,
            ),
            (r#"{"Driver":"vfs","DriverStatus":null}"#, false),
        ] {
            assert_eq!(serde_json::from_str::<Info>(info).unwrap().containerd_store(), expected, "{info}");
        }
    }

    #[test]
    fn api_versions_are_ordered_by_number() {
        let parse = |text: &str| text.parse::<ApiVersion>();
        assert!(parse("1.9").unwrap() < parse("1.41").unwrap());
        for wrong in ["", "1", "1.", "v1.41", "1.41.2", "1.x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
