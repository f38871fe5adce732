//! Tar headers, byte by byte as docs/layer-format.md, 2, has them.
//!
//! Invariant: bytes are a function of the fields alone. ustar where it fits, else pax records in front; never GNU's
//! extensions, never a global header. Encoded here rather than by a library, since they are part of the format.

use crate::{
    entry::{Device, Names, Owner},
    format::{PAX_NAME, TAR_BLOCK},
    xattr::Xattrs,
};

/// The `typeflag` of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    File,
    Hardlink,
    Symlink,
    Character(Device),
    Block(Device),
    Directory,
    Fifo,
    Pax,
}

/// What goes into a header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) kind: Type,
    /// Without slashes at the ends.
    pub(crate) path: &'a [u8],
    /// Target of a symbolic link as it is, or path of the entry that a hard link links to; else empty.
    pub(crate) link: &'a [u8],
    pub(crate) mode: u16,
    pub(crate) owner: Owner,
    pub(crate) names: Option<&'a Names>,
    pub(crate) xattrs: Option<&'a Xattrs>,
    pub(crate) size: u64,
    pub(crate) mtime: i64,
}

/// Widths of the fields that may overflow into pax records.
const NAME: usize = 100;
const PREFIX: usize = 155;
const LINK: usize = 100;
/// The names of user and group have a NUL after them.
const OWNER_NAME: usize = 31;
/// What the keys of extended attributes begin with. The name is star's, and what GNU tar, libarchive and Go write and read.
const XATTR: &[u8] = b"SCHILY.xattr.";
/// Digits of a number with a NUL after it.
const ID_DIGITS: usize = 7;
const LONG_DIGITS: usize = 11;

/// Appends the header of an entry to `out`, with pax records in front where it needs them.
pub(crate) fn append(out: &mut Vec<u8>, fields: Fields<'_>) {
    let slash: &[u8] = if fields.kind == Type::Directory { b"/" } else { b"" };
    let full = [fields.path, slash].concat();
    let mut records = Vec::new();
    let (prefix, name) = split(&full).unwrap_or_else(|| {
        record(&mut records, b"path", &full);
        (&[], &full[..NAME])
    });
    let mut link = fields.link;
    if link.len() > LINK {
        record(&mut records, b"linkpath", link);
        link = &link[..LINK];
    }
    let mut number = |key: &str, value: i128, digits| {
        u64::try_from(value).ok().filter(|value| fits(*value, digits)).unwrap_or_else(|| {
            record(&mut records, key.as_bytes(), value.to_string().as_bytes());
            0
        })
    };
    let numbers = Numbers {
        size: number("size", fields.size.into(), LONG_DIGITS),
        uid: number("uid", fields.owner.uid.into(), ID_DIGITS),
        gid: number("gid", fields.owner.gid.into(), ID_DIGITS),
        mtime: number("mtime", fields.mtime.into(), LONG_DIGITS),
    };
    let (mut user, mut group): (&[u8], &[u8]) = (b"", b"");
    if let Some(names) = fields.names {
        for (key, field, name) in [(b"uname", &mut user, &names.user), (b"gname", &mut group, &names.group)] {
            if name.len() <= OWNER_NAME && name.is_ascii() {
                *field = name;
            } else {
                record(&mut records, key, name);
            }
        }
    }
    for (name, value) in fields.xattrs.into_iter().flatten() {
        record(&mut records, &[XATTR, name].concat(), value);
    }
    if !records.is_empty() {
        let size = records.len() as u64;
        let numbers = Numbers { size, ..Numbers::default() };
        let plain = Block { kind: Type::Pax, name: PAX_NAME, mode: 0o644, numbers, ..Block::EMPTY };
        append_block(out, plain);
        out.extend_from_slice(&records);
        out.resize(out.len() + padding(size), 0);
    }
    let Fields { kind, mode, .. } = fields;
    append_block(out, Block { kind, prefix, name, link, user, group, mode, numbers });
}

/// Zeros that follow `size` bytes of content.
pub(crate) const fn padding(size: u64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "what is cut off is a multiple of a block")]
    let over = size as usize % TAR_BLOCK;
    if over == 0 { 0 } else { TAR_BLOCK - over }
}

/// A path as `prefix` and `name`, or `None` where it does not fit.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME {
        return Some((&[], path));
    }
    // The name is not empty, so a directory's last slash is none to split at.
    let first = path.len() - NAME - 1;
    let last = PREFIX.min(path.len() - 2);
    let at = (first..=last).find(|&at| path[at] == b'/' && at > 0)?;
    Some((&path[..at], &path[at + 1..]))
}

