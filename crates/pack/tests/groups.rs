//! Through the binary: layers that share their entries, and what each says of its group.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{fs, path::Path};

use support::{layer, names, stderr};

/// Two files, an empty one and a tree.
fn entries(dir: &Path) -> String {
    for file in ["main", "lib", "tree/a/x.so", "tree/b/y.py"] {
        let file = dir.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "x").unwrap();
    }
    let entry = |kind: &str, path: &str, source: &str| format!("{kind}\n{path}\n{source}\n\n");
    let all = [
        entry("file", "app/main", "main"),
        entry("file", "app/lib.so", "lib"),
        entry("file", "app/again.so", "lib"),
        entry("empty", "app/__init__.py", ""),
        entry("tree", "app/t", "tree"),
    ];
    format!("strata-entries 2\n{}", all.concat())
}

/// The paths in a listing that are no directories.
fn files(dir: &Path) -> String {
    let mtree = fs::read_to_string(dir.join("mtree")).unwrap();
    let files = mtree.lines().skip(1).filter(|line| !line.contains(" type=dir "));
    files.map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn groups_and_what_they_do_not_use() {
    let dir = tempfile::tempdir().unwrap();
    let entries = entries(dir.path());
    fs::write(dir.path().join("earlier"), "strata-entries 2\ntree\napp/t/a\nany\n\n").unwrap();
    let cases: [(&[&str], &str, &str); 6] = [
        (&[], "./app/__init__.py ./app/again.so ./app/lib.so ./app/main ./app/t/a/x.so ./app/t/b/y.py", ""),
        (&["--match", "main$"], "./app/main", "lib\ntree\n"),
        (&["--match=\\.so$", "--except-entries=earlier"], "./app/again.so ./app/lib.so", "main\ntree\n"),
        (&["--match=lib", "--except=other=x"], "./app/lib.so", "main\ntree\n"),
        (
            &["--except", "a=main$", "--except=b=\\.so$", "--group=rest", "--all-claimed", "--must-match"],
            "./app/__init__.py ./app/t/b/y.py",
            "lib\nmain\n",
        ),
        (&["--match=^$"], "", "lib\nmain\ntree\n"),
    ];
    for (flags, expected, unused) in cases {
        let output =
            layer(dir.path(), &entries, &[flags, &["--unused", "unused", "--tree-files", "names"]].concat());
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{flags:?}");
        assert_eq!(files(dir.path()), expected, "{flags:?}");
        assert_eq!(fs::read_to_string(dir.path().join("unused")).unwrap(), unused, "{flags:?}");
    }
    // A tree may get a file that matches.
    let output = layer(dir.path(), &entries, &["--match", "main$", "--unused", "unused"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(dir.path().join("unused")).unwrap(), "lib\n");
}

#[test]
fn errors_name_the_group_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let entries = entries(dir.path());
    fs::write(dir.path().join("earlier"), "strata-entries 3\n").unwrap();
    fs::write(dir.path().join("entries"), &entries).unwrap();
    let before = names(dir.path());
    let cases: [(&[&str], &str); 6] = [
        (
            &["--match=/(?!a/b)c)/"],
            "pack: layer_groups: the regex of the group g of //app:layer does not parse: unbalanced parenthesis\n\
            \x20 //(?!a/b)c)//\n\
            \x20           ^\n",
        ),
        (
            &["--match=a", "--except=h=*"],
            "the regex of the group h of //app:layer, which is before it, does not parse: ",
        ),
        (
            &["--match=node_moduls", "--must-match"],
            "the group g of //app:layer matches no file of it; nearest are ./app",
        ),
        (
            &["--match=so", "--all-claimed"],
            "pack: layer_groups: 3 files of //app:layer in no group: ./app/__init__.py, ",
        ),
        (
            &["--match=so", "--expect=/bin/python3$", "--expect-message=no interpreter: add one"],
            "pack: no interpreter: add one\n",
        ),
        (&["--except-entries=earlier"], "pack: earlier:1: the first line must be"),
    ];
    for (flags, part) in cases {
        let output = layer(dir.path(), &entries, &[&["--group", "g", "--unused", "unused"], flags].concat());
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(part), "{message}");
        assert_eq!(names(dir.path()), before, "{flags:?}");
    }
    for flag in ["--expect=x", "--except=x"] {
        let output = layer(dir.path(), &entries, &[flag]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}
