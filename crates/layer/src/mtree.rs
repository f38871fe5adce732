//! The listing of a layer for people, tests and later layers, in mtree format.
//!
//! `#mtree`, then one line an entry in the order of the tar. Names and targets are encoded as `vis(3)` does it: blanks,
//! what is not printable ASCII, and the characters that mean something to mtree are written as `\` and three octal
//! digits. Extended attributes are written as go-mtree writes them, `xattr.NAME=` and base64. There are no digests of contents: those are hashed once only, as part of the tar.

use std::io::{self, Write};

use oci::Shape;

use crate::{
    entry::Names,
    shape::Collector,
    xattr::{Xattrs, to_base64},
};

/// One line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Without slashes at the ends; empty for the root.
    pub(crate) path: &'a [u8],
    pub(crate) kind: Type<'a>,
    pub(crate) mode: u64,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) mtime: i64,
    pub(crate) names: Option<&'a Names>,
    pub(crate) xattrs: Option<&'a Xattrs>,
}

/// What stands at the path. The hard links, devices and pipes come from imported tars only.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type<'a> {
    File {
        size: u64,
    },
    Directory,
    Symlink(&'a [u8]),
    /// A file whose content is that of an earlier path, for which mtree has the keyword `contents`.
    Hardlink(&'a [u8]),
    Character {
        major: u64,
        minor: u64,
    },
    Block {
        major: u64,
        minor: u64,
    },
    Fifo,
}

/// Writes a listing line by line, and keeps the shape of what it lists.
pub(crate) struct Listing<W> {
    out: W,
    shape: Collector,
}

impl<W: Write> Listing<W> {
    /// Begins a listing.
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(b"#mtree\n")?;
        Ok(Self { out, shape: Collector::default() })
    }

    /// Adds one entry.
    pub(crate) fn add(&mut self, line: &Line<'_>) -> io::Result<()> {
        self.shape.add(line);
        let Line { path, kind, mode, uid, gid, mtime, names, xattrs } = line;
        let out = &mut self.out;
        out.write_all(if path.is_empty() { b"." } else { b"./" })?;
        encode(out, path)?;
        let (name, size) = match kind {
            Type::File { size } => ("file", *size),
            Type::Hardlink(_) => ("file", 0),
            Type::Directory => ("dir", 0),
            Type::Symlink(_) => ("link", 0),
            Type::Character { .. } => ("char", 0),
            Type::Block { .. } => ("block", 0),
            Type::Fifo => ("fifo", 0),
        };
        write!(out, " type={name} mode={mode:04o} uid={uid} gid={gid}")?;
        for (keyword, name) in
            names.iter().flat_map(|names| [("uname", &names.user), ("gname", &names.group)])
        {
            if !name.is_empty() {
                write!(out, " {keyword}=")?;
                encode(out, name)?;
            }
        }
        write!(out, " size={size} time={mtime}.0")?;
        for (name, value) in xattrs.iter().copied().flatten() {
            out.write_all(b" xattr.")?;
            encode(out, name)?;
            write!(out, "={}", to_base64(value))?;
        }
        match kind {
            Type::Symlink(target) => {
                out.write_all(b" link=")?;
                encode(out, target)?;
            }
            Type::Hardlink(target) => {
                out.write_all(b" contents=./")?;
                encode(out, target)?;
            }
            Type::Character { major, minor } | Type::Block { major, minor } => {
                write!(out, " device=native,{major},{minor}")?;
            }
            Type::File { .. } | Type::Directory | Type::Fifo => {}
        }
        out.write_all(b"\n")
    }

    /// Ends the listing, whose text is then complete, and gives the shape of what it lists.
    pub(crate) fn finish(mut self) -> io::Result<Shape> {
        self.out.flush()?;
        Ok(self.shape.finish())
    }
}

pub(crate) fn encode(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !b"\\#=*?[".contains(byte);
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| !plain(byte)) {
        out.write_all(&rest[..at])?;
        write!(out, "\\{:03o}", rest[at])?;
        rest = &rest[at + 1..];
    }
    out.write_all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let mut text = Vec::new();
        let mut listing = Listing::new(&mut text).unwrap();
        let file = Type::File { size: 12 };
        let mut add = |path: &str, kind| {
            let line = Line {
                path: path.as_bytes(),
                kind,
                mode: 0o644,
                uid: 1,
                gid: 2,
                mtime: 3,
                names: None,
                xattrs: None,
            };
            listing.add(&line).unwrap();
        };
        add("", Type::Directory);
        add("a b", file);
        add("ü\n#x=y\\*", file);
        add("l", Type::Symlink(b"../t t"));
        add("h", Type::Hardlink(b"a b"));
        add("c", Type::Character { major: 1, minor: 3 });
        add("b", Type::Block { major: 8, minor: 0 });
        add("f", Type::Fifo);
        let names = "a b:".parse().unwrap();
        let xattrs = [(b"user.a b"[..].into(), b"1\0"[..].into())].into();
        let (names, xattrs) = (Some(&names), Some(&xattrs));
        let line = Line { path: b"n", kind: file, mode: 0o644, uid: 1, gid: 2, mtime: 3, names, xattrs };
        listing.add(&line).unwrap();
        let shape = listing.finish().unwrap();
        assert_eq!(shape.symlinks["l"], "../t t");
        let text = String::from_utf8(text).unwrap();
        let rest = "mode=0644 uid=1 gid=2 size=0 time=3.0";
        let expected = [
            "#mtree".to_owned(),
            format!(". type=dir {rest}"),
            "./a\\040b type=file mode=0644 uid=1 gid=2 size=12 time=3.0".to_owned(),
            "./\\303\\274\\012\\043x\\075y\\134\\052 type=file mode=0644 uid=1 gid=2 size=12 time=3.0"
                .to_owned(),
            format!("./l type=link {rest} link=../t\\040t"),
            format!("./h type=file {rest} contents=./a\\040b"),
            format!("./c type=char {rest} device=native,1,3"),
            format!("./b type=block {rest} device=native,8,0"),
            format!("./f type=fifo {rest}"),
            "./n type=file mode=0644 uid=1 gid=2 uname=a\\040b size=12 time=3.0 xattr.user.a\\040b=MQA="
                .to_owned(),
            String::new(),
        ];
        assert_eq!(text, expected.join("\n"));
    }
}
