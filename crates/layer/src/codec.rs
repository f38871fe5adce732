//! Compression of one member. Format: docs/layer-format.md, 4 and 5.
//!
//! Invariant: what an encoder writes depends on the codec and the member alone, never on what the encoder has
//! done before: any worker may get any member.
//!
//! Nor does it depend on the CPU. libdeflate and zstd have SIMD in places (checksums, moving tables, comparing tags of a
//! row, bit input), whose outcome is that of their plain code; miniz has none. That this is so was seen, not only read:
//! `tools/cpus/run` packs all layers of `tests/golden.txt`, every level among them, and came to the same digests
//! with libdeflate 1.26, zstd 1.5.7 and miniz 0.9.1, compiled by gcc 16.1 and rustc 1.97.1, under qemu-user 11.1.2 as
//! x86-64 (qemu64, Conroe, Nehalem, `SandyBridge`, Haswell, EPYC, max), aarch64 (cortex-a53, neoverse-n1, max), armv7 (cortex-a7,
//! max) and s390x (z900, max: big-endian). qemu has no AVX-512; an Intel Xeon that does gave the same.

mod gzip;
pub(crate) mod joined;
mod zstd_frame;

use std::{fmt, str::FromStr};

use libdeflater::{CompressionLvl, Compressor};
use oci::media_type::{self, Compression};

use crate::{
    dense::{Fate, segments},
    format::Cuts,
};

/// How a layer is compressed: the kind and the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    None,
    /// gzip by libdeflate, level 0 to 12.
    Gzip(u8),
    /// gzip as one member, by miniz, level 1 to 9. For readers that stop after the first member.
    GzipJoined(u8),
    /// zstd, level 1 to 22.
    Zstd(u8),
}

impl Codec {
    /// gzip at its default, level 5: a layer is as long as `bsdtar -cz`, at zlib's level 6, makes it.
    pub const GZIP: Self = Self::Gzip(5);
    /// zstd at its default, level 3.
    pub const ZSTD: Self = Self::Zstd(3);

    /// The codec for a kind of compression and, if one is asked for, a level.
    ///
    /// # Errors
    /// [`CodecError`] for a level that the kind does not have, and for members of what is not gzip.
    pub fn new(
        compression: Compression,
        level: Option<i64>,
        members: GzipMembers,
    ) -> Result<Self, CodecError> {
        let one = members == GzipMembers::One;
        let (codec, default, levels): (fn(u8) -> Self, _, _) = match compression {
            Compression::None | Compression::Zstd if one => {
                return Err(CodecError::NoMembers { compression });
            }
            Compression::None if level.is_some() => return Err(CodecError::NoLevels),
            Compression::None => return Ok(Self::None),
            Compression::Gzip if one => (Self::GzipJoined, 5, 1..=9),
            Compression::Gzip => (Self::Gzip, 5, 0..=12),
            Compression::Zstd => (Self::Zstd, 3, 1..=22),
        };
        let asked = level.unwrap_or(default);
        let level = u8::try_from(asked).ok().filter(|level| levels.contains(level));
        let (lowest, highest) = levels.into_inner();
        level.map(codec).ok_or(CodecError::Level { compression, members, asked, lowest, highest })
    }

    /// Media type of a layer with this compression, of OCI's family.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::None => media_type::OCI_LAYER,
            Self::Gzip(_) | Self::GzipJoined(_) => media_type::OCI_LAYER_GZIP,
            Self::Zstd(_) => media_type::OCI_LAYER_ZSTD,
        }
    }

    /// Whether members are pieces of one gzip member.
    pub(crate) const fn is_joined(self) -> bool {
        matches!(self, Self::GzipJoined(_))
    }

    /// Where members end. Without compression there are none, and gzip's cuts merely say in which pieces the tar is
    /// handed on.
    #[must_use]
    pub const fn cuts(self) -> Cuts {
        match self {
            Self::None | Self::Gzip(_) | Self::GzipJoined(_) => Cuts::GZIP,
            Self::Zstd(_) => Cuts::ZSTD,
        }
    }
}

/// How many gzip members a layer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GzipMembers {
    /// Independent ones of about 1 MiB, as RFC 1952 allows.
    #[default]
    Many,
    /// One over the whole layer.
    One,
}

impl FromStr for GzipMembers {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "many" => Ok(Self::Many),
            "one" => Ok(Self::One),
            _ => Err("known are many and one"),
        }
    }
}

impl fmt::Display for GzipMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Many => "",
            Self::One => " of one member",
        })
    }
}

