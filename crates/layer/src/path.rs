//! Paths inside an image.
//!
//! Invariant: an [`ImagePath`] is relative to the image's root, has no empty, `.` or `..` part, no NUL, no slash at
//! either end, and is at most [`MAX_PATH`] bytes long. It is bytes, since names on Linux are; only entries files
//! must be UTF-8. The root itself is the empty path, which never becomes a tar entry.

use std::{
    borrow::{Borrow, Cow},
    fmt,
};

/// Longest path or link target, in bytes: Linux's `PATH_MAX`. Nothing longer could be unpacked, and the bound keeps
/// a header with its extensions well below a member.
pub const MAX_PATH: usize = 4096;

/// A path inside an image. Ordered by its bytes, which puts every directory before what it holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImagePath(Box<[u8]>);

impl ImagePath {
    /// The root of the image.
    #[must_use]
    pub fn root() -> Self {
        Self(Box::default())
    }

    /// Parses a path in any of its spellings: `/a/b`, `a/b` and `./a/b` are the same, and so is `a/b/`.
    ///
    /// # Errors
    /// [`PathProblem`] for anything that is not one path below the root.
    pub fn parse(text: &[u8]) -> Result<Self, PathProblem> {
        let mut rest = text;
        while let Some(after) = rest.strip_prefix(b"/").or_else(|| rest.strip_prefix(b"./")) {
            if after.first() == Some(&b'/') {
                return Err(PathProblem::EmptyName);
            }
            rest = after;
        }
        let rest = if rest == b"." { &[] } else { rest.strip_suffix(b"/").unwrap_or(rest) };
        if rest.is_empty() {
            return Ok(Self::root());
        }
        if rest.len() > MAX_PATH {
            return Err(PathProblem::TooLong { length: rest.len() });
        }
        rest.split(|&byte| byte == b'/').try_for_each(check_name)?;
        Ok(Self(rest.into()))
    }

    /// This path with one more name, as found in a directory on disk.
    ///
    /// # Errors
    /// [`PathProblem`] where `name` is not a single name, or the whole gets too long.
    pub fn join(&self, name: &[u8]) -> Result<Self, PathProblem> {
        check_name(name)?;
        let mut joined = Vec::with_capacity(self.0.len() + 1 + name.len());
        joined.extend_from_slice(&self.0);
        if !self.is_root() {
            joined.push(b'/');
        }
        joined.extend_from_slice(name);
        if joined.len() > MAX_PATH {
            return Err(PathProblem::TooLong { length: joined.len() });
        }
        Ok(Self(joined.into()))
    }

    /// The bytes, without a slash at either end.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root, which has no name.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last part; empty for the root.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let start = self.0.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        &self.0[start..]
    }

    /// The directory that this path is in; the root is in itself.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.parents().next().map_or_else(Self::root, Self::of_parent)
    }

    /// The directories above this path, nearest first, without the root.
    pub fn parents(&self) -> impl Iterator<Item = &[u8]> {
        let slashes = self.0.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
        slashes.map(|(at, _)| &self.0[..at])
    }

    /// A parent as [`ImagePath::parents`] gives it.
    pub(crate) fn of_parent(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

/// The order is that of the bytes.
impl Borrow<[u8]> for ImagePath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// As people write it: with a slash in front.
impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", printable(&self.0))
    }
}

impl fmt::Debug for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Bytes for a message: what is not UTF-8 is replaced.
pub(crate) fn printable(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn check_name(name: &[u8]) -> Result<(), PathProblem> {
    match name {
        b"" => Err(PathProblem::EmptyName),
        b"." => Err(PathProblem::Dot),
        b".." => Err(PathProblem::DotDot),
        _ if name.contains(&0) => Err(PathProblem::Nul),
        _ => Ok(()),
    }
}

/// Why a text is no path inside an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathProblem {
    /// A part is `..`.
    #[error("it escapes the image: a path must have no `..`")]
    DotDot,
    /// A part other than the first is `.`.
    #[error("it has a part `.`: write it without")]
    Dot,
    /// Two slashes in a row.
    #[error("it has an empty name between two slashes: write one slash")]
    EmptyName,
    /// A zero byte.
    #[error("it holds a NUL byte, which no file name can")]
    Nul,
    /// Longer than [`MAX_PATH`].
    #[error("it has {length} bytes; Linux takes at most {MAX_PATH}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The root, where a name is needed.
    #[error("it is the root of the image, which only a tree may be placed at: give it a name")]
    Root,
    /// A slash at the end of what is no directory.
    #[error("it ends in a slash, as only a directory's path may: take it away")]
    TrailingSlash,
    /// The name of a whiteout, where the name of what it deletes is meant.
    #[error("its name begins with `.wh.`, as that of a whiteout does: name what is to be deleted")]
    Whiteout,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for text in ["a/b", "/a/b", "./a/b", "/./a/b", "a/b/", "/a/b/"] {
            assert_eq!(ImagePath::parse(text.as_bytes()).unwrap().as_bytes(), b"a/b", "{text}");
        }
        for text in ["", "/", ".", "./", "/."] {
            assert!(ImagePath::parse(text.as_bytes()).unwrap().is_root(), "{text}");
        }
        assert_eq!(ImagePath::parse(b".a/..b/...").unwrap().to_string(), "/.a/..b/...");
        assert_eq!(ImagePath::parse(&vec![b'x'; MAX_PATH]).unwrap().as_bytes().len(), MAX_PATH);
    }

    #[test]
    fn refused() {
        let cases = [
            ("..", PathProblem::DotDot),
            ("../x", PathProblem::DotDot),
            ("/../x", PathProblem::DotDot),
            ("a/../../x", PathProblem::DotDot),
            ("a/..", PathProblem::DotDot),
            ("a//b", PathProblem::EmptyName),
            ("//a", PathProblem::EmptyName),
            (".//a", PathProblem::EmptyName),
            ("a//", PathProblem::EmptyName),
            ("a/./b", PathProblem::Dot),
            ("a/.", PathProblem::Dot),
            ("a\0b", PathProblem::Nul),
        ];
        for (text, problem) in cases {
            assert_eq!(ImagePath::parse(text.as_bytes()), Err(problem), "{text:?}");
        }
        let long = vec![b'x'; MAX_PATH + 1];
        assert_eq!(ImagePath::parse(&long), Err(PathProblem::TooLong { length: MAX_PATH + 1 }));
    }

    #[test]
    fn join_and_parents() {
        let path = ImagePath::root().join(b"a").unwrap().join(b"b").unwrap().join(b"c").unwrap();
        assert_eq!(path.parents().collect::<Vec<_>>(), [&b"a/b"[..], b"a"]);
        assert_eq!(path.join(b".."), Err(PathProblem::DotDot));
        assert_eq!(path.join(b""), Err(PathProblem::EmptyName));
        assert_eq!(path.join(&[b'x'; MAX_PATH]), Err(PathProblem::TooLong { length: MAX_PATH + 6 }));
        assert_eq!(ImagePath::root().parents().count(), 0);
        assert_eq!((path.name(), path.parent().as_bytes()), (&b"c"[..], &b"a/b"[..]));
        let one = ImagePath::parse(b"one").unwrap();
        assert_eq!((one.name(), one.parent()), (&b"one"[..], ImagePath::root()));
        assert_eq!((ImagePath::root().name(), ImagePath::root().parent()), (&b""[..], ImagePath::root()));
    }
}
