//! The shape of a layer, collected while its entries go by.
//!
//! Invariant: memory, and the size of the shape, are bounded by [`LIMIT`], whatever the layer holds: where there is more,
//! the deepest directories are left out, which only means that nobody is warned about them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use oci::{Shape, shape::names};

use crate::{
    mtree::{Line, Type},
    path::printable,
};

/// Most bytes of names and targets, so that layer.json stays small and reading it takes a millisecond. It is about what
/// 2,000 directories have; a rootfs of Debian comes to a depth of 4.
const LIMIT: usize = 128 << 10;
/// What the name of an entry begins with that deletes something from the layers below.
const WHITEOUT: &[u8] = b".wh.";
/// The rest of the name of the entry that deletes all that they have in its directory.
const OPAQUE: &[u8] = b".wh..opq";

/// Takes entries in the order of the tar. A later entry at the same path wins, as it does when the layer is unpacked.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    /// With the name of the first thing in each; empty if nothing is.
    directories: BTreeMap<String, String>,
    symlinks: BTreeMap<String, String>,
    whiteouts: BTreeSet<String>,
    opaque: BTreeSet<String>,
    /// Bytes of all of them, by the number of names in their paths.
    bytes: Vec<usize>,
    /// As [`Shape::depth`].
    depth: Option<usize>,
    /// The greatest path so far: one that is greater is new. Layers of ours are sorted, and this spares them a search.
    greatest: Vec<u8>,
    /// The directory of the last entry, which is known and not empty.
    last_parent: Vec<u8>,
}

impl Collector {
    /// Takes the next entry.
    pub(crate) fn add(&mut self, line: &Line<'_>) {
        let (parent, name) = split(line.path);
        if name.is_empty() {
            return;
        }
        if let Some(deleted) = name.strip_prefix(WHITEOUT) {
            self.add_parents(parent, &[]);
            return self.add_whiteout(parent, deleted);
        }
        if parent != self.last_parent {
            self.add_parents(parent, name);
            replace(&mut self.last_parent, parent);
        }
        let new = line.path > &*self.greatest;
        if new {
            replace(&mut self.greatest, line.path);
        }
        let is_directory = matches!(line.kind, Type::Directory);
        if new && !is_directory && !matches!(line.kind, Type::Symlink(_)) {
            return;
        }
        let Ok(path) = str::from_utf8(line.path) else { return };
        let stays = is_directory && self.directories.contains_key(path);
        if !(new || stays) {
            self.forget(path);
        }
        match line.kind {
            Type::Directory => self.add_directory(path, &[]),
            Type::Symlink(target) => {
                if let Ok(target) = str::from_utf8(target)
                    && self.take(path, path.len() + target.len())
                {
                    self.symlinks.insert(path.to_owned(), target.to_owned());
                }
            }
            _ => {}
        }
    }

    /// The shape of all that was added.
    pub(crate) fn finish(self) -> Shape {
        let Self { directories, symlinks, whiteouts, opaque, depth, .. } = self;
        let told = |path: &str| below(&directories, path).next().is_some();
        let paths = directories.iter().filter(|(path, _)| !told(path));
        let paths = paths.map(|(path, first)| format!("{path}/{first}")).collect();
        Shape { depth, paths, symlinks, whiteouts, opaque }
    }

