//! A package as a file: `debian-binary`, what it says of itself, and what it installs (deb(5)).
//!
//! It is read once from front to back, and compressed parts are unpacked on the way; only small files of the control part are
//! held in memory.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;

use super::{
    ar::{Ar, MAGIC},
    control::Control,
    data::{Data, Kind},
};

/// Most that a dictionary of xz may take, in KiB: `xz -9` wants 65 MiB, and dpkg-deb uses less.
const XZ_MEMORY: u32 = 128 << 10;
/// Extensions of the parts, as dpkg-deb writes them today.
const COMPRESSIONS: &str = "none, .gz, .xz and .zst";

/// A package that is being read.
pub(crate) struct Package {
    pub(crate) control: Control,
    /// Checksums of its files, as they are.
    pub(super) md5sums: Option<Vec<u8>>,
    /// What it installs.
    pub(crate) data: Data<'static>,
}

impl Package {
    /// Whether a file that begins with `bytes` is one.
    pub(crate) fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Opens a package, and reads what it says of itself.
    ///
    /// # Errors
    /// What is wrong with it; the caller names the file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).context("it cannot be read")?;
        Self::read(BufReader::new(file))
    }

    fn read(file: impl Read + 'static) -> Result<Self> {
        let mut ar = Ar::open(file)?;
        check_format(&mut ar)?;
        let name = part(&mut ar, "control.tar")?;
        let (control, md5sums) =
            read_control(Data::new(Box::new(decompress(&name, &mut ar)?))).with_context(|| name)?;
        let name = part(&mut ar, "data.tar")?;
        let data = Data::new(decompress(&name, ar)?);
        Ok(Self { control, md5sums, data })
    }
}

fn check_format(ar: &mut Ar<impl Read>) -> Result<()> {
    let first = ar.next()?;
    ensure!(
        first.as_ref().is_some_and(|member| member.name == "debian-binary" && member.size < 100),
        "it is an ar archive and no package: its first member is not debian-binary"
    );
    let mut version = String::new();
    ar.read_to_string(&mut version)?;
    ensure!(
        version.starts_with("2."),
        "it has version {:?} of the format of packages, and 2.0 is what there is",
        version.trim()
    );
    Ok(())
}

/// Goes on to a part, over members that deb(5) lets be between: those whose names begin with `_`.
fn part(ar: &mut Ar<impl Read>, name: &str) -> Result<String> {
    while let Some(member) = ar.next()? {
        if member.name.starts_with(name) {
            return Ok(member.name);
        }
        ensure!(
            member.name.starts_with('_'),
            "it is damaged, or no package: {:?} is where {name} should be",
            member.name
        );
    }
    bail!("it has no {name}: it is damaged, or no package");
}

/// The tar in a part, by the extension of its name, as dpkg does it.
fn decompress<'a>(name: &str, part: impl Read + 'a) -> Result<Box<dyn Read + 'a>> {
    Ok(match name.split_once(".tar").map(|(_, extension)| extension) {
        Some("") => Box::new(part),
        Some(".gz") => Box::new(MultiGzDecoder::new(part)),
        Some(".xz") => Box::new(XzReader::new_mem_limit(part, true, XZ_MEMORY)),
        Some(".zst") => Box::new(zstd::stream::read::Decoder::new(part)?),
        _ => bail!(
            "its part {name} is compressed in a way that is not read here; {COMPRESSIONS} are. `dpkg-deb --build` makes such a package"
        ),
    })
}

fn read_control(data: Data<'_>) -> Result<(Control, Option<Vec<u8>>)> {
    let (mut control, mut md5sums) = (None, None);
    data.each(&mut |entry| {
        let place = match entry.path.as_bytes() {
            b"control" => &mut control,
            b"md5sums" => &mut md5sums,
            _ => return Ok(()),
        };
        ensure!(entry.kind == Kind::File, "{} is no file", entry.path);
        *place = Some(entry.content.read_small()?);
        Ok(())
    })?;
    let control = control.context("there is no file `control` in it")?;
    Ok((Control::parse(&control)?, md5sums))
}

