//! The entries file: what the rules declare, before anything on disk is looked at.
//!
//! UTF-8 text. The first line is `strata-entries 2`; then come entries of four lines each: KIND, PATH, SOURCE, MODE. A fixed
//! number of fields, one a line, needs no escapes, and a malformed file is told with its line. Contents, in any order but that of tars:
//!
//! | KIND | PATH | SOURCE | MODE | what it is |
//! |---|---|---|---|---|
//! | `file` | in the image | on disk | own mode or empty | a regular file; links on disk are followed |
//! | `tree` | in the image | on disk | of the files in it, or empty | a directory with all that it holds |
//! | `symlink` | in the image | target | | a symbolic link |
//! | `readlink` | in the image | on disk | | a symbolic link with the target of that link |
//! | `output` | in the image | on disk | own mode or empty | an output of an action, file or declared link, told by [`crate::staging`] |
//! | `dir` | in the image | | own mode or empty | a directory |
//! | `empty` | in the image | | own mode or empty | an empty file |
//! | `whiteout` | in the image | | | the path is gone from the layers below |
//! | `opaque` | in the image | | | all that layers below have in this directory is gone |
//! | `tar` | | on disk | | a tar whose entries become the layer's; later ones win |
//!
//! Settings, also in any place. PATH is empty for everything, or a glob; among globs of one kind the last match counts:
//!
//! | KIND | PATH | SOURCE | MODE | what it says |
//! |---|---|---|---|---|
//! | `owner` | empty or glob | `UID:GID` | | who owns it |
//! | `names` | | `USER:GROUP` | | what the owner of everything is called, where no glob decides |
//! | `mode` | empty or glob | | mode | empty: of regular files without one of their own; glob: of files and directories |
//! | `dirmode` | | | mode | of directories without one of their own, but `/tmp`, `/var/tmp` and `/root` |
//! | `xattr` | glob | `NAME=VALUE` | | an extended attribute of files and directories |
//! | `mtime` | | seconds since 1970 | | modification time of everything |

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    attributes::{NamesError, OwnerError, parse_mode, parse_mtime},
    entry::Names,
    error::{EntriesProblem, Error},
    glob::{GlobError, PathGlob},
    path::{ImagePath, MAX_PATH, PathProblem},
    settings::Settings,
    xattr::{Xattr, XattrError},
};

/// First line of the file.
const HEADER: &str = "strata-entries 2";
/// Bytes of all extended attributes of a layer together: far more than a file system takes for one file, and a
/// bound for the length of a header.
pub(crate) const MAX_XATTRS: usize = 256 << 10;
/// Lines of an entry.
const FIELDS: usize = 4;

/// All that an entries file declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declarations {
    /// What the layer holds, in the order of the file, which matters for tars alone.
    pub entries: Vec<Declared>,
    /// What is said of it.
    pub settings: Settings,
}

/// One entry as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Where it goes. The root for trees and tars only.
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
    /// An output of an action on disk: a symbolic link if it was declared as one, else a regular file.
    Output(PathBuf),
    /// An empty regular file.
    Empty,
    /// The path is gone from the layers below.
    Whiteout,
    /// All that layers below have in this directory is gone.
    Opaque,
    /// A tar on disk whose entries become the layer's.
    Tar(PathBuf),
}