/// A codec that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// A level that is too low or too high.
    #[error("compression level {asked}: {compression}{members} has levels {lowest} to {highest}")]
    Level {
        /// The kind of compression.
        compression: Compression,
        /// Its members.
        members: GzipMembers,
        /// The level that was asked for.
        asked: i64,
        /// Its lowest level.
        lowest: u8,
        /// Its highest level.
        highest: u8,
    },
    /// There is nothing to have levels.
    #[error("a compression level without compression: leave the level out")]
    NoLevels,
    /// One member of what has no members.
    #[error("one gzip member with compression {compression}: only gzip has members")]
    NoMembers {
        /// The kind of compression.
        compression: Compression,
    },
}

/// A compressor refused. None does in practice; the message is its own.
#[derive(Debug, thiserror::Error)]
#[error("cannot compress: {0}")]
pub struct CompressError(String);

/// Compresses members, one at a time, with a buffer and tables that it keeps.
pub(crate) struct Encoder {
    method: Method,
    out: Output,
}

enum Method {
    StoredGzip,
    Gzip(Box<Compressor>),
    Joined(joined::Pieces),
    Zstd(zstd_frame::Frames),
}

impl Encoder {
    /// An encoder for `codec`, or `None` if it has nothing to do.
    pub(crate) fn new(codec: Codec) -> Option<Self> {
        let method = match codec {
            Codec::None => return None,
            Codec::Gzip(0) => Method::StoredGzip,
            Codec::Gzip(level) => {
                let level = CompressionLvl::new(level.into()).expect("Codec::new has checked the level");
                Method::Gzip(Box::new(Compressor::new(level)))
            }
            Codec::GzipJoined(level) => Method::Joined(joined::Pieces::new(level)),
            Codec::Zstd(level) => Method::Zstd(zstd_frame::Frames::new(level)),
        };
        Some(Self { method, out: Output::default() })
    }

    /// The compressed bytes of `member`, valid until the next call.
    pub(crate) fn encode(&mut self, member: &[u8]) -> Result<&[u8], CompressError> {
        self.out.clear();
        let segments = match self.method {
            Method::StoredGzip => vec![(0..member.len(), Fate::Store)],
            Method::Gzip(_) | Method::Joined(_) | Method::Zstd(_) => segments(member),
        };
        for (range, fate) in segments {
            self.method.write(&mut self.out, &member[range], fate)?;
        }
        Ok(self.out.bytes())
    }
}

