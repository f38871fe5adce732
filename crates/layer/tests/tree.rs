//! What is in a layer: kinds, parents, modes, names, and declarations that collide.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{fs, path::Path, sync::Arc};

use layer::{codec::Codec, entries::Declarations, entry::Owner, plan::plan, settings::Settings};
use support::{declare, pack, planned, put, read_tar};

/// `path mode link` of every entry.
fn listing(tar: &[u8]) -> Vec<String> {
    read_tar(tar)
        .iter()
        .map(|e| format!("{} {:04o} {}", e.path, e.mode, e.link).trim_end().to_owned())
        .collect()
}

#[test]
fn every_kind_with_its_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let file = put(dir.path(), "plain", b"text");
    let program = put(dir.path(), "program", b"#!");
    std::os::unix::fs::symlink("../up/and away", dir.path().join("link")).unwrap();
    let (file, program) = (file.to_str().unwrap(), program.to_str().unwrap());
    let link = dir.path().join("link");
    let declared = declare(&[
        ("symlink", "usr/lib64", "/lib", ""),
        ("file", "/usr/bin/program", program, ""),
        ("file", "./etc/plain", file, ""),
        ("file", "etc/secret", file, "0600"),
        ("readlink", "l", link.to_str().unwrap(), ""),
        ("dir", "tmp/", "", ""),
        ("dir", "srv/x", "", "0700"),
        ("empty", "etc/empty", "", ""),
        ("file", "var/tmp/x", file, ""),
        ("file", "root/.profile", file, ""),
    ]);
    let packed = pack(&planned(declared).unwrap(), Codec::None, 2).unwrap();
    let expected = [
        "etc/ 0755",
        "etc/empty 0644",
        "etc/plain 0644",
        "etc/secret 0600",
        "l 0777 ../up/and away",
        "root/ 0700",
        "root/.profile 0644",
        "srv/ 0755",
        "srv/x/ 0700",
        "tmp/ 1777",
        "usr/ 0755",
        "usr/bin/ 0755",
        "usr/bin/program 0755",
        "usr/lib64 0777 /lib",
        "var/ 0755",
        "var/tmp/ 1777",
        "var/tmp/x 0644",
    ];
    assert_eq!(listing(&packed.blob), expected);
    assert!(packed.mtree.starts_with("#mtree\n./etc type=dir mode=0755 uid=0 gid=0 size=0 time=0.0\n"));
    assert!(
        packed
            .mtree
            .contains("./l type=link mode=0777 uid=0 gid=0 size=0 time=0.0 link=../up/and\\040away\n")
    );
    assert!(packed.mtree.contains("./etc/plain type=file mode=0644 uid=0 gid=0 size=4 time=0.0\n"));
    assert_eq!(packed.blob.len() % 512, 0);
    assert!(packed.blob.ends_with(&[0; 1024]));
}

#[test]
fn a_layer_of_nothing_is_1024_zeros() {
    let packed = pack(&[], Codec::None, 1).unwrap();
    assert_eq!(packed.blob, [0; 1024]);
    assert_eq!(packed.written.digest, packed.written.diff_id);
    assert_eq!(packed.mtree, "#mtree\n");
    assert_eq!(pack(&[], Codec::GZIP, 4).unwrap().written.members.len(), 1);
}

#[test]
fn modes_in_order_of_strength() {
    let dir = tempfile::tempdir().unwrap();
    let file = put(dir.path(), "f", b"");
    let file = file.to_str().unwrap();
    let entries = declare(&[
        ("file", "a/own.sh", file, "0111"),
        ("file", "a/two.sh", file, ""),
        ("file", "a/one.txt", file, ""),
        ("file", "b/none", file, ""),
        ("empty", "b/empty", "", ""),
        ("symlink", "a/link", "x", ""),
        ("dir", "d", "", ""),
    ]);
    let modes = [("a/**", 0o640), ("**/*.sh", 0o750), ("d", 0o2775)];
    let settings = Settings {
        owner: Owner { uid: 7, gid: 8 },
        mtime: 9,
        mode: Some(0o604),
        modes: modes.map(|(glob, mode)| (glob.parse().unwrap(), mode)).into(),
        ..Settings::default()
    };
    let packed =
        pack(&plan(Declarations { entries, settings }, Path::new("out")).unwrap(), Codec::None, 1).unwrap();
    let expected = [
        "a/ 0755",
        "a/link 0777 x",
        "a/one.txt 0640",
        "a/own.sh 0111",
        "a/two.sh 0750",
        "b/ 0755",
        "b/empty 0604",
        "b/none 0604",
        "d/ 2775",
    ];
    assert_eq!(listing(&packed.blob), expected);
    assert_eq!(packed.mtree.lines().filter(|line| line.contains("uid=7 gid=8")).count(), expected.len());
    assert!(packed.mtree.lines().skip(1).all(|line| line.contains("time=9.0")));
}

