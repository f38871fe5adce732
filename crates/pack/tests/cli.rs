//! Through the binary: arguments, outputs, exit codes, and that nothing half-written is left.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;

use support::{OUTPUTS, layer, names, pack, stderr};

#[test]
fn a_layer_with_everything() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("hello"), "hello\n").unwrap();
    let entries = "strata-entries 2\nfile\n/bin/hello\nhello\n\nsymlink\nhi\nbin/hello\n\n\
                   owner\n\n65532:7\n\nmtime\n\n5\n\nmode\nbin/*\n\n0555\n";
    let platform = ["--os", "linux", "--architecture", "arm64", "--variant", "v8"];
    let output = layer(dir.path(), entries, &[&platform[..], &["--annotation", "k=v=w"]].concat());
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    assert!(output.stdout.is_empty());
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("layer.json")).unwrap()).unwrap();
    let blob = fs::read(dir.path().join("blob")).unwrap();
    assert_eq!(json["v"], 1);
    assert_eq!(json["layer_format"], 1);
    assert_eq!(json["media_type"], "application/vnd.oci.image.layer.v1.tar+gzip");
    assert_eq!(json["platform"], serde_json::json!({"os":"linux","architecture":"arm64","variant":"v8"}));
    assert_eq!(json["annotations"], serde_json::json!({"k": "v=w"}));
    assert_eq!(json["history"]["created_by"], "//app:layer");
    assert_eq!(json["blob"]["kind"], "file");
    assert_eq!(
        (json["size"].as_u64(), json["members"][0]["size"].as_u64()),
        (Some(blob.len() as u64), Some(blob.len() as u64))
    );
    let mtree = fs::read_to_string(dir.path().join("mtree")).unwrap();
    let expected = "#mtree\n\
        ./bin type=dir mode=0755 uid=65532 gid=7 size=0 time=5.0\n\
        ./bin/hello type=file mode=0555 uid=65532 gid=7 size=6 time=5.0\n\
        ./hi type=link mode=0777 uid=65532 gid=7 size=0 time=5.0 link=bin/hello\n";
    assert_eq!(mtree, expected);
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(&*blob));
    assert_eq!(archive.entries().unwrap().count(), 3);
    assert_eq!(names(dir.path()), ["blob", "entries", "hello", "layer.json", "mtree"]);
}

#[test]
fn what_lower_layers_have_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("hello"), "hello\n").unwrap();
    let entries = |paths: &[&str]| {
        let entries = paths.iter().map(|path| format!("file\n{path}\nhello\n\n"));
        format!("strata-entries 2\n{}", entries.collect::<String>())
    };
    fs::write(dir.path().join("lowest"), entries(&["a/x", "a/y"])).unwrap();
    fs::write(dir.path().join("middle"), "strata-entries 2\nwhiteout\na/y\n\n\n").unwrap();
    let below = ["--below", "lowest", "--below", "middle"];
    let output = layer(dir.path(), &entries(&["a/x", "a/y", "b"]), &below);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    let mtree = fs::read_to_string(dir.path().join("mtree")).unwrap();
    let paths: Vec<_> = mtree.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(paths, ["#mtree", "./a", "./a/y", "./b"]);

    fs::write(dir.path().join("middle"), "strata-entries 2\nwhiteout\n\n\n\n").unwrap();
    let output = layer(dir.path(), &entries(&["b"]), &below);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("pack: middle:3: bad path"), "{}", stderr(&output));
}

#[test]
fn every_compression() {
    let entries = "strata-entries 2\nempty\nx\n\n\n";
    let cases = [("none", None, 1024), ("zstd", Some("19"), 0), ("gzip", Some("0"), 0)];
    for (compression, level, _) in cases {
        let dir = tempfile::tempdir().unwrap();
        let mut arguments = vec!["--compression", compression];
        arguments.extend(level.map(|level| ["--compression-level", level]).into_iter().flatten());
        let output = layer(dir.path(), entries, &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        let blob = fs::read(dir.path().join("blob")).unwrap();
        let tar = match compression {
            "none" => blob,
            "zstd" => zstd::stream::decode_all(&*blob).unwrap(),
            _ => {
                let mut tar = Vec::new();
                std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&*blob), &mut tar).unwrap();
                tar
            }
        };
        assert_eq!(tar.len(), 512 + 1024);
        let json = fs::read_to_string(dir.path().join("layer.json")).unwrap();
        assert_eq!(json.contains("members"), compression != "none", "{json}");
    }
}

