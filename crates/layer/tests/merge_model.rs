//! A merged layer shows what its tars would have shown as layers: random tars over random bases, unpacked by a small
//! model of a container runtime.
//!
//! The model was held against containerd 2.4 (`archive.Apply`) by hand: of 1,530 such cases, 116 were refused when unpacked apart, and
//! all others looked the same apart and merged. Whiteouts came first in each tar then, since containerd takes them where they stand, and
//! the OCI image-spec for what came before their layer.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use layer::{codec::Codec, entries, plan::plan};
use proptest::prelude::*;
use support::{decompress, pack, read_tar};

/// An entry of a random tar.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    File(String, u8),
    Directory(String),
    Symlink(String, String),
    Hardlink(String, String),
    Whiteout(String),
    Opaque(String),
}

/// What people see at a path. Modes of directories are left out: parents have the default in any layer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// Content, and which file it is, since hard links are one.
    File(Vec<u8>, usize),
    Directory,
    Symlink(String),
}

type View = BTreeMap<String, Seen>;

fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Makes a directory of a path, and of all above.
fn make_directory(view: &mut View, path: &str) {
    if path.is_empty() {
        return;
    }
    make_directory(view, parent(path));
    if view.get(path) != Some(&Seen::Directory) {
        view.insert(path.to_owned(), Seen::Directory);
    }
}

fn remove(view: &mut View, path: &str) {
    view.retain(|other, _| other != path && !is_below(other, path));
}

/// Puts a layer on top of what is there, as the OCI image-spec says. `None` if a hard link leads nowhere.
fn apply(view: &mut View, layer: &[Entry], files: &mut usize) -> Option<()> {
    for entry in layer {
        match entry {
            Entry::Whiteout(path) => {
                make_directory(view, parent(path));
                remove(view, path);
            }
            Entry::Opaque(directory) => {
                make_directory(view, directory);
                view.retain(|path, _| !is_below(path, directory));
            }
            _ => {}
        }
    }
    for entry in layer {
        let (path, seen) = match entry {
            Entry::File(path, content) => {
                *files += 1;
                (path, Seen::File(vec![*content; 3], *files))
            }
            Entry::Symlink(path, target) => (path, Seen::Symlink(target.clone())),
            Entry::Hardlink(path, target) => {
                (path, view.get(target).filter(|seen| **seen != Seen::Directory)?.clone())
            }
            Entry::Directory(path) => {
                make_directory(view, path);
                continue;
            }
            Entry::Whiteout(_) | Entry::Opaque(_) => continue,
        };
        make_directory(view, parent(path));
        remove(view, path);
        view.insert(path.clone(), seen);
    }
    Some(())
}

fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let header = |kind, size| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_size(size);
        header
    };
    use tar::EntryType as T;
    for entry in entries {
        match entry {
            Entry::File(path, content) => {
                builder.append_data(&mut header(T::Regular, 3), path, &[*content; 3][..]).unwrap();
            }
            Entry::Directory(path) => {
                builder.append_data(&mut header(T::Directory, 0), path, &[][..]).unwrap();
            }
            Entry::Symlink(path, target) => {
                builder.append_link(&mut header(T::Symlink, 0), path, target).unwrap();
            }
            Entry::Hardlink(path, target) => {
                builder.append_link(&mut header(T::Link, 0), path, target).unwrap();
            }
            Entry::Whiteout(path) => {
                let (directory, name) = path.rsplit_once('/').map_or(("", &**path), |parts| parts);
                let path = format!("{directory}/.wh.{name}");
                builder
                    .append_data(&mut header(T::Regular, 0), path.trim_start_matches('/'), &[][..])
                    .unwrap();
            }
            Entry::Opaque(directory) => {
                let path = format!("{directory}/.wh..wh..opq");
                builder
                    .append_data(&mut header(T::Regular, 0), path.trim_start_matches('/'), &[][..])
                    .unwrap();
            }
        }
    }
    builder.into_inner().unwrap()
}

