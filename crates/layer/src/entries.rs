//! The entries file: what the rules declare, before anything on disk is looked at.
//!
//! UTF-8 text. The first line is `strata-entries 1`; then each entry has four lines: KIND, PATH, SOURCE, MODE. A fixed
//! number of fields, one a line, needs no escapes, and a malformed file is told with its line.

use std::{fs, path::Path, path::PathBuf};

use crate::{
    attributes::parse_mode,
    error::{EntriesProblem, Error},
    path::{ImagePath, MAX_PATH, PathProblem},
};

/// First line of the file.
const HEADER: &str = "strata-entries 1";
/// Lines of an entry.
const FIELDS: usize = 4;

/// One entry as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Where it goes. The root for trees only.
    pub path: ImagePath,
    /// What it is.
    pub kind: DeclaredKind,
    /// Its own mode. For a tree, that of all regular files in it.
    pub mode: Option<u16>,
}

/// What is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeclaredKind {
    /// A file on disk; links are followed.
    File(PathBuf),
    /// A directory on disk with all that it holds; links are followed.
    Tree(PathBuf),
    /// A symbolic link with this target.
    Symlink(String),
    /// A symbolic link with the target of this link on disk.
    Readlink(PathBuf),
    /// A directory.
    Directory,
    /// An empty regular file.
    Empty,
}

/// Reads an entries file.
///
/// # Errors
/// [`Error::Source`] if it cannot be read, [`Error::Entries`] with the line if it is malformed.
pub fn load(file: &Path) -> Result<Vec<Declared>, Error> {
    let bytes = fs::read(file).map_err(|source| Error::Source {
        operation: "read the entries file",
        path: file.to_owned(),
        source,
    })?;
    parse(&bytes).map_err(|(line, problem)| Error::Entries { file: file.to_owned(), line, problem })
}

/// Parses the bytes of an entries file.
///
/// # Errors
/// The line, from 1, and what is wrong there.
pub fn parse(bytes: &[u8]) -> Result<Vec<Declared>, (usize, EntriesProblem)> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        (1 + before.iter().filter(|byte| **byte == b'\n').count(), EntriesProblem::NotUtf8)
    })?;
    let first = text.split('\n').next().unwrap_or_default();
    if first != HEADER {
        return Err((1, EntriesProblem::Version { found: first.chars().take(HEADER.len() * 2).collect() }));
    }
    let lines: Vec<&str> = text.split('\n').collect();
    // What follows the last line feed must be nothing, or the last line is not whole.
    let [_, lines @ .., ""] = lines.as_slice() else {
        return Err((lines.len(), EntriesProblem::CutShort));
    };
    let entries = lines.chunks_exact(FIELDS);
    if !entries.remainder().is_empty() {
        return Err((1 + lines.len(), EntriesProblem::CutShort));
    }
    let mut declared = Vec::with_capacity(entries.len());
    for (index, entry) in entries.enumerate() {
        let &[kind, path, source, mode] = entry else { unreachable!("chunks of FIELDS") };
        let parsed = parse_entry(kind, path, source, mode);
        declared.push(parsed.map_err(|(field, problem)| (2 + index * FIELDS + field, problem))?);
    }
    Ok(declared)
}

/// Parses one entry; an error comes with the number of its field.
fn parse_entry(
    kind: &str,
    path: &str,
    source: &str,
    mode: &str,
) -> Result<Declared, (usize, EntriesProblem)> {
    let bad_path = |problem| (1, EntriesProblem::Path { path: path.to_owned(), problem });
    let bad_source = |problem| (2, EntriesProblem::Source(problem));
    let parsed = ImagePath::parse(path.as_bytes()).map_err(bad_path)?;
    let on_disk = || {
        if source.is_empty() {
            return Err(bad_source("the source is empty: it must be a path on disk"));
        }
        Ok(PathBuf::from(source))
    };
    let nothing = |kind| {
        if source.is_empty() {
            Ok(kind)
        } else {
            Err(bad_source("dir and empty have no source: leave the line empty"))
        }
    };
    let kind = match kind {
        "file" => DeclaredKind::File(on_disk()?),
        "tree" => DeclaredKind::Tree(on_disk()?),
        "readlink" => DeclaredKind::Readlink(on_disk()?),
        "symlink" => {
            check_target(source.as_bytes()).map_err(bad_source)?;
            DeclaredKind::Symlink(source.to_owned())
        }
        "dir" => nothing(DeclaredKind::Directory)?,
        "empty" => nothing(DeclaredKind::Empty)?,
        _ => return Err((0, EntriesProblem::Kind { found: kind.to_owned() })),
    };
    if parsed.is_root() && !matches!(kind, DeclaredKind::Tree(_)) {
        return Err(bad_path(PathProblem::Root));
    }
    if path.ends_with('/') && !matches!(kind, DeclaredKind::Tree(_) | DeclaredKind::Directory) {
        return Err(bad_path(PathProblem::TrailingSlash));
    }
    let mode = if mode.is_empty() { None } else { Some(parse_mode(mode).map_err(|e| (3, e.into()))?) };
    Ok(Declared { path: parsed, kind, mode })
}

