//! The files in a tar that is no layer, but holds some: an archive of images.
//!
//! Invariants: memory holds names and places, never contents, and no more than [`MOST`] of them; links lead to files of the same tar
//! or nowhere; nothing is unpacked to a path that the tar names.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    error::Error,
    import::{
        Stop,
        fields::clean,
        found::{Found, Kind},
        locate::{Located, Spool},
    },
    path::printable,
    slice::Slice,
};

/// Most entries that are taken. An archive has about three a layer, and Docker takes 125 layers; what has many more is a
/// file system, or wants to fill memory.
const MOST: usize = 100_000;
/// As many links as Linux follows in one path.
const MOST_FOLLOWED: usize = 40;

/// What is at a name.
#[derive(Debug)]
enum Member {
    File(Slice),
    /// To a path below the root of the tar, or out of it.
    Link(Result<Vec<u8>, String>),
    /// Directories, devices and the like.
    Other,
}

/// The members of a tar.
#[derive(Debug)]
pub struct Members {
    path: Arc<Path>,
    members: BTreeMap<Vec<u8>, Member>,
}

impl Members {
    /// Reads what is in the tar at `path`, plain or compressed with gzip or zstd, told by its bytes. What is compressed is
    /// unpacked to a file without a name in the folder of `beside`.
    ///
    /// # Errors
    /// [`Error::NotATar`] and [`Error::Damaged`] say what is wrong with it.
    pub fn open(path: &Path, beside: &Path) -> Result<Self, Error> {
        let mut spool = Spool::beside(beside);
        let tar = Located::open(path, 0, &mut spool)?;
        let file = Arc::clone(tar.file());
        let mut members = BTreeMap::new();
        tar.scan(&mut spool, &mut |found: Found| {
            if members.len() == MOST {
                return Err(Stop::Bad(format!(
                    "it has more than {MOST} entries: it is no archive of images"
                )));
            }
            let Found { path, kind, content, .. } = found;
            let member = match kind {
                Kind::File => Member::File(Slice::new(&file, content.offset, content.size, content.map)),
                Kind::Symlink(target) => Member::Link(below(&path, &target)),
                Kind::Hardlink(target) => Member::Link(Ok(target)),
                _ => Member::Other,
            };
            // As when it is unpacked: the later one wins.
            members.insert(path, member);
            Ok(())
        })?;
        Ok(Self { path: path.into(), members })
    }

    /// The tar.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all members but the root, sorted by bytes.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.members.keys().map(Vec::as_slice).filter(|name| !name.is_empty())
    }

    /// The file at `name`, through links; `None` if there is nothing.
    ///
    /// # Errors
    /// [`Error::TarEntry`] if it is no file, or leads out of the tar or around.
    pub fn file(&self, name: &str) -> Result<Option<&Slice>, Error> {
        let bad = |problem: String| Error::TarEntry {
            tar: self.path.to_path_buf(),
            path: printable(name.as_bytes()).into_owned(),
            problem,
        };
        let mut at = clean(name.as_bytes()).map_err(bad)?;
        for _ in 0..MOST_FOLLOWED {
            match self.members.get(&at) {
                None => return Ok(None),
                Some(Member::File(slice)) => return Ok(Some(slice)),
                Some(Member::Other) => return Err(bad("it is no file".into())),
                Some(Member::Link(target)) => at.clone_from(target.as_ref().map_err(|p| bad(p.clone()))?),
            }
        }
        Err(bad("it is a link that leads around".into()))
    }
}

