//! What a listing says of one path, parsed.
//!
//! Invariant: reads what [`crate::mtree`] writes; keywords that are not needed here are passed over.

use crate::overlay::{Origin, decode};

/// An entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What stands at the path.
    pub kind: Kind,
    /// Permission bits with set-uid, set-gid and sticky.
    pub mode: u32,
    /// The owner.
    pub uid: u64,
    /// The group.
    pub gid: u64,
    /// Where it comes from; `None` for a directory that is only implied by what is in it.
    pub origin: Option<Origin>,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file of that many bytes.
    File {
        /// Its size, holes counted.
        size: u64,
    },
    /// A directory.
    Directory,
    /// A symbolic link to this target.
    Symlink(Vec<u8>),
    /// A character device.
    Character,
    /// A block device.
    Block,
    /// A named pipe.
    Fifo,
}

impl Listed {
    /// Parses what follows the path on a line; `None` if it is not as this crate writes it.
    pub(crate) fn parse(attributes: &str, origin: Option<Origin>) -> Option<Self> {
        let value = |keyword: &str| {
            attributes.split(' ').find_map(|word| word.strip_prefix(keyword)?.strip_prefix('='))
        };
        let number = |keyword| value(keyword)?.parse().ok();
        let kind = match value("type")? {
            "file" => Kind::File { size: number("size")? },
            "dir" => Kind::Directory,
            "link" => Kind::Symlink(decode(value("link")?)?),
            "char" => Kind::Character,
            "block" => Kind::Block,
            "fifo" => Kind::Fifo,
            _ => return None,
        };
        let mode = u32::from_str_radix(value("mode")?, 8).ok()?;
        Some(Self { kind, mode, uid: number("uid")?, gid: number("gid")?, origin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let rest = "mode=4755 uid=1 gid=2 uname=a size=3 time=4.0 xattr.user.size=OQ==";
        for (kind, end, expected) in [
            ("file", "", Kind::File { size: 3 }),
            ("dir", "", Kind::Directory),
            ("link", " link=../t\\040t", Kind::Symlink(b"../t t".to_vec())),
            ("char", " device=native,1,3", Kind::Character),
            ("block", " device=native,8,0", Kind::Block),
            ("fifo", "", Kind::Fifo),
        ] {
            let listed = Listed::parse(&format!("type={kind} {rest}{end}"), None).unwrap();
            assert_eq!(listed, Listed { kind: expected, mode: 0o4755, uid: 1, gid: 2, origin: None });
        }
        for bad in
            ["type=door mode=0644 uid=0 gid=0", "type=dir mode=0649 uid=0 gid=0", "type=link mode=0777"]
        {
            assert_eq!(Listed::parse(bad, None), None, "{bad}");
        }
    }
}