#[test]
fn owners_and_their_names() {
    let entries =
        declare(&[("empty", "app/a", "", ""), ("symlink", "app/b", "a", ""), ("empty", "srv/c", "", "")]);
    let [all, high] = [(7, 8), (3_000_000, 4_000_000_000)].map(|(uid, gid)| Owner { uid, gid });
    let owners = vec![("srv/**".parse().unwrap(), high), ("app".parse().unwrap(), all)];
    let names = Some(Arc::new("app:\u{fc}ber".parse().unwrap()));
    let settings = Settings { owner: all, owners, names, ..Settings::default() };
    let packed =
        pack(&plan(Declarations { entries, settings }, Path::new("out")).unwrap(), Codec::None, 1).unwrap();
    let expected = "#mtree\n\
        ./app type=dir mode=0755 uid=7 gid=8 size=0 time=0.0\n\
        ./app/a type=file mode=0644 uid=7 gid=8 uname=app gname=\\303\\274ber size=0 time=0.0\n\
        ./app/b type=link mode=0777 uid=7 gid=8 uname=app gname=\\303\\274ber size=0 time=0.0 link=a\n\
        ./srv type=dir mode=0755 uid=7 gid=8 uname=app gname=\\303\\274ber size=0 time=0.0\n\
        ./srv/c type=file mode=0644 uid=3000000 gid=4000000000 size=0 time=0.0\n";
    assert_eq!(packed.mtree, expected);
}

#[test]
fn extended_attributes() {
    let entries =
        declare(&[("empty", "bin/a", "", ""), ("symlink", "bin/b", "a", ""), ("dir", "srv", "", "")]);
    let xattrs = [("{bin,srv}", "user.a=0x00ff"), ("bin/*", "security.capability=cap_kill+ep")];
    let xattrs = xattrs.map(|(glob, xattr)| (glob.parse().unwrap(), xattr.parse().unwrap())).into();
    let settings = Settings { xattrs, ..Settings::default() };
    let packed =
        pack(&plan(Declarations { entries, settings }, Path::new("out")).unwrap(), Codec::None, 1).unwrap();
    let expected = "#mtree\n\
        ./bin type=dir mode=0755 uid=0 gid=0 size=0 time=0.0 xattr.user.a=AP8=\n\
        ./bin/a type=file mode=0644 uid=0 gid=0 size=0 time=0.0 xattr.security.capability=AQAAAiAAAAAAAAAAAAAAAAAAAAA=\n\
        ./bin/b type=link mode=0777 uid=0 gid=0 size=0 time=0.0 link=a\n\
        ./srv type=dir mode=0755 uid=0 gid=0 size=0 time=0.0 xattr.user.a=AP8=\n";
    assert_eq!(packed.mtree, expected);
    let mut archive = tar::Archive::new(&*packed.blob);
    let mut first = archive.entries().unwrap().next().unwrap().unwrap();
    let record = first.pax_extensions().unwrap().unwrap().next().unwrap().unwrap();
    assert_eq!((record.key_bytes(), record.value_bytes()), (&b"SCHILY.xattr.user.a"[..], &b"\0\xff"[..]));
}

#[test]
fn names_of_every_length() {
    let dir = tempfile::tempdir().unwrap();
    let file = put(dir.path(), "f", b"content");
    let file = file.to_str().unwrap();
    let name = |length: usize| "n".repeat(length);
    let mut paths: Vec<String> = [99, 100, 101, 155, 156, 255].map(name).into();
    paths.extend([100, 154, 155, 156, 255].map(|length| format!("{}/{}", "d".repeat(length), name(100))));
    paths.push(["deep"; 60].join("/"));
    paths.push(format!("{}/ü{}", "日本語".repeat(20), "é".repeat(100)));
    let lines: Vec<_> = paths.iter().map(|path| ("file", &**path, file, "")).collect();
    let target = name(300);
    let mut lines = lines;
    lines.push(("symlink", "link", &target, ""));
    let packed = pack(&planned(declare(&lines)).unwrap(), Codec::GZIP, 3).unwrap();
    let read = read_tar(&support::decompress(Codec::GZIP, &packed.blob));
    for path in &paths {
        let found = read.iter().find(|entry| entry.path == *path).unwrap_or_else(|| panic!("{path} is gone"));
        assert_eq!(found.content, b"content");
    }
    assert_eq!(read.iter().find(|entry| entry.path == "link").unwrap().link, target);
    assert!(read.iter().all(|entry| b"025".contains(&entry.flag)), "no extension is left over");
}

