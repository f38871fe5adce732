//! What can be wrong on disk: every error names the file.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{fs, path::Path};

use layer::{
    codec::Codec,
    layer::{Packing, write},
};
use support::{declare, pack, planned, put};

/// The whole chain of an error.
fn message(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn failure(kind: &str, source: &Path) -> String {
    let declared =
        declare(&[("empty", "0", "", ""), (kind, "x", source.to_str().unwrap(), ""), ("empty", "z", "", "")]);
    let packed = planned(declared).and_then(|entries| pack(&entries, Codec::GZIP, 4));
    let message = message(&packed.err().unwrap());
    assert!(message.contains(source.to_str().unwrap()), "{message}");
    message
}

#[test]
fn sources() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    put(dir.path(), "file", b"");
    fs::create_dir(path("dir")).unwrap();
    std::os::unix::fs::symlink("nowhere", path("dangling")).unwrap();
    std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    let cases = [
        ("file", "missing", "No such file"),
        ("file", "dir", "name its files, as with glob("),
        ("file", "dangling", "No such file"),
        ("file", "socket", "cannot open"),
        ("tree", "missing", "cannot read the directory"),
        ("tree", "file", "Not a directory"),
        ("readlink", "file", "cannot read the symbolic link"),
        ("readlink", "missing", "No such file"),
    ];
    for (kind, name, part) in cases {
        let message = failure(kind, &path(name));
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn links_in_trees() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        ("dangling", "nowhere", "leads nowhere"),
        ("self", "bad", "leads nowhere"),
        ("parent", "..", "no end"),
        ("dot", ".", "no end"),
    ];
    for (name, target, part) in cases {
        let tree = dir.path().join(name).join("sub");
        fs::create_dir_all(&tree).unwrap();
        std::os::unix::fs::symlink(target, tree.join("bad")).unwrap();
        let message = failure("tree", &dir.path().join(name));
        assert!(message.contains(part) && message.contains("sub/bad"), "{message}");
    }
    // Around two links.
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    fs::create_dir(&a).unwrap();
    fs::create_dir(&b).unwrap();
    std::os::unix::fs::symlink(&b, a.join("to_b")).unwrap();
    std::os::unix::fs::symlink(&a, b.join("to_a")).unwrap();
    assert!(failure("tree", &a).contains("to_b/to_a"));
    // A link beside, not up, is no cycle.
    let beside = dir.path().join("beside");
    put(&beside, "real/file", b"");
    std::os::unix::fs::symlink("real", beside.join("again")).unwrap();
    assert!(planned(declare(&[("tree", "t", beside.to_str().unwrap(), "")])).is_ok());
}

#[test]
fn special_files() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
    assert!(failure("tree", dir.path()).contains("neither file, directory nor symbolic link"));
    let declared = declare(&[("file", "null", "/dev/null", "")]);
    let error = pack(&planned(declared).unwrap(), Codec::None, 1).err().unwrap();
    assert!(message(&error).contains("/dev/null is neither"), "{}", message(&error));
}

#[test]
fn a_size_that_is_not_true() {
    // The kernel says that it is empty, and it is not.
    let entries = planned(declare(&[("file", "x", "/proc/version", "")])).unwrap();
    let error = pack(&entries, Codec::None, 1).err().unwrap();
    assert!(message(&error).contains("/proc/version changed its size"), "{}", message(&error));
}

#[test]
fn the_first_error_in_order_wins() {
    let paths: Vec<String> = (0..500).map(|i| format!("missing/{i:03}")).collect();
    let lines: Vec<_> = paths.iter().map(|path| ("file", &path[8..], &**path, "")).collect();
    let entries = planned(declare(&lines)).unwrap();
    for threads in [1, 2, 8] {
        let error = pack(&entries, Codec::GZIP, threads).err().unwrap();
        assert!(message(&error).contains("missing/000"), "{}", message(&error));
    }
}

#[test]
fn a_full_disk_stops_everything() {
    let dir = tempfile::tempdir().unwrap();
    let big = put(dir.path(), "big", &support::noise(24 << 20, 1));
    let entries = planned(declare(&[("file", "big", big.to_str().unwrap(), "")])).unwrap();
    for codec in [Codec::None, Codec::GZIP, Codec::ZSTD] {
        let mut full = fs::File::options().write(true).open("/dev/full").unwrap();
        let packing = Packing { codec, dedupe: false, threads: 3.try_into().unwrap() };
        let mut listing = Vec::new();
        let blob = (&mut full, Path::new("out/blob"));
        let result = write(&entries, packing, blob, (&mut listing, Path::new("m")));
        let message = message(&result.unwrap_err());
        assert!(message.contains("cannot write out/blob: No space left"), "{message}");
    }
}
