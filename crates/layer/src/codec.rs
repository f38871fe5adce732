//! Compression of one member. Format: [`crate::format`], "Segments".
//!
//! Invariant: what an encoder writes depends on the codec and the member alone, never on what the encoder has
//! done before: any worker may get any member.

mod gzip;
mod zstd_frame;

use std::fmt;

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
    /// zstd, level 1 to 22.
    Zstd(u8),
}

impl Codec {
    /// gzip at its default, level 6.
    pub const GZIP: Self = Self::Gzip(6);
    /// zstd at its default, level 3.
    pub const ZSTD: Self = Self::Zstd(3);

    /// The codec for a kind of compression and, if one is asked for, a level.
    ///
    /// # Errors
    /// [`LevelError`] for a level that the kind does not have.
    pub fn new(compression: Compression, level: Option<i64>) -> Result<Self, LevelError> {
        let (default, highest, lowest) = match compression {
            Compression::None if level.is_some() => return Err(LevelError::NoLevels),
            Compression::None => return Ok(Self::None),
            Compression::Gzip => (6, 12, 0),
            Compression::Zstd => (3, 22, 1),
        };
        let asked = level.unwrap_or(default);
        let level = u8::try_from(asked).ok().filter(|level| (lowest..=highest).contains(level));
        let level = level.ok_or(LevelError::Range { compression, asked, lowest, highest })?;
        Ok(if compression == Compression::Gzip { Self::Gzip(level) } else { Self::Zstd(level) })
    }

    /// Media type of a layer with this compression, of OCI's family.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::None => media_type::OCI_LAYER,
            Self::Gzip(_) => media_type::OCI_LAYER_GZIP,
            Self::Zstd(_) => media_type::OCI_LAYER_ZSTD,
        }
    }

    /// Where members end. Without compression there are none, and gzip's cuts merely say in which pieces the tar is
    /// handed on.
    #[must_use]
    pub const fn cuts(self) -> Cuts {
        match self {
            Self::None | Self::Gzip(_) => Cuts::GZIP,
            Self::Zstd(_) => Cuts::ZSTD,
        }
    }
}

/// A level that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    /// Too low or too high.
    #[error("compression level {asked}: {compression} has levels {lowest} to {highest}")]
    Range {
        /// The kind of compression.
        compression: Compression,
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
            Codec::Zstd(level) => Method::Zstd(zstd_frame::Frames::new(level)),
        };
        Some(Self { method, out: Output::default() })
    }

    /// The compressed bytes of `member`, valid until the next call.
    pub(crate) fn encode(&mut self, member: &[u8]) -> Result<&[u8], CompressError> {
        self.out.clear();
        match &mut self.method {
            Method::StoredGzip => gzip::store(&mut self.out, member),
            Method::Gzip(compressor) => {
                for (range, fate) in segments(member) {
                    match fate {
                        Fate::Store => gzip::store(&mut self.out, &member[range]),
                        Fate::Compress => gzip::compress(&mut self.out, compressor, &member[range])?,
                    }
                }
            }
            Method::Zstd(frames) => {
                for (range, fate) in segments(member) {
                    match fate {
                        Fate::Store => zstd_frame::store(&mut self.out, &member[range]),
                        Fate::Compress => frames.compress(&mut self.out, &member[range])?,
                    }
                }
            }
        }
        Ok(self.out.bytes())
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
            Codec::Gzip(_) => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
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
        let cases = [
            (Compression::Gzip, None, Ok(Codec::Gzip(6))),
            (Compression::Gzip, Some(0), Ok(Codec::Gzip(0))),
            (Compression::Gzip, Some(12), Ok(Codec::Gzip(12))),
            (Compression::Gzip, Some(13), Err("compression level 13: gzip has levels 0 to 12")),
            (Compression::Gzip, Some(-1), Err("compression level -1: gzip has levels 0 to 12")),
            (Compression::Zstd, None, Ok(Codec::Zstd(3))),
            (Compression::Zstd, Some(22), Ok(Codec::Zstd(22))),
            (Compression::Zstd, Some(0), Err("compression level 0: zstd has levels 1 to 22")),
            (Compression::Zstd, Some(1000), Err("compression level 1000: zstd has levels 1 to 22")),
            (Compression::None, None, Ok(Codec::None)),
            (Compression::None, Some(1), Err("a compression level without compression: leave the level out")),
        ];
        for (compression, level, expected) in cases {
            let got = Codec::new(compression, level).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned));
        }
    }
}
