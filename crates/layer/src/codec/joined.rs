//! One gzip member over the whole layer, of pieces that were compressed apart. Format: docs/layer-format.md, 5.
//!
//! libdeflate cannot end a piece without ending the stream, so these pieces come from another compressor.

use flate2::Crc;
use miniz_oxide::{
    DataFormat,
    deflate::core::{CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress},
};

use super::{CompressError, Output, gzip};

/// An empty block with fixed codes, marked final (RFC 1951, 3.2.6).
const LAST_BLOCK: [u8; 2] = [3, 0];

/// Compresses the pieces at one level.
pub(super) struct Pieces(Box<CompressorOxide>);

impl Pieces {
    pub(super) fn new(level: u8) -> Self {
        let window_bits = 15;
        let compressor =
            CompressorOxide::with_params(DataFormat::Raw, level, CompressionStrategy::Default, window_bits);
        Self(Box::new(compressor))
    }

    /// Compresses `data` to blocks none of which is final, and which end with a byte.
    pub(super) fn compress(&mut self, out: &mut Output, data: &[u8]) -> Result<(), CompressError> {
        self.0.reset();
        // Blocks that would grow are stored, and each is longer than 8 KiB: more than enough.
        let room = out.room(data.len() + data.len() / 8 + 1024);
        // Flushed like this, what follows does not refer back to it.
        let (status, read, written) = compress(&mut self.0, data, room, TDEFLFlush::Full);
        if status != TDEFLStatus::Okay || read < data.len() || written == room.len() {
            return Err(CompressError(format!("{status:?} from miniz after {read} of {} bytes", data.len())));
        }
        out.advance(written);
        Ok(())
    }
}

/// Checksum and length of the tar bytes in a piece.
pub(crate) struct Check(Crc);

impl Check {
    pub(crate) fn of(tar: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(tar);
        Self(crc)
    }
}

/// What goes around the pieces.
#[derive(Default)]
pub(crate) struct Joined(Crc);

impl Joined {
    /// What the member begins with.
    pub(crate) const BEGIN: &[u8] = &gzip::HEADER;

    /// Counts the next piece.
    pub(crate) fn add(&mut self, Check(crc): &Check) {
        self.0.combine(crc);
    }

    /// What the member ends with.
    pub(crate) fn end(&self) -> Vec<u8> {
        // `amount` is modulo 2^32, as the trailer wants it.
        [&LAST_BLOCK[..], &gzip::trailer(self.0.sum(), self.0.amount().into())].concat()
    }
}
