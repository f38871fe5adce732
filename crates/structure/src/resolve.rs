//! Paths in an image, as the kernel follows them in a container.
//!
//! Invariant: links are followed within the image and never out of it (`..` at the root is the root), and no more of them
//! than Linux follows.

use layer::{
    listed::{Kind, Listed},
    overlay::Tree,
};

/// As many links as Linux follows in one path.
const MOST_FOLLOWED: usize = 40;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Without slashes at the ends; empty for the root.
    pub(crate) path: Vec<u8>,
    pub(crate) listed: Listed,
}

/// Why a path leads nowhere, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Nowhere {
    #[error("there is no {0}")]
    Missing(String),
    #[error("{0} is no directory")]
    NoDirectory(String),
    #[error("{0} is a link that leads around")]
    Loop(String),
}

/// Follows `path`; a link at its end only if `through` says so or a slash stands behind it.
pub(crate) fn resolve(tree: &Tree, path: &str, through: bool) -> Result<Found, Nowhere> {
    let through = through || path.ends_with('/');
    let mut todo: Vec<Vec<u8>> = parts(path.as_bytes());
    let mut at = Found { path: Vec::new(), listed: root(tree) };
    let mut followed = 0;
    while let Some(part) = todo.pop() {
        if at.listed.kind != Kind::Directory {
            return Err(Nowhere::NoDirectory(shown(&at.path)));
        }
        if part == b".." {
            let end = at.path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            at.path.truncate(end);
            at.listed = here(tree, &at.path)?;
            continue;
        }
        let mut path = at.path.clone();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&part);
        let listed = here(tree, &path)?;
        match &listed.kind {
            Kind::Symlink(target) if through || !todo.is_empty() => {
                followed += 1;
                if followed > MOST_FOLLOWED {
                    return Err(Nowhere::Loop(shown(&path)));
                }
                if target.starts_with(b"/") {
                    at = Found { path: Vec::new(), listed: root(tree) };
                }
                todo.extend(parts(target));
            }
            _ => at = Found { path, listed },
        }
    }
    Ok(at)
}

/// The parts of a path, the last one first.
fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    parts.rev().map(<[u8]>::to_vec).collect()
}

fn here(tree: &Tree, path: &[u8]) -> Result<Listed, Nowhere> {
    if path.is_empty() {
        return Ok(root(tree));
    }
    tree.get(path).ok_or_else(|| Nowhere::Missing(shown(path)))
}

/// The root, which is there whether a layer has it or not.
fn root(tree: &Tree) -> Listed {
    let implied = Listed { kind: Kind::Directory, mode: 0o755, uid: 0, gid: 0, origin: None };
    tree.get(b"").unwrap_or(implied)
}

/// A path for people.
pub(crate) fn shown(path: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let mut listing = String::from("#mtree\n");
        for (path, target) in [
            ("bin", Some("usr/bin")),
            ("up", Some("../../../etc")),
            ("loop", Some("loop")),
            ("gone", Some("/nowhere")),
            ("etc/self", Some("/etc/../etc/passwd")),
            ("etc/passwd", None),
            ("usr/bin/sh", Some("dash")),
            ("usr/bin/dash", None),
        ] {
            let kind = target.map_or_else(
                || "type=file mode=0644 uid=0 gid=0 size=1 time=0.0".to_owned(),
                |target| format!("type=link mode=0777 uid=0 gid=0 size=0 time=0.0 link={target}"),
            );
            listing.push_str(&format!("./{path} {kind}\n"));
        }
        let mut tree = Tree::default();
        tree.add(&listing).unwrap();
        tree
    }

    #[test]
    fn within_the_image() {
        let tree = tree();
        for (path, through, expected) in [
            ("/", false, Ok("/")),
            ("", false, Ok("/")),
            ("/../..", false, Ok("/")),
            ("etc/passwd", false, Ok("/etc/passwd")),
            ("//etc/./passwd", false, Ok("/etc/passwd")),
            ("/bin", false, Ok("/bin")),
            ("/bin/", false, Ok("/usr/bin")),
            ("/bin", true, Ok("/usr/bin")),
            ("/bin/sh", false, Ok("/usr/bin/sh")),
            ("/bin/sh", true, Ok("/usr/bin/dash")),
            ("/bin/../bin/dash", false, Ok("/usr/bin/dash")),
            ("/up/self", true, Ok("/etc/passwd")),
            ("/gone", false, Ok("/gone")),
            ("/gone", true, Err("there is no /nowhere")),
            ("/etc/shadow", false, Err("there is no /etc/shadow")),
            ("/etc/passwd/x", false, Err("/etc/passwd is no directory")),
            ("/loop", false, Ok("/loop")),
            ("/loop", true, Err("/loop is a link that leads around")),
        ] {
            let found = resolve(&tree, path, through).map(|found| shown(&found.path));
            let found = found.map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{path} {through}");
        }
    }
}
