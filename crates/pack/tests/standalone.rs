//! Through the binary: programs of images from scratch, which must be static.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;

use support::{layer, stderr};

const LOADER: &[u8] = b"/lib64/ld-linux-x86-64.so.2\0";

/// An executable of 64 bits that is nothing but headers, with `PT_INTERP` or with another segment.
fn elf(segment: u8) -> Vec<u8> {
    let mut file = vec![0; 120];
    file[..6].copy_from_slice(b"\x7fELF\x02\x01");
    let length = u8::try_from(LOADER.len()).unwrap();
    for (at, value) in [(32, 64), (54, 56), (56, 1), (64, segment), (72, 120), (96, length)] {
        file[at] = value;
    }
    [&file, LOADER].concat()
}

#[test]
fn dynamic_programs() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [("dynamic", elf(3)), ("static", elf(1)), ("script", b"#!/bin/sh\n".to_vec())] {
        fs::write(dir.path().join(name), content).unwrap();
    }
    let entry = |path: &str, source: &str| format!("file\n{path}\n{source}\n\n");
    let programs = format!(
        "strata-entries 2\n{}{}{}",
        entry("app/dynamic", "dynamic"),
        entry("app/script", "script"),
        entry("app/static", "static")
    );
    let with_loader = format!("{programs}{}", entry("lib64/ld-linux-x86-64.so.2", "static"));
    let refused = "/app/dynamic is linked dynamically, so that Linux starts it by /lib64/ld-linux-x86-64.so.2, and an image from \
                   scratch has no such file. Name a base that has libc, set standalone = False";
    for (entries, path, expected) in [
        (&programs, "/app/static", None),
        (&programs, "/app/script", None),
        (&programs, "/app/in_another_layer", None),
        (&with_loader, "/app/dynamic", None),
        (&programs, "/app/dynamic", Some(refused)),
    ] {
        let output = layer(dir.path(), entries, &["--standalone", path]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(i32::from(expected.is_some())), "{path}: {said}");
        assert!(said.contains(expected.unwrap_or_default()), "{said}");
        assert_eq!(dir.path().join("mtree").exists(), expected.is_none(), "{path}");
        fs::remove_file(dir.path().join("mtree")).ok();
    }
}