const fn fits(value: u64, digits: usize) -> bool {
    value >> (3 * digits) == 0
}

/// Appends `LEN KEY=VALUE\n`, LEN counting itself.
fn record(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    // The digits of the length are part of it: at most one more digit than `rest` has.
    let mut length = rest + rest.to_string().len();
    if length.to_string().len() > rest.to_string().len() {
        length = rest + length.to_string().len();
    }
    out.extend_from_slice(length.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// Numbers that fit their fields.
#[derive(Clone, Copy, Default)]
struct Numbers {
    size: u64,
    uid: u64,
    gid: u64,
    mtime: u64,
}

/// Fields that fit.
#[derive(Clone, Copy)]
struct Block<'a> {
    kind: Type,
    prefix: &'a [u8],
    name: &'a [u8],
    link: &'a [u8],
    user: &'a [u8],
    group: &'a [u8],
    mode: u16,
    numbers: Numbers,
}

impl Block<'static> {
    const EMPTY: Self = Self {
        kind: Type::File,
        prefix: b"",
        name: b"",
        link: b"",
        user: b"",
        group: b"",
        mode: 0,
        numbers: Numbers { size: 0, uid: 0, gid: 0, mtime: 0 },
    };
}

fn append_block(out: &mut Vec<u8>, fields: Block<'_>) {
    let Block { kind, prefix, name, link, user, group, mode, numbers } = fields;
    let mut block = [0; TAR_BLOCK];
    let Numbers { size, uid, gid, mtime } = numbers;
    block[..name.len()].copy_from_slice(name);
    octal(&mut block[100..107], mode.into());
    octal(&mut block[108..115], uid);
    octal(&mut block[116..123], gid);
    octal(&mut block[124..135], size);
    octal(&mut block[136..147], mtime);
    block[148..156].fill(b' ');
    block[156] = match kind {
        Type::File => b'0',
        Type::Hardlink => b'1',
        Type::Symlink => b'2',
        Type::Character(_) => b'3',
        Type::Block(_) => b'4',
        Type::Directory => b'5',
        Type::Fifo => b'6',
        Type::Pax => b'x',
    };
    block[157..157 + link.len()].copy_from_slice(link);
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[265..265 + user.len()].copy_from_slice(user);
    block[297..297 + group.len()].copy_from_slice(group);
    let device =
        if let Type::Character(device) | Type::Block(device) = kind { device } else { Device::default() };
    octal(&mut block[329..336], device.major.into());
    octal(&mut block[337..344], device.minor.into());
    block[345..345 + prefix.len()].copy_from_slice(prefix);
    let sum = block.iter().map(|&byte| u64::from(byte)).sum();
    octal(&mut block[148..154], sum);
    block[154] = 0;
    out.extend_from_slice(&block);
}

