//! Digests that must not change: `golden.txt`, a line for each layer with its tree, codec, number of members and digest.
//!
//! One that does change invalidates every cache and every pin of every user: it needs a new `LAYER_FORMAT` and a note in
//! `CHANGELOG.md`, which names the digest of the table, or a mistake was found just in time. Bazel runs these tests
//! optimised and `cargo test` without, so that both kinds of builds are seen to write the same; `tools/cpus/run`
//! runs them on other CPUs.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use layer::{codec::Codec, entries::Declared, format::LAYER_FORMAT, layer::Packing};
use oci::digest::Digest;
use support::{declare, noise, pack_as, planned, prose, put, records, words};

/// What to do about digests that are not those of the table.
const CHANGED: &str = "\
Layers would get other digests: every cache and every pin of every user is invalid then. If that is not wanted, undo it. If it is,
raise LAYER_FORMAT unless no release has the number yet, put the lines above into crates/layer/tests/golden.txt, bring
docs/layer-format.md up to date, and say in CHANGELOG.md what changed.";

/// A file of the repository, from where cargo starts tests (this crate's folder) or from where Bazel does (the root).
fn file(path: &str) -> PathBuf {
    let places = [Path::new("../..").join(path), path.into()];
    places.into_iter().find(|place| place.exists()).unwrap_or_else(|| panic!("{path} is not there"))
}

fn table() -> String {
    fs::read_to_string(file("crates/layer/tests/golden.txt")).unwrap()
}

fn name(codec: Codec) -> String {
    match codec {
        Codec::None => "none".into(),
        Codec::Gzip(level) => format!("gzip-{level}"),
        Codec::GzipJoined(level) => format!("gzip-one-{level}"),
        Codec::Zstd(level) => format!("zstd-{level}"),
    }
}

/// Packs `declared` with each of `packings`, which have names, and compares with the lines of `tree` that have one of these names.
fn check(tree: &str, declared: Vec<Declared>, packings: &[(String, Packing)]) {
    let entries = planned(declared).unwrap();
    let got = packings.iter().map(|(name, packing)| {
        let written = pack_as(&entries, *packing).unwrap().written;
        format!("{tree} {name} {} {}", written.members.len(), written.digest)
    });
    let table = table();
    let changed: Vec<_> = got.filter(|line| !table.lines().any(|golden| golden == line)).collect();
    assert!(changed.is_empty(), "{}\n\n{CHANGED}", changed.join("\n"));
    for (name, _) in packings {
        let start = format!("{tree} {name} ");
        assert_eq!(table.lines().filter(|line| line.starts_with(&start)).count(), 1, "{start}");
    }
}

fn packing(codec: Codec, dedupe: bool) -> (String, Packing) {
    let name = name(codec) + if dedupe { "-dedupe" } else { "" };
    (name, Packing { codec, dedupe, threads: 4.try_into().unwrap() })
}

/// Every kind of entry, with members of every kind: of small files, of pieces, compressed and stored.
#[test]
fn kinds_of_entries() {
    let dir = tempfile::tempdir().unwrap();
    let file = |path: &str, content: &[u8]| put(dir.path(), path, content).to_str().unwrap().to_owned();
    let hello = file("hello", b"hello\n");
    let large = file("large", &[words(1_500_000, 1), noise(700_000, 2)].concat());
    let several: Vec<_> =
        (0..40).map(|i| file(&format!("s{i}"), &words(50_000 + 997 * i, i as u64))).collect();
    let long = ["a long name with blanks and ümlauts"; 8].join("/");
    let paths: Vec<_> = (0..several.len()).map(|i| format!("srv/data/{i:02}.txt")).collect();
    let mut lines = vec![
        ("file", "etc/hello", &*hello, ""),
        ("file", "usr/bin/tool", &hello, "4755"),
        ("file", "opt/large", &large, ""),
        ("symlink", "bin", "usr/bin", ""),
        ("dir", "var/cache", "", "0700"),
        ("empty", "tmp/mark", "", ""),
        ("file", &long, &hello, ""),
        ("whiteout", "etc/gone", "", ""),
        ("opaque", "usr/share", "", ""),
        ("file", "srv/copy", &large, ""),
        ("file", "srv/hello", &hello, ""),
    ];
    lines.extend(paths.iter().zip(&several).map(|(path, source)| ("file", &**path, &**source, "")));
    let codecs = [Codec::None, Codec::GZIP, Codec::GzipJoined(5), Codec::ZSTD];
    let packings: Vec<_> =
        codecs.iter().flat_map(|codec| [packing(*codec, false), packing(*codec, true)]).collect();
    check("kinds", declare(&lines), &packings);
}

/// Every level of a compressor, over contents that keep its match finders busy.
fn levels(codecs: impl Iterator<Item = Codec>) {
    let dir = tempfile::tempdir().unwrap();
    let contents = [
        ("noise", noise(10_000, 1)),
        ("prose", prose(160_000, 2)),
        ("records", records(60_000, 3)),
        ("twice", [prose(20_000, 4), records(10_000, 5), prose(20_000, 4)].concat()),
        ("words", words(20_000, 6)),
        ("zeros", vec![0; 40_000]),
    ];
    let paths = contents.map(|(path, content)| (path, put(dir.path(), path, &content)));
    let lines: Vec<_> =
        paths.iter().map(|(path, disk)| ("file", *path, disk.to_str().unwrap(), "")).collect();
    let packings: Vec<_> = codecs.map(|codec| packing(codec, false)).collect();
    check("levels", declare(&lines), &packings);
}

#[test]
fn levels_of_gzip() {
    levels((0..=12).map(Codec::Gzip));
}

#[test]
fn levels_of_gzip_as_one_member() {
    levels((1..=9).map(Codec::GzipJoined));
}

#[test]
fn levels_of_zstd() {
    levels((1..=22).map(Codec::Zstd));
}

/// `CHANGELOG.md` has a section on each `LAYER_FORMAT`, the newest first, that names the digest of the table.
#[test]
fn the_changelog_knows_the_digests() {
    let changelog = fs::read_to_string(file("CHANGELOG.md")).unwrap();
    let digest = Digest::of(table().as_bytes()).to_string();
    let newest = changelog.split("### LAYER_FORMAT ").nth(1).expect("a section on LAYER_FORMAT");
    let number = newest.split_whitespace().next().unwrap();
    assert!(number == LAYER_FORMAT.to_string(), "the newest is {LAYER_FORMAT}, and the changelog's {number}");
    assert!(
        newest.contains(&digest),
        "crates/layer/tests/golden.txt is {digest} now, and the section on LAYER_FORMAT {number} in CHANGELOG.md names \
         another digest. Say there what changed in the bytes of layers and why, and name this digest"
    );
}
