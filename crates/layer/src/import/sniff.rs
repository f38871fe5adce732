//! What a file is, told by its first bytes and never by its name.

use std::ops::Range;

use oci::media_type::Compression;

use crate::{format::TAR_BLOCK, import::fields::parse_number};

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sniffed {
    /// A tar, or a compressed stream that may hold one.
    Tar(Compression),
    /// Something else: what, and what to do.
    Other(&'static str),
}

/// Where the checksum of a header stands.
const CHECKSUM: Range<usize> = 148..156;

/// Compressed streams.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Skippable zstd frames start with 16 magic numbers, of which this is the common part (RFC 8878, 3.1.2).
const ZSTD_SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];

/// What to say of formats that are known by their first bytes.
const OTHERS: [(&[u8], &str); 10] = [
    (
        b"\xfd7zXZ\0",
        "it is compressed with xz, for which OCI layers have no media type. Convert it: xz -dc FILE | gzip -n > FILE.gz",
    ),
    (
        b"BZh",
        "it is compressed with bzip2, for which OCI layers have no media type. Convert it: bzip2 -dc FILE | gzip -n > FILE.gz",
    ),
    (
        b"\x04\x22\x4d\x18",
        "it is compressed with lz4, for which OCI layers have no media type. Convert it: lz4 -dc FILE | gzip -n > FILE.gz",
    ),
    (
        b"LZIP",
        "it is compressed with lzip, for which OCI layers have no media type. Convert it: lzip -dc FILE | gzip -n > FILE.gz",
    ),
    (b"PK\x03\x04", "it looks like a zip archive. Unpack it and pack its files as a layer"),
    (b"7z\xbc\xaf\x27\x1c", "it looks like a 7z archive. Unpack it and pack its files as a layer"),
    (b"!<arch>\n", "it looks like an ar archive, as .deb files are. The tar is inside: data.tar.*"),
    (b"070701", "it looks like a cpio archive. Unpack it and pack its files as a layer"),
    (b"\x7fELF", "it looks like an ELF executable or library. Pack it as a file of a layer"),
    (b"%PDF", "it looks like a PDF document. Pack it as a file of a layer"),
];

/// Tells what begins with `head`, which is the first [`TAR_BLOCK`] bytes or all there are.
pub(crate) fn sniff(head: &[u8]) -> Sniffed {
    // First, since a tar begins with a path, which may begin with the magic number of anything.
    if is_tar(head) {
        return Sniffed::Tar(Compression::None);
    }
    if head.starts_with(GZIP) {
        return Sniffed::Tar(Compression::Gzip);
    }
    let skippable = head.first().is_some_and(|byte| byte >> 4 == 5) && head[1..].starts_with(ZSTD_SKIPPABLE);
    if head.starts_with(ZSTD) || skippable {
        return Sniffed::Tar(Compression::Zstd);
    }
    Sniffed::Other(describe(head))
}

/// Whether this is the first block of a tar: a header whose checksum is right, or zeros.
fn is_tar(head: &[u8]) -> bool {
    head.first_chunk::<TAR_BLOCK>().is_some_and(|block| checksum_is_right(block) || is_zero(block))
}

/// Whether a block is the end-of-archive marker.
pub(crate) fn is_zero(block: &[u8; TAR_BLOCK]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

/// Whether the checksum of a header is right, summing bytes or, as some old tars did, signed bytes.
pub(crate) fn checksum_is_right(block: &[u8; TAR_BLOCK]) -> bool {
    let Some(expected) = parse_number(&block[CHECKSUM]) else { return false };
    let summed = || block[..CHECKSUM.start].iter().chain(b"        ").chain(&block[CHECKSUM.end..]);
    let unsigned: i64 = summed().map(|&byte| i64::from(byte)).sum();
    let signed: i64 = summed().map(|&byte| i64::from(byte.cast_signed())).sum();
    unsigned == expected || signed == expected
}

/// What `head`, which begins no tar, looks like.
pub(crate) fn describe(head: &[u8]) -> &'static str {
    if head.is_empty() {
        return "it is empty. Even a tar of nothing has 1024 zeros";
    }
    if let Some((_, words)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return words;
    }
    // A character may be cut off at the end of the block.
    let text = match str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => str::from_utf8(&head[..error.valid_up_to()]).ok(),
        Err(_) => None,
    };
    let is_control = |c: char| c.is_control() && !c.is_whitespace();
    let Some(text) = text.filter(|text| !text.chars().any(is_control)) else {
        return "it does not begin with a tar header. A layer is a tar, plain or compressed with gzip or zstd";
    };
    let start = text.trim_start().to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        "it looks like an HTML page, as a download of something else or a login page gives it"
    } else if start.starts_with('{') {
        "it looks like JSON. A layer is a tar, plain or compressed with gzip or zstd"
    } else if start.starts_with("version https://git-lfs") {
        "it is a Git LFS pointer. Fetch the file itself: git lfs pull"
    } else {
        "it looks like text. A layer is a tar, plain or compressed with gzip or zstd"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_beginnings() {
        let mut header = tar::Header::new_gnu();
        header.set_path("x").unwrap();
        header.set_size(0);
        header.set_cksum();
        let mut broken = *header.as_bytes();
        broken[0] = b'y';
        let mut signed = tar::Header::new_old();
        signed.as_mut_bytes()[0] = 0xff;
        signed.set_cksum();
        let sum = signed.cksum().unwrap() - 256;
        signed.as_mut_bytes()[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut like_gzip = header.clone();
        like_gzip.as_mut_bytes()[..3].copy_from_slice(&[0x1f, 0x8b, 8]);
        like_gzip.set_cksum();
        let tars: [(&[u8], Compression); 7] = [
            (like_gzip.as_bytes(), Compression::None),
            (header.as_bytes(), Compression::None),
            (signed.as_bytes(), Compression::None),
            (&[0; 512], Compression::None),
            (&[0x1f, 0x8b, 8], Compression::Gzip),
            (&[0x28, 0xb5, 0x2f, 0xfd], Compression::Zstd),
            (&[0x50, 0x2a, 0x4d, 0x18], Compression::Zstd),
        ];
        for (head, compression) in tars {
            assert_eq!(sniff(head), Sniffed::Tar(compression));
        }
        let others: [(&[u8], &str); 13] = [
            (b"", "empty"),
            (b"\xfd7zXZ\0\0\x04", "xz -dc FILE"),
            (b"BZh91AY&SY", "bzip2 -dc FILE"),
            (b"PK\x03\x04\x14", "zip"),
            (b"!<arch>\ndebian-binary", "ar archive"),
            (b"\x7fELF\x02\x01\x01\0", "ELF"),
            (b"\n <!DOCTYPE html><html>", "HTML"),
            (b"<HTML>", "HTML"),
            (b"{\"errors\":[]}", "JSON"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            ("not a t\u{e4}r\n".as_bytes(), "looks like text"),
            (&broken, "does not begin with a tar header"),
            (&[0; 511], "does not begin with a tar header"),
        ];
        for (head, part) in others {
            assert!(
                matches!(sniff(head), Sniffed::Other(words) if words.contains(part)),
                "{part}: {:?}",
                sniff(head)
            );
        }
    }
}