/// Whether a symbolic link may have this target. It may lead anywhere, out of the root too: `/..` is `/`.
pub(crate) fn check_target(target: &[u8]) -> Result<(), &'static str> {
    if target.is_empty() {
        Err("a symbolic link needs a target")
    } else if target.contains(&0) {
        Err("the target holds a NUL byte, which no path can")
    } else if target.len() > MAX_PATH {
        Err("the target is longer than the 4096 bytes that Linux takes")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ImagePath {
        ImagePath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_kind() {
        let text = "strata-entries 1\nfile\n/a\nsrc/a\n\ntree\n./\nout\n0600\nsymlink\nl\n../../t\n\n\
                    readlink\nr\nbin/r\n\ndir\nd/\n\n1777\nempty\ne\n\n\n";
        use DeclaredKind::*;
        let expected = [
            ("a", File("src/a".into()), None),
            ("", Tree("out".into()), Some(0o600)),
            ("l", Symlink("../../t".into()), None),
            ("r", Readlink("bin/r".into()), None),
            ("d", Directory, Some(0o1777)),
            ("e", Empty, None),
        ]
        .map(|(p, kind, mode)| Declared { path: path(p), kind, mode });
        assert_eq!(parse(text.as_bytes()).unwrap(), expected);
        assert_eq!(parse(b"strata-entries 1\n").unwrap(), []);
    }

    #[test]
    fn errors_have_lines() {
        let cases: [(&[u8], usize, &str); 18] = [
            (b"", 1, "first line must be"),
            (b"strata-entries 2\n", 1, "\"strata-entries 2\""),
            (b"strata-entries 1", 1, "middle of an entry"),
            (b"strata-entries 1\r\n", 1, "first line must be"),
            (b"strata-entries 1\nfile\na\nb\n", 4, "middle of an entry"),
            (b"strata-entries 1\nfile\na\nb\n0644", 5, "middle of an entry"),
            (b"strata-entries 1\nfile\na\nb\n\n\n", 6, "middle of an entry"),
            (b"strata-entries 1\nFile\na\nb\n\n", 2, "unknown kind \"File\""),
            (b"strata-entries 1\nfile\n../x\nb\n\n", 3, "escapes the image"),
            (b"strata-entries 1\nfile\nx\nb\n\nfile\na//b\nb\n\n", 7, "empty name"),
            (b"strata-entries 1\nfile\na/\nb\n\n", 3, "ends in a slash"),
            (b"strata-entries 1\nfile\n/\nb\n\n", 3, "root of the image"),
            (b"strata-entries 1\nfile\na\n\n\n", 4, "source is empty"),
            (b"strata-entries 1\ndir\na\nb\n\n", 4, "have no source"),
            (b"strata-entries 1\nsymlink\na\n\n\n", 4, "needs a target"),
            (b"strata-entries 1\nsymlink\na\nx\0\n\n", 4, "NUL"),
            (b"strata-entries 1\nfile\na\nb\n0999\n", 5, "mode \"0999\""),
            (b"strata-entries 1\nfile\n\xff\nb\n\n", 3, "not UTF-8"),
        ];
        for (bytes, line, part) in cases {
            let (got, problem) = parse(bytes).unwrap_err();
            assert!(got == line && problem.to_string().contains(part), "{bytes:?}: {got} {problem}");
        }
    }
}
