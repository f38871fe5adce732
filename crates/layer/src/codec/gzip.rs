//! gzip members, RFC 1952.

use libdeflater::Compressor;

use super::{CompressError, Output};

/// CM 8 (deflate), no flags, no time, XFL 0, OS 255 (unknown).
pub(super) const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// Longest stored block of deflate (RFC 1951, 3.2.4): its length has 16 bits.
const STORED_BLOCK: usize = 0xffff;

pub(super) fn compress(
    out: &mut Output,
    compressor: &mut Compressor,
    data: &[u8],
) -> Result<(), CompressError> {
    let bound = compressor.gzip_compress_bound(data.len());
    let size = compressor.gzip_compress(data, out.room(bound));
    out.advance(size.map_err(|error| CompressError(format!("{error:?} from libdeflate")))?);
    Ok(())
}

pub(super) fn store(out: &mut Output, data: &[u8]) {
    out.push(&HEADER);
    store_blocks(out, data, true);
    out.push(&trailer(libdeflater::crc32(data), data.len() as u64));
}

/// Stored blocks; the last one is marked final or not.
pub(super) fn store_blocks(out: &mut Output, data: &[u8], end: bool) {
    let last = data.len().div_ceil(STORED_BLOCK).max(1) - 1;
    for index in 0..=last {
        let start = index * STORED_BLOCK;
        let block = &data[start..data.len().min(start + STORED_BLOCK)];
        let length = u16::try_from(block.len()).expect("at most STORED_BLOCK");
        // BFINAL, then BTYPE 00, then padding to the byte.
        out.push(&[u8::from(end && index == last)]);
        out.push(&length.to_le_bytes());
        out.push(&(!length).to_le_bytes());
        out.push(block);
    }
}

/// What ends a member: CRC-32 and length, which is stored modulo 2^32 (RFC 1952, 2.3.1).
pub(super) fn trailer(crc: u32, length: u64) -> [u8; 8] {
    let [crc, length] = [u64::from(crc), length].map(u64::to_le_bytes);
    let mut trailer = [0; 8];
    trailer[..4].copy_from_slice(&crc[..4]);
    trailer[4..].copy_from_slice(&length[..4]);
    trailer
}