/// Fills `field` with the octal digits of `value`, zeros in front.
fn octal(field: &mut [u8], mut value: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (value & 7) as u8;
        value >>= 3;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: Fields<'_> = Fields {
        kind: Type::File,
        path: b"a/b",
        link: b"",
        mode: 0o644,
        owner: Owner { uid: 0, gid: 0 },
        names: None,
        xattrs: None,
        size: 0,
        mtime: 0,
    };

    fn encode(fields: Fields<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        append(&mut out, fields);
        out
    }

    /// What a reader sees: path, link, uid, gid, mtime, size.
    fn decode(header: &[u8], content: u64) -> (Vec<u8>, Vec<u8>, u64, u64, i64, u64) {
        let tail = std::io::repeat(0);
        let mut archive = tar::Archive::new(std::io::Read::chain(header, tail));
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        let pax: Vec<(String, i64)> = entry.pax_extensions().unwrap().map_or_else(Vec::new, |records| {
            let records = records
                .map(Result::unwrap)
                .map(|r| (r.key().unwrap().to_owned(), r.value().unwrap().to_owned()));
            records.filter_map(|(k, v)| Some((k, v.parse().ok()?))).collect()
        });
        let from_pax = |key: &str| pax.iter().find(|(k, _)| k == key).map(|(_, v)| *v);
        let h = entry.header();
        assert_eq!(entry.size(), content);
        (
            entry.path_bytes().into_owned(),
            entry.link_name_bytes().unwrap_or_default().into_owned(),
            from_pax("uid").map_or_else(|| h.uid().unwrap(), |uid| uid.try_into().unwrap()),
            from_pax("gid").map_or_else(|| h.gid().unwrap(), |gid| gid.try_into().unwrap()),
            from_pax("mtime").unwrap_or_else(|| h.mtime().unwrap().try_into().unwrap()),
            entry.size(),
        )
    }

    #[test]
    fn every_byte_of_a_plain_header() {
        let got =
            encode(Fields { size: 0o1234, mode: 0o4755, mtime: 7, owner: Owner { uid: 8, gid: 9 }, ..FILE });
        let mut want = Vec::new();
        want.extend_from_slice(b"a/b");
        want.resize(100, 0);
        want.extend_from_slice(b"0004755\x000000010\x000000011\x00");
        want.extend_from_slice(b"00000001234\x0000000000007\x00");
        want.extend_from_slice(b"007174\0 0");
        want.resize(257, 0);
        want.extend_from_slice(b"ustar\x0000");
        want.resize(329, 0);
        want.extend_from_slice(b"0000000\x000000000\x00");
        want.resize(512, 0);
        let sum: u64 = want.iter().map(|&b| u64::from(b)).sum::<u64>()
            - want[148..156].iter().map(|&b| u64::from(b)).sum::<u64>()
            + 8 * 32;
        assert_eq!(&got[148..156], format!("{sum:06o}\0 ").as_bytes());
        want[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert_eq!(got, want);
    }

    #[test]
    fn lengths_of_names() {
        let cases = [
            // path, kind, whether it fits ustar
            ("x".repeat(100), Type::File, true),
            ("x".repeat(101), Type::File, false),
            ("x".repeat(99), Type::Directory, true),
            ("x".repeat(100), Type::Directory, false),
            (format!("{}/{}", "p".repeat(155), "n".repeat(100)), Type::File, true),
            (format!("{}/{}", "p".repeat(156), "n".repeat(100)), Type::File, false),
            (format!("{}/{}", "p".repeat(155), "n".repeat(101)), Type::File, false),
            (format!("{}/{}", "p".repeat(155), "n".repeat(100)), Type::Directory, false),
            (format!("{}/{}", "p".repeat(155), "n".repeat(99)), Type::Directory, true),
            (["dir"; 64].join("/"), Type::File, true),
            (["dir"; 65].join("/"), Type::File, false),
            ("ü".repeat(50), Type::File, true),
            ("ü".repeat(51), Type::File, false),
        ];
        for (path, kind, ustar) in cases {
            let bytes = encode(Fields { path: path.as_bytes(), kind, ..FILE });
            assert_eq!(bytes.len() == TAR_BLOCK, ustar, "{} {path}", path.len());
            let slash = if kind == Type::Directory { "/" } else { "" };
            assert_eq!(String::from_utf8(decode(&bytes, 0).0).unwrap(), path + slash);
        }
    }

    #[test]
    fn overlong_fields_go_to_records_in_order() {
        let (path, link) = ("p".repeat(300), "l".repeat(101));
        let owner = Owner { uid: 1 << 21, gid: u32::MAX };
        let (size, mtime) = (8 << 30, 1 << 33);
        let bytes =
            encode(Fields { path: path.as_bytes(), link: link.as_bytes(), owner, size, mtime, ..FILE });
        let records = format!(
            "310 path={path}\n115 linkpath={link}\n19 size=8589934592\n15 uid=2097152\n18 gid=4294967295\n20 mtime=8589934592\n"
        );
        assert_eq!(&bytes[..PAX_NAME.len()], PAX_NAME);
        assert_eq!(String::from_utf8_lossy(&bytes[512..512 + records.len()]), records);
        let got = decode(&bytes, size);
        let want = (path.into_bytes(), link.into_bytes(), 1 << 21, u32::MAX.into(), mtime, size);
        assert_eq!(got, want);
    }

    #[test]
    fn names_of_owners() {
        let long = "x".repeat(32);
        let cases = [
            // user, group, records
            ("root", "wheel", String::new()),
            ("", &*"g".repeat(31), String::new()),
            (&long, "g", format!("42 uname={long}\n")),
            ("u", "\u{fc}ber", "15 gname=\u{fc}ber\n".to_owned()),
            (&long, &long, format!("42 uname={long}\n42 gname={long}\n")),
        ];
        for (user, group, records) in cases {
            let names = Names { user: user.as_bytes().into(), group: group.as_bytes().into() };
            let bytes = encode(Fields { names: Some(&names), ..FILE });
            let mut archive = tar::Archive::new(&*bytes);
            let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
            let field = |name: &str| {
                if records.contains(&format!("name={name}\n")) { String::new() } else { name.to_owned() }
            };
            assert_eq!(entry.header().username().unwrap(), Some(&*field(user)));
            assert_eq!(entry.header().groupname().unwrap(), Some(&*field(group)));
            assert!(entry.pax_extensions().unwrap().is_none() == records.is_empty());
            assert!(records.is_empty() || bytes[512..].starts_with(records.as_bytes()));
        }
    }

    #[test]
    fn sizes_and_times_at_their_limits() {
        let eight_gib = 8 << 30;
        for (size, record) in [
            (eight_gib - 1, ""),
            (eight_gib, "19 size=8589934592\n"),
            (9 << 30, "19 size=9663676416\n"),
            (i64::MAX as u64, "28 size=9223372036854775807\n"),
        ] {
            let bytes = encode(Fields { size, ..FILE });
            assert_eq!(bytes.len(), if record.is_empty() { 512 } else { 3 * 512 }, "{size}");
            assert!(bytes.len() == 512 || bytes[512..].starts_with(record.as_bytes()), "{size}");
            let field = if record.is_empty() { size } else { 0 };
            assert_eq!(
                &bytes[bytes.len() - 512 + 124..][..12],
                format!("{field:011o}\0").as_bytes(),
                "{size}"
            );
        }
        for (mtime, record) in [(-1, "12 mtime=-1\n"), (i64::MIN, "30 mtime=-9223372036854775808\n")] {
            let bytes = encode(Fields { mtime, ..FILE });
            assert!(bytes[512..].starts_with(record.as_bytes()), "{mtime}");
            assert_eq!(decode(&bytes, 0).4, mtime);
        }
    }

    #[test]
    fn extended_attributes() {
        let xattrs = [(&b"user.b"[..], &b"2\n\0"[..]), (b"security.capability", b"\x01")];
        let xattrs: Xattrs = xattrs.map(|(name, value)| (name.into(), value.into())).into();
        let path = "p".repeat(101);
        let bytes = encode(Fields { path: path.as_bytes(), xattrs: Some(&xattrs), ..FILE });
        let records = format!(
            "111 path={path}\n38 SCHILY.xattr.security.capability=\x01\n27 SCHILY.xattr.user.b=2\n\0\n"
        );
        assert_eq!(String::from_utf8_lossy(&bytes[512..512 + records.len()]), records);
        let large: Xattrs = [(b"user.a"[..].into(), vec![0; 64 << 10].into())].into();
        let bytes = encode(Fields { xattrs: Some(&large), ..FILE });
        assert_eq!(bytes.len(), 512 + (64 << 10) + 512 + 512);
    }

    #[test]
    fn special_files() {
        let device = Device::new(4095, 1_048_575).unwrap();
        for (kind, flag, numbers) in [
            (Type::Character(device), b'3', &b"0007777\x003777777\0"[..]),
            (Type::Block(device), b'4', b"0007777\x003777777\0"),
            (Type::Fifo, b'6', b"0000000\x000000000\0"),
            (Type::Hardlink, b'1', b"0000000\x000000000\0"),
        ] {
            let bytes = encode(Fields { kind, link: b"", ..FILE });
            assert_eq!((bytes.len(), bytes[156], &bytes[329..345]), (512, flag, numbers));
        }
    }

    #[test]
    fn record_length_counts_itself() {
        for length in 0..1200 {
            let mut out = Vec::new();
            record(&mut out, b"path", &vec![b'x'; length]);
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.split_once(' ').unwrap().0.parse::<usize>().unwrap(), text.len());
        }
    }

    proptest! {
        #[test]
        fn readers_see_what_was_written(
            names in prop::collection::vec("[a-zü.]{1,40}[a-z]", 1..12),
            link in "[a-z/.]{1,200}",
            size in 0..1_u64 << 36, uid: u32, gid: u32, mtime in -(1_i64 << 40)..1 << 40,
        ) {
            let path = names.join("/").into_bytes();
            let owner = Owner { uid, gid };
            let file = encode(Fields { path: &path, owner, size, mtime, ..FILE });
            prop_assert_eq!(file.len() % TAR_BLOCK, 0);
            prop_assert_eq!(
                decode(&file, size),
                (path.clone(), vec![], uid.into(), gid.into(), mtime, size)
            );
            let link = link.into_bytes();
            let symlink = encode(Fields { kind: Type::Symlink, path: &path, link: &link, ..FILE });
            prop_assert_eq!(decode(&symlink, 0), (path, link, 0, 0, 0, 0));
        }
    }
}
