//! Packages to a tar, whole.

use std::{fs, path::Path};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{
    Args,
    fixtures::{Deb, xz},
    run,
};

/// The arguments for packages, which are written to `0.deb`, `1.deb` and so on.
fn args(debs: &[Deb], change: impl FnOnce(&mut Args)) -> (TempDir, Args) {
    let dir = tempfile::tempdir().unwrap();
    let debs = debs.iter().enumerate().map(|(at, deb)| {
        let path = dir.path().join(format!("{at}.deb"));
        fs::write(&path, deb.with(".xz", xz)).unwrap();
        path
    });
    let mut args = Args {
        label: "//:debs".to_owned(),
        debs: debs.collect(),
        links: ["bin=usr/bin", "lib=usr/lib"].iter().map(|link| link.parse().unwrap()).collect(),
        excludes: Vec::new(),
        wanted: super::architecture::Wanted::none(),
        keep_mtime: false,
        output: dir.path().join("out.tar"),
    };
    change(&mut args);
    (dir, args)
}

/// What is in the tar, an entry a line: path, type, mode, gid, time, and target or content.
fn listing(tar: &Path) -> Vec<String> {
    let bytes = fs::read(tar).unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut text = String::from_utf8(entry.link_name_bytes().unwrap_or_default().into_owned()).unwrap();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        let header = entry.header();
        let kind = char::from(header.entry_type().as_byte());
        let (mode, gid, mtime) = (header.mode().unwrap(), header.gid().unwrap(), header.mtime().unwrap());
        assert_eq!((header.username_bytes().unwrap(), header.uid().unwrap()), (&b""[..], 0));
        format!("{path} {kind} {mode:o} {gid} {mtime} {text}").trim_end().to_owned()
    });
    entries.collect()
}

fn built(debs: &[Deb], change: impl FnOnce(&mut Args)) -> Result<Vec<String>, String> {
    let (dir, args) = args(debs, change);
    let result = run(&args).map_err(|error| format!("{error:#}"));
    let outputs = fs::read_dir(dir.path()).unwrap().count() - debs.len();
    assert_eq!(outputs, usize::from(result.is_ok()), "whole or not there");
    result.map(|()| listing(&args.output))
}

fn paths(debs: &[Deb]) -> Result<Vec<String>, String> {
    let lines = built(debs, |_| ())?;
    Ok(lines.into_iter().filter(|line| !line.starts_with("var/lib/dpkg/")).collect())
}

fn deb(package: &str) -> Deb {
    Deb::new(package, "amd64")
}

#[test]
fn files_links_and_status() {
    let app = deb("app")
        .dir("./tmp/", 0o1777)
        .dir("./bin/", 0o755)
        .file("./bin/app", "program")
        .hard_link("./bin/again", "./bin/app")
        .link("./lib/app.so", "app.so.1")
        .file("./usr/share/doc/app/changelog", "long");
    let lines = built(std::slice::from_ref(&app), |args| {
        args.excludes = vec!["/usr/share/doc/*/changelog".to_owned(), "none/**".to_owned()];
    });
    let expected = [
        "tmp 5 1777 50 0",
        "usr/bin 5 755 50 0",
        "usr/bin/app 0 644 50 0 program",
        "usr/bin/again 1 644 50 0 usr/bin/app",
        "usr/lib/app.so 2 777 50 0 app.so.1",
        "var/lib/dpkg/status.d/app 0 644 0 0 Package: app\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64",
        "var/lib/dpkg/status.d/app.md5sums 0 644 0 0 0 ./bin/app\n0 ./usr/share/doc/app/changelog",
    ];
    assert_eq!(lines.unwrap(), expected);
    let kept = built(std::slice::from_ref(&app), |args| args.keep_mtime = true).unwrap();
    assert_eq!(kept[0], "tmp 5 1777 50 1700000000");
    let as_they_are = built(&[app], |args| args.links = Vec::new()).unwrap();
    assert_eq!(as_they_are[2], "bin/app 0 644 50 0 program");
}

