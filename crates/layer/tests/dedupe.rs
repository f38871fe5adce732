//! Equal files are stored once where that is asked for, and nothing is lost by it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{collections::BTreeMap, fs, path::Path};

use layer::{codec::Codec, entry::Entry, format::LARGE, layer::Packing};
use proptest::prelude::*;
use support::{Item, declare, decompress, pack, pack_as, planned, put, read_tar, words};

fn deduped(entries: &[Entry], threads: usize) -> Vec<u8> {
    let packing = Packing { codec: Codec::None, dedupe: true, threads: threads.try_into().unwrap() };
    pack_as(entries, packing).unwrap().blob
}

/// `path = content length` and `path -> target` of files and hard links.
fn listed(entries: &[Entry]) -> Vec<String> {
    let items = read_tar(&deduped(entries, 2)).into_iter().filter_map(|item| match item.flag {
        b'0' => Some(format!("{} = {}", item.path, item.content.len())),
        b'1' => Some(format!("{} -> {}", item.path, item.link)),
        _ => None,
    });
    items.collect()
}

/// Kind, path, source, mode.
type Line<'a> = (&'a str, &'a str, &'a str, &'a str);

#[test]
fn what_is_equal() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| put(dir.path(), name, content).to_str().unwrap().to_owned();
    let large = usize::try_from(LARGE).unwrap();
    let big = words(large + 100_000, 1);
    let mut almost = big.clone();
    *almost.last_mut().unwrap() ^= 1;
    let [text, copy, other] = [("text", "some text"), ("copy", "some text"), ("other", "other txt")]
        .map(|(n, c)| put(n, c.as_bytes()));
    let [big, big_copy, almost] =
        [("big", &big), ("big_copy", &big), ("almost", &almost)].map(|(name, content)| put(name, content));
    let linked = dir.path().join("big_link").to_str().unwrap().to_owned();
    fs::hard_link(&big, &linked).unwrap();
    let nothing = put("nothing", b"");
    let block = put("block", &words(1100, 2));
    let long = ["a directory with a name"; 6].join("/");
    let (long_a, long_b) = (format!("{long}/a"), format!("{long}/b"));

    let cases: [(&str, &[Line<'_>], &[&str]); 8] = [
        (
            "the first in the order of the tar is stored",
            &[("file", "z", &text, ""), ("file", "a/b", &copy, ""), ("file", "m", &text, "")],
            &["a/b = 9", "m -> a/b", "z -> a/b"],
        ),
        ("other bytes", &[("file", "a", &text, ""), ("file", "b", &other, "")], &["a = 9", "b = 9"]),
        (
            "other modes, and equal ones however they are said",
            &[("file", "a", &text, "0755"), ("file", "b", &text, ""), ("file", "c", &text, "0644")],
            &["a = 9", "b = 9", "c -> b"],
        ),
        (
            "nothing to share",
            &[("file", "a", &nothing, ""), ("file", "b", &nothing, ""), ("empty", "c", "", "")],
            &["a = 0", "b = 0", "c = 0"],
        ),
        (
            "large ones",
            &[
                ("file", "a", &big, ""),
                ("file", "b", &almost, ""),
                ("file", "c", &big_copy, ""),
                ("file", "d", &almost, ""),
            ],
            &["a = 1148576", "b = 1148576", "c -> a", "d -> b"],
        ),
        (
            "one file on disk",
            &[("file", "a", &big, ""), ("file", "b", &linked, "")],
            &["a = 1148576", "b -> a"],
        ),
        (
            "a link to a long path takes three blocks, a file as short as this two",
            &[("file", &long_a, &text, ""), ("file", "z", &copy, "")],
            &[&format!("{long}/a = 9"), "z = 9"],
        ),
        (
            "and longer content more",
            &[("file", &long_a, &block, ""), ("file", &long_b, &block, ""), ("file", "z", &block, "")],
            &[&format!("{long}/a = 1100"), &format!("{long}/b -> {long}/a"), &format!("z -> {long}/a")],
        ),
    ];
    for (name, lines, expected) in cases {
        assert_eq!(listed(&planned(declare(lines)).unwrap()), expected, "{name}");
    }
}

/// Contents by path; names end in digits and directories in letters, so that none is both.
fn tree() -> impl Strategy<Value = BTreeMap<String, (usize, bool)>> {
    // Few contents, so that many are equal; some paths that need a record of their own.
    prop::collection::btree_map("([a-c]{1,60}x/){0,3}[a-z]{0,30}[0-9]", (0..6_usize, any::<bool>()), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost(tree in tree()) {
        let dir = tempfile::tempdir().unwrap();
        let lengths = [0, 1, 511, 1300, 60_000, usize::try_from(LARGE).unwrap()];
        let declared = tree.iter().map(|(path, &(content, executable))| {
            let content = words(lengths[content], content as u64);
            let source = put(dir.path(), path, &content);
            let mode = if executable { "0755" } else { "" };
            declare(&[("file", path, source.to_str().unwrap(), mode)]).remove(0)
        });
        let entries = planned(declared.collect()).unwrap();
        let plain = pack(&entries, Codec::None, 1).unwrap().blob;
        let shared = deduped(&entries, 1);
        prop_assert!(shared.len() <= plain.len());
        for threads in [2, 5] {
            prop_assert!(deduped(&entries, threads) == shared);
        }
        prop_assert_eq!(resolved(&shared), read_tar(&plain));
    }
}

/// The entries of a tar, hard links replaced by what they link to, which must come before them.
fn resolved(tar: &[u8]) -> Vec<Item> {
    let mut files = BTreeMap::new();
    let mut items = read_tar(&decompress(Codec::None, tar));
    for item in &mut items {
        if item.flag == b'1' {
            let target: &Item = &files[&item.link];
            assert_eq!(item.mode, target.mode, "{} -> {}", item.path, item.link);
            *item = Item { path: item.path.clone(), ..target.clone() };
        }
        assert!(Path::new(&item.path).is_relative());
        files.insert(item.path.clone(), item.clone());
    }
    items
}
