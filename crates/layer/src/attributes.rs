//! Modes and owners: what users write, and the defaults.

use std::str::FromStr;

use crate::entry::{Names, Owner};

/// Highest mode: permission bits with set-uid, set-gid and sticky.
const HIGHEST_MODE: u16 = 0o7777;

/// Mode of a directory that every distribution has with another one than most: `/tmp` and `/var/tmp` 1777, `/root` 0700.
/// A layer that said 0755 of them would change those of the base below it.
pub(crate) fn special_directory_mode(path: &[u8]) -> Option<u16> {
    match path {
        b"tmp" | b"var/tmp" => Some(0o1777),
        b"root" => Some(0o700),
        _ => None,
    }
}

/// Default mode of all other directories.
pub(crate) const DIRECTORY_MODE: u16 = 0o755;

/// Default mode of files that no system would execute.
pub(crate) const FILE_MODE: u16 = 0o644;
/// Default mode of programs.
const EXECUTABLE_MODE: u16 = 0o755;
/// How files begin that Linux executes: scripts, and programs and libraries (`e_ident` of ELF).
const EXECUTABLE_HEADS: [&[u8]; 2] = [b"#!", b"\x7fELF"];

/// Mode of a regular file that nobody declared, told by how it begins.
///
/// The executable bit on disk would seem the natural thing to ask. But Bazel sets it on every output of an action and,
/// on remote workers, on every input, and does not notice when it changes on a source file: the bytes of a layer would
/// depend on where it was packed.
pub(crate) fn mode_by_content(head: &[u8]) -> u16 {
    if EXECUTABLE_HEADS.iter().any(|magic| head.starts_with(magic)) { EXECUTABLE_MODE } else { FILE_MODE }
}

/// Parses a mode: one to four octal digits, with or without zeros in front.
///
/// # Errors
/// [`ModeError`]
pub fn parse_mode(text: &str) -> Result<u16, ModeError> {
    let error = || ModeError { text: text.to_owned() };
    if text.is_empty() || text.len() > 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error());
    }
    u16::from_str_radix(text, 8).ok().filter(|mode| *mode <= HIGHEST_MODE).ok_or_else(error)
}

/// A text that is no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mode {text:?}: a mode is octal, from 0000 to 7777, like 0644")]
pub struct ModeError {
    /// The text.
    pub text: String,
}

/// Parses a modification time: seconds since 1970.
///
/// # Errors
/// [`MtimeError`]
pub fn parse_mtime(text: &str) -> Result<i64, MtimeError> {
    // `i64::from_str` takes signs.
    let mtime = text.parse().ok().filter(|_| text.bytes().all(|digit| digit.is_ascii_digit()));
    mtime.ok_or_else(|| MtimeError { text: text.to_owned() })
}

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mtime {text:?}: a time is a number of seconds since 1970, from 0 to {}", i64::MAX)]
pub struct MtimeError {
    /// The text.
    pub text: String,
}

impl FromStr for Owner {
    type Err = OwnerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || OwnerError { text: text.to_owned() };
        // `u32::from_str` takes a plus sign; to chown(2) the highest number means that nothing is to change.
        let number = |part: &str| part.parse().ok().filter(|id| *id != u32::MAX && !part.starts_with('+'));
        let (uid, gid) = text.split_once(':').ok_or_else(error)?;
        Ok(Self { uid: number(uid).ok_or_else(error)?, gid: number(gid).ok_or_else(error)? })
    }
}

/// A text that is no owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("owner {text:?}: user and group are numbers, like 0:0{}", self.about_names())]
pub struct OwnerError {
    /// The text.
    pub text: String,
}

impl OwnerError {
    /// For those who wrote names, as they do in Dockerfiles.
    fn about_names(&self) -> &'static str {
        if self.text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            ". Which number a name has stands in the image's /etc/passwd and /etc/group, which nobody reads here; names \
             to be written beside the numbers go into `owner_name`"
        } else {
            ""
        }
    }
}

