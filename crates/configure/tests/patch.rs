//! `patch -p0` makes of a diff what a fix writes. Diffs are applied here as POSIX describes it; GNU patch itself, which isn't everywhere,
//! applies the same ones where a test is asked for by name:
//!
//! `cargo test -p configure --test patch -- --include-ignored`

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::path::Path;

use configure::diff::unified;
use support::{BINARY, Workspace, gnu_patch};

/// Applies a diff in a folder.
type Patch = fn(&Path, &[u8]);

/// What POSIX says that patch does with a unified diff.
fn plain(folder: &Path, diff: &[u8]) {
    let mut lines = diff.split_inclusive(|byte| *byte == b'\n').peekable();
    while let Some(head) = lines.next() {
        let path = folder.join(name(head, b"--- "));
        assert_eq!(folder.join(name(lines.next().unwrap(), b"+++ ")), path);
        let old = fs::read(&path).unwrap();
        let old: Vec<_> = old.split_inclusive(|byte| *byte == b'\n').collect();
        let (mut new, mut at): (Vec<u8>, usize) = (Vec::new(), 0);
        while let Some(hunk) = lines.next_if(|line| line.starts_with(b"@@ ")) {
            let hunk = String::from_utf8(hunk.to_vec()).unwrap();
            let ranges: Vec<_> = hunk.split(' ').skip(1).take(2).map(|range| range_of(&range[1..])).collect();
            let [(start, mut removed), (_, mut added)] = ranges[..] else { panic!("{hunk}") };
            new.extend(old[at..start].concat());
            at = start;
            while removed + added > 0 {
                let line = lines.next().unwrap();
                let is_last = lines.next_if(|next| *next == b"\\ No newline at end of file\n").is_some();
                let text = if is_last { line[1..].strip_suffix(b"\n").unwrap() } else { &line[1..] };
                if line[0] != b'+' {
                    assert_eq!(text.escape_ascii().to_string(), old[at].escape_ascii().to_string());
                    (at, removed) = (at + 1, removed - 1);
                }
                if line[0] != b'-' {
                    new.extend(text);
                    added -= 1;
                }
                assert!(b" +-".contains(&line[0]));
            }
        }
        new.extend(old[at..].concat());
        fs::write(path, new).unwrap();
    }
}

/// The path in the head of a diff: up to a tab, or quoted as in C.
fn name(head: &[u8], sign: &[u8]) -> String {
    let head = String::from_utf8(head.strip_prefix(sign).unwrap().to_vec()).unwrap();
    let head = head.trim_end_matches('\n');
    match head.strip_prefix('"').and_then(|head| head.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => head.trim_end_matches('\t').to_owned(),
    }
}

/// The first line, from 0, and the number of lines of `start,count` in the head of a hunk.
fn range_of(range: &str) -> (usize, usize) {
    let (start, count) = range.split_once(',').unwrap_or((range, "1"));
    let (start, count): (usize, usize) = (start.parse().unwrap(), count.parse().unwrap());
    // Of no lines, the one before them is named.
    (if count == 0 { start } else { start - 1 }, count)
}

/// Numbers that are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Lines that a diff could be mistaken about, without their ends.
const LINES: [&[u8]; 12] = [
    b"a",
    b"b",
    b"",
    b"    name = \"x\",\r",
    b"\r",
    b"a\rb",
    b"-- a",
    b"++ b",
    b"@@ -1 +1 @@",
    b"\\ No newline at end of file",
    b"\xe9\xff\0",
    b"\t ",
];

fn text(lines: &[usize], ended: bool) -> Vec<u8> {
    let mut text = lines.iter().map(|line| LINES[*line]).collect::<Vec<_>>().join(&b'\n');
    if ended && !lines.is_empty() {
        text.push(b'\n');
    }
    text
}

fn generated_texts(patch: Patch) {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(1);
    let mut diffs = Vec::new();
    let mut expected = Vec::new();
    for case in 0..1000 {
        let old: Vec<_> = (0..numbers.below(40)).map(|_| numbers.below(LINES.len())).collect();
        let mut new = old.clone();
        for _ in 0..numbers.below(6) {
            let at = numbers.below(new.len() + 1);
            if numbers.below(2) == 0 && at < new.len() {
                new.remove(at);
            } else {
                new.insert(at, numbers.below(LINES.len()));
            }
        }
        let old = text(&old, numbers.below(4) > 0);
        let new = text(&new, numbers.below(4) > 0);
        let name = ["plain", "with a blank", "quo\"te", "back\\slash"][case % 4];
        let path = format!("{name}-{case}");
        fs::write(folder.path().join(&path), &old).unwrap();
        diffs.extend(unified(path.as_bytes(), &old, &new, false));
        expected.push((path, new));
    }
    patch(folder.path(), &diffs);
    for (path, new) in expected {
        assert_eq!(fs::read(folder.path().join(&path)).unwrap(), new, "{path}");
    }
}

fn build_files(patch: Patch) {
    let stale = "load(\"@rules_strata//oci:defs.bzl\", \"go_image\")\n\ngo_image(\n    name = \"image\",\n    binary = \":gone\",\n)\n";
    let moved = format!("{BINARY}\n{}", stale.replace("\"image\"", "\"other\""));
    let many: String =
        (0..20).map(|number| format!("\npy_binary(name = \"p{number}\")\n# {number}\n\n\n\n\n")).collect();
    let files = [
        ("BUILD.bazel", BINARY.to_owned()),
        ("a b/BUILD", BINARY.replace('\n', "\r\n")),
        ("mark/BUILD", format!("\u{feff}{BINARY}")),
        ("unfinished/BUILD", BINARY.trim_end().to_owned()),
        ("stale/BUILD", stale.to_owned()),
        ("stale and more/BUILD", format!("{stale}\nx = 1")),
        ("moved/BUILD", moved),
        ("many/BUILD", format!("{BINARY}{many}")),
        ("odd \"name\"/BUILD", BINARY.to_owned()),
        ("unchanged/BUILD", "# nothing\n".to_owned()),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let (patched, fixed) = (Workspace::new(&files), Workspace::new(&files));
    let mut command = patched.command("", "-mode=diff");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    patch(&patched.root(), &output.stdout);
    assert_eq!(fixed.run("").code, 0);
    for (path, text) in files {
        assert_eq!(patched.read(path), fixed.read(path), "{path}");
        assert_eq!(patched.read(path) == text.as_bytes(), path == "unchanged/BUILD", "{path}");
    }
    assert_eq!(patched.run("-mode=diff").code, 0);
}

#[test]
fn of_generated_texts() {
    generated_texts(plain);
}

#[test]
fn of_build_files() {
    build_files(plain);
}

#[test]
#[ignore = "needs GNU patch"]
fn by_gnu_patch() {
    generated_texts(gnu_patch);
    build_files(gnu_patch);
}
