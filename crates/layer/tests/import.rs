//! Tars from elsewhere.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{fs, io::Write as _, num::NonZeroUsize, path::Path};

use layer::{
    Error,
    codec::Codec,
    import::{Treatment, import},
    layer::Description,
};
use oci::{digest::Digest, layer_json::LayerJson};
use support::{decompress, noise, words};

struct Imported {
    layer: LayerJson,
    blob: Option<Vec<u8>>,
    mtree: String,
    warnings: Vec<String>,
}

fn run(bytes: &[u8], treatment: Treatment, with_blob: bool) -> Result<Imported, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("in.tar"), bytes).unwrap();
    let (blob, metadata, mtree) = (path("blob"), path("layer.json"), path("mtree"));
    let description = Description {
        created_by: "//x".into(),
        platform: None,
        annotations: std::collections::BTreeMap::new(),
    };
    let outputs = (with_blob.then_some(&*blob), &*metadata, &*mtree);
    let mut warnings = Vec::new();
    let mut warn = |warning: &str| warnings.push(warning.replace(dir.path().to_str().unwrap(), ""));
    let threads = NonZeroUsize::new(3).unwrap();
    let result = import(&path("in.tar"), treatment, threads, description, outputs, &mut warn);
    let layer = result.inspect_err(|_| {
        let left: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["in.tar"], "an error leaves nothing behind");
    })?;
    assert_eq!(fs::read(&metadata).unwrap(), layer.to_json().unwrap());
    Ok(Imported { layer, blob: fs::read(&blob).ok(), mtree: fs::read_to_string(&mtree).unwrap(), warnings })
}

/// A tar as other tools write it: GNU headers with long names, a hard link, a device, and padding to 10 KiB.
fn foreign() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind: tar::EntryType, link: Option<&str>, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o100_640);
        header.set_uid(3);
        header.set_gid(1 << 40);
        header.set_mtime(1234);
        header.set_size(content.len() as u64);
        header.set_device_major(1).unwrap();
        header.set_device_minor(3).unwrap();
        header.set_cksum();
        match link {
            Some(link) => builder.append_link(&mut header, path, link).unwrap(),
            None => builder.append_data(&mut header, path, content).unwrap(),
        }
    };
    use tar::EntryType as T;
    add("./dir/", T::Directory, None, b"");
    add("./dir/file", T::Regular, None, &words(5000, 1));
    add(&["long"; 60].join("/"), T::Regular, None, b"long");
    add("dir/hard", T::Link, Some("./dir/file"), b"");
    add("dir/soft", T::Symlink, Some(&"../".repeat(50)), b"");
    add("dev/null", T::Char, None, b"");
    add("noise", T::Regular, None, &noise(1_300_000, 2));
    let mut tar = builder.into_inner().unwrap();
    tar.resize(tar.len().next_multiple_of(10_240), 0);
    tar
}

fn gzip(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(part).unwrap();
        out.extend(encoder.finish().unwrap());
    }
    out
}