#[test]
fn outputs_are_links_only_if_declared() {
    let dir = tempfile::tempdir().unwrap();
    let real = put(dir.path(), "execroot/_main/bin/real", b"#!content");
    let link = |name: &str, target: &str| {
        let path = dir.path().join(name);
        std::os::unix::fs::symlink(target, &path).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let real = real.to_str().unwrap();
    let (staged, twice) = (link("staged", real), link("execroot/_main/bin/twice", real));
    let lines = [
        ("declared/absolute", &*link("absolute", "/usr/share/zoneinfo/UTC"), "/usr/share/zoneinfo/UTC"),
        ("declared/dangling", &link("dangling", "../no/where"), "../no/where"),
        ("declared/sibling", &link("sibling", "staged"), "staged"),
        ("file/plain", real, ""),
        ("file/staged", &staged, ""),
        ("file/twice", &link("again", &twice), ""),
    ];
    let declared: Vec<_> = lines.iter().map(|(path, source, _)| ("output", *path, *source, "")).collect();
    let packed = pack(&planned(declare(&declared)).unwrap(), Codec::None, 2).unwrap();
    let read = read_tar(&packed.blob);
    for (path, _, target) in lines {
        let found = read.iter().find(|entry| entry.path == path).unwrap();
        let content: &[u8] = if target.is_empty() { b"#!content" } else { b"" };
        assert_eq!((&*found.link, &*found.content), (target, content), "{path}");
    }
    // What a file is staged as leads somewhere: here it does not.
    let nowhere = link("lost", dir.path().join("execroot/_main/bin/lost").to_str().unwrap());
    let planned = planned(declare(&[("output", "x", &nowhere, "")])).unwrap();
    assert!(pack(&planned, Codec::None, 1).err().unwrap().to_string().contains(&nowhere));
}

#[test]
fn trees_follow_links() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "elsewhere/sub/file", b"1");
    put(dir.path(), "tree/own", b"2");
    fs::create_dir(dir.path().join("tree/empty")).unwrap();
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(dir.path().join(target), dir.path().join(name)).unwrap();
    };
    link("elsewhere/sub/file", "tree/file_link");
    link("elsewhere", "tree/dir_link");
    link("tree", "tree_link");
    let source = dir.path().join("tree_link");
    let declared = declare(&[("tree", "opt/app", source.to_str().unwrap(), "0600")]);
    let packed = pack(&planned(declared).unwrap(), Codec::None, 2).unwrap();
    let expected = [
        "opt/ 0755",
        "opt/app/ 0755",
        "opt/app/dir_link/ 0755",
        "opt/app/dir_link/sub/ 0755",
        "opt/app/dir_link/sub/file 0600",
        "opt/app/empty/ 0755",
        "opt/app/file_link 0600",
        "opt/app/own 0600",
    ];
    assert_eq!(listing(&packed.blob), expected);
    let at_root = declare(&[("tree", "/", source.to_str().unwrap(), "")]);
    let packed = pack(&planned(at_root).unwrap(), Codec::None, 2).unwrap();
    assert_eq!(listing(&packed.blob)[0], "dir_link/ 0755", "the root is no entry");
}

#[test]
fn the_same_thing_twice_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "content").unwrap();
    let file = file.to_str().unwrap();
    let cases: [(&[_], &str); 6] = [
        (&[("dir", "d", "", ""), ("dir", "d/", "", "0700")], "d/ 0700"),
        (&[("dir", "d", "", "0700"), ("dir", "d", "", "0700")], "d/ 0700"),
        (&[("file", "f", file, ""), ("file", "./f", file, "")], "f 0644"),
        (&[("file", "f", file, "0600"), ("file", "f", file, "")], "f 0600"),
        (&[("symlink", "l", "t", ""), ("symlink", "/l", "t", "")], "l 0777 t"),
        (&[("empty", "e", "", ""), ("empty", "e", "", "")], "e 0644"),
    ];
    for (lines, expected) in cases {
        let packed = pack(&planned(declare(lines)).unwrap(), Codec::None, 1).unwrap();
        assert_eq!(listing(&packed.blob), [expected]);
    }
}

