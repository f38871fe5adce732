//! The example in docs/layer-format.md is what `pack` writes, byte for byte.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fmt::Write as _, fs, path::Path, process::Command};

/// The page, from where cargo starts tests and from where Bazel does.
const PAGE: [&str; 2] = ["../../docs/layer-format.md", "docs/layer-format.md"];

/// What the page says is in the layer.
const ENTRIES: &str = "strata-entries 2\nfile\n/bin/hi\nhi.sh\n\nsymlink\nhi\nbin/hi\n\n";
const SCRIPT: &str = "#!/bin/sh\necho hi\n";

/// Blob and `layer.json` of the example.
fn pack(arguments: &[&str]) -> (Vec<u8>, String) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("entries"), ENTRIES).unwrap();
    fs::write(dir.path().join("hi.sh"), SCRIPT).unwrap();
    let binary = fs::canonicalize(env!("CARGO_BIN_EXE_pack")).unwrap();
    let outputs = ["--blob", "blob", "--metadata", "json", "--mtree", "mtree", "--created-by", "//app:hi"];
    let mut pack = Command::new(binary);
    pack.args(["layer", "--entries", "entries"]).args(outputs).args(arguments).current_dir(&dir);
    assert!(pack.status().unwrap().success());
    let read = |name| fs::read(dir.path().join(name)).unwrap();
    (read("blob"), String::from_utf8(read("json")).unwrap())
}

/// Bytes as `hexdump -C` prints them.
fn hexdump(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut last, mut starred) = (&[][..], false);
    for (index, line) in bytes.chunks(16).enumerate() {
        if line == last {
            if !starred {
                text.push_str("*\n");
            }
            starred = true;
            continue;
        }
        (last, starred) = (line, false);
        write!(text, "{:08x} ", index * 16).unwrap();
        for column in 0..16 {
            text.push_str(if column == 8 { "  " } else { " " });
            let hex = line.get(column).map_or_else(|| "  ".into(), |byte| format!("{byte:02x}"));
            text.push_str(&hex);
        }
        let printable = |&byte: &u8| if matches!(byte, b' '..=b'~') { char::from(byte) } else { '.' };
        writeln!(text, "  |{}|", line.iter().map(printable).collect::<String>()).unwrap();
    }
    writeln!(text, "{:08x}", bytes.len()).unwrap();
    text
}

#[test]
fn the_page_shows_what_pack_writes() {
    let page = PAGE.iter().map(Path::new).find(|page| page.exists()).expect("docs/layer-format.md");
    let page = fs::read_to_string(page).unwrap();
    let shown = |title: &str| {
        let (_, block) =
            page.split_once(&format!("\n```{title}\n")).unwrap_or_else(|| panic!("no block {title}"));
        block.split_once("```").unwrap().0
    };
    let cases = [
        ("hexdump tar", &["--compression", "none"][..]),
        ("hexdump gzip", &[]),
        ("hexdump zstd", &["--compression", "zstd"]),
        ("hexdump gzip one", &["--gzip-members", "one"]),
    ];
    for (title, arguments) in cases {
        let (blob, json) = pack(arguments);
        let written = hexdump(&blob);
        assert!(written == shown(title), "{title} on the page is not what pack writes:\n{written}");
        if title == "hexdump gzip" {
            assert_eq!(shown("json").trim_end(), json);
        }
    }
}