/// Where a symbolic link leads.
fn below(link: &[u8], target: &[u8]) -> Result<Vec<u8>, String> {
    if target.starts_with(b"/") {
        return Err(format!("it is a link to {}, out of the archive", printable(target)));
    }
    let folder = link.iter().rposition(|byte| *byte == b'/').map_or(&b""[..], |at| &link[..=at]);
    clean(&[folder, target].concat())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use tar::EntryType;

    use super::*;

    type Entry<'a> = (&'a str, EntryType, &'a str);

    /// A tar of files, with their contents, and links, with their targets.
    fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, kind, text) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            // Not by set_path, which refuses what a hostile tar has.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            let content = if kind.is_file() {
                text.as_bytes()
            } else {
                header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
                b""
            };
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append(&header, content).unwrap();
        }
        tar.into_inner().unwrap()
    }

    fn opened(bytes: &[u8]) -> Result<Members, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.tar");
        std::fs::write(&path, bytes).unwrap();
        Members::open(&path, &dir.path().join("out")).map_err(|error| error.to_string())
    }

    #[test]
    fn files_and_links_in_every_compression() {
        let plain = tar(&[
            ("./d/", EntryType::Directory, ""),
            ("./d/layer.tar", EntryType::Regular, "old"),
            ("./d/layer.tar", EntryType::Regular, "new"),
            ("e/layer.tar", EntryType::Symlink, "../d/layer.tar"),
            ("hard", EntryType::Link, "e/layer.tar"),
        ]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain).unwrap();
        let zstd = zstd::bulk::compress(&plain, 1).unwrap();
        for bytes in [plain.clone(), gzip.finish().unwrap(), zstd] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x.tar");
            std::fs::write(&path, bytes).unwrap();
            let members = Members::open(&path, &dir.path().join("out")).unwrap();
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing has a name");
            for name in ["d/layer.tar", "./e/layer.tar", "hard"] {
                let mut text = String::new();
                let slice = members.file(name).unwrap().unwrap();
                slice.open().unwrap().read_to_string(&mut text).unwrap();
                assert_eq!((text.as_str(), slice.size()), ("new", 3), "{name}");
            }
            assert!(members.file("absent").unwrap().is_none());
            let names: Vec<_> = members.names().collect();
            assert_eq!(names, [&b"d"[..], b"d/layer.tar", b"e/layer.tar", b"hard"]);
        }
    }

    #[test]
    fn links_stay_inside() {
        let members = opened(&tar(&[
            ("a", EntryType::Symlink, "b"),
            ("b", EntryType::Symlink, "a"),
            ("out", EntryType::Symlink, "../../etc/passwd"),
            ("root", EntryType::Symlink, "/etc/passwd"),
            ("gone", EntryType::Symlink, "nothing"),
            ("d", EntryType::Directory, ""),
            ("pipe", EntryType::Fifo, ""),
        ]))
        .unwrap();
        let cases = [
            ("a", "leads around"),
            ("out", "../../etc/passwd"),
            ("root", "out of the archive"),
            ("d", "it is no file"),
            ("pipe", "it is no file"),
            ("../x", "../x"),
        ];
        for (name, expected) in cases {
            let error = members.file(name).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("x.tar"), "{error}");
        }
        assert!(members.file("gone").unwrap().is_none());
    }

    #[test]
    fn hostile_tars() {
        let escaping = opened(&tar(&[("../x", EntryType::Regular, "")])).unwrap_err();
        assert!(escaping.contains("../x"), "{escaping}");
        let linked = opened(&tar(&[("x", EntryType::Link, "../../y")])).unwrap_err();
        assert!(linked.contains("../../y"), "{linked}");
        let whole = tar(&[("a", EntryType::Regular, &"x".repeat(4000))]);
        let cut = opened(&whole[..2000]).unwrap_err();
        assert!(cut.contains("is no tar"), "{cut}");
        // A name that claims a terabyte must not be read into memory.
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(1 << 40);
        header.set_cksum();
        let bomb = opened(header.as_bytes()).unwrap_err();
        assert!(bomb.contains("claims 1099511627776 bytes"), "{bomb}");
        let many: Vec<u8> = (0..=MOST)
            .flat_map(|number| {
                let mut header = tar::Header::new_gnu();
                header.set_path(number.to_string()).unwrap();
                header.set_size(0);
                header.set_cksum();
                *header.as_bytes()
            })
            .collect();
        let many = opened(&zstd::bulk::compress(&many, 1).unwrap()).unwrap_err();
        assert!(many.contains("more than 100000 entries"), "{many}");
    }
}
