//! Several tars, and what is declared, as one layer.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{fs, io::Write as _, path::Path};

use layer::{Error, codec::Codec, entries, layer::Packing, plan::plan};
use support::{Item, decompress, pack_as, read_tar};

/// A tar from lines: `TYPE PATH [MODE] [REST]`, where REST is content, target or device numbers.
fn tar(lines: &[&str]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for line in lines {
        let mut words = line.splitn(4, ' ');
        let (kind, path) = (words.next().unwrap(), words.next().unwrap());
        let mode = words.next().map_or(0o644, |mode| u32::from_str_radix(mode, 8).unwrap());
        let rest = words.next().unwrap_or_default();
        let mut header = tar::Header::new_ustar();
        header.set_mode(mode);
        header.set_mtime(100);
        header.set_uid(5);
        header.set_size(0);
        header.set_username("five").unwrap();
        use tar::EntryType as T;
        header.set_entry_type(match kind {
            "f" => T::Regular,
            "d" => T::Directory,
            "l" => T::Symlink,
            "h" => T::Link,
            "c" => T::Char,
            "p" => T::Fifo,
            other => panic!("{other}"),
        });
        match kind {
            "f" => {
                header.set_size(rest.len() as u64);
                builder.append_data(&mut header, path, rest.as_bytes()).unwrap();
            }
            "l" | "h" => builder.append_link(&mut header, path, rest).unwrap(),
            _ => {
                header.set_device_major(1).unwrap();
                header.set_device_minor(3).unwrap();
                builder.append_data(&mut header, path, &b""[..]).unwrap();
            }
        }
    }
    builder.into_inner().unwrap()
}

struct Merged {
    items: Vec<Item>,
    mtree: String,
}

/// Merges tars, `in0`, `in1`, …, and more lines of an entries file, in a folder.
fn merge_in(dir: &Path, tars: &[Vec<u8>], more: &str, dedupe: bool) -> Result<Merged, Error> {
    let mut text = String::from("strata-entries 2\n");
    for (index, tar) in tars.iter().enumerate() {
        let path = dir.join(format!("in{index}"));
        fs::write(&path, tar).unwrap();
        text += &format!("tar\n\n{}\n\n", path.display());
    }
    let declarations = entries::parse((text + more).as_bytes()).unwrap();
    let entries = plan(declarations, &dir.join("out"))?;
    let left = fs::read_dir(dir).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        name.contains("out")
    });
    assert_eq!(left.count(), 0, "temporary files have no name");
    let packed = |threads: usize| {
        pack_as(&entries, Packing { codec: Codec::Gzip(1), dedupe, threads: threads.try_into().unwrap() })
    };
    let one = packed(1)?;
    assert!(one.blob == packed(3)?.blob);
    let blob = decompress(Codec::Gzip(1), &one.blob);
    Ok(Merged { items: read_tar(&blob), mtree: one.mtree })
}

fn merge(tars: &[&[&str]], more: &str) -> Result<Merged, String> {
    let dir = tempfile::tempdir().unwrap();
    let tars: Vec<_> = tars.iter().map(|lines| tar(lines)).collect();
    let result = merge_in(dir.path(), &tars, more, false);
    result.map_err(|error| error.to_string().replace(&format!("{}/", dir.path().display()), ""))
}

/// `TYPE PATH MODE REST` of each entry.
fn lines(merged: &Merged) -> Vec<String> {
    let line = |item: &Item| {
        let kind = match item.flag {
            b'0' => "f",
            b'1' => "h",
            b'2' => "l",
            b'3' => "c",
            b'5' => "d",
            b'6' => "p",
            other => panic!("{other}"),
        };
        let rest = if item.link.is_empty() {
            String::from_utf8(item.content.clone()).unwrap()
        } else {
            item.link.clone()
        };
        format!("{kind} {} {:o} {rest}", item.path.trim_end_matches('/'), item.mode).trim_end().to_owned()
    };
    merged.items.iter().map(line).collect()
}

