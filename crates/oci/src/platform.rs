//! Platforms: operating system, CPU architecture and what refines them (OCI image-spec, image-index.md).
//!
//! Names are Go's, since that is what the specification says: `GOOS` and `GOARCH`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::suggest;

/// Operating systems that an image may be for: the values of `GOOS`, and `wasi`, which runtimes of wasm use.
pub const KNOWN_OS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasi",
    "wasip1",
    "windows",
    "zos",
];

/// Architectures that an image may be for: the values of `GOARCH`.
pub const KNOWN_ARCHITECTURES: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// What other tools call an operating system or architecture, and what it is called here.
const ALIASES: &[(&str, &str)] = &[
    ("macos", "darwin"),
    ("osx", "darwin"),
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("k8", "amd64"),
    ("i386", "386"),
    ("i686", "386"),
    ("x86_32", "386"),
    ("aarch64", "arm64"),
    ("armv7", "arm"),
    ("ppc64el", "ppc64le"),
    ("loongarch64", "loong64"),
    ("wasm32", "wasm"),
];

/// What an image runs on.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// Operating system, `linux`.
    pub os: String,
    /// CPU architecture, `amd64`.
    pub architecture: String,
    /// Variant of the CPU, `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Version of the operating system; for Windows, `10.0.17763.1`.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// What the operating system must offer; for Windows, `win32k`.
    #[serde(default, rename = "os.features", skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
}

impl Platform {
    /// A platform without variant, version and features.
    pub fn new(os: impl Into<String>, architecture: impl Into<String>) -> Self {
        Self { os: os.into(), architecture: architecture.into(), ..Self::default() }
    }

    /// That of the machine that this program was built for, which it runs on.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
        Self::of_rust(os, architecture, cfg!(target_endian = "little"))
    }

    /// What Rust calls an operating system and architecture, by the names of images.
    fn of_rust(os: &str, architecture: &str, is_little_endian: bool) -> Self {
        let os = match os {
            "macos" => "darwin",
            other => other,
        };
        let architecture = match (architecture, is_little_endian) {
            ("x86_64", _) => "amd64",
            ("x86", _) => "386",
            ("aarch64", _) => "arm64",
            ("loongarch64", _) => "loong64",
            ("powerpc64", true) => "ppc64le",
            ("powerpc64", false) => "ppc64",
            ("powerpc", _) => "ppc",
            ("mips64", true) => "mips64le",
            ("mips", true) => "mipsle",
            (other, _) => other,
        };
        Self::new(os, architecture)
    }

    /// Checks that operating system and architecture are known: an image with a misspelt one is built,
    /// pushed, and then runs nowhere.
    ///
    /// # Errors
    /// [`UnknownPlatform`], with a near miss and a list of what is known.
    pub fn check_known(&self) -> Result<(), UnknownPlatform> {
        check("os", &self.os, KNOWN_OS)?;
        check("architecture", &self.architecture, KNOWN_ARCHITECTURES)
    }

    /// Whether `candidate` is what somebody who asks for `self` wants: what `self` leaves open may be
    /// anything, and a variant that is the default of its architecture is the same as none (`arm64` and
    /// `arm64/v8`).
    #[must_use]
    pub fn matches(&self, candidate: &Self) -> bool {
        self.os == candidate.os
            && self.architecture == candidate.architecture
            && (self.variant.is_none() || self.full_variant() == candidate.full_variant())
            && self.os_version.as_deref().is_none_or(|wanted| candidate.has_os_version(wanted))
            && self.os_features.iter().all(|feature| candidate.os_features.contains(feature))
    }

    /// The variant, with the one that an architecture has when it names none (containerd's normalisation).
    #[must_use]
    pub fn full_variant(&self) -> Option<&str> {
        self.variant.as_deref().or(match self.architecture.as_str() {
            "amd64" => Some("v1"),
            "arm" => Some("v7"),
            "arm64" => Some("v8"),
            _ => None,
        })
    }

    /// Whether the version is `wanted` or begins with its parts, so that `10.0.17763` takes `10.0.17763.1`.
    fn has_os_version(&self, wanted: &str) -> bool {
        let rest = self.os_version.as_deref().and_then(|version| version.strip_prefix(wanted));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn check(part: &'static str, value: &str, known: &'static [&'static str]) -> Result<(), UnknownPlatform> {
    if known.contains(&value) {
        return Ok(());
    }
    let alias = ALIASES.iter().find(|(alias, _)| value.eq_ignore_ascii_case(alias)).map(|(_, name)| *name);
    let suggestion = alias.filter(|name| known.contains(name)).or_else(|| suggest::nearest(value, known));
    Err(UnknownPlatform { part, value: value.to_owned(), suggestion, known })
}

/// `linux/arm64/v8`; version and features of the operating system have no place in this text.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    /// Parses `os/architecture` or `os/architecture/variant`. Whether they are known is for
    /// [`Platform::check_known`] to say.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let (os, architecture, variant) = (parts.next(), parts.next(), parts.next());
        let well_formed = text.split('/').all(|part| !part.is_empty() && !part.contains(char::is_whitespace));
        match (os, architecture, parts.next()) {
            (Some(os), Some(architecture), None) if well_formed => {
                Ok(Self { variant: variant.map(Into::into), ..Self::new(os, architecture) })
            }
            _ => Err(InvalidPlatform { text: text.to_owned() }),
        }
    }
}