    /// The directories above `name`, nearest first, as far as they are not known. What is deleted has no name.
    fn add_parents<'a>(&mut self, mut parent: &'a [u8], mut name: &'a [u8]) {
        while !parent.is_empty() {
            if let Ok(path) = str::from_utf8(parent) {
                // What follows a link of the same layer goes through it.
                if self.symlinks.contains_key(path)
                    || self.directories.get(path).is_some_and(|first| !first.is_empty())
                {
                    return;
                }
                self.add_directory(path, name);
            }
            (parent, name) = split(parent);
        }
    }

    /// A directory with something in it, unless that is known already.
    fn add_directory(&mut self, path: &str, name: &[u8]) {
        let known = self.directories.get(path);
        if known.is_some_and(|first| !first.is_empty() || name.is_empty()) {
            return;
        }
        let first = printable(name);
        if self.take(path, first.len() + if known.is_some() { 0 } else { path.len() }) {
            self.directories.insert(path.to_owned(), first.into_owned());
        }
    }

    fn add_whiteout(&mut self, parent: &[u8], deleted: &[u8]) {
        let Ok(parent) = str::from_utf8(parent) else { return };
        if deleted == OPAQUE {
            if self.take(parent, parent.len()) {
                self.opaque.insert(parent.to_owned());
            }
        } else if let Ok(deleted) = str::from_utf8(deleted)
            // Others that begin so twice are notes of an old storage driver: runtimes pass over them.
            && !deleted.starts_with(".wh.")
        {
            let slash = if parent.is_empty() { "" } else { "/" };
            let path = format!("{parent}{slash}{deleted}");
            if self.take(&path, path.len()) {
                self.whiteouts.insert(path);
            }
        }
    }

    /// Takes out what was at a path and below it.
    fn forget(&mut self, path: &str) {
        for map in [&mut self.directories, &mut self.symlinks] {
            map.remove(path);
            for path in below(map, path).map(str::to_owned).collect::<Vec<_>>() {
                map.remove(&path);
            }
        }
        self.last_parent.clear();
    }

    /// Makes room for so many bytes of something at `path`; `false` if that lies too deep.
    fn take(&mut self, path: &str, bytes: usize) -> bool {
        let names = names(path);
        if self.depth.is_some_and(|depth| names > depth) {
            return false;
        }
        if self.bytes.len() <= names {
            self.bytes.resize(names + 1, 0);
        }
        self.bytes[names] += bytes;
        while self.bytes.iter().sum::<usize>() > LIMIT {
            self.bytes.pop();
            // The root alone has no names.
            self.leave_out(self.bytes.len().saturating_sub(1));
        }
        self.depth.is_none_or(|depth| names <= depth)
    }

    /// Takes out all that has more names.
    fn leave_out(&mut self, depth: usize) {
        self.depth = Some(depth);
        let stays = |path: &str| names(path) <= depth;
        self.directories.retain(|path, _| stays(path));
        self.symlinks.retain(|path, _| stays(path));
        self.whiteouts.retain(|path| stays(path));
        self.opaque.retain(|path| stays(path));
    }
}

/// The paths below a directory.
fn below<'a>(map: &'a BTreeMap<String, String>, directory: &str) -> impl Iterator<Item = &'a str> {
    let prefix = format!("{directory}/");
    let from = map.range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded));
    from.map(|(path, _)| &**path).take_while(move |path| path.starts_with(&prefix))
}

/// The directory of a path, and the name in it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&[], path),
    }
}