#[test]
fn collisions_name_both() {
    let cases: [(&[_], &[&str]); 7] = [
        (&[("file", "app/x", "A", ""), ("file", "/app/x", "B", "")], &["two files at /app/x: A and B"]),
        (&[("file", "app/x", "B", ""), ("file", "app/x", "A", "")], &["two files at /app/x: A and B"]),
        (
            &[("symlink", "l", "t", ""), ("symlink", "l", "u", "")],
            &["/l: a symbolic link to t and a symbolic link to u"],
        ),
        (&[("dir", "x", "", ""), ("empty", "x", "", "")], &["/x: a directory and an empty file"]),
        (&[("dir", "x", "", "0700"), ("dir", "x", "", "0755")], &["two modes for /x: 0700 and 0755"]),
        (
            &[("file", "a", "A", ""), ("file", "a/b/c", "C", "")],
            &["/a is A", "/a/b/c (C) needs a directory there"],
        ),
        (
            &[("symlink", "bin", "usr/bin", ""), ("file", "bin/sh", "S", "")],
            &["/bin is a symbolic link to usr/bin", "/bin/sh (S)"],
        ),
    ];
    for (lines, parts) in cases {
        let message = planned(declare(lines)).unwrap_err().to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[test]
fn whiteouts() {
    let dir = tempfile::tempdir().unwrap();
    let file = put(dir.path(), "f", b"");
    let file = file.to_str().unwrap();
    let entries = declare(&[
        ("whiteout", "/etc/old.conf", "", ""),
        ("whiteout", "top", "", ""),
        ("opaque", "srv/data/", "", ""),
        ("file", "srv/data/new", file, ""),
        ("dir", "srv/data", "", "0700"),
    ]);
    let settings = Settings {
        owners: vec![("**".parse().unwrap(), Owner { uid: 1, gid: 1 })],
        modes: vec![("**".parse().unwrap(), 0o600)],
        mtime: 5,
        ..Settings::default()
    };
    let packed =
        pack(&plan(Declarations { entries, settings }, Path::new("out")).unwrap(), Codec::None, 1).unwrap();
    let expected = "#mtree\n\
        ./.wh.top type=file mode=0644 uid=0 gid=0 size=0 time=5.0\n\
        ./etc type=dir mode=0755 uid=1 gid=1 size=0 time=5.0\n\
        ./etc/.wh.old.conf type=file mode=0644 uid=0 gid=0 size=0 time=5.0\n\
        ./srv type=dir mode=0755 uid=1 gid=1 size=0 time=5.0\n\
        ./srv/data type=dir mode=0700 uid=1 gid=1 size=0 time=5.0\n\
        ./srv/data/.wh..wh..opq type=file mode=0644 uid=0 gid=0 size=0 time=5.0\n\
        ./srv/data/new type=file mode=0600 uid=1 gid=1 size=0 time=5.0\n";
    assert_eq!(packed.mtree, expected);
}

#[test]
fn what_looks_like_a_whiteout_or_contradicts_one() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "tree/sub/.wh.x", b"");
    let tree = dir.path().join("tree");
    let tree = tree.to_str().unwrap();
    let cases: [(&[_], &[&str]); 8] = [
        (&[("empty", "a/.wh.b", "", "")], &["/a/.wh.b would be no file", "delete /a/b of the layers below"]),
        (&[("dir", ".wh.d", "", "")], &["delete /d of", "`whiteouts`"]),
        (&[("empty", "a/.wh.b/c", "", "")], &["/a/.wh.b would"]),
        (&[("empty", "a/.wh..wh..opq", "", "")], &["hide all that layers below have in /a", "`opaque`"]),
        (&[("empty", "a/.wh..wh.plnk", "", "")], &["something of their own"]),
        (&[("tree", "t", tree, "")], &["/t/sub/.wh.x would"]),
        (&[("empty", "a/b", "", ""), ("whiteout", "a/b", "", "")], &["/a/b is in `whiteouts`", "`opaque`"]),
        (&[("whiteout", "a/.wh.b", "", "")], &["nothing can delete /a/.wh.b", "name what is to be deleted"]),
    ];
    for (lines, parts) in cases {
        let message = planned(declare(lines)).unwrap_err().to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}
