//! Extended attributes: what users write, and what goes into a layer.
//!
//! A value is text as it stands, or bytes in the spellings of setfattr(1): `0x` and hexadecimal digits, `0s` and
//! base64. File capabilities are `security.capability`, whose value may also be what setcap(8) takes.
//! Invariant: only names that every container runtime applies, and values that Linux can store.

use std::{collections::BTreeMap, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::{
    capability::{self, CapabilityError},
    entry::Kind,
};

/// Attributes of an entry by name.
pub type Xattrs = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// File capabilities, which only regular files can have.
const CAPABILITY: &str = "security.capability";
/// `XATTR_NAME_MAX` of linux/limits.h.
const MAX_NAME: usize = 255;
/// `XATTR_SIZE_MAX` of linux/limits.h.
const MAX_VALUE: usize = 64 << 10;

/// An attribute as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xattr {
    /// Its name with the namespace, such as `user.comment`.
    pub name: String,
    /// Its value.
    pub value: Box<[u8]>,
}

impl Xattr {
    /// Whether an entry of this kind can have it: a regular file any, a directory all but capabilities, a symbolic link
    /// none. Linux refuses `user.*` on links, and containerd then refuses the layer.
    pub(crate) fn fits(&self, kind: &Kind) -> bool {
        match kind {
            Kind::File(_) | Kind::Slice(_) | Kind::Empty => true,
            Kind::Directory => self.name != CAPABILITY,
            Kind::Symlink(_)
            | Kind::Whiteout
            | Kind::Hardlink(_)
            | Kind::Character(_)
            | Kind::Block(_)
            | Kind::Fifo => false,
        }
    }

    /// Bytes of name and value.
    pub(crate) const fn len(&self) -> usize {
        self.name.len() + self.value.len()
    }
}

impl FromStr for Xattr {
    type Err = XattrError;

    /// Parses `NAME=VALUE`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(XattrError::NoValue { text: text.to_owned() });
        };
        check_name(name)?;
        let bad = |problem| XattrError::Value { name: name.to_owned(), value: value.to_owned(), problem };
        let bytes = match encoded(value) {
            Some(bytes) => {
                let bytes = bytes.map_err(bad)?;
                if name == CAPABILITY {
                    capability::check(&bytes).map_err(bad)?;
                }
                bytes
            }
            None if name == CAPABILITY => capability::parse(value)?.into(),
            None => value.as_bytes().into(),
        };
        if bytes.len() > MAX_VALUE {
            return Err(bad("it is longer than the 64 KiB that Linux takes"));
        }
        Ok(Self { name: name.to_owned(), value: bytes.into() })
    }
}

/// The bytes of a value in one of the two encodings, or `None` if it is text.
fn encoded(value: &str) -> Option<Result<Vec<u8>, &'static str>> {
    let strip = |lower, upper| value.strip_prefix(lower).or_else(|| value.strip_prefix(upper));
    if let Some(digits) = strip("0x", "0X") {
        return Some(from_hex(digits).ok_or("after 0x there must be hexadecimal digits, two for each byte"));
    }
    let base64 = strip("0s", "0S")?;
    Some(BASE64.decode(base64).map_err(|_| "after 0s there must be base64, padded with ="))
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match *pair {
        [high, low] => {
            let digit = |digit| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            Some(digit(high)? << 4 | digit(low)?)
        }
        _ => None,
    };
    pairs.map(byte).collect()
}

/// Whether runtimes apply an attribute of this name.
fn check_name(name: &str) -> Result<(), XattrError> {
    let refused = |problem| Err(XattrError::Name { name: name.to_owned(), problem });
    if name.len() > MAX_NAME {
        return refused("it is longer than the 255 bytes that Linux takes");
    }
    if name.contains(char::is_control) {
        return refused("it holds a control character");
    }
    match name.split_once('.') {
        Some((_, "")) => refused("there is nothing after the dot"),
        Some(("user" | "security", _)) => Ok(()),
        Some(("trusted", _)) => {
            refused("container runtimes drop trusted.* (some storage drivers keep their own notes there)")
        }
        Some(("system", _)) => refused("whether system.* can be stored depends on the file system"),
        _ => refused("Linux knows the namespaces user and security here, as in user.comment"),
    }
}

/// A text that is no extended attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XattrError {
    /// There is no name, or no `=`.
    #[error("xattr {text:?}: write NAME=VALUE, like user.comment=text or security.capability=cap_net_raw+ep")]
    NoValue {
        /// The text.
        text: String,
    },
    /// A name that no layer should have.
    #[error("xattr {name:?}: {problem}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A value that is malformed.
    #[error("xattr {name}, value {value:?}: {problem}")]
    Value {
        /// Name of the attribute.
        name: String,
        /// The value.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Capabilities that are none.
    #[error(transparent)]
    Capability(#[from] CapabilityError),
}

/// A value as mtree has it.
pub(crate) fn to_base64(value: &[u8]) -> String {
    BASE64.encode(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let cases: [(&str, &str, &[u8]); 12] = [
            ("user.a=", "user.a", b""),
            ("user.a=text", "user.a", b"text"),
            ("user.a=k=v, \"w\" ü", "user.a", "k=v, \"w\" ü".as_bytes()),
            ("user.a.b= 0x00 ", "user.a.b", b" 0x00 "),
            ("user.a=0x", "user.a", b""),
            ("user.a=0x00fF", "user.a", b"\x00\xff"),
            ("user.a=0Xab", "user.a", b"\xab"),
            ("user.a=0sAAEC", "user.a", b"\x00\x01\x02"),
            ("user.a=0sAA==", "user.a", b"\x00"),
            ("security.ima=0x04", "security.ima", b"\x04"),
            (
                "security.capability=cap_net_bind_service+ep",
                "security.capability",
                b"\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            ),
            (
                "security.capability=0x0000000200040000000000000000000000000000",
                "security.capability",
                b"\0\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            ),
        ];
        for (text, name, value) in cases {
            assert_eq!(text.parse(), Ok(Xattr { name: name.into(), value: value.into() }), "{text}");
        }
    }

    #[test]
    fn refused() {
        let long = format!("user.{}=x", "n".repeat(251));
        let large = format!("user.a={}", "x".repeat(MAX_VALUE + 1));
        let cases = [
            ("", "write NAME=VALUE"),
            ("user.a", "write NAME=VALUE"),
            ("=x", "write NAME=VALUE"),
            ("a=x", "namespaces user and security"),
            ("user.=x", "nothing after the dot"),
            ("user=x", "namespaces user and security"),
            ("trusted.overlay.opaque=y", "drop trusted.*"),
            ("system.posix_acl_access=0x00", "depends on the file system"),
            (&long, "255 bytes"),
            (&large, "64 KiB"),
            ("user.a\tb=x", "control character"),
            ("user.a=0x0", "hexadecimal digits"),
            ("user.a=0x+1", "hexadecimal digits"),
            ("user.a=0xg0", "hexadecimal digits"),
            ("user.a=0sA", "base64"),
            ("security.capability=0x00", "struct vfs_cap_data"),
            ("security.capability=cap_net_rwa+ep", "did you mean cap_net_raw?"),
        ];
        for (text, part) in cases {
            let message = text.parse::<Xattr>().unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