/// The entries of a layer of ours.
fn read(tar: &[u8]) -> Vec<Entry> {
    let entries = read_tar(tar).into_iter().map(|item| {
        let path = item.path.trim_end_matches('/').to_owned();
        let (directory, name) = path.rsplit_once('/').map_or(("", &*path), |parts| parts);
        let join = |name: &str| format!("{directory}/{name}").trim_start_matches('/').to_owned();
        match (item.flag, name.strip_prefix(".wh.")) {
            (_, Some(".wh..opq")) => Entry::Opaque(directory.to_owned()),
            (_, Some(name)) => Entry::Whiteout(join(name)),
            (b'0', _) => Entry::File(path, item.content[0]),
            (b'1', _) => Entry::Hardlink(path, item.link),
            (b'2', _) => Entry::Symlink(path, item.link),
            (b'5', _) => Entry::Directory(path),
            (flag, _) => panic!("{flag}"),
        }
    });
    entries.collect()
}

/// Files by their lowest path instead of a number, so that views can be compared.
fn normal(view: &View) -> View {
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    let mut seen = view.clone();
    for (at, what) in seen.values_mut().enumerate() {
        if let Seen::File(_, file) = what {
            *file = *first.entry(*file).or_insert(at);
        }
    }
    seen
}

fn directory() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "a", "a-", "a0"]), 0..3)
        .prop_map(|parts| parts.join("/"))
}

/// A path whose name is one of `names`.
fn path(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    (directory(), prop::sample::select(names))
        .prop_map(|(directory, name)| format!("{directory}/{name}").trim_start_matches('/').to_owned())
}

/// Types follow from names, so that most can be merged.
fn entry() -> impl Strategy<Value = Entry> {
    let directory = || path(&["a", "a", "a-", "a0"]);
    let file = || path(&["a.f", "f"]);
    let any = || path(&["a", "a", "a-", "a0", "a.f", "f", "h", "l"]);
    prop_oneof![
        5 => (file(), b'A'..b'F').prop_map(|(path, content)| Entry::File(path, content)),
        4 => directory().prop_map(Entry::Directory),
        1 => (path(&["l"]), any()).prop_map(|(path, target)| Entry::Symlink(path, target)),
        2 => (path(&["f", "h"]), file()).prop_map(|(path, target)| Entry::Hardlink(path, target)),
        3 => any().prop_map(Entry::Whiteout),
        1 => prop_oneof![3 => directory(), 1 => Just(String::new())].prop_map(Entry::Opaque),
        // What comes back as something else can be merged where it was deleted before.
        1 => (any(), b'A'..b'F').prop_map(|(path, content)| Entry::File(path, content)),
        1 => any().prop_map(Entry::Directory),
    ]
}

#[test]
fn merged_layers_show_the_same() {
    let merged = AtomicUsize::new(0);
    let layer = |most| prop::collection::vec(entry(), 0..most);
    let config = ProptestConfig {
        cases: 1000,
        max_global_rejects: 100_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let dir = tempfile::tempdir().unwrap();
    proptest!(config, |(base in layer(16), tars in prop::collection::vec(layer(6), 1..5))| {
        let mut text = String::from("strata-entries 2\n");
        for (index, entries) in tars.iter().enumerate() {
            let path = dir.path().join(format!("{index}.tar"));
            fs::write(&path, tar(entries)).unwrap();
            text += &format!("tar\n\n{}\n\n", path.display());
        }
        // What cannot be merged is said to be so; the rules for that are tested elsewhere.
        let Ok(planned) = plan(entries::parse(text.as_bytes()).unwrap(), &dir.path().join("out")) else {
            return Ok(());
        };
        let mut files = 0;
        let mut below = View::new();
        let base: Vec<Entry> =
            base.into_iter().filter(|entry| !matches!(entry, Entry::Hardlink(..))).collect();
        apply(&mut below, &base, &mut files).unwrap();
        let mut apart = below.clone();
        for entries in &tars {
            prop_assert!(apply(&mut apart, entries, &mut files).is_some());
        }
        let ours = read(&decompress(Codec::None, &pack(&planned, Codec::None, 1).unwrap().blob));
        let mut together = below;
        prop_assert!(apply(&mut together, &ours, &mut files).is_some());
        prop_assert_eq!(normal(&together), normal(&apart), "{:?}", ours);
        if tars.iter().map(Vec::len).sum::<usize>() > 4 {
            merged.fetch_add(1, Ordering::Relaxed);
        }
    });
    let merged = merged.into_inner();
    assert!(merged > 100, "only {merged} cases said something");
}
