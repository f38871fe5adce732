//! Repositories: a registry and a path on it.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use super::{Part, ReferenceError};

/// The registry of names that have none.
const DEFAULT_REGISTRY: &str = "docker.io";
/// What old configurations call it.
const LEGACY_REGISTRY: &str = "index.docker.io";
/// Where the default registry keeps paths of one part.
const OFFICIAL: &str = "library/";
/// The longest path, in characters.
const PATH_LIMIT: usize = 255;

/// A registry and a path on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: String,
    path: String,
}

impl Repository {
    /// A repository from its two parts, which are taken as they are: no default registry, no `library/`.
    ///
    /// # Errors
    /// [`ReferenceError`]
    pub fn new(registry: &str, path: &str) -> Result<Self, ReferenceError> {
        check_registry(registry)?;
        check_path(path, path)?;
        Ok(Self { registry: registry.to_owned(), path: path.to_owned() })
    }

    /// Host and, if there is one, port: `docker.io`, `127.0.0.1:5000`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path on the registry: `library/busybox`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same path on another registry.
    ///
    /// # Errors
    /// [`ReferenceError`] if `registry` is not `host` or `host:port`.
    pub fn with_registry(&self, registry: &str) -> Result<Self, ReferenceError> {
        Self::new(registry, &self.path)
    }

    /// As people write it: without `docker.io` and `library/`, unless the rest would then mean something
    /// else.
    #[must_use]
    pub fn familiar(&self) -> String {
        let full = self.to_string();
        let path = full.strip_prefix("docker.io/");
        let short = path.map(|path| path.strip_prefix(OFFICIAL).unwrap_or(path));
        let same = |text: &&str| Self::from_name(text).as_ref() == Ok(self);
        short.filter(same).or_else(|| path.filter(same)).unwrap_or(&full).to_owned()
    }

    /// Parses a name that has neither tag nor digest.
    pub(super) fn from_name(name: &str) -> Result<Self, ReferenceError> {
        let owned = || name.to_owned();
        if name.is_empty() {
            return Err(ReferenceError::Empty { part: Part::Repository, text: owned() });
        }
        if let Some((scheme, rest)) = name.split_once("://") {
            let (scheme, rest) = (format!("{scheme}://"), rest.to_owned());
            return Err(ReferenceError::Scheme { text: owned(), scheme, rest });
        }
        if name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(ReferenceError::Id { text: owned() });
        }
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if is_registry(first) => (first, rest),
            _ => (DEFAULT_REGISTRY, name),
        };
        check_registry(registry)?;
        check_path(path, name)?;
        if registry == DEFAULT_REGISTRY || registry == LEGACY_REGISTRY {
            let official = if path.contains('/') { "" } else { OFFICIAL };
            return Ok(Self { registry: DEFAULT_REGISTRY.to_owned(), path: format!("{official}{path}") });
        }
        Ok(Self { registry: registry.to_owned(), path: path.to_owned() })
    }
}

/// The canonical form, with the registry.
impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    /// Parses a name as Docker does. A tag or digest is an error: it would be lost.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('@') {
            return Err(ReferenceError::UnexpectedDigest { text: text.to_owned() });
        }
        // "https://" has a colon too, and its own message.
        if let (name, Some(tag)) = split_tag(text)
            && !text.contains("://")
        {
            let (text, tag, repository) = (text.to_owned(), tag.to_owned(), name.to_owned());
            return Err(ReferenceError::UnexpectedTag { text, tag, repository });
        }
        Self::from_name(text)
    }
}

/// Splits off a tag: what follows a colon after the last slash. Any other colon belongs to a port.
pub(super) fn split_tag(text: &str) -> (&str, Option<&str>) {
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    text[last..].find(':').map_or((text, None), |colon| {
        let colon = last + colon;
        (&text[..colon], Some(&text[colon + 1..]))
    })
}

/// Whether the first part of a name is a registry rather than the beginning of the path.
fn is_registry(first: &str) -> bool {
    first.is_empty() || first == "localhost" || first.contains(['.', ':', '['])
}

fn check_registry(registry: &str) -> Result<(), ReferenceError> {
    let (part, text) = (Part::Registry, || registry.to_owned());
    if registry.is_empty() {
        return Err(ReferenceError::Empty { part, text: text() });
    }
    let (host, port) = match registry.rsplit_once(':') {
        // The colons of [::1] are no port.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (registry, None),
    };
    if let Some(port) = port {
        let number = port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse::<u16>().ok()).flatten();
        if number.is_none_or(|number| number == 0) {
            return Err(ReferenceError::Port { text: text(), port: port.to_owned() });
        }
    }
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().map(drop).map_err(|_| ReferenceError::Host { text: text() });
    }
    if let Some(character) = host.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')) {
        return Err(ReferenceError::Character { part, text: text(), character });
    }
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    if !host.split('.').all(label) {
        return Err(ReferenceError::Host { text: text() });
    }
    Ok(())
}

/// Checks a path; `name` is what the user wrote, for the messages.
fn check_path(path: &str, name: &str) -> Result<(), ReferenceError> {
    let (part, text) = (Part::Repository, || name.to_owned());
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if let Some(character) = path.chars().find(|c| !allowed(*c)) {
        return Err(ReferenceError::Character { part, text: text(), character });
    }
    if path.contains(|c: char| c.is_ascii_uppercase()) {
        let start = &name[..name.len() - path.len()];
        return Err(ReferenceError::UpperCase {
            part,
            text: text(),
            lower: format!("{start}{}", path.to_lowercase()),
        });
    }
    for component in path.split('/') {
        if component.is_empty() {
            return Err(ReferenceError::EmptyComponent { text: text() });
        }
        check_component(component, name)?;
    }
    if path.len() > PATH_LIMIT {
        return Err(ReferenceError::TooLong { part, text: text(), length: path.len(), limit: PATH_LIMIT });
    }
    Ok(())
}

/// Checks one part of a path that has only allowed characters: letters and digits, and single separators
/// between.
fn check_component(component: &str, name: &str) -> Result<(), ReferenceError> {
    let is_separator = |c: char| matches!(c, '.' | '_' | '-');
    let edge = |end| ReferenceError::Edge { text: name.to_owned(), component: component.to_owned(), end };
    if component.starts_with(is_separator) {
        return Err(edge("begins with"));
    }
    if component.ends_with(is_separator) {
        return Err(edge("ends with"));
    }
    for separator in component.split(|c: char| !is_separator(c)) {
        let dashes = separator.bytes().all(|b| b == b'-');
        if !dashes && !matches!(separator, "." | "_" | "__") {
            return Err(ReferenceError::Separator { text: name.to_owned(), separator: separator.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_no_tag_and_no_digest() {
        let error = |text: &str| text.parse::<Repository>().unwrap_err().to_string();
        assert!(error("r.example:5000/x:1").contains("has a tag, \"1\""));
        assert!(error("r.example/x:1").contains("write \"r.example/x\""));
        assert!(error("x@sha256:00").contains("has a digest"));
        assert!(error("https://r.example/x").contains("without \"https://\""));
        let repository: Repository = "r.example:5000/x/y".parse().unwrap();
        assert_eq!((repository.registry(), repository.path()), ("r.example:5000", "x/y"));
    }

    #[test]
    fn another_registry() {
        let repository: Repository = "busybox".parse().unwrap();
        let moved = repository.with_registry("127.0.0.1:5000").unwrap();
        assert_eq!(moved.to_string(), "127.0.0.1:5000/library/busybox");
        assert!(repository.with_registry("127.0.0.1:5000/x").is_err());
        assert!(repository.with_registry("").is_err());
    }
}
