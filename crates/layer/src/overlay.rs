//! The tree that a container sees of several layers, from their listings alone.
//!
//! As docker, containerd and podman unpack: whiteouts of a layer take effect on the layers below it, wherever they stand; a later
//! entry takes the place of an earlier one, and of all below it unless both are directories; a directory takes the place
//! of a link. A hard link is the file that it names, so that it stays when that goes. A directory that no listing has, and
//! that something is in, is listed as one of mode 0755.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::Bound,
};

use crate::{listed::Listed, mtree::encode};

/// What listings of directories that are only implied say.
const IMPLIED: &str = "type=dir mode=0755 uid=0 gid=0 size=0 time=0.0";
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Before the path of what a hard link leads to.
const HARDLINK: &str = " contents=./";

/// Paths, in the order of their bytes, and what the listings say of each.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: BTreeMap<Vec<u8>, Node>,
    /// Number of layers so far.
    layers: usize,
}

/// What is at a path.
#[derive(Debug, Clone)]
struct Node {
    attributes: String,
    origin: Option<Origin>,
}

/// The entry that a path comes from; for a hard link, that of the file which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The layer, of those that were added, from 0.
    pub layer: usize,
    /// Its place in the layer's listing, and so in its tar, from 0.
    pub entry: usize,
}

impl Tree {
    /// Puts a layer on top, given by its listing in the form of this crate.
    ///
    /// # Errors
    /// [`ListingError`]
    pub fn add(&mut self, listing: &str) -> Result<(), ListingError> {
        let mut entries = Vec::new();
        for (number, line) in listing.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let invalid = || ListingError { number: number + 1, line: line.to_owned() };
            let (path, attributes) = line.split_once(' ').ok_or_else(invalid)?;
            let path = path.strip_prefix("./").or_else(|| path.strip_prefix('.')).ok_or_else(invalid)?;
            if !attributes.starts_with("type=") {
                return Err(invalid());
            }
            entries.push((decode(path).ok_or_else(invalid)?, attributes));
        }
        let layer = self.layers;
        self.layers += 1;
        // First all of them: they are about the layers below.
        for (path, _) in &entries {
            let (directory, name) = split(path);
            match name.strip_prefix(WHITEOUT) {
                Some(_) if name == OPAQUE => self.empty(directory),
                Some(name) if !name.starts_with(WHITEOUT) => self.delete(&join(directory, name)),
                _ => {}
            }
        }
        for (entry, (path, attributes)) in entries.into_iter().enumerate() {
            if !split(&path).1.starts_with(WHITEOUT) {
                self.put(path, attributes, Origin { layer, entry });
            }
        }
        Ok(())
    }

    /// What is at a path, which is without slashes at its ends and empty for the root; links are not followed. `None` if
    /// nothing is there, or the listing does not say what.
    #[must_use]
    pub fn get(&self, path: &[u8]) -> Option<Listed> {
        let node = self.nodes.get(path)?;
        Listed::parse(&node.attributes, node.origin)
    }

    /// The names in a directory, sorted by their bytes.
    pub fn names<'a>(&'a self, directory: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let (first, end) = below(directory);
        let start = first.len();
        let paths = self.nodes.range((Bound::Included(first), end)).map(|(path, _)| path.as_slice());
        paths.filter_map(move |path| {
            let name = &path[start..];
            (!name.is_empty() && !name.contains(&b'/')).then_some(name)
        })
    }

    /// Writes the tree as a listing, sorted by path.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"#mtree\n")?;
        for (path, node) in &self.nodes {
            out.write_all(if path.is_empty() { b"." } else { b"./" })?;
            encode(out, path)?;
            writeln!(out, " {}", node.attributes)?;
        }
        Ok(())
    }

    fn put(&mut self, path: Vec<u8>, attributes: &str, origin: Origin) {
        let parents = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at]);
        for parent in parents {
            if !self.nodes.get(parent).is_some_and(|node| is_directory(&node.attributes)) {
                let implied = Node { attributes: IMPLIED.to_owned(), origin: None };
                self.nodes.insert(parent.to_vec(), implied);
            }
        }
        // A link to a file that no listing has stays as it stands.
        let target = attributes.split_once(HARDLINK).and_then(|(_, target)| self.nodes.get(&decode(target)?));
        let own = || Node { attributes: attributes.to_owned(), origin: Some(origin) };
        let node = target.map_or_else(own, Clone::clone);
        if !is_directory(&node.attributes) {
            self.empty(&path);
        }
        self.nodes.insert(path, node);
    }

    fn delete(&mut self, path: &[u8]) {
        self.nodes.remove(path);
        self.empty(path);
    }

    /// Removes what is below a path, which is not next to it in order: `a`, `a-b`, `a/b`.
    fn empty(&mut self, directory: &[u8]) {
        if directory.is_empty() {
            return self.nodes.retain(|path, _| path.is_empty());
        }
        let (first, end) = below(directory);
        let below: Vec<_> =
            self.nodes.range((Bound::Included(first), end)).map(|(path, _)| path.clone()).collect();
        for path in below {
            self.nodes.remove(&path);
        }
    }
}

