//! What packages are for: one architecture, and the one that the layer is for.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use oci::Platform;

use super::control::Control;

/// The architecture of packages that fit every one.
const ALL: &str = "all";

/// What the layer is for.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Wanted {
    /// The platform that packages must be for, `os/architecture[/variant]`.
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<Platform>,
    /// The platform is that of the build, and nobody has said that the layer is for it.
    #[arg(long, requires = "platform")]
    platform_is_assumed: bool,
}

impl Wanted {
    /// Any architecture, if only it is one.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { platform: None, platform_is_assumed: false }
    }

    /// Checks a package, beside the first that was for one architecture, and remembers it if there was none.
    pub(super) fn check(
        &self,
        path: &Path,
        control: &Control,
        first: &mut Option<(String, String)>,
    ) -> Result<()> {
        let (name, found) = (path.display().to_string(), &control.architecture);
        if found == ALL {
            return Ok(());
        }
        if let Some((first, architecture)) = first {
            if architecture != found {
                bail!(
                    "{name} is for {found}, and {first} for {architecture}. One layer is for one architecture: make a target for \
                     each"
                );
            }
            return Ok(());
        }
        if let Some(platform) = &self.platform {
            let debian = debian_name(platform).with_context(|| {
                format!("Debian has no packages for {platform}: take them out, or set architecture to what they are for")
            })?;
            if debian != found {
                let fix = if self.platform_is_assumed {
                    "the platform of this build. Choose packages by select(), or say with architecture what the layer is for"
                } else {
                    "what the layer is for, by its architecture or platform. Choose packages for that"
                };
                bail!("{name} is for {found}, and {platform} is {fix}");
            }
        }
        *first = Some((name, found.clone()));
        Ok(())
    }
}

/// What Debian calls the architecture of a platform.
fn debian_name(platform: &Platform) -> Option<&'static str> {
    if platform.os != "linux" {
        return None;
    }
    Some(match (&*platform.architecture, platform.full_variant()) {
        ("386", _) => "i386",
        ("amd64", _) => "amd64",
        ("arm", Some("v5" | "v6")) => "armel",
        ("arm", _) => "armhf",
        ("arm64", _) => "arm64",
        ("loong64", _) => "loong64",
        ("mips64le", _) => "mips64el",
        ("mipsle", _) => "mipsel",
        ("ppc64le", _) => "ppc64el",
        ("riscv64", _) => "riscv64",
        ("s390x", _) => "s390x",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (platform, expected) in [
            ("linux/amd64", Some("amd64")),
            ("linux/arm64/v8", Some("arm64")),
            ("linux/arm", Some("armhf")),
            ("linux/arm/v7", Some("armhf")),
            ("linux/arm/v6", Some("armel")),
            ("linux/386", Some("i386")),
            ("linux/ppc64le", Some("ppc64el")),
            ("windows/amd64", None),
            ("linux/wasm", None),
        ] {
            assert_eq!(debian_name(&platform.parse().unwrap()), expected, "{platform}");
        }
    }

    #[test]
    fn one_for_all() {
        let control = |architecture: &str| {
            Control::parse(format!("Package: ab\nVersion: 1\nArchitecture: {architecture}\n").as_bytes())
                .unwrap()
        };
        let check = |platform: Option<&str>, platform_is_assumed, architectures: &[&str]| {
            let wanted = Wanted { platform: platform.map(|text| text.parse().unwrap()), platform_is_assumed };
            let mut first = None;
            let mut each = architectures.iter().enumerate();
            each.try_for_each(|(at, name)| {
                wanted.check(Path::new(&format!("{at}.deb")), &control(name), &mut first)
            })
            .map_err(|error| error.to_string())
        };
        check(None, false, &["all", "amd64", "all", "amd64"]).unwrap();
        check(Some("linux/arm64"), true, &["all", "arm64"]).unwrap();
        check(Some("linux/wasm"), true, &["all"]).unwrap();
        for (platform, assumed, architectures, says) in [
            (None, false, &["all", "amd64", "arm64"][..], "2.deb is for arm64, and 1.deb for amd64"),
            (
                Some("linux/arm64"),
                false,
                &["amd64"][..],
                "0.deb is for amd64, and linux/arm64 is what the layer is for",
            ),
            (Some("linux/arm64"), true, &["amd64"][..], "linux/arm64 is the platform of this build"),
            (Some("linux/wasm"), true, &["amd64"][..], "no packages for linux/wasm"),
        ] {
            let error = check(platform, assumed, architectures).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