fn zstd(parts: &[&[u8]]) -> Vec<u8> {
    // A skippable frame in between, as seekable zstd has.
    let skippable = [0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let frames = parts.iter().map(|part| [&zstd::bulk::compress(part, 1).unwrap()[..], &skippable].concat());
    frames.collect::<Vec<_>>().concat()
}

#[test]
fn a_plain_tar_that_cannot_be_compressed_is_kept_with_a_warning() {
    let got = run(&foreign(), Treatment::CompressPlain(Codec::GZIP), false).unwrap();
    assert_eq!(got.layer.media_type, "application/vnd.oci.image.layer.v1.tar");
    assert!(got.warnings[0].starts_with("/in.tar is a plain tar, though its name"), "{:?}", got.warnings);
    let compressed = run(&gzip(&[&foreign()]), Treatment::CompressPlain(Codec::GZIP), false).unwrap();
    assert_eq!(compressed.warnings, [""; 0]);
}

#[test]
fn kept_bytes_are_not_touched() {
    let tar = foreign();
    let (head, tail) = tar.split_at(70_000);
    let cases: [(Vec<u8>, &str); 5] = [
        (tar.clone(), "application/vnd.oci.image.layer.v1.tar"),
        (gzip(&[&tar]), "application/vnd.oci.image.layer.v1.tar+gzip"),
        (gzip(&[head, b"", tail]), "application/vnd.oci.image.layer.v1.tar+gzip"),
        (zstd(&[&tar]), "application/vnd.oci.image.layer.v1.tar+zstd"),
        (zstd(&[head, tail]), "application/vnd.oci.image.layer.v1.tar+zstd"),
    ];
    for (bytes, media_type) in cases {
        for with_blob in [false, true] {
            let got = run(&bytes, Treatment::Keep, with_blob).unwrap();
            assert_eq!(got.blob.is_some(), with_blob);
            assert!(got.blob.is_none_or(|blob| blob == bytes));
            let layer = got.layer;
            assert_eq!((layer.digest, layer.size), (Digest::of(&bytes), bytes.len() as u64));
            assert_eq!((layer.diff_id, layer.uncompressed_size), (Digest::of(&tar), Some(tar.len() as u64)));
            assert_eq!(layer.media_type, media_type);
            assert_eq!((layer.layer_format, layer.members), (None, None));
        }
    }
}

#[test]
fn recompressing_keeps_the_tar() {
    let tar = foreign();
    for input in [tar.clone(), gzip(&[&tar]), zstd(&[&tar])] {
        for codec in [Codec::GZIP, Codec::ZSTD, Codec::None] {
            let got = run(&input, Treatment::Recompress(codec), true).unwrap();
            let blob = got.blob.unwrap();
            assert!(decompress(codec, &blob) == tar);
            assert_eq!(got.layer.digest, Digest::of(&blob));
            assert_eq!(got.layer.diff_id, Digest::of(&tar));
            assert_eq!(got.layer.media_type, codec.media_type());
            assert_eq!(got.layer.layer_format, Some(1));
            let members = got.layer.members.map(|members| members.len());
            let pieces = tar.len().div_ceil(codec.cuts().piece);
            assert_eq!(members, (codec != Codec::None).then_some(pieces));
        }
    }
    let auto = Treatment::CompressPlain(Codec::GZIP);
    assert!(decompress(Codec::GZIP, &run(&tar, auto, true).unwrap().blob.unwrap()) == tar);
    let zstd = zstd(&[&tar]);
    assert!(run(&zstd, auto, true).unwrap().blob.unwrap() == zstd);
}

#[test]
fn the_listing_says_what_is_in_it() {
    let got = run(&foreign(), Treatment::Keep, false).unwrap();
    let rest = "mode=0640 uid=3 gid=1099511627776";
    let expected = [
        "#mtree".to_owned(),
        format!("./dir type=dir {rest} size=0 time=1234.0"),
        format!("./dir/file type=file {rest} size=5000 time=1234.0"),
        format!("./{} type=file {rest} size=4 time=1234.0", ["long"; 60].join("/")),
        format!("./dir/hard type=file {rest} size=0 time=1234.0 contents=./dir/file"),
        format!("./dir/soft type=link {rest} size=0 time=1234.0 link={}", "../".repeat(50)),
        format!("./dev/null type=char {rest} size=0 time=1234.0 device=native,1,3"),
        format!("./noise type=file {rest} size=1300000 time=1234.0"),
    ];
    assert_eq!(got.mtree.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn our_own_layers_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let file = support::put(dir.path(), "f", &words(300_000, 1));
    let name = "n".repeat(300);
    let file = file.to_str().unwrap();
    let lines = [("file", "a/b", file, ""), ("symlink", &*name, &*name, ""), ("file", "c/ü b", file, "4755")];
    let entries = support::planned(support::declare(&lines)).unwrap();
    for codec in [Codec::GZIP, Codec::ZSTD, Codec::None] {
        let packed = support::pack(&entries, codec, 2).unwrap();
        let got = run(&packed.blob, Treatment::Keep, false).unwrap();
        assert_eq!(got.mtree, packed.mtree);
        assert_eq!((got.layer.digest, got.layer.diff_id), (packed.written.digest, packed.written.diff_id));
    }
}

#[test]
fn zeros_after_the_end_count_for_the_diff_id() {
    let tar = [foreign(), vec![0; 3000]].concat();
    for input in [tar.clone(), gzip(&[&tar])] {
        let got = run(&input, Treatment::Recompress(Codec::ZSTD), true).unwrap();
        assert_eq!(got.layer.diff_id, Digest::of(&tar));
        assert!(decompress(Codec::ZSTD, &got.blob.unwrap()) == tar);
    }
}

#[test]
fn an_archive_without_its_end_is_taken() {
    let tar = foreign();
    let end = tar.iter().rposition(|byte| *byte != 0).unwrap().next_multiple_of(512);
    for zeros in [0, 512, 1024] {
        assert!(run(&tar[..end + zeros], Treatment::Keep, false).is_ok(), "{zeros} zeros");
    }
    assert!(run(&[0; 10_240], Treatment::Keep, false).unwrap().mtree == "#mtree\n");
}

#[test]
fn paths_that_come_twice_are_named() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_data(&mut header, path, &b""[..]).unwrap();
    };
    use tar::EntryType::{Directory, Regular};
    for (path, kind) in
        [("d", Directory), ("./d/", Directory), ("f", Regular), ("x", Regular), ("f", Regular)]
    {
        add(path, kind);
    }
    add("d", Regular);
    let tar = builder.into_inner().unwrap();
    let got = run(&tar, Treatment::Keep, true).unwrap();
    let expected =
        ["f", "d"].map(|path| format!("/in.tar: {path} is in the tar twice: the later one counts"));
    assert_eq!(got.warnings, expected);
    assert!(got.blob.unwrap() == tar, "and nothing is changed");

    let many = foreign()[..512].repeat(3);
    assert_eq!(run(&many, Treatment::Keep, false).unwrap().warnings, [""; 0], "directories may");
    let file = foreign()[512..512 + 512 + 5120].repeat(30);
    let warnings = run(&file, Treatment::Keep, false).unwrap().warnings;
    assert_eq!((warnings.len(), warnings[10].as_str()), (11, "/in.tar: more paths are in the tar twice"));
}

