//! Packages for tests, made from a few lines.

use std::io::Write as _;

use super::ar::MAGIC;

/// An ar archive.
pub(crate) fn ar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for (name, content) in members {
        writeln!(bytes, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 100_644, content.len()).unwrap();
        bytes.extend(content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}

pub(crate) fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(tar).unwrap();
    gzip.finish().unwrap()
}

pub(crate) fn xz(tar: &[u8]) -> Vec<u8> {
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    xz.write_all(tar).unwrap();
    xz.finish().unwrap()
}

pub(crate) fn zst(tar: &[u8]) -> Vec<u8> {
    // With a checksum, as dpkg-deb writes them.
    let mut zst = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    zst.include_checksum(true).unwrap();
    zst.write_all(tar).unwrap();
    zst.finish().unwrap()
}

/// A package.
#[derive(Debug, Clone)]
pub(crate) struct Deb {
    control: String,
    md5sums: String,
    data: Vec<(tar::Header, Vec<u8>)>,
}

impl Deb {
    pub(crate) fn new(package: &str, architecture: &str) -> Self {
        let control = format!("Package: {package}\nVersion: 1.0-1\nArchitecture: {architecture}\n");
        Self { control, md5sums: String::new(), data: Vec::new() }.entry(
            "./",
            tar::EntryType::Directory,
            0o755,
            "",
            b"",
        )
    }

    /// A line more in its control.
    pub(crate) fn field(mut self, line: &str) -> Self {
        self.control += &format!("{line}\n");
        self
    }

    pub(crate) fn file(mut self, path: &str, content: &str) -> Self {
        self.md5sums += &format!("0 {path}\n");
        self.entry(path, tar::EntryType::Regular, 0o644, "", content.as_bytes())
    }

    pub(crate) fn dir(self, path: &str, mode: u32) -> Self {
        self.entry(path, tar::EntryType::Directory, mode, "", b"")
    }

    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        self.entry(path, tar::EntryType::Symlink, 0o777, target, b"")
    }

    pub(crate) fn hard_link(self, path: &str, target: &str) -> Self {
        self.entry(path, tar::EntryType::Link, 0o644, target, b"")
    }

    pub(crate) fn entry(
        mut self,
        path: &str,
        kind: tar::EntryType,
        mode: u32,
        target: &str,
        content: &[u8],
    ) -> Self {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        // Not by set_path, which refuses what a hostile package has.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(50);
        header.set_username("root").unwrap();
        header.set_mtime(1_700_000_000);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.data.push((header, content.to_vec()));
        self
    }

    pub(crate) fn control_tar(&self) -> Vec<u8> {
        let control = [
            ("./control", self.control.as_str()),
            ("./md5sums", &self.md5sums),
            ("./postinst", "#!/bin/sh\n"),
        ];
        let plain = Self { data: Vec::new(), ..self.clone() };
        control.iter().fold(plain, |tar, (name, text)| tar.file(name, text)).data_tar()
    }

    pub(crate) fn data_tar(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (header, content) in &self.data {
            tar.append(header, &content[..]).unwrap();
        }
        tar.into_inner().unwrap()
    }

    /// The package, its parts compressed.
    pub(crate) fn with(&self, extension: &str, compress: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        ar(&[
            ("debian-binary", b"2.0\n".to_vec()),
            (&format!("control.tar{extension}"), compress(&self.control_tar())),
            (&format!("data.tar{extension}"), compress(&self.data_tar())),
        ])
    }

    /// The package, its parts as they are.
    pub(crate) fn plain(&self) -> Vec<u8> {
        self.with("", <[u8]>::to_vec)
    }
}
