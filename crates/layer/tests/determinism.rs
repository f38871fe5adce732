//! The same inputs give the same bytes: any number of threads, any order, any state of the disk that does not count.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use layer::{codec::Codec, entries::Declared, format::LARGE, layer::Packing};
use proptest::prelude::*;
use support::{decompress, noise, pack, pack_as, planned, put, read_tar, words};

/// A generated file.
#[derive(Debug, Clone)]
struct File {
    content: Vec<u8>,
    /// The bit on disk, which says nothing.
    executable: bool,
    script: bool,
}

fn file() -> impl Strategy<Value = File> {
    let content = prop_oneof![
        4 => (0..3000_usize, any::<u64>()).prop_map(|(length, seed)| words(length, seed)),
        2 => (0..90_000_usize, any::<u64>()).prop_map(|(length, seed)| noise(length, seed)),
        1 => Just(Vec::new()),
    ];
    (content, any::<bool>(), any::<bool>()).prop_map(|(mut content, executable, script)| {
        if script {
            content.splice(..0, *b"#!");
        }
        File { content, executable, script }
    })
}

/// Files by path; names end in digits and directories in letters, so that none is both. Without a w there is no whiteout.
fn tree() -> impl Strategy<Value = BTreeMap<String, File>> {
    prop::collection::btree_map("([a-cü-]{1,40}x/){0,3}[a-vx-z.]{0,120}[0-9]", file(), 0..40)
}

fn declare(root: &Path, tree: &BTreeMap<String, File>) -> Vec<Declared> {
    let declared = tree.iter().map(|(path, file)| {
        let on_disk = put(root, path, &file.content);
        set_executable(&on_disk, file.executable);
        support::declare(&[("file", path, on_disk.to_str().unwrap(), "")]).remove(0)
    });
    declared.collect()
}

fn set_executable(path: &Path, executable: bool) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = if executable { 0o700 } else { 0o604 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn threads_and_order_do_not_matter(tree in tree(), seed: u64) {
        let dir = tempfile::tempdir().unwrap();
        let declared = declare(dir.path(), &tree);
        let mut shuffled = declared.clone();
        let mut keys = noise(shuffled.len(), seed).into_iter();
        shuffled.sort_by_cached_key(|_| keys.next());
        let (entries, again) = (planned(declared).unwrap(), planned(shuffled).unwrap());
        prop_assert_eq!(&entries, &again);
        for codec in [Codec::GZIP, Codec::GzipJoined(5), Codec::ZSTD, Codec::None] {
            let one = pack(&entries, codec, 1).unwrap();
            for threads in [2, 3, 8, 64] {
                let many = pack(&entries, codec, threads).unwrap();
                prop_assert!(one.blob == many.blob && one.written == many.written && one.mtree == many.mtree);
            }
            let tar = decompress(codec, &one.blob);
            prop_assert_eq!(one.written.uncompressed_size, tar.len() as u64);
            prop_assert_eq!(one.written.diff_id, oci::digest::Digest::of(&tar));
            prop_assert_eq!(one.written.digest, oci::digest::Digest::of(&one.blob));
            prop_assert_eq!(one.written.size, one.blob.len() as u64);
            let files: Vec<_> = read_tar(&tar).into_iter().filter(|entry| entry.flag == b'0').collect();
            prop_assert_eq!(files.len(), tree.len());
            for (read, (path, file)) in files.iter().zip(&tree) {
                prop_assert!(read.path == *path && read.content == file.content, "{}", path);
                prop_assert_eq!(read.mode, if file.script { 0o755 } else { 0o644 });
            }
        }
    }
}

/// Ways in which a file may come to lie in a tree.
const PRESENTATIONS: u8 = 4;

