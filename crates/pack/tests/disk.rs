//! What cannot be read or written: exit code 1, the path in the message, and nothing half-written.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use support::{OUTPUTS, binary, layer, names, pack, stderr};

const EMPTY: &str = "strata-entries 2\nempty\nx\n\n\n";

/// It said `part`, and has left nothing but what was there.
fn failed(dir: &Path, output: &Output, part: &str, before: &[String]) {
    let stderr = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{part}: {stderr}");
    assert!(stderr.starts_with("pack: ") && stderr.contains(part), "{part}: {stderr}");
    assert_eq!(names(dir), before, "{part}");
}

#[test]
fn sources_that_cannot_be_read() {
    // Whoever runs this: the kernel shows files that can be opened, and not read.
    let cases = ["/proc/self/mem", "/proc/self/clear_refs"];
    for source in cases {
        let dir = tempfile::tempdir().unwrap();
        let entries = format!("strata-entries 2\nempty\na\n\n\nfile\nx\n{source}\n\n");
        let output = layer(dir.path(), &entries, &[]);
        failed(dir.path(), &output, source, &["entries".to_owned()]);
    }
}

#[test]
fn outputs_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("entries"), EMPTY).unwrap();
    fs::create_dir(dir.join("folder")).unwrap();
    fs::write(dir.join("folder/kept"), "").unwrap();
    let before = names(dir);
    for output in ["blob", "mtree", "layer.json"] {
        for (place, part) in [
            ("missing/out", "missing/out: No such file"),
            ("entries/out", "entries/out: Not a directory"),
            ("folder", "folder: Is a directory"),
        ] {
            let outputs = OUTPUTS.map(|argument| if argument == output { place } else { argument });
            let output = pack(dir, &[&["layer", "--entries", "entries"], &outputs[..]].concat());
            // What was put in place before a folder was found at another place is whole.
            let whole =
                ["blob", "mtree"].into_iter().filter(|name| place == "folder" && dir.join(name).exists());
            whole.for_each(|name| fs::remove_file(dir.join(name)).unwrap());
            failed(dir, &output, part, &before);
        }
    }
}

#[test]
fn a_limit_on_the_size_of_files() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let noise: Vec<u8> =
        (0..1_u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 13).to_be_bytes()[3]).collect();
    fs::write(dir.join("big"), noise).unwrap();
    // Much in the listing, and next to nothing in the blob.
    let many: String = (0..2000).map(|i| format!("empty\n{i}\n\n\n")).collect();
    let cases = [
        ("file\nbig\nbig\n\n", "zstd", "cannot write blob: File too large"),
        ("file\nbig\nbig\n\n", "none", "cannot write blob: File too large"),
        (&many, "zstd", "cannot write mtree: File too large"),
    ];
    for (entries, compression, part) in cases {
        fs::write(dir.join("entries"), format!("strata-entries 2\n{entries}")).unwrap();
        let before = names(dir);
        // 64 KiB. Without the trap the kernel kills who writes more.
        let script = "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\"";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script]).arg(binary()).args(["layer", "--entries", "entries"]).args(OUTPUTS);
        let output = shell.args(["--compression", compression]).current_dir(dir).output().unwrap();
        failed(dir, &output, part, &before);
    }
}
