//! What is left out of a layer since layers below have it: tables, and a property over random stacks of layers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use layer::{
    entries::{self, Declarations},
    entry::{Entry, Kind},
    plan::{plan, plan_above},
};
use proptest::{prelude::*, test_runner::TestRunner};
use support::put;

/// Declarations from lines `KIND PATH SOURCE MODE`, with `-` for empty fields.
fn layer(text: &str) -> Declarations {
    let field = |field: &str| if field == "-" { String::new() } else { field.to_owned() };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).flat_map(|line| {
        let mut fields: Vec<String> = line.split_whitespace().map(field).collect();
        fields.resize(4, String::new());
        fields
    });
    let text: String =
        std::iter::once("strata-entries 2".to_owned()).chain(lines).map(|line| line + "\n").collect();
    entries::parse(text.as_bytes()).map_err(|(line, problem)| format!("{line}: {problem}")).unwrap()
}

/// The paths that are left of a layer on top of lower ones.
fn left(own: &str, lower: &[&str]) -> String {
    let lower: Vec<Declarations> = lower.iter().map(|text| layer(text)).collect();
    let entries = plan_above(layer(own), &lower, Path::new("out")).unwrap();
    entries.iter().map(|entry| entry.path.to_string()).collect::<Vec<_>>().join(" ")
}

/// Two trees on disk that differ in one file.
fn trees() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    for (tree, extra) in [("one", "sub/x"), ("two", "sub/y")] {
        put(dir.path(), &format!("{tree}/f"), b"f");
        put(dir.path(), &format!("{tree}/{extra}"), b"x");
        fs::create_dir(dir.path().join(tree).join(format!("empty_{tree}"))).unwrap();
    }
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    (dir, one, two)
}

#[test]
fn what_is_the_same_is_left_out() {
    let cases: [(&str, &[&str], &str); 18] = [
        // Files, links and empty files; directories go with what they hold.
        ("file a/x A", &["file a/x A"], ""),
        ("file a/x A \n file a/y A", &["file a/x A"], "/a /a/y"),
        ("file a/x A", &["file a/x B"], "/a /a/x"),
        ("file a/x A", &["file b/x A"], "/a /a/x"),
        ("file a A", &["output a A"], "/a"),
        ("symlink a t \n empty c \n symlink d t", &["symlink a t \n empty c \n symlink d u"], "/d"),
        // Own modes, and those by glob.
        ("file a A 0600", &["file a A"], "/a"),
        ("file a A 0600", &["file a A \n mode a - 0600"], ""),
        ("file a A \n mode - - 0600", &["file a A \n mode a - 0600"], ""),
        ("symlink a t", &["symlink a t \n mode - - 0600"], ""),
        // Everything else that is said.
        ("file a A \n owner - 1:1", &["file a A"], "/a"),
        ("file a A \n owner a 1:1", &["file a A \n owner - 1:1"], ""),
        ("file a A \n names - u:g", &["file a A"], "/a"),
        ("file a A \n xattr a user.a=b", &["file a A"], "/a"),
        ("file a A \n xattr a user.a=b", &["file a A \n xattr * user.a=b"], ""),
        ("file a A \n mtime - 1", &["file a A"], "/a"),
        // The topmost lower layer that has the path counts.
        ("file a A", &["file a A", "file b B", "file c C"], ""),
        ("file a A", &["file a A", "file a B"], "/a"),
    ];
    for (own, lower, expected) in cases {
        assert_eq!(left(own, lower), expected, "{own} over {lower:?}");
    }
}