/// Reads an entries file.
///
/// # Errors
/// [`Error::Source`] if it cannot be read, [`Error::Entries`] with the line if it is malformed.
pub fn load(file: &Path) -> Result<Declarations, Error> {
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
pub fn parse(bytes: &[u8]) -> Result<Declarations, (usize, EntriesProblem)> {
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
    let mut parser = Parser::default();
    parser.declarations.entries.reserve(entries.len());
    for (index, entry) in entries.enumerate() {
        let &[kind, path, source, mode] = entry else { unreachable!("chunks of FIELDS") };
        let parsed = parser.add(Fields { kind, path, source, mode });
        parsed.map_err(|(field, problem)| (2 + index * FIELDS + field, problem))?;
    }
    Ok(parser.declarations)
}

/// What is wrong, and in which of the four lines, from 0.
type FieldProblem = (usize, EntriesProblem);

#[derive(Default)]
struct Parser {
    declarations: Declarations,
    /// Settings of everything that have been given.
    given: Vec<&'static str>,
    /// Bytes of all extended attributes.
    xattrs: usize,
}

impl Parser {
    fn add(&mut self, fields: Fields<'_>) -> Result<(), FieldProblem> {
        match fields.kind {
            "owner" => {
                fields.must_be_empty(&[MODE])?;
                let owner = fields.source.parse().map_err(|problem: OwnerError| (SOURCE, problem.into()))?;
                match fields.glob()? {
                    Some(glob) => self.declarations.settings.owners.push((glob, owner)),
                    None => self.declarations.settings.owner = self.once("owner", owner)?,
                }
            }
            "names" => {
                fields.must_be_empty(&[PATH, MODE])?;
                let names: Names =
                    fields.source.parse().map_err(|problem: NamesError| (SOURCE, problem.into()))?;
                self.declarations.settings.names = self.once("names", Some(Arc::new(names)))?;
            }
            "mode" => {
                fields.must_be_empty(&[SOURCE])?;
                let mode = parse_mode(fields.mode).map_err(|problem| (MODE, problem.into()))?;
                match fields.glob()? {
                    Some(glob) => self.declarations.settings.modes.push((glob, mode)),
                    None => self.declarations.settings.mode = self.once("mode", Some(mode))?,
                }
            }
            "dirmode" => {
                fields.must_be_empty(&[PATH, SOURCE])?;
                let mode = parse_mode(fields.mode).map_err(|problem| (MODE, problem.into()))?;
                self.declarations.settings.directory_mode = self.once("dirmode", Some(mode))?;
            }
            "mtime" => {
                fields.must_be_empty(&[PATH, MODE])?;
                let mtime = parse_mtime(fields.source).map_err(|problem| (SOURCE, problem.into()))?;
                self.declarations.settings.mtime = self.once("mtime", mtime)?;
            }
            "xattr" => {
                fields.must_be_empty(&[MODE])?;
                let xattr: Xattr =
                    fields.source.parse().map_err(|problem: XattrError| (SOURCE, problem.into()))?;
                self.xattrs += xattr.len();
                if self.xattrs > MAX_XATTRS {
                    return Err((SOURCE, EntriesProblem::Xattrs));
                }
                let glob = fields.glob()?.ok_or((PATH, EntriesProblem::NoGlob))?;
                self.declarations.settings.xattrs.push((glob, xattr));
            }
            _ => self.declarations.entries.push(fields.content()?),
        }
        Ok(())
    }

    /// The value, unless the setting has been given already.
    fn once<T>(&mut self, setting: &'static str, value: T) -> Result<T, FieldProblem> {
        if self.given.contains(&setting) {
            return Err((KIND, EntriesProblem::Twice { setting }));
        }
        self.given.push(setting);
        Ok(value)
    }
}

/// Numbers of the lines of an entry.
const KIND: usize = 0;
const PATH: usize = 1;
const SOURCE: usize = 2;
const MODE: usize = 3;

/// The lines of an entry.
#[derive(Clone, Copy)]
struct Fields<'a> {
    kind: &'a str,
    path: &'a str,
    source: &'a str,
    mode: &'a str,
}