#[test]
fn an_image_is_no_layer() {
    let holding = |files: &[&str]| {
        let mut builder = tar::Builder::new(Vec::new());
        for path in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(2);
            builder.append_data(&mut header, path, &b"{}"[..]).unwrap();
        }
        run(&gzip(&[&builder.into_inner().unwrap()]), Treatment::Keep, true)
    };
    for (files, named) in [
        (["./oci-layout", "./index.json", "blobs/x"], "with oci-layout and index.json at its root"),
        (["x/layer.tar", "repositories", "manifest.json"], "with manifest.json and repositories at its root"),
    ] {
        let error = holding(&files).map(|_| ()).unwrap_err().to_string();
        for words in ["in.tar is an image", named, "as base", "oci_import"] {
            assert!(error.contains(words), "{error}");
        }
    }
    for files in [["srv/oci-layout", "srv/index.json"], ["index.json", "manifest.json"]] {
        assert!(holding(&files).is_ok(), "{files:?}");
    }
}

#[test]
fn what_follows_compressed_data() {
    let tar = foreign();
    let cases: [(&[u8], Vec<u8>, &str); 5] = [
        (&gzip(&[&tar]), vec![0; 512], "in.tar is damaged: its gzip data cannot be read after"),
        (&gzip(&[&tar]), b"garbage".to_vec(), "after its end comes something that is not gzip"),
        (&gzip(&[&tar]), gzip(&[b"text"]), "goes on after its end"),
        (&zstd(&[&tar]), vec![0; 512], "in.tar is damaged: its zstd data cannot be read after"),
        (&zstd(&[&tar]), zstd(&[b"text"]), "goes on after its end"),
    ];
    for (head, tail, words) in cases {
        let error = run(&[head, &tail].concat(), Treatment::Keep, true).map(|_| ()).unwrap_err();
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        let message = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        assert!(message.contains(words), "{words}: {message}");
    }
    let padded = gzip(&[&tar, &[0; 700], b""]);
    assert!(run(&padded, Treatment::Keep, true).unwrap().blob.unwrap() == padded);
}