#[test]
fn links_on_disk_are_known_by_their_source() {
    let dir = tempfile::tempdir().unwrap();
    let link = |name: &str| {
        let path = dir.path().join(name);
        std::os::unix::fs::symlink("target", &path).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (one, two) = (link("one"), link("two"));
    for (own, lower, expected) in [
        (format!("readlink a {one}"), format!("readlink a {one}"), ""),
        (format!("output a {one}"), format!("output a {one}"), ""),
        (format!("readlink a {one}"), format!("readlink a {two}"), "/a"),
        (format!("output a {one}"), format!("output a {two}"), "/a"),
        (format!("readlink a {one}"), "symlink a target".to_owned(), "/a"),
        // A mode is for files, and nothing to a link.
        (format!("output a {one} 0600"), format!("output a {one} 0640"), ""),
    ] {
        assert_eq!(left(&own, &[&lower]), expected, "{own} over {lower}");
    }
}

#[test]
fn what_may_have_changed_stays() {
    let (_dir, one, two) = trees();
    let (one, two) = (one.to_str().unwrap(), two.to_str().unwrap());
    let cases = [
        // The path itself.
        ("whiteout a/b/x", "/a /a/b /a/b/x"),
        ("empty a/b/x", "/a /a/b /a/b/x"),
        ("dir a/b/x", "/a /a/b /a/b/x"),
        ("empty a/b/x/y", "/a /a/b /a/b/x"),
        // Above it.
        ("whiteout a/b", "/a /a/b /a/b/x"),
        ("whiteout a", "/a /a/b /a/b/x"),
        ("opaque a", "/a /a/b /a/b/x"),
        ("opaque a/b", "/a /a/b /a/b/x"),
        ("symlink a elsewhere", "/a /a/b /a/b/x"),
        ("output a/b B", "/a /a/b /a/b/x"),
        ("tar - some.tar", "/a /a/b /a/b/x"),
        (&*format!("tree / {two}"), "/a /a/b /a/b/x"),
        (&*format!("tree a/b {two}"), "/a /a/b /a/b/x"),
        // Beside and below it.
        ("file a/b/y Y", ""),
        ("whiteout a/b/y", ""),
        ("opaque a/b/y", ""),
        ("dir a/b - 0700", ""),
        (&*format!("tree a/b/c {two}"), ""),
    ];
    for (between, expected) in cases {
        let got = left("file a/b/x X", &["file a/b/x X", between]);
        assert_eq!(got, expected, "{between}");
        // The same layer can say so of itself.
        if between.starts_with("opaque a") && !expected.is_empty() {
            let got = left(&format!("file a/b/x X\n{between}"), &["file a/b/x X"]);
            assert!(got.ends_with("/a/b/x") && got.contains(".wh..wh..opq"), "{got}");
        }
    }
    // What a lower layer leaves out itself is there as it says.
    assert_eq!(left("file a X", &["file a X", "whiteout a", "file a X"]), "");
    // A tree is known by its source.
    let tree = |source: &str, more: &str| format!("tree t {source}\n{more}");
    let cases = [
        (tree(one, ""), tree(one, ""), ""),
        (tree(one, ""), tree(two, ""), "/t/f /t/sub /t/sub/x /t/empty_one"),
        (tree(one, "mode t/f - 0600"), tree(one, ""), "/t/f"),
        (tree(one, "mode t/sub - 0700"), tree(one, ""), "/t/sub"),
        (tree(one, "file t/z Z"), tree(one, ""), "/t/z"),
        (tree(one, ""), tree(one, "empty t/new"), ""),
        (tree(one, "mode - - 0604"), format!("tree t {one} 0604"), ""),
        (format!("tree t {one} 0604"), tree(one, ""), "/t/f /t/sub/x"),
        // Which of two trees an empty directory is in, the text does not tell.
        (
            tree(one, &format!("tree t/sub {two}")),
            tree(one, ""),
            "/t/sub/f /t/sub/sub /t/sub/sub/y /t/sub/empty_two",
        ),
        (format!("file t/f {one}/f"), tree(one, ""), "/t/f"),
        (tree(one, ""), format!("file t/f {one}/f"), "/t/f /t/empty_one /t/sub /t/sub/x"),
    ];
    for (own, lower, expected) in cases {
        let got = left(&own, &[&lower]);
        let mut expected: Vec<&str> = expected.split_whitespace().collect();
        for parent in ["/t/sub", "/t"] {
            if expected.iter().any(|path| path.starts_with(&format!("{parent}/")))
                && !expected.contains(&parent)
            {
                expected.push(parent);
            }
        }
        expected.sort_unstable();
        assert_eq!(got.split_whitespace().collect::<Vec<_>>(), expected, "{own} over {lower}");
    }
}

#[test]
fn directories() {
    let cases: [(&str, &[&str], &str); 12] = [
        // Of what nobody says anything, nothing is written.
        ("file a/x A", &["file a/x A \n dir a - 0700"], ""),
        ("file a/b/x A \n file c C", &["file a/b/x A"], "/c"),
        // What is said stays, unless it is said below.
        ("dir a", &["file a/x A"], "/a"),
        ("dir a", &["dir a"], ""),
        ("dir a - 0700", &["dir a"], "/a"),
        ("dir a - 0700", &["dir a \n mode * - 0700"], ""),
        ("file a/x A \n mode a - 0700", &["file a/x A"], "/a"),
        ("file a/x A \n mode a - 0700", &["file a/x A \n mode a - 0700"], ""),
        ("file a/x A \n owner ** 1:1", &["file a/x A \n owner ** 1:1"], ""),
        ("file a/x A \n owner ** 1:1", &["file a/x A \n owner a/* 1:1"], "/a"),
        ("dir a", &["dir a", "dir a - 0700"], "/a"),
        ("dir a", &["dir a", "symlink a b"], "/a"),
    ];
    for (own, lower, expected) in cases {
        assert_eq!(left(own, lower), expected, "{own} over {lower:?}");
    }
}

#[test]
fn of_lower_layers_only_the_text_is_read() {
    let missing = layer("tree a /no/such/tree \n readlink b /no/such/link \n output c /no/such/output");
    assert!(plan(missing.clone(), Path::new("out")).is_err());
    let entries = plan_above(layer("file d D"), &[missing], Path::new("out")).unwrap();
    assert_eq!(entries.len(), 1);
    // What is wrong with the layer itself is an error, left out or not.
    let error =
        plan_above(layer("file a A \n mode x - 0600"), &[layer("file a A")], Path::new("out")).unwrap_err();
    assert!(error.to_string().contains("\"x\""), "{error}");
}

/// An image as it is unpacked: what is at each path.
type Image = BTreeMap<Vec<u8>, Entry>;

/// Unpacks a layer as the OCI image specification says.
fn unpack(image: &mut Image, entries: &[Entry]) {
    let is_below = |path: &[u8], directory: &[u8]| path.starts_with(&[directory, b"/"].concat());
    let name_of = |entry: &Entry| String::from_utf8(entry.path.name().to_vec()).unwrap();
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Whiteout) {
        let directory = entry.path.parent();
        let name = name_of(entry);
        if name == ".wh..wh..opq" {
            image.retain(|path, _| !is_below(path, directory.as_bytes()));
        } else {
            let deleted = directory.join(&name.as_bytes()[4..]).unwrap();
            image.retain(|path, _| path != deleted.as_bytes() && !is_below(path, deleted.as_bytes()));
        }
    }
    for entry in entries.iter().filter(|entry| entry.kind != Kind::Whiteout) {
        let path = entry.path.as_bytes();
        if entry.kind != Kind::Directory {
            image.retain(|other, _| !is_below(other, path));
        }
        image.insert(path.to_vec(), entry.clone());
    }
}