/// A text that is not a platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "platform {text:?} is not of the form os/architecture or os/architecture/variant, such as linux/arm64/v8"
)]
pub struct InvalidPlatform {
    /// What was parsed.
    pub text: String,
}

/// An operating system or architecture that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {part} {value:?}:{} known are {}", did_you_mean(*suggestion), known.join(", "))]
pub struct UnknownPlatform {
    /// `os` or `architecture`.
    pub part: &'static str,
    /// What was given.
    pub value: String,
    /// What may have been meant.
    pub suggestion: Option<&'static str>,
    /// What would have been right.
    pub known: &'static [&'static str],
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(" did you mean {name:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn text_round_trips() {
        for text in ["linux/amd64", "linux/arm64/v8", "windows/amd64", "linux/arm/v6"] {
            assert_eq!(platform(text).to_string(), text);
        }
        for text in
            ["", "linux", "linux/", "/amd64", "linux//v8", "linux/arm/v7/x", "linux/amd 64", "linux/amd64/"]
        {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn machines_by_the_names_of_images() {
        for (os, architecture, is_little_endian, expected) in [
            ("linux", "x86_64", true, "linux/amd64"),
            ("macos", "aarch64", true, "darwin/arm64"),
            ("linux", "loongarch64", true, "linux/loong64"),
            ("linux", "powerpc64", true, "linux/ppc64le"),
            ("linux", "powerpc64", false, "linux/ppc64"),
            ("linux", "s390x", false, "linux/s390x"),
            ("linux", "mips64", true, "linux/mips64le"),
        ] {
            let found = Platform::of_rust(os, architecture, is_little_endian);
            assert_eq!(found, platform(expected));
            assert_eq!(found.check_known(), Ok(()));
        }
        assert_eq!(Platform::of_this_machine().check_known(), Ok(()));
    }

    #[test]
    fn matching() {
        let cases = [
            ("linux/amd64", "linux/amd64", true),
            ("linux/amd64", "linux/arm64", false),
            ("linux/amd64", "windows/amd64", false),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm", "linux/arm/v6", true),
            ("linux/arm/v7", "linux/arm", true),
            ("linux/arm/v6", "linux/arm", false),
            ("linux/amd64", "linux/amd64/v3", true),
            ("linux/amd64/v3", "linux/amd64", false),
            ("linux/riscv64/x", "linux/riscv64", false),
        ];
        for (wanted, candidate, expected) in cases {
            assert_eq!(platform(wanted).matches(&platform(candidate)), expected, "{wanted} {candidate}");
        }
    }

    #[test]
    fn matching_versions_and_features() {
        let windows = Platform {
            os_version: Some("10.0.17763.1".into()),
            os_features: vec!["win32k".into()],
            ..Platform::new("windows", "amd64")
        };
        let wanted = |version: &str| Platform {
            os_version: Some(version.into()),
            ..Platform::new("windows", "amd64")
        };
        assert!(wanted("10.0.17763").matches(&windows));
        assert!(wanted("10.0.17763.1").matches(&windows));
        assert!(!wanted("10.0.177").matches(&windows));
        assert!(!wanted("10.0.17763").matches(&Platform::new("windows", "amd64")));
        assert!(Platform::new("windows", "amd64").matches(&windows));
        assert!(!windows.matches(&Platform::new("windows", "amd64")), "a feature is missing");
    }

    #[test]
    fn unknown_names_are_refused() {
        let cases = [
            ("linux/x86_64", "unknown architecture \"x86_64\": did you mean \"amd64\"? known are 386, amd64"),
            ("linux/AMD64", "did you mean \"amd64\"?"),
            ("linux/aarch64", "did you mean \"arm64\"?"),
            ("lunix/amd64", "unknown os \"lunix\": did you mean \"linux\"?"),
            ("macos/arm64", "did you mean \"darwin\"?"),
            ("beos/amd64", "unknown os \"beos\": "),
        ];
        for (text, expected) in cases {
            let error = platform(text).check_known().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert_eq!(platform("linux/riscv64").check_known(), Ok(()));
    }

    #[test]
    fn json_has_the_names_of_the_specification() {
        let text = r#"{"architecture":"amd64","os":"windows","os.features":["win32k"],"os.version":"10.0","variant":"v2"}"#;
        let platform: Platform = serde_json::from_str(text).unwrap();
        assert_eq!(crate::json::canonical(&platform).unwrap(), text.as_bytes());
        let plain = crate::json::canonical(&Platform::new("linux", "amd64")).unwrap();
        assert_eq!(plain, br#"{"architecture":"amd64","os":"linux"}"#);
    }
}
