//! SHA-256 digests, the names of all content (OCI image-spec, descriptor.md, "Digests").
//!
//! Invariant: a [`Digest`] is always 32 bytes of SHA-256, and its text is always `sha256:` and 64 lower-case
//! hexadecimal digits. Other algorithms are refused by name rather than carried along unverified.

use std::{fmt, io, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Length of the hexadecimal part of a digest's text.
const HEX_LEN: usize = 64;

/// The SHA-256 digest of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 64 lower-case hexadecimal digits, without `sha256:`. This is the file name of a blob in a layout.
    #[must_use]
    pub fn hex(&self) -> String {
        let mut hex = String::with_capacity(HEX_LEN);
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 0xf] {
                hex.push(char::from_digit(nibble.into(), 16).expect("a nibble is below 16"));
            }
        }
        hex
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((algorithm, hex)) = text.split_once(':') else {
            return Err(DigestError::NoAlgorithm { text: text.to_owned() });
        };
        if algorithm != "sha256" {
            let (text, algorithm) = (text.to_owned(), algorithm.to_owned());
            return Err(DigestError::Algorithm { text, algorithm });
        }
        if hex.len() != HEX_LEN {
            return Err(DigestError::Length { text: text.to_owned(), length: hex.chars().count() });
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let nibbles = (nibble(pair[0]), nibble(pair[1]));
            let (Some(high), Some(low)) = nibbles else {
                return Err(DigestError::Hex { text: text.to_owned() });
            };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

/// The value of a lower-case hexadecimal digit. Upper case is refused: two spellings of one digest would be
/// two file names in a layout.
const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no `algorithm:` in front.
    #[error("digest {text:?} names no algorithm: write sha256:<64 hexadecimal digits>")]
    NoAlgorithm {
        /// What was parsed.
        text: String,
    },
    /// The algorithm is not SHA-256.
    #[error("digest {text:?} uses the algorithm {algorithm:?}: only sha256 is supported")]
    Algorithm {
        /// What was parsed.
        text: String,
        /// The algorithm it names.
        algorithm: String,
    },
    /// The hexadecimal part is too short or too long.
    #[error("digest {text:?} has {length} digits after \"sha256:\": it must have 64")]
    Length {
        /// What was parsed.
        text: String,
        /// How many characters it has after `sha256:`.
        length: usize,
    },
    /// The hexadecimal part holds something else.
    #[error("digest {text:?} must have only the digits 0-9 and a-f (lower case) after \"sha256:\"")]
    Hex {
        /// What was parsed.
        text: String,
    },
}

/// Hashes what is written to it.
#[derive(Debug, Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `bytes`. The same as [`io::Write::write_all`], which cannot fail here.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything that was written.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// FIPS 180-2, B.1.
    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn known_digest() {
        assert_eq!(Digest::of(b"abc").to_string(), ABC);
        let mut hasher = Hasher::new();
        hasher.write_all(b"a").unwrap();
        hasher.write_all(b"bc").unwrap();
        assert_eq!(hasher.finish().to_string(), ABC);
        assert_eq!(ABC.parse::<Digest>().unwrap(), Digest::of(b"abc"));
        assert_eq!(Digest::of(b"abc").hex(), ABC["sha256:".len()..]);
    }

    #[test]
    fn json_is_the_text() {
        let json = serde_json::to_string(&Digest::of(b"abc")).unwrap();
        assert_eq!(json, format!("\"{ABC}\""));
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), Digest::of(b"abc"));
    }

    #[test]
    fn refused() {
        let hex = &ABC["sha256:".len()..];
        let cases = [
            (hex.to_owned(), "names no algorithm"),
            (format!("sha512:{hex}"), "\"sha512\""),
            (format!("SHA256:{hex}"), "only sha256"),
            (format!("sha256:{}", &hex[1..]), "63 digits"),
            (format!("sha256:{hex}0"), "65 digits"),
            (format!("sha256:{}", hex.to_uppercase()), "lower case"),
            (format!("sha256:{}é", &hex[2..]), "only the digits"),
            ("sha256:".to_owned(), "0 digits"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<Digest>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