/// A line of an entries file over few paths and sources, so that layers have much in common.
fn line(one: &Path, two: &Path) -> impl Strategy<Value = String> + use<> {
    let [one, two] = [one, two].map(|path| path.to_str().unwrap().to_owned());
    let path = "[abf](/[abf]){0,2}";
    let mode = prop_oneof![3 => Just(""), 1 => Just("0600"), 1 => Just("0711")];
    prop_oneof![
        6 => (path, "[XY]", mode.clone()).prop_map(|(path, source, mode)| format!("file {path} {source} {mode}")),
        2 => (path, "[XY]").prop_map(|(path, target)| format!("symlink {path} {target}")),
        2 => (path, mode).prop_map(|(path, mode)| format!("dir {path} - {mode}")),
        2 => (path, any::<bool>()).prop_map(move |(path, first)| format!("tree {path} {}", if first { &one } else { &two })),
        1 => path.prop_map(|path| format!("whiteout {path}")),
        1 => path.prop_map(|path| format!("opaque {path}")),
        1 => (path, "[01]:[01]").prop_map(|(glob, owner)| format!("owner {glob} {owner}")),
        1 => path.prop_map(|glob| format!("mode {glob} - 0755")),
    ]
}

/// Layers whose lines mostly come from one pool. Those that are no layers, since lines collide, lose lines until they are.
fn stack(one: &Path, two: &Path) -> impl Strategy<Value = Vec<Declarations>> + use<> {
    let pool = prop::collection::vec(line(one, two), 3..10);
    let layers = prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..7), 2..5);
    (pool, layers).prop_map(|(pool, layers)| {
        let layers = layers.into_iter().map(|picks| {
            let mut chosen: Vec<String> = Vec::new();
            for pick in picks {
                chosen.push(pick.get::<String>(&pool).clone());
                // A glob is tried again later, when what it matches may be there.
                if plan(layer(&chosen.join("\n")), Path::new("out")).is_err() {
                    chosen.pop();
                }
            }
            layer(&chosen.join("\n"))
        });
        layers.collect()
    })
}