fn present(way: u8, store: &Path, place: &Path) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    match way {
        0 => fs::hard_link(store, place).unwrap(),
        1 => std::os::unix::fs::symlink(store, place).unwrap(),
        2 => fs::copy(store, place).map(|_| ()).unwrap(),
        _ => {
            fs::copy(store, place).unwrap();
            let time = std::time::UNIX_EPOCH + Duration::from_secs(1);
            fs::File::options().append(true).open(place).unwrap().set_modified(time).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// A tree that is walked, whose files lie there in any way and were put there in any order, is what its files are one by one.
    #[test]
    fn presentations_do_not_matter(tree in tree(), seed: u64, dedupe: bool) {
        let dir = tempfile::tempdir().unwrap();
        let one_by_one = declare(&dir.path().join("store"), &tree);
        let mut ways = noise(2 * tree.len(), seed).into_iter();
        let mut files: Vec<_> = tree.keys().map(|path| (ways.next(), ways.next().unwrap(), path)).collect();
        files.sort();
        for (_, way, path) in files {
            let store = dir.path().join("store").join(path);
            present(way % PRESENTATIONS, &store, &dir.path().join("tree").join(path));
        }
        fs::create_dir_all(dir.path().join("tree")).unwrap();
        let walked = support::declare(&[("tree", "/", dir.path().join("tree").to_str().unwrap(), "")]);
        let blob = |declared, threads: usize| {
            let packing = Packing { codec: Codec::GZIP, dedupe, threads: threads.try_into().unwrap() };
            pack_as(&planned(declared).unwrap(), packing).unwrap().blob
        };
        prop_assert!(blob(walked, 3) == blob(one_by_one, 1));
    }
}

#[test]
fn large_files_and_many_members() {
    let dir = tempfile::tempdir().unwrap();
    let large = usize::try_from(LARGE).unwrap();
    let contents = [
        ("a/small", words(700, 1)),
        ("b/exactly", noise(large, 2)),
        ("b/just_below", words(large - 1, 3)),
        ("c/odd", [words(large + 77, 4), noise(2 * large, 5)].concat()),
        ("d/after", words(1000, 6)),
    ];
    let mut lines = Vec::new();
    for (path, content) in &contents {
        lines.push((path, put(dir.path(), path, content)));
    }
    let lines: Vec<_> =
        lines.iter().map(|(path, disk)| ("file", **path, disk.to_str().unwrap(), "")).collect();
    let entries = planned(support::declare(&lines)).unwrap();
    for codec in [Codec::Gzip(1), Codec::GzipJoined(1), Codec::Zstd(1), Codec::None] {
        let one = pack(&entries, codec, 1).unwrap();
        for threads in [2, 3, 8, 64] {
            assert!(pack(&entries, codec, threads).unwrap().blob == one.blob, "{codec:?} on {threads}");
        }
        let read = read_tar(&decompress(codec, &one.blob));
        for (path, content) in &contents {
            assert!(read.iter().any(|entry| entry.path == *path && entry.content == *content), "{path}");
        }
        check_members(&one);
        if codec == Codec::Gzip(1) {
            // a/, a/small, b/ | exactly: 1 MiB, rest | just_below, c/ | odd: 1 MiB three times, rest | d/, after, end
            let sizes: Vec<_> = member_lengths(&one).collect();
            let header = 512;
            let expected = [
                4 * header + 1024 - 512,
                large,
                header,
                header + large + header,
                large,
                large,
                large,
                2 * header,
                2 * header + 1024 + 1024,
            ];
            assert_eq!(sizes, expected);
        }
    }
}

/// The table of members covers the blob.
fn check_members(packed: &support::Packed) {
    let members = &packed.written.members;
    let mut end = 0;
    for member in members {
        assert_eq!(member.offset, end);
        end += member.size;
    }
    assert!(members.is_empty() || end == packed.written.size);
}

fn slice<'a>(packed: &'a support::Packed, member: &oci::layer_json::Member) -> &'a [u8] {
    let range = member.offset..member.offset + member.size;
    &packed.blob[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
}

fn member_lengths(packed: &support::Packed) -> impl Iterator<Item = usize> {
    packed.written.members.iter().map(|member| decompress(Codec::GZIP, slice(packed, member)).len())
}

#[test]
fn what_does_not_count_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in [("one/a/x", b"1"), ("one/b", b"2"), ("one/c", b"3")] {
        put(dir.path(), path, content);
    }
    // The same tree with other times, other inode order, other modes, a hard and a symbolic link.
    for (path, content) in [("two/c", b"3"), ("elsewhere/b", b"2"), ("elsewhere/x", b"1")] {
        put(dir.path(), path, content);
    }
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("two/a")).unwrap();
    fs::hard_link(path("elsewhere/b"), path("two/b")).unwrap();
    std::os::unix::fs::symlink("../../elsewhere/x", path("two/a/x")).unwrap();
    set_executable(&path("two/c"), false);
    let old = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000);
    fs::File::options().append(true).open(path("two/c")).unwrap().set_modified(old).unwrap();
    let blob = |tree: &str| {
        let declared = support::declare(&[("tree", "t", path(tree).to_str().unwrap(), "")]);
        pack(&planned(declared).unwrap(), Codec::GZIP, 2).unwrap().blob
    };
    // As Bazel presents outputs, and on remote workers all inputs.
    set_executable(&path("two/c"), true);
    assert!(blob("one") == blob("two"));
}