/// Copies into memory that is there already.
fn replace(old: &mut Vec<u8>, new: &[u8]) {
    old.clear();
    old.extend_from_slice(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECTORY: Type<'_> = Type::Directory;
    const FILE: Type<'_> = Type::File { size: 0 };

    /// Path and type.
    type Entry<'a> = (&'a [u8], Type<'a>);

    fn shape(entries: &[Entry<'_>]) -> Shape {
        let mut collector = Collector::default();
        for &(path, kind) in entries {
            collector.add(&Line { path, kind, mode: 0, uid: 0, gid: 0, mtime: 0, names: None, xattrs: None });
        }
        collector.finish()
    }

    /// The paths, then `path -> target`, `-path`, `-path/*`.
    fn described(entries: &[Entry<'_>]) -> String {
        let Shape { depth, paths, symlinks, whiteouts, opaque } = shape(entries);
        assert_eq!(depth, None);
        let symlinks = symlinks.iter().map(|(path, target)| format!("{path} -> {target}"));
        let whiteouts = whiteouts.iter().map(|path| format!("-{path}"));
        let opaque = opaque.iter().map(|path| format!("-{path}/*"));
        paths.into_iter().chain(symlinks).chain(whiteouts).chain(opaque).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn shapes() {
        let link = Type::Symlink(b"t");
        let cases: [(&str, &[Entry<'_>], &str); 18] = [
            ("nothing", &[], ""),
            ("the root is no entry", &[(b"", DIRECTORY), (b"f", FILE)], ""),
            ("sorted", &[(b"a", DIRECTORY), (b"a/b", DIRECTORY), (b"a/b/f", FILE), (b"a/c", FILE)], "a/b/f"),
            ("a name between", &[(b"a", DIRECTORY), (b"a-", FILE), (b"a/b", FILE), (b"a/c", FILE)], "a/b"),
            ("nothing in it", &[(b"a", DIRECTORY), (b"a/b", DIRECTORY)], "a/b/"),
            ("a file tells of its directories", &[(b"a/b/f", FILE), (b"a/b/g", FILE)], "a/b/f"),
            ("and they may come later", &[(b"a/b/f", FILE), (b"a/b", DIRECTORY), (b"a", DIRECTORY)], "a/b/f"),
            ("each that has no other in it", &[(b"a/b/f", FILE), (b"a/c/d/e", FILE)], "a/b/f, a/c/d/e"),
            ("links", &[(b"l", link), (b"a/l", link)], "a/l, a/l -> t, l -> t"),
            ("through a link of its own", &[(b"l", link), (b"l/f", FILE)], "l -> t"),
            ("which may come too late", &[(b"l/f", FILE), (b"l", link)], "l -> t"),
            ("the later wins", &[(b"x", link), (b"x", DIRECTORY), (b"x/f", FILE)], "x/f"),
            ("a file too", &[(b"x", link), (b"x", FILE)], ""),
            (
                "with all that was in it",
                &[(b"x/d/f", FILE), (b"x/l", link), (b"x", FILE), (b"x", DIRECTORY)],
                "x/",
            ),
            ("whiteouts", &[(b".wh.x", FILE), (b"a/b/.wh.y", FILE), (b"a/b/z", FILE)], "a/b/z, -a/b/y, -x"),
            ("opaque", &[(b".wh..wh..opq", FILE), (b"a/.wh..wh..opq", FILE)], "a/, -/*, -a/*"),
            ("notes of aufs", &[(b".wh..wh.plnk", DIRECTORY), (b".wh..wh.aufs", FILE)], ""),
            (
                "not UTF-8",
                &[
                    (b"\xff", DIRECTORY),
                    (b"\xff/a", link),
                    (b"b", Type::Symlink(b"\xff")),
                    (b"c/\xff/d/e", FILE),
                ],
                "c/\u{fffd}",
            ),
        ];
        for (name, entries, expected) in cases {
            assert_eq!(described(entries), expected, "{name}");
        }
    }

    #[test]
    fn what_is_too_deep_is_left_out() {
        let link = Type::Symlink(b"t");
        let wide = |prefix: &str| -> Vec<Vec<u8>> {
            (0..LIMIT / 110).map(|i| format!("{prefix}{i:0100}").into_bytes()).collect()
        };
        let (deep, shallow) = (wide("a/b/"), wide(""));
        let some: Vec<Entry<'_>> =
            vec![(b"a/b/l", link), (b"a/l", link), (b"l", link), (b"a/b/.wh.x", FILE), (b"a/.wh.x", FILE)];
        let all = |paths: &[&[Vec<u8>]]| {
            let directories = paths.concat();
            let directories = directories.iter().map(|path| (&**path, DIRECTORY));
            shape(&directories.chain(some.iter().copied()).collect::<Vec<_>>())
        };
        let links = |shape: &Shape| shape.symlinks.keys().cloned().collect::<Vec<_>>().join(" ");

        let complete = all(&[&deep]);
        assert_eq!((complete.depth, complete.paths.len()), (None, deep.len()));
        assert_eq!(links(&complete), "a/b/l a/l l");
        assert_eq!(complete.whiteouts.len(), 2);

        // One after the other and mixed: the same.
        for order in [[&*deep, &*shallow], [&*shallow, &*deep]] {
            let cut = all(&order);
            assert_eq!((cut.depth, cut.paths.len()), (Some(2), shallow.len() + 1));
            assert!(cut.example("a/b").is_some_and(|path| path.starts_with("a/b/")));
            assert_eq!(links(&cut), "a/l l");
            assert_eq!(cut.whiteouts.iter().collect::<Vec<_>>(), ["a/x"]);
        }

        let nothing = all(&[&shallow, &wide("x")]);
        assert_eq!(nothing, Shape { depth: Some(0), ..Shape::default() });
    }
}