#[test]
fn bad_input() {
    let tar = foreign();
    let mut checksum = tar.clone();
    checksum[512 + 3] ^= 1;
    let mut lone = tar[..512].to_vec();
    lone.extend([0; 512]);
    lone.extend_from_slice(&tar[512..]);
    let one = |path: &[u8], flag: u8| {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path);
        header.set_entry_type(tar::EntryType::new(flag));
        header.set_mode(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(match flag {
            b'x' => 1 << 30,
            b'L' => 512,
            _ => 0,
        });
        header.set_cksum();
        [header.as_bytes(), &[0; 1024][..]].concat()
    };
    let flipped = {
        let mut bytes = gzip(&[&tar]);
        let end = bytes.len() - 6;
        bytes[end] ^= 1;
        bytes
    };
    let cases: [(Vec<u8>, &str); 21] = [
        (vec![], "in.tar is no tar: it is empty"),
        (b"just text\n".to_vec(), "in.tar is no tar: it looks like text"),
        (b"<!DOCTYPE html>".to_vec(), "HTML"),
        (b"PK\x03\x04".repeat(300), "zip"),
        (b"\xfd7zXZ\0".repeat(300), "xz -dc FILE"),
        (b"BZh9".repeat(300), "bzip2 -dc FILE"),
        (noise(2000, 1), "does not begin with a tar header"),
        (gzip(&[b"just text\n"]), "looks like text"),
        (gzip(&[&b"just text\n".repeat(100)]), "looks like text"),
        (gzip(&[b""]), "it is empty"),
        (zstd(&[&noise(2000, 1)]), "does not begin with a tar header"),
        (checksum, "wrong checksum"),
        (lone, "one block of zeros"),
        (tar[..tar.len() / 2].to_vec(), "cut short"),
        (tar[..1500].to_vec(), "cut short"),
        (gzip(&[&tar[..1500]]), "cut short"),
        (one(b"../x", b'0'), "its entry ../x escapes the image"),
        (one(b"a/../../x", b'5'), "escapes the image"),
        (one(b"label", b'V'), "label has the type 'V'"),
        (one(b"pax", b'x'), "claims 1073741824 bytes"),
        (one(b"x", b'L'), "cut short"),
    ];
    for (bytes, part) in cases {
        for treatment in [Treatment::Keep, Treatment::Recompress(Codec::Gzip(1))] {
            let message =
                run(&bytes, treatment, true).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(message.contains("in.tar") && message.contains(part), "{part}: {message}");
        }
    }
    let damaged = [
        (flipped, "damaged: its gzip data"),
        (gzip(&[&tar])[..1000].to_vec(), "damaged: its gzip data"),
        ([gzip(&[&tar]), b"garbage".to_vec()].concat(), "damaged: its gzip data"),
        (zstd(&[&tar])[..1000].to_vec(), "damaged: its zstd data"),
        ([zstd(&[&tar]), b"garbage".to_vec()].concat(), "damaged: its zstd data"),
    ];
    for (bytes, part) in damaged {
        let message =
            run(&bytes, Treatment::Keep, true).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn missing_file() {
    let description = Description {
        created_by: String::new(),
        platform: None,
        annotations: std::collections::BTreeMap::new(),
    };
    let nowhere = Path::new("/nowhere/x");
    let error = import(
        Path::new("missing.tar"),
        Treatment::Keep,
        NonZeroUsize::MIN,
        description,
        (None, nowhere, nowhere),
        &mut |_| {},
    );
    assert!(error.unwrap_err().to_string().contains("cannot open missing.tar"));
}
