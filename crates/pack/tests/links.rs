//! Through the binary, in an execution root as Bazel lays it out: which declared links stay links, and where they lead.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use support::{layer, names, stderr};

/// An execution root with a package store as `aspect_rules_js` has it: each package a tree, declared links between them.
fn execution_root(dir: &Path) -> PathBuf {
    let root = dir.join("execroot/_main");
    for file in ["store/a@1/a/index.js", "store/a@1/a/bin/cli.js", "store/b@1/b/index.js", "conf/x", "data"] {
        let file = root.join("out").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "x").unwrap();
    }
    let absolute = root.join("out/store/a@1/a/index.js");
    for (link, target) in [
        ("store/a@1/b", "../b@1/b"),
        ("node_modules/a", "../store/a@1/a"),
        ("node_modules/.bin/a", "../a/bin/cli.js"),
        ("external/x/b", "../../store/b@1/b"),
        ("absolute", absolute.to_str().unwrap()),
        ("system", "/etc/ssl"),
        ("config", "conf"),
        ("again", "data"),
        ("dead", "gone"),
        ("lost", root.join("out/gone").to_str().unwrap()),
    ] {
        let link = root.join("out").join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target, link).unwrap();
    }
    root
}

/// Entries from lines `KIND PATH SOURCE`, each in its own place of the image and of the execution root.
fn entries(lines: &[&str]) -> String {
    let entry = |line: &&str| {
        let mut fields = line.split(' ');
        let [kind, path, source] = std::array::from_fn(|_| fields.next().unwrap());
        format!("{kind}\napp/r/{path}\nout/{source}\n\n")
    };
    format!("strata-entries 2\n{}", lines.iter().map(entry).collect::<String>())
}

/// What a listing has at a path: the target of a link, else the type.
fn what(root: &Path, path: &str) -> String {
    let mtree = fs::read_to_string(root.join("mtree")).unwrap();
    let line = mtree.lines().find_map(|line| line.strip_prefix(&format!("./app/r/{path} type=")));
    let words: Vec<_> = line.unwrap_or("nothing").split(' ').collect();
    let link = words.iter().find_map(|word| word.strip_prefix("link="));
    link.map_or_else(|| words[0].to_owned(), |target| format!("-> {target}"))
}

const STORE: [&str; 6] = [
    "tree _main/store/a@1/a store/a@1/a",
    "output _main/store/a@1/b store/a@1/b",
    "tree _main/store/b@1/b store/b@1/b",
    "readlink _main/node_modules/a node_modules/a",
    "output _main/node_modules/.bin/a node_modules/.bin/a",
    "readlink x/b external/x/b",
];

#[test]
fn what_links_become() {
    let dir = tempfile::tempdir().unwrap();
    let root = execution_root(dir.path());
    let all = "";
    let cases: [(&[&str], Option<&str>, &str, &str); 21] = [
        // As they stand, where that leads to the right place.
        (&STORE, Some(all), "_main/store/a@1/b", "-> ../b@1/b"),
        (&STORE, Some(all), "_main/node_modules/a", "-> ../store/a@1/a"),
        (&STORE, Some(all), "_main/node_modules/.bin/a", "-> ../a/bin/cli.js"),
        // Where it would not, the way to the place; without the setting, nobody looks.
        (&STORE, Some(all), "x/b", "-> ../_main/store/b@1/b"),
        (&STORE, None, "x/b", "-> ../../store/b@1/b"),
        // Links that do not match are followed: to trees, and through links to files.
        (&STORE, Some("node_modules/a$"), "_main/node_modules/a", "-> ../store/a@1/a"),
        (&STORE, Some("node_modules/a$"), "_main/store/a@1/b", "dir"),
        (&STORE, Some("node_modules/a$"), "_main/store/a@1/b/index.js", "file"),
        (&STORE, Some("node_modules/a$"), "_main/node_modules/.bin/a", "file"),
        (&["readlink c config", "file c2/x conf/x"], Some("none"), "c/x", "file"),
        // Absolute targets.
        (&[&STORE[..], &["readlink l absolute"]].concat(), Some(all), "l", "-> _main/store/a@1/a/index.js"),
        (&["output l absolute"], Some(all), "l", "file"),
        (&["readlink l system"], Some(all), "l", "-> /etc/ssl"),
        (&["readlink l system"], None, "l", "-> /etc/ssl"),
        // To a directory with declared things in it, and to what is in none.
        (&["readlink l/config config", "file other/x conf/x"], Some(all), "l/config", "-> ../other"),
        (&["readlink dead dead"], Some(all), "dead", "-> gone"),
        // What is in several places: the one that is meant, else the nearest.
        (&["readlink m/again again", "file data data", "file m/data data"], Some(all), "m/again", "-> data"),
        (&["readlink m/n/l again", "file data data", "file m/d data"], Some(all), "m/n/l", "-> ../d"),
        (&["readlink m/n/l again", "file q data", "file p data"], Some(all), "m/n/l", "-> ../../p"),
        // No link leads to itself.
        (&["readlink m/again again", "readlink data again"], Some(all), "data", "-> data"),
        (&["file data data"], Some("none"), "data", "file"),
    ];
    for (lines, preserve, path, expected) in cases {
        let flags = preserve.map(|regex| ["--preserve-symlinks", regex]);
        let output = layer(&root, &entries(lines), flags.as_ref().map_or(&[], |flags| &flags[..]));
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(what(&root, path), expected, "{path} with {preserve:?} in {lines:?}");
    }
}

#[test]
fn what_a_followed_link_leads_through_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let root = execution_root(dir.path());
    let config = ["readlink c config", "file conf/x conf/x", "file data data"];
    let cases: [(&[&str], &str, &str, &str); 6] = [
        (&STORE, "", "/b$", "out/node_modules/.bin/a out/node_modules/a out/store/a@1/a out/store/b@1/b"),
        (&STORE, "none", "/b/", "out/node_modules/.bin/a out/node_modules/a out/store/a@1/a"),
        // Through a link to a tree, into it.
        (&STORE, "none", "/.bin/a$", "out/external/x/b out/store/a@1/b out/store/b@1/b"),
        // To a directory with declared things in it.
        (&config, "none", "/c/", "out/data"),
        (&config, "", "/c$", "out/conf/x out/data"),
        // To what is not declared: then it may be anything.
        (&config[..1], "none", "/c/", ""),
    ];
    for (lines, preserve, matching, unused) in cases {
        let flags =
            ["--preserve-symlinks", preserve, "--match", matching, "--unused=unused", "--tree-files=any"];
        let output = layer(&root, &entries(lines), &flags);
        assert!(output.status.success(), "{}", stderr(&output));
        let got = fs::read_to_string(root.join("unused")).unwrap();
        assert_eq!(got.split_whitespace().collect::<Vec<_>>().join(" "), unused, "{flags:?}");
    }
}

#[test]
fn links_that_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    let root = execution_root(dir.path());
    let before = [&["entries".to_owned()], &names(&root)[..]].concat();
    for (line, preserve, message) in [
        ("readlink l lost", "", "out/lost would be a link to /"),
        ("readlink l lost", "", "/out/gone, a path of this machine, and nothing that is declared is there"),
        ("readlink l dead", "none", "`preserve_symlinks` does not match ./app/r/l: have it match"),
        ("readlink l dead", "(", "pack: preserve_symlinks: the regex does not parse: "),
    ] {
        let output = layer(&root, &entries(&[line]), &["--preserve-symlinks", preserve]);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
        assert_eq!(names(&root), before);
    }
}
