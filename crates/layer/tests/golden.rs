//! Digests that must not change. One that does invalidates every cache and every pin of every user: it needs a new
//! `LAYER_FORMAT` and a note in the changelog, or a mistake was found just in time.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use layer::{codec::Codec, layer::Packing};
use support::{declare, noise, pack, pack_as, planned, put, words};

#[test]
fn layers_keep_their_digests() {
    let dir = tempfile::tempdir().unwrap();
    let file = |path: &str, content: &[u8]| put(dir.path(), path, content).to_str().unwrap().to_owned();
    let hello = file("hello", b"hello\n");
    let large = file("large", &[words(1_500_000, 1), noise(700_000, 2)].concat());
    let several: Vec<_> =
        (0..40).map(|i| file(&format!("s{i}"), &words(50_000 + 997 * i, i as u64))).collect();
    let long = ["a long name with blanks and ümlauts"; 8].join("/");
    let paths: Vec<_> = (0..several.len()).map(|i| format!("srv/data/{i:02}.txt")).collect();
    let mut lines = vec![
        ("file", "etc/hello", &*hello, ""),
        ("file", "usr/bin/tool", &hello, "4755"),
        ("file", "opt/large", &large, ""),
        ("symlink", "bin", "usr/bin", ""),
        ("dir", "var/cache", "", "0700"),
        ("empty", "tmp/mark", "", ""),
        ("file", &long, &hello, ""),
    ];
    lines.extend(paths.iter().zip(&several).map(|(path, source)| ("file", &**path, &**source, "")));
    let entries = planned(declare(&lines)).unwrap();
    let cases = [
        (Codec::None, "44630c1a814bd8d61a6e8687383f589516e63bed5b79b4bf292b046971ff5816", 0),
        (Codec::GZIP, "d8f286c6b2ef0c73ca3357deb980577397b3bed352813617a15eddc1f153c50c", 7),
        (Codec::Gzip(1), "ae9531c7dddf89b855718b3935f5b5347784c57406bd75ae1201f2a42c5044f7", 7),
        (Codec::Gzip(12), "a44afc7660a012561fe83f67efa752b2c952ef9071852ad567f4cf7f15964f6d", 7),
        (Codec::GzipJoined(6), "6fff24015825771c305ae783001ee42c4190c86091c2d6dabc43a8a39aef2976", 1),
        (Codec::ZSTD, "a734318f8cc04bca60d48f4777c39c07247388337f622f995e61b5258ed31eb0", 4),
        (Codec::Zstd(1), "ca9691b0181ce326b2b0a4c6555e411b9e5a47e93fc51ecd2457adc9c2711909", 4),
        (Codec::Zstd(6), "e4478adce05c2cac0437181cecce846150f21782167ed20bdc9218393cbf75bb", 4),
    ];
    let got = cases.map(|(codec, _, _)| {
        let written = pack(&entries, codec, 4).unwrap().written;
        (codec, written.digest.hex(), written.members.len())
    });
    let got: Vec<_> = got.iter().map(|(codec, hex, members)| (*codec, &**hex, *members)).collect();
    assert_eq!(got, cases);

    lines.extend([("file", "srv/copy", &*large, ""), ("file", "srv/hello", &hello, "")]);
    let entries = planned(declare(&lines)).unwrap();
    let packing = Packing { codec: Codec::None, dedupe: true, threads: 4.try_into().unwrap() };
    let hex = pack_as(&entries, packing).unwrap().written.digest.hex();
    assert_eq!(hex, "c9777937f957f55df91eb2907201ac8ffd619e731acd05d897e7c9ead3d0b41c");
}