#[test]
fn paths_of_two_packages() {
    let one = || deb("one").dir("d", 0o700).file("d/x", "1");
    let replaces = |other: &str| deb("two").field(&format!("Replaces: {other}")).file("d/x", "2");
    let x = |content| format!("d/x 0 644 50 0 {content}");
    let d = || "d 5 700 50 0".to_owned();
    for (debs, expected) in [
        // Directories are the first one's, and what is equal is there once.
        (vec![one(), deb("two").dir("d", 0o755).file("d/x", "1")], vec![d(), x(1)]),
        // The last entry of a path wins where tars are merged.
        (vec![one(), replaces("one")], vec![d(), x(1), x(2)]),
        (vec![one(), replaces("one (<< 2)")], vec![d(), x(1), x(2)]),
        (vec![replaces("one"), one()], vec![x(2), d()]),
        // A link takes the place of a file, which must then not be in the tar, or merging it would fail.
        (
            vec![one(), deb("two").field("Replaces: one").link("d/x", "y")],
            vec![d(), "d/x 2 777 50 0 y".to_owned()],
        ),
        // What is equal is the second one's as well: its hard link leads there.
        (
            vec![one(), deb("two").file("d/x", "1").hard_link("d/y", "d/x")],
            vec![d(), x(1), "d/y 1 644 50 0 d/x".to_owned()],
        ),
        // A third one sees who has it now.
        (
            vec![one(), replaces("one"), deb("three").field("Replaces: two").file("d/x", "3")],
            vec![d(), x(1), x(2), x(3)],
        ),
        // Both a link and the directory that it leads to.
        (
            vec![deb("one").link("bin", "usr/bin"), deb("two").dir("bin/", 0o755).file("bin/x", "1")],
            vec![
                "bin 2 777 50 0 usr/bin".to_owned(),
                "usr/bin 5 755 50 0".to_owned(),
                "usr/bin/x 0 644 50 0 1".to_owned(),
            ],
        ),
    ] {
        assert_eq!(paths(&debs).unwrap(), expected);
    }
}

#[test]
fn conflicts() {
    let one = || deb("one").dir("d", 0o755).file("d/x", "1");
    for (debs, says) in [
        (vec![one(), deb("two").file("d/x", "2")], "1.deb: it has /d/x, a file, and so does"),
        (vec![one(), deb("two").file("d/x", "2")], "0.deb, as a file"),
        (vec![one(), deb("two").link("d/x", "1")], "/d/x, a symbolic link"),
        (vec![one(), deb("two").link("d", "e")], "/d, a symbolic link"),
        (vec![one(), deb("two").field("Replaces: one").link("d", "e")], "as a directory"),
        (
            vec![one(), deb("two").field("Replaces: one (<< 1.0)").file("d/x", "2")],
            "neither Replaces the other",
        ),
        (
            vec![one(), deb("two").entry("d/x", tar::EntryType::Regular, 0o600, "", b"1")],
            "other content or attributes",
        ),
        (
            vec![deb("one").link("d", "e"), deb("two").file("d/x", "")],
            "/d/x, below /d, which is a symbolic link of",
        ),
        (vec![deb("one").file("bin/x", "1").link("usr/bin/x", "/bin/x")], "0.deb: it has /usr/bin/x twice"),
        (vec![one(), deb("one")], "are both the package one"),
        (vec![one(), Deb::new("two", "arm64")], "1.deb is for arm64, and"),
        (vec![deb("one").hard_link("a", "b").file("b", "")], "does not have before it"),
        (
            vec![
                deb("two").field("Replaces: one").file("a", "2"),
                deb("one").file("a", "1").hard_link("b", "a"),
            ],
            "not in the layer",
        ),
        (
            vec![deb("one").entry("x", tar::EntryType::new(b'M'), 0, "", b"")],
            "a type that packages do not have: 'M'",
        ),
        (vec![deb("one").file("a/../../x", "")], "a/../../x: it escapes the image"),
        (vec![deb("one").link("x", "")], "leads nowhere"),
    ] {
        let error = paths(&debs).unwrap_err();
        assert!(error.starts_with("//:debs: ") && error.contains(says), "{error}");
    }
}

#[test]
fn hard_links_to_what_is_excluded() {
    let error =
        built(&[deb("one").file("a", "1").hard_link("b", "a")], |args| args.excludes = vec!["a".to_owned()]);
    assert!(error.clone().unwrap_err().contains("Leave out both, with exclude"), "{error:?}");
    let glob = built(&[deb("one")], |args| args.excludes = vec!["{a".to_owned()]).unwrap_err();
    assert!(glob.contains("exclude: \"{a\""), "{glob}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// The same packages give the same bytes, wherever they are.
    #[test]
    fn the_same_every_time(files in prop::collection::btree_map("[a-z]{1,3}/[a-z]{1,120}", ".{0,200}", 0..20)) {
        let deb = files.iter().fold(deb("one"), |deb, (path, content)| {
            if path.len() <= 100 { deb.file(path, content) } else { deb }
        });
        let tar = || {
            let (dir, args) = args(std::slice::from_ref(&deb), |_| ());
            run(&args).unwrap();
            let tar = fs::read(&args.output).unwrap();
            drop(dir);
            tar
        };
        prop_assert_eq!(tar(), tar());
    }
}