/// What it shows, the tars, more lines of the entries file, and what comes out.
type Case = (&'static str, &'static [&'static [&'static str]], &'static str, &'static [&'static str]);

#[test]
fn rules() {
    let cases: [Case; 26] = [
        (
            "one tar, sorted, with parents",
            &[&["f b/x 600 X", "f a"]],
            "",
            &["f a 644", "d b 755", "f b/x 600 X"],
        ),
        ("./ and the root", &[&["d ./ 700", "d ./a/ 700", "f ./a/b"]], "", &["d a 700", "f a/b 644"]),
        (
            "a later tar wins",
            &[&["f a 600 one", "f b 600 one"], &["f a 644 two"]],
            "",
            &["f a 644 two", "f b 600 one"],
        ),
        ("a later entry wins within a tar", &[&["f a 600 one", "f a 644 two"]], "", &["f a 644 two"]),
        (
            "the last metadata of a directory",
            &[&["d a 700", "f a/b"], &["d a 711", "f a/c"]],
            "",
            &["d a 711", "f a/b 644", "f a/c 644"],
        ),
        (
            "parents that nobody says anything of change nothing",
            &[&["d a 700"], &["f a/c"]],
            "",
            &["d a 700", "f a/c 644"],
        ),
        (
            "special files",
            &[&["c dev/null 666", "p run/p 600"]],
            "",
            &["d dev 755", "c dev/null 666", "d run 755", "p run/p 600"],
        ),
        ("links", &[&["l a 777 x"], &["l a 777 y"]], "", &["l a 777 y"]),
        ("a whiteout stays", &[&["f d/.wh.a"]], "", &["d d 755", "f d/.wh.a 644"]),
        (
            "a whiteout deletes what came before",
            &[&["f a", "d b 755", "f b/c", "f b-c"], &["f .wh.a", "f .wh.b"]],
            "",
            &["f .wh.a 644", "f .wh.b 644", "f b-c 644"],
        ),
        (
            "neighbours of what is deleted stay",
            &[&["f a- 644", "f a/b", "f a0"], &["f .wh.a"]],
            "",
            &["f .wh.a 644", "f a- 644", "f a0 644"],
        ),
        (
            "wherever it stands in its tar",
            &[&["f a 644 one"], &["f a 644 two", "f .wh.a"]],
            "",
            &["f a 644 two"],
        ),
        ("a path that comes back", &[&["f a 644 one"], &["f .wh.a"], &["f a 644 two"]], "", &["f a 644 two"]),
        (
            "of another type",
            &[&["f a"], &["f .wh.a"], &["d a 700"]],
            "",
            &["d a 700", "f a/.wh..wh..opq 644"],
        ),
        (
            "a directory that comes back",
            &[&["d a 700", "f a/x"], &["f .wh.a"], &["f a/b/y"]],
            "",
            &["d a 755", "f a/.wh..wh..opq 644", "d a/b 755", "f a/b/y 644"],
        ),
        (
            "opaque",
            &[&["d a 700", "f a/x", "f a-b"], &["f a/y", "f a/.wh..wh..opq"]],
            "",
            &["d a 700", "f a/.wh..wh..opq 644", "f a/y 644", "f a-b 644"],
        ),
        ("an opaque root", &[&["f a"], &["f .wh..wh..opq", "f b"]], "", &["f .wh..wh..opq 644", "f b 644"]),
        ("a file hides whiteouts below", &[&["f a/.wh.x"], &["f a"]], "", &["f a 644"]),
        (
            "hard links",
            &[&["f z 600 Z", "h a 600 z", "h m 600 z"]],
            "",
            &["f a 600 Z", "h m 600 a", "h z 600 a"],
        ),
        (
            "what a hard link says of itself counts",
            &[&["f b 600 X", "h a 640 b"]],
            "",
            &["f a 640 X", "h b 640 a"],
        ),
        (
            "a hard link whose target is replaced",
            &[&["f a 600 one", "h b 600 a", "h c 600 a"], &["f a 644 two"]],
            "",
            &["f a 644 two", "f b 600 one", "h c 600 b"],
        ),
        (
            "a hard link whose target is deleted",
            &[&["f a 600 one", "h b 600 a"], &["f .wh.a"]],
            "",
            &["f .wh.a 644", "f b 600 one"],
        ),
        (
            "a hard link to an earlier tar",
            &[&["f b 600 one"], &["h a 600 b"]],
            "",
            &["f a 600 one", "h b 600 a"],
        ),
        (
            "hard links to links and empty files",
            &[&["l s 777 t", "h r 777 s", "f e 600", "h f 600 e"]],
            "",
            &["f e 600", "h f 600 e", "l r 777 t", "l s 777 t"],
        ),
        (
            "a glob that divides names",
            &[&["f a 600 A", "h b 600 a", "h c 600 a"]],
            "mode\nb\n\n0640\n",
            &["f a 600 A", "f b 640 A", "h c 600 a"],
        ),
        (
            "globs are stronger than tars, defaults weaker",
            &[&["f a 600 A", "f b 600", "d d 700"]],
            "mode\nb\n\n0640\nmode\nd\n\n0711\nmode\n\n\n0444\nempty\ne\n\n\n",
            &["f a 600 A", "f b 640", "d d 711", "f e 444"],
        ),
    ];
    for (name, tars, more, expected) in cases {
        let merged = merge(tars, more).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut got = lines(&merged);
        let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        let order = |lines: &[String]| {
            lines.iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(order(&got).is_sorted(), "{name}: {got:?}");
        got.sort();
        expected.sort();
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn what_the_target_declares_comes_last() {
    let dir = tempfile::tempdir().unwrap();
    let file = support::put(dir.path(), "src", b"mine");
    let file = file.to_str().unwrap();
    let tars: &[&[&str]] =
        &[&["f a 600 tar", "d d 700", "d e 700", "f d/x 600", "f gone 600", "d o 700", "f o/p 600"]];
    let more = format!(
        "file\na\n{file}\n\ndir\nd\n\n\ndir\ne\n\n0711\nfile\nd/y\n{file}\n0640\nwhiteout\ngone\n\n\nopaque\no\n\n\n"
    );
    let merged = merge(tars, &more).unwrap();
    let expected = [
        "f .wh.gone 644",
        "f a 644 mine",
        "d d 700",
        "f d/x 600",
        "f d/y 640 mine",
        "d e 711",
        "d o 700",
        "f o/.wh..wh..opq 644",
    ];
    assert_eq!(lines(&merged), expected);
    let listed: Vec<&str> = merged.mtree.lines().skip(2).take(3).collect();
    let expected = [
        "./a type=file mode=0644 uid=0 gid=0 size=4 time=0.0",
        "./d type=dir mode=0700 uid=5 gid=0 uname=five size=0 time=100.0",
        "./d/x type=file mode=0600 uid=5 gid=0 uname=five size=0 time=100.0",
    ];
    assert_eq!(listed, expected);
    let owned = merge(&[&["f a", "f b"]], "owner\nb\n7:8\n\nowner\n\n9:9\n\nxattr\na\nuser.x=1\n\n").unwrap();
    let expected = [
        "#mtree",
        "./a type=file mode=0644 uid=5 gid=0 uname=five size=0 time=100.0 xattr.user.x=MQ==",
        "./b type=file mode=0644 uid=7 gid=8 size=0 time=100.0",
    ];
    assert_eq!(owned.mtree.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn what_cannot_be_merged() {
    let cases: [(&[&[&str]], &str, &str); 17] = [
        (&[&["d a 755"], &["f a"]], "", "/a is a directory in in0, and a file in in1. What is merged"),
        (&[&["f a"], &["d a 755"]], "", "/a is a file in in0, and a directory in in1"),
        (&[&["f a"], &["l a 777 b"]], "", "/a is a file in in0, and a symbolic link to b in in1"),
        (&[&["l a 777 b"], &["d a 755"]], "", "/a is a symbolic link to b in in0, and a directory in in1"),
        (&[&["c a 600"], &["p a 600"]], "", "/a is a character device in in0, and a named pipe in in1"),
        (&[&["f a", "d a 755"]], "", "/a is a file in in0, and a directory in in0"),
        (
            &[&["l bin 777 usr/bin"], &["f bin/x"]],
            "",
            "/bin is a symbolic link to usr/bin in in0, but /bin/x (a file in in1) needs a directory there",
        ),
        (
            &[&["f a/b/c"], &["f a"]],
            "",
            "/a is a file in in1, but /a/b/c (a file in in0) needs a directory there",
        ),
        (
            &[&["f a"], &["f a/.wh.b"]],
            "",
            "/a is a file in in0, but /a/b (a whiteout in in1) needs a directory there",
        ),
        (&[&["f a"], &["f a/.wh..wh..opq"]], "", "/a is a file in in0, and an opaque directory in in1"),
        (&[&["f a"]], "dir\na\n\n\n", "/a is a file in in0, and a directory"),
        (
            &[&["f a"]],
            "empty\na/b\n\n\n",
            "/a is a file in in0, but /a/b (an empty file) needs a directory there",
        ),
        (
            &[&["h a 644 b"]],
            "",
            "/a in in0 is a hard link to /b, and neither that tar nor those before it have a file there",
        ),
        (&[&["d b 755", "h a 644 b"]], "", "/a in in0 is a hard link to /b"),
        (&[&["f b"], &["f .wh.b", "h a 644 b"]], "", "/a in in1 is a hard link to /b"),
        (&[&["f .wh..wh.plnk"]], "", ".wh..wh.plnk in in0: this is bookkeeping of AUFS"),
        (&[&["f .wh."]], "", ".wh. in in0: a whiteout must name what is gone"),
    ];
    for (tars, more, words) in cases {
        let message = merge(tars, more).map(|merged| lines(&merged)).unwrap_err();
        assert!(message.contains(words), "{words}\n{message}");
    }
}

#[test]
fn entries_that_no_layer_can_hold() {
    let long = "x".repeat(300);
    let large = "x".repeat(300 << 10);
    /// What is changed in the header, pax records, and words of the message.
    type Case<'a> = (fn(&mut tar::Header), &'a [(&'a str, &'a str)], &'a str);
    let cases: [Case<'_>; 7] = [
        (|header| header.set_uid(u32::MAX.into()), &[], "Linux has no uid as high as that"),
        (|_| {}, &[("gid", "4294967296")], "Linux has no gid as high as that"),
        (|_| {}, &[("gname", &long)], "its owner has a name of more than 255 bytes"),
        (|_| {}, &[("SCHILY.xattr.user.x", &large)], "its extended attributes have 307206 bytes"),
        (|_| {}, &[("path", &large)], "it has 307200 bytes; Linux takes at most 4096"),
        (|header| header.set_entry_type(tar::EntryType::Symlink), &[], "a symbolic link needs a target"),
        (
            |header| {
                header.set_entry_type(tar::EntryType::Block);
                header.set_device_major(4096).unwrap();
                header.set_device_minor(0).unwrap();
            },
            &[],
            "Linux has no device 4096, 0",
        ),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (change, records, words) in cases {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions(records.iter().map(|(key, value)| (*key, value.as_bytes()))).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_path("x").unwrap();
        header.set_size(0);
        header.set_mode(0o644);
        change(&mut header);
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
        let tars = [builder.into_inner().unwrap()];
        let message =
            merge_in(dir.path(), &tars, "", false).map(|merged| lines(&merged)).unwrap_err().to_string();
        assert!(message.contains("in0: ") && message.contains(words), "{words}: {message}");
    }
}

#[test]
fn tars_of_every_kind() {
    let dir = tempfile::tempdir().unwrap();
    let large = "0123456789abcdef".repeat(100_000);
    let plain = |name: &str| {
        tar(&[&format!("f {name} 600 {name}"), &format!("f {name}-large 600 {large}"), "d d 700"])
    };
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let (a, b, c) = (plain("a"), plain("b"), plain("c"));
    let (head, tail) = b.split_at(1_000_000);
    let tars =
        [a, [gzip(head), gzip(tail)].concat(), zstd::bulk::compress(&c, 1).unwrap(), gzip(&plain("d/e"))];
    let merged = merge_in(dir.path(), &tars, "", false).unwrap();
    let got: Vec<_> = merged.items.iter().map(|item| (item.path.as_str(), item.content.len())).collect();
    let size = large.len();
    let expected = [
        ("a", 1),
        ("a-large", size),
        ("b", 1),
        ("b-large", size),
        ("c", 1),
        ("c-large", size),
        ("d/", 0),
        ("d/e", 3),
        ("d/e-large", size),
    ];
    assert_eq!(got, expected);
    assert!(merged.items.iter().all(|item| item.content.len() < size || item.content == large.as_bytes()));
    let deduped = merge_in(dir.path(), &tars, "", true).unwrap();
    let links: Vec<_> =
        deduped.items.iter().filter(|item| item.flag == b'1').map(|item| item.link.as_str()).collect();
    assert_eq!(links, ["a-large"; 3]);
}

#[test]
fn hard_links_to_files_that_dedupe_makes_links() {
    let dir = tempfile::tempdir().unwrap();
    let content = "x".repeat(2000);
    let tars = [tar(&[&format!("f b 600 {content}"), "h c 600 b"]), tar(&[&format!("f a 600 {content}")])];
    let merged = merge_in(dir.path(), &tars, "", true).unwrap();
    let got: Vec<_> =
        merged.items.iter().map(|item| (item.path.as_str(), item.flag, item.link.as_str())).collect();
    assert_eq!(got, [("a", b'0', ""), ("b", b'1', "a"), ("c", b'1', "a")]);
}

#[test]
fn bad_tars() {
    let dir = tempfile::tempdir().unwrap();
    let good = tar(&["f a 600 A"]);
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&good).unwrap();
        encoder.finish().unwrap()
    };
    let cases: [(Vec<u8>, &str); 5] = [
        (b"text\n".to_vec(), "in1 is no tar: it looks like text"),
        (good[..600].to_vec(), ""),
        (
            tar(&[&format!("f a 600 {}", "A".repeat(100_000))])[..90_000].to_vec(),
            "in1 is no tar: it is cut short: it ends after 90000 bytes, in or after a",
        ),
        (gzip[..gzip.len() - 10].to_vec(), "in1 is damaged: its gzip data"),
        ([good.clone(), good.clone()].concat(), "in1 is no tar: it goes on after its end"),
    ];
    for (bytes, words) in cases {
        // An error in a later tar is never told first.
        let tars = [good.clone(), bytes, b"also bad".to_vec()];
        let message =
            merge_in(dir.path(), &tars, "", false).map(|merged| lines(&merged)).unwrap_err().to_string();
        let words = if words.is_empty() { "in2 is no tar" } else { words };
        assert!(message.contains(words), "{words}: {message}");
    }
}

/// A file in a tar of its own, with a pax record in front of it and of each of its hard links.
fn with_records(records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (index, record) in records.iter().enumerate() {
        builder.append_pax_extensions([*record]).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_size(0);
        if index == 0 {
            header.set_size(2_000_000);
            builder.append_data(&mut header, "a", &vec![b'x'; 2_000_000][..]).unwrap();
        } else {
            header.set_entry_type(tar::EntryType::Link);
            builder.append_link(&mut header, format!("b{index}"), "a").unwrap();
        }
    }
    builder.into_inner().unwrap()
}

/// Key and value of a pax record.
type Record<'a> = (&'a str, &'a [u8]);

#[test]
fn headers_have_a_bound() {
    let value = vec![b'v'; 200_000];
    let name = vec![b'n'; 256];
    let cases: [(&[Record<'_>], Option<&str>); 4] = [
        (&[("SCHILY.xattr.user.a", &value), ("SCHILY.xattr.user.b", &value)], None),
        (
            &[
                ("SCHILY.xattr.user.a", &value),
                ("SCHILY.xattr.user.b", &value),
                ("SCHILY.xattr.user.c", &value),
            ],
            Some("/a would have a header of 601600 bytes"),
        ),
        (&[("uname", &name[1..]), ("gname", &name[1..])], None),
        (&[("uname", &name)], Some("a in in0: its owner has a name of more than 255 bytes")),
    ];
    for (records, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let result = merge_in(dir.path(), &[with_records(records)], "", false);
        let message =
            result.err().map(|error| error.to_string().replace(&format!("{}/", dir.path().display()), ""));
        match (expected, message) {
            (None, None) => {}
            (Some(part), Some(message)) => assert!(message.contains(part), "{message}"),
            (expected, message) => panic!("{expected:?}, {message:?}"),
        }
    }
}