/// Where what is below a directory begins and ends: from its slash up to the byte after a slash. The root has none, and all
/// but itself below it, since it is the empty path.
fn below(directory: &[u8]) -> (Vec<u8>, Bound<Vec<u8>>) {
    if directory.is_empty() {
        return (Vec::new(), Bound::Unbounded);
    }
    ([directory, b"/"].concat(), Bound::Excluded([directory, b"0"].concat()))
}

fn is_directory(attributes: &str) -> bool {
    attributes.starts_with("type=dir ")
}

/// A path's directory and name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}

/// The bytes that [`encode`] has written.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('\\');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        let digits = part.get(..3)?;
        bytes.push(u8::from_str_radix(digits, 8).ok()?);
        bytes.extend(part[3..].bytes());
    }
    Some(bytes)
}

/// A line of a listing that is not as this crate writes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} of the listing is not as `pack` writes it: {line:?}")]
pub struct ListingError {
    /// Its number, from 1.
    pub number: usize,
    /// The line.
    pub line: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listed::Kind;

    /// What is left of layers, each given by entries such as `a/ b=1 c->b`: directories, files with a size, hard links.
    fn merged(layers: &[&str]) -> String {
        let mut tree = Tree::default();
        for layer in layers {
            let line = |entry: &str| {
                let rest = "mode=0644 uid=0 gid=0";
                if let Some(path) = entry.strip_suffix('/') {
                    format!("./{path} type=dir mode=0700 uid=0 gid=0 size=0 time=0.0\n")
                } else if let Some((path, target)) = entry.split_once("=>") {
                    format!("./{path} type=file {rest} size=0 time=0.0 contents=./{target}\n")
                } else if let Some((path, target)) = entry.split_once("->") {
                    format!("./{path} type=link {rest} size=0 time=0.0 link={target}\n")
                } else {
                    let (path, size) = entry.split_once('=').unwrap_or((entry, "0"));
                    format!("./{path} type=file {rest} size={size} time=0.0\n")
                }
            };
            let listing: String =
                std::iter::once("#mtree\n".to_owned()).chain(layer.split_whitespace().map(line)).collect();
            tree.add(&listing).unwrap();
        }
        let mut out = Vec::new();
        tree.write(&mut out).unwrap();
        let short = |line: &str| {
            let (path, attributes) = line.split_once(' ').unwrap();
            let value = |key: &str| attributes.split(' ').find_map(|a| a.strip_prefix(key)).unwrap_or("");
            let what = match value("type=") {
                "dir" if value("mode=") == "0755" => "/?".to_owned(),
                "dir" => "/".to_owned(),
                "link" => format!("->{}", value("link=")),
                _ => format!("={}", value("size=")),
            };
            format!("{}{what}", path.trim_start_matches("./"))
        };
        let text = String::from_utf8(out).unwrap();
        text.lines().skip(1).map(short).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn as_runtimes_show_it() {
        let cases: [(&[&str], &str); 17] = [
            (&["b=1 a/ a/x=2"], "a/ a/x=2 b=1"),
            (&["a=1", "a=2"], "a=2"),
            (&["a/ a/x=1", "a/ a/y=2"], "a/ a/x=1 a/y=2"),
            (&["a/ a/x=1 a-b=3", "a=2"], "a=2 a-b=3"),
            (&["bin->usr/bin usr/ usr/bin/", "bin/ bin/x=1"], "bin/ bin/x=1 usr/ usr/bin/"),
            (&["bin->usr/bin", "bin/x=1"], "bin/? bin/x=1"),
            (&["a/b/c=1"], "a/? a/b/? a/b/c=1"),
            (&["a/ a/x=1", "a/y=2"], "a/ a/x=1 a/y=2"),
            (&["a/ a/x=1 a/y=2", ".wh.a"], ""),
            (&["a/ a/x=1 a/y=2", "a/ a/.wh.x"], "a/ a/y=2"),
            (&["a/ a/x=1", "a/ a/z=3 a/.wh..wh..opq"], "a/ a/z=3"),
            (&["a=1 b=2", ".wh..wh..opq c=3"], "c=3"),
            // What a layer deletes it may write itself.
            (&["a/ a/x=1", "a/ a/y=2 .wh.a"], "a/ a/y=2"),
            (&["a=1", ".wh..wh.plnk .wh..wh.aufs"], "a=1"),
            (&["a=7 b=>a", ".wh.a"], "b=7"),
            (&["a=7", "b=>a", "a=8"], "a=8 b=7"),
            (&["b=>gone"], "b=0"),
        ];
        for (layers, expected) in cases {
            assert_eq!(merged(layers), expected, "{layers:?}");
        }
    }

    #[test]
    fn names_are_sorted_by_their_bytes_and_come_back_as_they_were() {
        let listing = "#mtree\n. type=dir mode=0755 uid=0 gid=0 size=0 time=0.0\n\
                       ./a\\040b type=file mode=0644 uid=0 gid=0 size=1 time=0.0\n\
                       ./a! type=file mode=0644 uid=0 gid=0 size=2 time=0.0 xattr.user.x=MQA=\n\
                       ./\\303\\274 type=file mode=0644 uid=0 gid=0 size=3 time=0.0\n";
        let mut tree = Tree::default();
        tree.add(listing).unwrap();
        let mut out = Vec::new();
        tree.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), listing);
    }

    #[test]
    fn what_a_path_is_and_where_it_comes_from() {
        let rest = "uid=1 gid=2 size=0 time=0.0";
        let mut tree = Tree::default();
        tree.add(&format!(
            "#mtree\n./a type=dir mode=0700 {rest}\n./a/x type=file mode=0644 uid=0 gid=0 size=7 time=0.0\n\
             ./a/y type=file mode=0644 {rest} contents=./a/x\n./b type=link mode=0777 {rest} link=a/z\\040z\n"
        ))
        .unwrap();
        tree.add(&format!("#mtree\n./.wh.b type=file mode=0644 {rest}\n./c/d type=dir mode=1777 {rest}\n"))
            .unwrap();
        let origin = |layer, entry| Some(Origin { layer, entry });
        let file = tree.get(b"a/y").unwrap();
        assert_eq!((file.kind, file.origin, file.uid), (Kind::File { size: 7 }, origin(0, 1), 0));
        let directory = tree.get(b"c/d").unwrap();
        let expected = (Kind::Directory, 0o1777, 1, 2, origin(1, 1));
        assert_eq!(
            (directory.kind, directory.mode, directory.uid, directory.gid, directory.origin),
            expected
        );
        assert_eq!(tree.get(b"c").unwrap().origin, None, "implied");
        assert_eq!(tree.get(b"b"), None, "deleted");
        let names = |directory: &[u8]| tree.names(directory).collect::<Vec<_>>().join(&b' ');
        assert_eq!([names(b""), names(b"a"), names(b"c/d"), names(b"no")], [&b"a c"[..], b"x y", b"", b""]);
    }

    #[test]
    fn what_is_no_listing() {
        for line in [
            "x type=file",
            "./x",
            "./x mode=0644",
            "./\\4 type=file",
            "./\\9ab type=file",
            "./\\30ü type=file",
        ] {
            let error = Tree::default().add(&format!("#mtree\n{line}\n")).unwrap_err();
            assert_eq!((error.number, &*error.line), (2, line));
        }
    }
}