#[test]
fn the_image_is_the_same() {
    let (_dir, one, two) = trees();
    let below = prop::collection::vec(any::<bool>(), 5);
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    runner.run(&(stack(&one, &two), below), |(layers, below)| check(layers, &below)).unwrap();
}

/// Unpacks the last of the layers whole and without what is left out, over the others; some of these (`below`) leave things
/// out themselves.
fn check(mut layers: Vec<Declarations>, below: &[bool]) -> Result<(), TestCaseError> {
    let own = layers.pop().unwrap();
    let mut image = Image::new();
    for (at, declared) in layers.iter().enumerate() {
        let lower = if below[at] { &layers[..at] } else { &[] };
        unpack(&mut image, &plan_above(declared.clone(), lower, Path::new("out")).unwrap());
    }
    let (mut full, mut short) = (image.clone(), image);
    let all = plan(own.clone(), Path::new("out")).unwrap();
    unpack(&mut full, &all);
    unpack(&mut short, &plan_above(own.clone(), &layers, Path::new("out")).unwrap());
    prop_assert_eq!(full.keys().collect::<Vec<_>>(), short.keys().collect::<Vec<_>>());
    for (path, entry) in &full {
        let other = &short[path];
        prop_assert_eq!(&entry.kind, &other.kind);
        if entry.kind != Kind::Directory || says_something(&own, entry) {
            prop_assert_eq!(entry, other);
        }
    }
    // A layer over itself is empty, but for what it deletes and hides.
    if all.iter().all(|entry| entry.kind != Kind::Whiteout) {
        let again = plan_above(own.clone(), &[own], Path::new("out")).unwrap();
        prop_assert!(again.is_empty(), "{:?}", again);
    }
    Ok(())
}

/// Whether a directory is declared, in a tree, or matched by a glob.
fn says_something(declarations: &Declarations, entry: &Entry) -> bool {
    use layer::entries::DeclaredKind as K;
    let path = entry.path.to_string();
    let declared = declarations.entries.iter().any(|declared| {
        let at = declared.path.to_string();
        match declared.kind {
            K::Directory => at == path,
            K::Tree(_) => at == path || path.starts_with(&(at + "/")),
            _ => false,
        }
    });
    let settings = &declarations.settings;
    // The globs are plain paths here.
    let globs =
        settings.owners.iter().map(|(glob, _)| glob).chain(settings.modes.iter().map(|(glob, _)| glob));
    declared || globs.into_iter().any(|glob| glob.as_str() == &path[1..])
}