impl Fields<'_> {
    /// Fails if one of these lines holds something.
    fn must_be_empty(self, lines: &[usize]) -> Result<(), FieldProblem> {
        let all = [("", ""), ("path", self.path), ("source", self.source), ("mode", self.mode)];
        match lines.iter().find(|line| !all[**line].1.is_empty()) {
            Some(&line) => {
                let (field, found) = all[line];
                let (kind, found) = (self.kind.to_owned(), found.to_owned());
                Err((line, EntriesProblem::Superfluous { kind, field, found }))
            }
            None => Ok(()),
        }
    }

    /// The path as a glob; `None` if it is empty, for everything.
    fn glob(self) -> Result<Option<PathGlob>, FieldProblem> {
        let parse = |text: &str| text.parse().map_err(|problem: GlobError| (PATH, problem.into()));
        Some(self.path).filter(|path| !path.is_empty()).map(parse).transpose()
    }

    /// The source as a path on disk.
    fn on_disk(self) -> Result<PathBuf, FieldProblem> {
        if self.source.is_empty() {
            let problem = "the source is empty: it must be a path on disk";
            return Err((SOURCE, EntriesProblem::Source(problem)));
        }
        Ok(PathBuf::from(self.source))
    }

    /// Something that the layer holds.
    fn content(self) -> Result<Declared, FieldProblem> {
        let kind = match self.kind {
            "file" => DeclaredKind::File(self.on_disk()?),
            "tree" => DeclaredKind::Tree(self.on_disk()?),
            "readlink" => DeclaredKind::Readlink(self.on_disk()?),
            "output" => DeclaredKind::Output(self.on_disk()?),
            "symlink" => {
                check_target(self.source.as_bytes())
                    .map_err(|problem| (SOURCE, EntriesProblem::Source(problem)))?;
                DeclaredKind::Symlink(self.source.to_owned())
            }
            "dir" => DeclaredKind::Directory,
            "empty" => DeclaredKind::Empty,
            "whiteout" => DeclaredKind::Whiteout,
            "opaque" => DeclaredKind::Opaque,
            "tar" => DeclaredKind::Tar(self.on_disk()?),
            _ => return Err((KIND, EntriesProblem::Kind { found: self.kind.to_owned() })),
        };
        use DeclaredKind as K;
        self.must_be_empty(match kind {
            K::File(_) | K::Tree(_) | K::Output(_) => &[],
            K::Directory | K::Empty => &[SOURCE],
            K::Symlink(_) | K::Readlink(_) => &[MODE],
            K::Whiteout | K::Opaque => &[SOURCE, MODE],
            K::Tar(_) => &[PATH, MODE],
        })?;
        let bad_path = |problem| (PATH, EntriesProblem::Path { path: self.path.to_owned(), problem });
        let path = ImagePath::parse(self.path.as_bytes()).map_err(bad_path)?;
        if path.is_root() && !matches!(kind, K::Tree(_) | K::Tar(_)) {
            return Err(bad_path(PathProblem::Root));
        }
        let may_be_directory = matches!(kind, K::Tree(_) | K::Directory | K::Whiteout | K::Opaque);
        if self.path.ends_with('/') && !may_be_directory {
            return Err(bad_path(PathProblem::TrailingSlash));
        }
        let mode = Some(self.mode).filter(|mode| !mode.is_empty());
        let mode = mode.map(parse_mode).transpose().map_err(|problem| (MODE, problem.into()))?;
        Ok(Declared { path, kind, mode })
    }
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
    use crate::entry::Owner;

    fn path(text: &str) -> ImagePath {
        ImagePath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_kind() {
        let text = "strata-entries 2\nfile\n/a\nsrc/a\n\ntree\n./\nout\n0600\nsymlink\nl\n../../t\n\n\
                    readlink\nr\nbin/r\n\noutput\nu\nbin/u\n\ndir\nd/\n\n1777\nempty\ne\n\n\nwhiteout\nw/\n\n\nopaque\no\n\n\n\
                    tar\n\nin.tar\n\n";
        use DeclaredKind::*;
        let expected = [
            ("a", File("src/a".into()), None),
            ("", Tree("out".into()), Some(0o600)),
            ("l", Symlink("../../t".into()), None),
            ("r", Readlink("bin/r".into()), None),
            ("u", Output("bin/u".into()), None),
            ("d", Directory, Some(0o1777)),
            ("e", Empty, None),
            ("w", Whiteout, None),
            ("o", Opaque, None),
            ("", Tar("in.tar".into()), None),
        ]
        .map(|(p, kind, mode)| Declared { path: path(p), kind, mode });
        let declarations = parse(text.as_bytes()).unwrap();
        assert_eq!(declarations.entries, expected);
        assert_eq!(declarations.settings, Settings::default());
        assert_eq!(parse(b"strata-entries 2\n").unwrap(), Declarations::default());
    }

    #[test]
    fn every_setting() {
        let text = "strata-entries 2\nowner\n/a/*\n1:2\n\nempty\ne\n\n\nowner\n\n3:4\n\nowner\nb\n5:6\n\n\
                    mode\n\n\n0600\nmode\na\n\n0755\ndirmode\n\n\n0700\nmtime\n\n7\n\nnames\n\nu:g\n\n\
                    xattr\na\nuser.x=0x01\n\n";
        let Declarations { entries, settings } = parse(text.as_bytes()).unwrap();
        let glob = |text: &str| text.parse::<PathGlob>().unwrap();
        let expected = Settings {
            owner: Owner { uid: 3, gid: 4 },
            owners: vec![(glob("a/*"), Owner { uid: 1, gid: 2 }), (glob("b"), Owner { uid: 5, gid: 6 })],
            names: Some(Arc::new("u:g".parse().unwrap())),
            mode: Some(0o600),
            directory_mode: Some(0o700),
            modes: vec![(glob("a"), 0o755)],
            xattrs: vec![(glob("a"), "user.x=\u{1}".parse().unwrap())],
            mtime: 7,
        };
        assert_eq!((entries.len(), settings), (1, expected));
    }

    #[test]
    fn errors_have_lines() {
        let cases: [(&[u8], usize, &str); 40] = [
            (b"", 1, "first line must be"),
            (b"strata-entries 1\n", 1, "\"strata-entries 1\""),
            (b"strata-entries 2", 1, "middle of an entry"),
            (b"strata-entries 2\r\n", 1, "first line must be"),
            (b"strata-entries 2\nfile\na\nb\n", 4, "middle of an entry"),
            (b"strata-entries 2\nfile\na\nb\n0644", 5, "middle of an entry"),
            (b"strata-entries 2\nfile\na\nb\n\n\n", 6, "middle of an entry"),
            (b"strata-entries 2\nFile\na\nb\n\n", 2, "unknown kind \"File\""),
            (b"strata-entries 2\nfile\n../x\nb\n\n", 3, "escapes the image"),
            (b"strata-entries 2\nfile\nx\nb\n\nfile\na//b\nb\n\n", 7, "empty name"),
            (b"strata-entries 2\nfile\na/\nb\n\n", 3, "ends in a slash"),
            (b"strata-entries 2\nfile\n/\nb\n\n", 3, "root of the image"),
            (b"strata-entries 2\nfile\na\n\n\n", 4, "source is empty"),
            (b"strata-entries 2\ndir\na\nb\n\n", 4, "holds \"b\": dir has no source"),
            (b"strata-entries 2\nsymlink\na\n\n\n", 4, "needs a target"),
            (b"strata-entries 2\nsymlink\na\nx\0\n\n", 4, "NUL"),
            (b"strata-entries 2\nfile\na\nb\n0999\n", 5, "mode \"0999\""),
            (b"strata-entries 2\nfile\n\xff\nb\n\n", 3, "not UTF-8"),
            (b"strata-entries 2\nsymlink\na\nb\n0644\n", 5, "symlink has no mode"),
            (b"strata-entries 2\nwhiteout\na\n\n0644\n", 5, "whiteout has no mode"),
            (b"strata-entries 2\nopaque\n/\n\n\n", 3, "root of the image"),
            (b"strata-entries 2\ntar\na\nx.tar\n\n", 3, "tar has no path"),
            (b"strata-entries 2\ntar\n\n\n\n", 4, "source is empty"),
            (b"strata-entries 2\nowner\n\nroot\n\n", 4, "owner \"root\""),
            (b"strata-entries 2\nowner\n[\n0:0\n\n", 3, "glob \"[\""),
            (b"strata-entries 2\nowner\n\n0:0\n1\n", 5, "owner has no mode"),
            (b"strata-entries 2\nnames\n\nroot\n\n", 4, "owner_name \"root\""),
            (b"strata-entries 2\nnames\n*\na:b\n\n", 3, "names has no path"),
            (b"strata-entries 2\nxattr\n\nuser.a=b\n\n", 3, "a glob must say which files"),
            (b"strata-entries 2\nxattr\na\na=b\n\n", 4, "xattr \"a\""),
            (b"strata-entries 2\nmode\n\nx\n1\n", 4, "mode has no source"),
            (b"strata-entries 2\nmode\na\n\n\n", 5, "mode \"\""),
            (b"strata-entries 2\ndirmode\na\n\n0700\n", 3, "dirmode has no path"),
            (b"strata-entries 2\ndirmode\n\n\n0900\n", 5, "mode \"0900\""),
            (b"strata-entries 2\ndirmode\n\n\n7\ndirmode\n\n\n7\n", 6, "dirmode is given twice"),
            (b"strata-entries 2\nmtime\na\n1\n\n", 3, "mtime has no path"),
            (b"strata-entries 2\nmtime\n\n-1\n\n", 4, "mtime \"-1\""),
            (b"strata-entries 2\nmtime\n\n1\n\nmtime\n\n1\n\n", 6, "mtime is given twice"),
            (b"strata-entries 2\nowner\n\n1:1\n\nowner\n\n1:1\n\n", 6, "owner is given twice"),
            (b"strata-entries 2\nmode\n\n\n1\nmode\n\n\n1\n", 6, "mode is given twice"),
        ];
        let many = format!("xattr\na\nuser.a={}\n\n", "x".repeat(60_000)).repeat(5);
        let (line, problem) = parse(format!("strata-entries 2\n{many}").as_bytes()).unwrap_err();
        assert!(line == 20 && problem.to_string().contains("256 KiB"), "{line}: {problem}");
        for (bytes, line, part) in cases {
            let (got, problem) = parse(bytes).unwrap_err();
            assert!(got == line && problem.to_string().contains(part), "{bytes:?}: {got} {problem}");
        }
    }
}