/// Longest name of a user or group in bytes: Linux's `LOGIN_NAME_MAX` without its NUL. A bound keeps a header with its
/// records well below a member.
pub(crate) const MAX_OWNER_NAME: usize = 255;

impl FromStr for Names {
    type Err = NamesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let missing = |user: &str, group: &str| user.is_empty() && group.is_empty();
        let too_long = |user: &str, group: &str| user.len().max(group.len()) > MAX_OWNER_NAME;
        let parts = text.split_once(':').filter(|(user, group)| {
            !(missing(user, group)
                || too_long(user, group)
                || group.contains(':')
                || text.contains(char::is_control))
        });
        let (user, group) = parts.ok_or_else(|| NamesError { text: text.to_owned() })?;
        Ok(Self { user: user.as_bytes().into(), group: group.as_bytes().into() })
    }
}

/// A text that is no pair of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "owner_name {text:?}: it is the name of a user, a colon, and the name of a group, like root:root, each of at most \
     {MAX_OWNER_NAME} bytes"
)]
pub struct NamesError {
    /// The text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for (text, mode) in [("644", 0o644), ("0644", 0o644), ("00755", 0o755), ("1777", 0o1777), ("0", 0)] {
            assert_eq!(parse_mode(text), Ok(mode));
        }
        for text in ["", "8", "0o644", "rw", "10000", "+644", "-1", " 644", "0000644", "100644"] {
            let message = parse_mode(text).unwrap_err().to_string();
            assert_eq!(message, format!("mode {text:?}: a mode is octal, from 0000 to 7777, like 0644"));
        }
    }

    #[test]
    fn modes_by_content() {
        for head in ["#!/bin/sh\n", "#!", "\x7fELF", "\x7fELF\x02\x01"] {
            assert_eq!(mode_by_content(head.as_bytes()), 0o755, "{head:?}");
        }
        for head in ["", "#", " #!", "# !", "\x7fEL", "MZ", "text"] {
            assert_eq!(mode_by_content(head.as_bytes()), 0o644, "{head:?}");
        }
    }

    #[test]
    fn mtimes() {
        for (text, mtime) in [("0", 0), ("1700000000", 1_700_000_000), ("9223372036854775807", i64::MAX)] {
            assert_eq!(parse_mtime(text), Ok(mtime));
        }
        for text in ["", "-1", "+1", "today", "1.5", "9223372036854775808"] {
            let message = parse_mtime(text).unwrap_err().to_string();
            assert!(message.starts_with(&format!("mtime {text:?}: ")), "{message}");
        }
    }

    #[test]
    fn owners() {
        assert_eq!("0:0".parse(), Ok(Owner::default()));
        assert_eq!("65532:4294967294".parse(), Ok(Owner { uid: 65_532, gid: u32::MAX - 1 }));
        for text in [
            "root:root",
            "0",
            "",
            ":",
            "0:",
            ":0",
            "0:0:0",
            "-1:0",
            "+1:0",
            "0:4294967295",
            "0:4294967296",
            "0: 0",
        ] {
            let message = text.parse::<Owner>().unwrap_err().to_string();
            let names = text == "root:root";
            assert!(message.starts_with(&format!("owner {text:?}: user and group are numbers, like 0:0")));
            assert_eq!(message.contains("`owner_name`"), names, "{message}");
        }
    }

    #[test]
    fn names() {
        for (text, user, group) in [
            ("root:wheel", "root", "wheel"),
            ("www data:ü", "www data", "ü"),
            ("a:", "a", ""),
            (":b", "", "b"),
            (&format!("a:{}", "g".repeat(255)), "a", &"g".repeat(255)),
        ] {
            let names = Names { user: user.as_bytes().into(), group: group.as_bytes().into() };
            assert_eq!(text.parse(), Ok(names));
        }
        for text in ["", ":", "root", "a:b:c", "a\0:b", &format!("{}:b", "u".repeat(256))] {
            let message = text.parse::<Names>().unwrap_err().to_string();
            assert!(message.starts_with(&format!("owner_name {text:?}: ")), "{message}");
        }
    }
}
