//! zstd frames, RFC 8878.

use zstd::{bulk::Compressor, zstd_safe};

use super::{CompressError, Output};

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// `Frame_Content_Size_flag` 2 (four bytes), `Single_Segment_flag`; no checksum, no dictionary (3.1.1.1.1).
const DESCRIPTOR: u8 = 0xa0;
/// `Block_Maximum_Size` (3.1.1.2.4).
const RAW_BLOCK: usize = 128 << 10;

/// Highest level whose match finders are `fast` and `dfast` for every length of data (`clevels.h`).
const HIGHEST_WITHOUT_ROWS: i32 = 3;

/// Compresses frames at one level.
pub(super) struct Frames {
    level: i32,
    /// Kept from frame to frame where that cannot matter.
    kept: Option<Compressor<'static>>,
}

impl Frames {
    pub(super) fn new(level: u8) -> Self {
        Self { level: level.into(), kept: None }
    }

    pub(super) fn compress(&mut self, out: &mut Output, data: &[u8]) -> Result<(), CompressError> {
        let target = out.room(zstd_safe::compress_bound(data.len()));
        let compress = |mut context: Compressor<'static>| {
            context.compress_to_buffer(data, target).map(|size| (size, context))
        };
        let context = self.kept.take().map_or_else(|| Compressor::new(self.level), Ok);
        let (size, context) =
            context.and_then(compress).map_err(|error| CompressError(format!("{error} from zstd")))?;
        // A used context starts with another salt in the hash of the row-based match finder (ZSTD_advanceHashSalt;
        // greedy to lazy2), so there its output could depend on what it compressed before.
        self.kept = Some(context).filter(|_| self.level <= HIGHEST_WITHOUT_ROWS);
        out.advance(size);
        Ok(())
    }
}

pub(super) fn store(out: &mut Output, data: &[u8]) {
    out.push(&MAGIC);
    out.push(&[DESCRIPTOR]);
    out.push(&u32::try_from(data.len()).expect("a member is small").to_le_bytes());
    let last = data.len().div_ceil(RAW_BLOCK).max(1) - 1;
    for index in 0..=last {
        let start = index * RAW_BLOCK;
        let block = &data[start..data.len().min(start + RAW_BLOCK)];
        // Last_Block, Block_Type 0 (raw) in two bits, Block_Size in 21.
        let header = u32::from(index == last) | u32::try_from(block.len()).expect("at most RAW_BLOCK") << 3;
        out.push(&header.to_le_bytes()[..3]);
        out.push(block);
    }
}