impl Method {
    /// Writes one segment.
    fn write(&mut self, out: &mut Output, data: &[u8], fate: Fate) -> Result<(), CompressError> {
        match (self, fate) {
            (Self::StoredGzip, _) | (Self::Gzip(_), Fate::Store) => gzip::store(out, data),
            (Self::Gzip(compressor), Fate::Compress) => gzip::compress(out, compressor, data)?,
            (Self::Joined(_), Fate::Store) => gzip::store_blocks(out, data, false),
            (Self::Joined(pieces), Fate::Compress) => pieces.compress(out, data)?,
            (Self::Zstd(_), Fate::Store) => zstd_frame::store(out, data),
            (Self::Zstd(frames), Fate::Compress) => frames.compress(out, data)?,
        }
        Ok(())
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

/// Compressed bytes. Room for the worst case is asked for often and used rarely, so it is zeroed only once.
#[derive(Default)]
struct Output {
    data: Vec<u8>,
    filled: usize,
}

impl Output {
    fn bytes(&self) -> &[u8] {
        &self.data[..self.filled]
    }

    const fn clear(&mut self) {
        self.filled = 0;
    }

    fn push(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// Room for `most` more bytes, to be written into and then counted by [`Output::advance`].
    fn room(&mut self, most: usize) -> &mut [u8] {
        let end = self.filled + most;
        if self.data.len() < end {
            self.data.resize(end, 0);
        }
        &mut self.data[self.filled..end]
    }

    const fn advance(&mut self, count: usize) {
        self.filled += count;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::{dense::tests::noise, format::BLOCK};

    fn decode(codec: Codec, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut reader: Box<dyn Read + '_> = match codec {
            Codec::None => Box::new(bytes),
            Codec::Gzip(_) | Codec::GzipJoined(_) => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
            Codec::Zstd(_) => Box::new(zstd::stream::read::Decoder::new(bytes).unwrap()),
        };
        reader.read_to_end(&mut out).unwrap();
        out
    }

    /// Members of every shape: empty, tiny, compressible, noise, and both in turn.
    fn members() -> Vec<Vec<u8>> {
        let words: Vec<u8> = noise(90_000, 9).iter().map(|b| b'a' + b % 20).collect();
        let mixed = [&words[..70_000], &noise(200_000, 8), &words[..70_000]].concat();
        vec![vec![], b"x".to_vec(), words, noise(BLOCK * 2 + 3, 7), mixed, vec![0; 100_000], noise(1000, 1)]
    }

    #[test]
    fn every_level_reads_back_and_has_no_memory() {
        let codecs = (0..=12).map(Codec::Gzip).chain((1..=22).map(Codec::Zstd));
        for codec in codecs {
            let mut used = Encoder::new(codec).unwrap();
            let members = members();
            // Two rounds: in the second the encoder has seen everything before.
            for member in members.iter().chain(members.iter().rev()) {
                let got = used.encode(member).unwrap().to_vec();
                assert!(decode(codec, &got) == *member, "{codec:?}, {} bytes", member.len());
                assert!(Encoder::new(codec).unwrap().encode(member).unwrap() == got, "{codec:?} remembers");
            }
        }
    }

    #[test]
    fn joined_pieces_are_one_member_and_have_no_memory() {
        use joined::{Check, Joined};
        for level in 1..=9 {
            let codec = Codec::GzipJoined(level);
            let mut used = Encoder::new(codec).unwrap();
            let members = members();
            let (mut blob, mut tar, mut joined) = (Joined::BEGIN.to_vec(), Vec::new(), Joined::default());
            for member in members.iter().chain(members.iter().rev()) {
                let got = used.encode(member).unwrap();
                assert!(
                    Encoder::new(codec).unwrap().encode(member).unwrap() == got,
                    "level {level} remembers"
                );
                blob.extend_from_slice(got);
                tar.extend_from_slice(member);
                joined.add(&Check::of(member));
            }
            blob.extend_from_slice(&joined.end());
            let mut out = Vec::new();
            let mut decoder = flate2::bufread::GzDecoder::new(&*blob);
            decoder.read_to_end(&mut out).unwrap();
            assert!(out == tar && decoder.into_inner().is_empty(), "level {level}");
        }
    }

    #[test]
    fn noise_is_stored() {
        let data = noise(3 * BLOCK, 1);
        let mut gzip = Encoder::new(Codec::GZIP).unwrap();
        let out = gzip.encode(&data).unwrap();
        assert_eq!(out[..15], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0, 255, 255, 0, 0]);
        assert_eq!(out.len(), data.len() + 10 + 4 * 5 + 8);
        let mut zstd = Encoder::new(Codec::ZSTD).unwrap();
        let out = zstd.encode(&data).unwrap();
        assert_eq!(out[..12], [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 3, 0, 0, 0, 16]);
        assert_eq!(out.len(), data.len() + 9 + 2 * 3);
    }

    #[test]
    fn headers_hold_no_time_and_no_system() {
        let text = b"some text that shrinks ".repeat(1000);
        let gzip = Encoder::new(Codec::GZIP).unwrap().encode(&text).unwrap().to_vec();
        assert_eq!(gzip[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        let zstd = Encoder::new(Codec::ZSTD).unwrap().encode(&text).unwrap().to_vec();
        let size = zstd::zstd_safe::get_frame_content_size(&zstd).unwrap();
        assert_eq!(size, Some(text.len() as u64));
        assert_eq!(zstd[4] & 0b111, 0, "no checksum, no dictionary");
    }

    #[test]
    fn levels() {
        use Compression::{Gzip, None as Plain, Zstd};
        use GzipMembers::{Many, One};
        let cases = [
            (Gzip, None, Many, Ok(Codec::Gzip(5))),
            (Gzip, Some(0), Many, Ok(Codec::Gzip(0))),
            (Gzip, Some(12), Many, Ok(Codec::Gzip(12))),
            (Gzip, Some(13), Many, Err("compression level 13: gzip has levels 0 to 12")),
            (Gzip, Some(-1), Many, Err("compression level -1: gzip has levels 0 to 12")),
            (Gzip, None, One, Ok(Codec::GzipJoined(5))),
            (Gzip, Some(9), One, Ok(Codec::GzipJoined(9))),
            (Gzip, Some(10), One, Err("compression level 10: gzip of one member has levels 1 to 9")),
            (Zstd, None, Many, Ok(Codec::Zstd(3))),
            (Zstd, Some(22), Many, Ok(Codec::Zstd(22))),
            (Zstd, Some(0), Many, Err("compression level 0: zstd has levels 1 to 22")),
            (Zstd, Some(1000), Many, Err("compression level 1000: zstd has levels 1 to 22")),
            (Zstd, None, One, Err("one gzip member with compression zstd: only gzip has members")),
            (Plain, None, Many, Ok(Codec::None)),
            (Plain, Some(1), Many, Err("a compression level without compression: leave the level out")),
            (Plain, None, One, Err("one gzip member with compression none: only gzip has members")),
        ];
        for (compression, level, members, expected) in cases {
            let got = Codec::new(compression, level, members).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned));
        }
    }
}