/// Reads to the end, which is where checksums of compressed files are.
pub(super) fn drain(mut reader: impl Read) -> io::Result<()> {
    io::copy(&mut reader, &mut io::sink()).map(drop)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::debs::fixtures::{Deb, ar, gzip, xz, zst};

    fn opened(bytes: Vec<u8>) -> Result<Package, String> {
        Package::read(io::Cursor::new(bytes)).map_err(|error| format!("{error:#}"))
    }

    /// Everything in the package, or the first error.
    fn paths(bytes: Vec<u8>) -> Result<Vec<String>, String> {
        let mut paths = Vec::new();
        let each = |entry: crate::debs::data::Entry<'_, '_>| {
            paths.push(entry.path.to_string());
            Ok(())
        };
        opened(bytes)?.data.each(&mut { each }).map_err(|error| format!("{error:#}"))?;
        Ok(paths)
    }

    #[test]
    fn every_compression() {
        let deb = Deb::new("app", "amd64").file("usr/bin/app", "program");
        for (extension, compress) in [
            ("", (|tar: &[u8]| tar.to_vec()) as fn(&[u8]) -> Vec<u8>),
            (".gz", gzip),
            (".xz", xz),
            (".zst", zst),
        ] {
            let bytes = deb.with(extension, compress);
            let package = opened(bytes.clone()).unwrap();
            assert_eq!(
                (&*package.control.package, &*package.control.architecture),
                ("app", "amd64"),
                "{extension}"
            );
            assert_eq!(package.md5sums.unwrap(), b"0 usr/bin/app\n");
            assert_eq!(paths(bytes.clone()).unwrap(), ["/", "/usr/bin/app"], "{extension}");
            // Cut off anywhere, it is an error and no shorter package.
            for length in (0..bytes.len() - 1).step_by(7) {
                assert!(paths(bytes[..length].to_vec()).is_err(), "{extension} {length}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Whatever is in the file: an error, or paths below the root.
        #[test]
        fn nothing_makes_it_panic(at in any::<prop::sample::Index>(), byte: u8, more in any::<Vec<u8>>()) {
            let deb = Deb::new("app", "amd64").dir("d", 0o755).link("d/l", "x").file("d/x", "1").hard_link("d/y", "d/x");
            for (extension, compress) in [("", (|tar: &[u8]| tar.to_vec()) as fn(&[u8]) -> Vec<u8>), (".xz", xz)] {
                let mut bytes = deb.with(extension, compress);
                let at = at.index(bytes.len());
                bytes[at] = byte;
                let _ = paths(bytes.clone());
                bytes.splice(at.., more.clone());
                let _ = paths(bytes);
            }
        }
    }

    #[test]
    fn what_is_no_package() {
        let binary = ("debian-binary", b"2.0\n".to_vec());
        let deb = Deb::new("app", "all");
        let control = ("control.tar", deb.control_tar());
        let escaping = Deb::new("app", "all").file("../etc/passwd", "");
        let later = ("debian-binary", b"3.0\n".to_vec());
        for (bytes, says) in [
            (b"<html>".to_vec(), "does not begin as packages do"),
            (ar(&[]), "its first member is not debian-binary"),
            (ar(&[("control.tar", vec![])]), "its first member is not debian-binary"),
            (ar(&[later]), "version \"3.0\""),
            (ar(std::slice::from_ref(&binary)), "has no control.tar"),
            (ar(&[binary.clone(), ("data.tar", vec![])]), "\"data.tar\" is where control.tar should be"),
            (ar(&[binary.clone(), control.clone()]), "has no data.tar"),
            (ar(&[binary.clone(), control.clone(), ("data.tar.bz2", vec![])]), "none, .gz, .xz and .zst"),
            (
                ar(&[binary.clone(), ("control.tar", vec![0; 1024])]),
                "control.tar: there is no file `control`",
            ),
            (ar(&[binary.clone(), ("control.tar.xz", b"text".to_vec())]), "control.tar.xz"),
            (escaping.plain(), "escapes the image"),
        ] {
            let error = paths(bytes).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        let signed = [binary, ("_gpgorigin", b"x".to_vec()), control, ("data.tar", deb.data_tar())];
        assert_eq!(paths(ar(&signed)).unwrap(), ["/"]);
    }
}