#[test]
fn arguments_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("entries"), "strata-entries 2\n").unwrap();
    let lines = [&["layer", "--entries", "entries"], &OUTPUTS[..]].concat().join("\n");
    fs::write(dir.path().join("args"), lines + "\n").unwrap();
    let output = pack(dir.path(), &["@args"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = pack(dir.path(), &["@nothing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot read the arguments in nothing"), "{}", stderr(&output));
}

#[test]
fn wrong_usage_exits_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["--compression", "lzma"], "known are gzip, zstd and none"),
        (&["--os", "linux"], "--architecture"),
        (&["--annotation", "novalue"], "an annotation is KEY=VALUE"),
        (&["--nonsense"], "--nonsense"),
    ];
    for (more, part) in cases {
        let output = layer(dir.path(), "strata-entries 2\n", more);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
        assert_eq!(names(dir.path()), ["entries"]);
    }
    assert_eq!(pack(dir.path(), &[]).status.code(), Some(2));
    assert_eq!(pack(dir.path(), &["--help"]).status.code(), Some(0));
}

#[test]
fn failures_exit_with_1_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [(&str, &[&str], &str); 9] = [
        ("strata-entries 2\nfile\napp/x\nA\n\nfile\napp/x\nB\n\n", &[], "pack: two files at /app/x: A and B"),
        (
            "strata-entries 2\nfile\n../x\nA\n\n",
            &[],
            "pack: entries:3: bad path \"../x\": it escapes the image",
        ),
        ("strata-entries 2\nfile\nx\nmissing\n\n", &[], "pack: cannot open missing: No such file"),
        ("strata-entries 9\n", &[], "entries:1: the first line must be"),
        ("strata-entries 2\n", &["--compression-level", "13"], "gzip has levels 0 to 12"),
        ("strata-entries 2\nmode\na\n\n0644\n", &[], "matches the glob \"a\" of `modes`"),
        (
            "strata-entries 2\nowner\n\nroot:root\n\n",
            &[],
            "entries:4: owner \"root:root\": user and group are numbers",
        ),
        ("strata-entries 2\n", &["--os", "linx", "--architecture", "amd64"], "linx"),
        ("strata-entries 2\n", &["--annotation", "k=1", "--annotation", "k=2"], "\"k\" is given twice"),
    ];
    for (entries, more, part) in cases {
        let output = layer(dir.path(), entries, more);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
        assert_eq!(names(dir.path()), ["entries"]);
    }
}

#[test]
fn imports() {
    let dir = tempfile::tempdir().unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(5);
    builder.append_data(&mut header, "./a", &b"12345"[..]).unwrap();
    let tar = builder.into_inner().unwrap();
    fs::write(dir.path().join("in.bin"), &tar).unwrap();
    fs::write(dir.path().join("text.tar"), "hello\n").unwrap();
    let import = |tar: &str, more: &[&str]| {
        let outputs = ["--metadata", "layer.json", "--mtree", "mtree", "--created-by", "//x"];
        pack(dir.path(), &[&["import", "--tar", tar], &outputs[..], more].concat())
    };
    let json = || fs::read_to_string(dir.path().join("layer.json")).unwrap();

    let output = import("text.tar", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("pack: text.tar is no tar: it looks like text"), "{}", stderr(&output));
    assert_eq!(names(dir.path()), ["in.bin", "text.tar"]);

    assert!(import("in.bin", &[]).status.success());
    assert!(json().contains("layer.v1.tar\"") && !json().contains("layer_format"), "{}", json());
    assert_eq!(names(dir.path()), ["in.bin", "layer.json", "mtree", "text.tar"]);

    assert!(import("in.bin", &["--blob", "blob"]).status.success());
    assert!(json().contains("layer.v1.tar+gzip\"") && json().contains("\"layer_format\":1"), "{}", json());

    assert!(import("blob", &["--blob", "blob2", "--compression", "keep"]).status.success());
    assert_eq!(fs::read(dir.path().join("blob")).unwrap(), fs::read(dir.path().join("blob2")).unwrap());

    let end = tar.len() - 1024;
    fs::write(dir.path().join("twice.tar"), [&tar[..end], &tar].concat()).unwrap();
    let output = import("twice.tar", &["--compression", "keep"]);
    assert!(output.status.success());
    assert_eq!(stderr(&output), "pack: warning: twice.tar: a is in the tar twice: the later one counts\n");

    for (more, part) in [
        (&["--compression", "zstd"][..], "--blob must say where"),
        (&["--compression", "keep", "--compression-level", "3"], "leave the level out"),
        (&["--blob", "b", "--compression", "zstd", "--compression-level", "23"], "zstd has levels 1 to 22"),
    ] {
        let output = import("in.bin", more);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}
