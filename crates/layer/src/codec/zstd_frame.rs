//! zstd frames, RFC 8878.

use zstd::{bulk::Compressor, zstd_safe};

use super::{CompressError, room};

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// `Frame_Content_Size_flag` 2 (four bytes), `Single_Segment_flag`; no checksum, no dictionary (3.1.1.1.1).
const DESCRIPTOR: u8 = 0xa0;
/// `Block_Maximum_Size` (3.1.1.2.4).
const RAW_BLOCK: usize = 128 << 10;

pub(super) fn compress(out: &mut Vec<u8>, level: i32, data: &[u8]) -> Result<(), CompressError> {
    let start = out.len();
    let target = room(out, zstd_safe::compress_bound(data.len()));
    // A fresh context every time. A used one starts with another salt in the hash of the row-based match finder
    // (ZSTD_advanceHashSalt; greedy to lazy2), so its output could depend on what it compressed before.
    let size = Compressor::new(level).and_then(|mut fresh| fresh.compress_to_buffer(data, target));
    let size = size.map_err(|error| CompressError(format!("{error} from zstd")))?;
    out.truncate(start + size);
    Ok(())
}

pub(super) fn store(out: &mut Vec<u8>, data: &[u8]) {
    out.extend_from_slice(&MAGIC);
    out.push(DESCRIPTOR);
    out.extend_from_slice(&u32::try_from(data.len()).expect("a member is small").to_le_bytes());
    let last = data.len().div_ceil(RAW_BLOCK).max(1) - 1;
    for index in 0..=last {
        let start = index * RAW_BLOCK;
        let block = &data[start..data.len().min(start + RAW_BLOCK)];
        // Last_Block, Block_Type 0 (raw) in two bits, Block_Size in 21.
        let header = u32::from(index == last) | u32::try_from(block.len()).expect("at most RAW_BLOCK") << 3;
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
}
