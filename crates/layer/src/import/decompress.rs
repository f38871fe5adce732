//! What is inside a compressed file.
//!
//! Invariant: every member and frame is read, to the last byte of the file, and its checksum is checked.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use oci::media_type::Compression;

/// A reader of the tar in `input`.
///
/// # Errors
/// Those of setting up a decompressor.
pub(crate) fn decompress<'a>(found: Compression, input: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match found {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(Gunzip(Some(GzDecoder::new(input)))),
        // Memory: the window that a frame declares, of which zstd takes 128 MiB at most.
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(input)?),
    })
}

/// gzip members, one after the other. flate2 has a reader for several as well, which would call what follows the last one a
/// bad header.
struct Gunzip<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(mut input) = self.0.take().map(GzDecoder::into_inner) else { break };
            match input.fill_buf()?.first() {
                None => {}
                Some(0x1f) => self.0 = Some(GzDecoder::new(input)),
                Some(_) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "after its end comes something that is not gzip. Make or fetch it again",
                    ));
                }
            }
        }
        Ok(0)
    }
}
