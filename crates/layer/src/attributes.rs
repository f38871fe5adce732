//! Modes, owners and times: what users write, and what entries get.
//!
//! Order of strength for modes: the entry's own, the last glob that matches, the mode for files, the default.

use std::str::FromStr;

use globset::{Candidate, GlobBuilder, GlobMatcher};

use crate::{entry::Owner, error::Error, path::ImagePath};

/// Highest mode: permission bits with set-uid, set-gid and sticky.
const HIGHEST_MODE: u16 = 0o7777;

/// Mode of a directory that nobody declared: `/tmp` and `/var/tmp` 1777, `/root` 0700, else 0755, as every
/// distribution has them. A layer that lacked them, or said 0755, would change those of the base below it.
pub(crate) fn default_directory_mode(path: &[u8]) -> u16 {
    match path {
        b"tmp" | b"var/tmp" => 0o1777,
        b"root" => 0o700,
        _ => 0o755,
    }
}

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

impl FromStr for Owner {
    type Err = OwnerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || OwnerError { text: text.to_owned() };
        // `u32::from_str` takes a plus sign.
        let number = |part: &str| part.parse().ok().filter(|_| !part.starts_with('+'));
        let (uid, gid) = text.split_once(':').ok_or_else(error)?;
        Ok(Self { uid: number(uid).ok_or_else(error)?, gid: number(gid).ok_or_else(error)? })
    }
}

/// A text that is no owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("owner {text:?}: user and group are numbers, like 0:0")]
pub struct OwnerError {
    /// The text.
    pub text: String,
}

/// A mode for all paths that match a glob. `*` stops at slashes, `**` crosses them.
#[derive(Debug, Clone)]
pub struct ModeGlob {
    glob: GlobMatcher,
    mode: u16,
}

impl FromStr for ModeGlob {
    type Err = ModeGlobError;

    /// Parses `GLOB=MODE`. A slash in front of the glob means nothing, since paths have none.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((glob, mode)) = text.rsplit_once('=') else {
            return Err(ModeGlobError::NoMode { text: text.to_owned() });
        };
        let pattern = glob.strip_prefix('/').unwrap_or(glob);
        let built = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
        let matcher = built.map_err(|source| ModeGlobError::Glob { glob: glob.to_owned(), source })?;
        Ok(Self { glob: matcher.compile_matcher(), mode: parse_mode(mode)? })
    }
}

/// A text that is no glob with a mode.
#[derive(Debug, thiserror::Error)]
pub enum ModeGlobError {
    /// There is no `=`.
    #[error("mode glob {text:?} has no mode: write GLOB=MODE, like bin/*=0755")]
    NoMode {
        /// The text.
        text: String,
    },
    /// The glob is malformed.
    #[error("mode glob {glob:?}: {source}")]
    Glob {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        source: globset::Error,
    },
    /// The mode is none.
    #[error(transparent)]
    Mode(#[from] ModeError),
}

/// What is given for the layer as a whole.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// Owner of every entry.
    pub owner: Owner,
    /// Modification time of every entry, in seconds since the epoch.
    pub mtime: u64,
    /// Mode of every regular file that nothing stronger decides.
    pub file_mode: Option<u16>,
    /// Modes by glob; the last match counts. They are for regular files and directories, inserted parents
    /// included. A mode without the owner's executable bit is one for files, and leaves directories alone: nobody
    /// could enter them, and `etc/**=0640` means the files. Symbolic links have none.
    pub mode_globs: Vec<ModeGlob>,
}

/// The globs of a layer, and which of them have matched so far.
pub(crate) struct ModeGlobs<'a> {
    globs: &'a [ModeGlob],
    used: Vec<bool>,
}

impl<'a> ModeGlobs<'a> {
    pub(crate) fn new(globs: &'a [ModeGlob]) -> Self {
        Self { globs, used: vec![false; globs.len()] }
    }

    /// The mode that the globs give to a path.
    pub(crate) fn mode(&mut self, path: &ImagePath, directory: bool) -> Option<u16> {
        if self.globs.is_empty() {
            return None;
        }
        let candidate = Candidate::from_bytes(path.as_bytes());
        let mut mode = None;
        for (glob, used) in self.globs.iter().zip(&mut self.used) {
            let enterable = glob.mode & 0o100 != 0;
            if (enterable || !directory) && glob.glob.is_match_candidate(&candidate) {
                *used = true;
                mode = Some(glob.mode);
            }
        }
        mode
    }

    /// # Errors
    /// [`Error::UnmatchedGlob`] for the first one that matched nothing, which is a typing error nobody would see.
    pub(crate) fn check_all_used(self) -> Result<(), Error> {
        match self.used.iter().position(|used| !used) {
            Some(unused) => {
                Err(Error::UnmatchedGlob { glob: self.globs[unused].glob.glob().glob().to_owned() })
            }
            None => Ok(()),
        }
    }
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
    fn owners() {
        assert_eq!("0:0".parse(), Ok(Owner::default()));
        assert_eq!("65532:4294967295".parse(), Ok(Owner { uid: 65_532, gid: u32::MAX }));
        for text in ["root:root", "0", "", ":", "0:", ":0", "0:0:0", "-1:0", "+1:0", "0:4294967296", "0: 0"] {
            let message = text.parse::<Owner>().unwrap_err().to_string();
            assert_eq!(message, format!("owner {text:?}: user and group are numbers, like 0:0"));
        }
    }

    #[test]
    fn globs() {
        let globs: Vec<ModeGlob> = ["**/*.sh=0755", "/etc/*=0600", "etc/x=y=4755", "{a,b}/**=0700"]
            .map(|text| text.parse().unwrap())
            .into();
        let mut modes = ModeGlobs::new(&globs);
        let cases = [
            ("run.sh", false, Some(0o755)),
            ("a/b/run.sh", false, Some(0o700)),
            ("etc/run.sh", false, Some(0o600)),
            ("etc/d", true, None),
            ("etc/d/file", false, None),
            ("etc/x=y", false, Some(0o4755)),
            ("b/c/d", true, Some(0o700)),
            ("a", true, None),
        ];
        for (path, directory, expected) in cases {
            let got = modes.mode(&ImagePath::parse(path.as_bytes()).unwrap(), directory);
            assert_eq!(got, expected, "{path}");
        }
    }

    #[test]
    fn bad_and_unused_globs() {
        for (text, part) in [("bin/*", "GLOB=MODE"), ("[=0644", "mode glob \"[\""), ("x=9", "mode \"9\"")] {
            let message = text.parse::<ModeGlob>().unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
        let globs = ["a=0644".parse().unwrap(), "nowhere/*=0644".parse().unwrap()];
        let mut modes = ModeGlobs::new(&globs);
        modes.mode(&ImagePath::parse(b"a").unwrap(), false);
        let message = modes.check_all_used().unwrap_err().to_string();
        assert!(message.contains("nowhere/*"), "{message}");
    }
}
