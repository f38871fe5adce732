//! gzip members, RFC 1952.

use libdeflater::Compressor;

use super::{CompressError, Output};

/// CM 8 (deflate), no flags, no time, XFL 0, OS 255 (unknown).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
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
    let last = data.len().div_ceil(STORED_BLOCK).max(1) - 1;
    for index in 0..=last {
        let start = index * STORED_BLOCK;
        let block = &data[start..data.len().min(start + STORED_BLOCK)];
        let length = u16::try_from(block.len()).expect("at most STORED_BLOCK");
        // BFINAL, then BTYPE 00, then padding to the byte.
        out.push(&[u8::from(index == last)]);
        out.push(&length.to_le_bytes());
        out.push(&(!length).to_le_bytes());
        out.push(block);
    }
    out.push(&libdeflater::crc32(data).to_le_bytes());
    // ISIZE is the length modulo 2^32 (RFC 1952, 2.3.1).
    out.push(&(data.len() as u64).to_le_bytes()[..4]);
}
