//! Reading content and checking it on the way: wrong bytes never look like a complete read.

use std::io::{self, Read};

use crate::digest::{Digest, Hasher};

/// A reader that fails at the end, rather than reporting it, if digest or size are not as expected; and as
/// soon as there are more bytes than expected. The error's inner value is a [`VerifyError`].
///
/// Only a reader that is read to its end (a read that returned 0) has been verified.
#[derive(Debug)]
pub struct VerifyReader<R> {
    inner: R,
    /// Until the end of `inner`.
    hasher: Option<Hasher>,
    /// What was found there. A read that is tried again must not look like the end.
    outcome: Result<(), VerifyError>,
    expected: Digest,
    size: u64,
    read: u64,
}

impl<R: Read> VerifyReader<R> {
    /// Reads `inner`, expecting `size` bytes whose digest is `expected`.
    pub fn new(inner: R, expected: Digest, size: u64) -> Self {
        Self { inner, hasher: Some(Hasher::new()), outcome: Ok(()), expected, size, read: 0 }
    }

    /// Called at the end of `inner`, the first time and whenever it is read again.
    fn finish(&mut self) -> Result<(), VerifyError> {
        if let Some(hasher) = self.hasher.take() {
            self.outcome = check(self.expected, self.size, hasher.finish(), self.read);
        }
        self.outcome.clone()
    }
}

impl<R: Read> Read for VerifyReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.inner.read(buffer)?;
        if count == 0 {
            self.finish().map_err(invalid_data)?;
            return Ok(0);
        }
        self.read += count as u64;
        if self.read > self.size {
            return Err(invalid_data(VerifyError::TooLong { expected: self.size }));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }
}

fn invalid_data(error: VerifyError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Checks content that is in memory.
///
/// # Errors
/// [`VerifyError`]
pub fn verify(content: &[u8], expected: Digest, size: u64) -> Result<(), VerifyError> {
    check(expected, size, Digest::of(content), content.len() as u64)
}

/// Compares what was found with what was expected. The size first: a truncated file is told from a changed
/// one.
fn check(expected: Digest, size: u64, found: Digest, found_size: u64) -> Result<(), VerifyError> {
    if found_size != size {
        return Err(VerifyError::Size { expected: size, found: found_size });
    }
    if found != expected {
        return Err(VerifyError::Digest { expected, found });
    }
    Ok(())
}

/// Content is not what its descriptor says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It has another size.
    #[error("it has {found} bytes, and its descriptor says {expected}")]
    Size {
        /// What the descriptor says.
        expected: u64,
        /// How many bytes there were.
        found: u64,
    },
    /// It has more bytes than its descriptor says; how many more was not read.
    #[error("it has more than the {expected} bytes that its descriptor says")]
    TooLong {
        /// What the descriptor says.
        expected: u64,
    },
    /// It has another digest.
    #[error("its digest is {found}, and its descriptor says {expected}")]
    Digest {
        /// What the descriptor says.
        expected: Digest,
        /// The digest of the bytes.
        found: Digest,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8], digest: Digest, size: u64) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut reader = VerifyReader::new(content, digest, size);
        let result = reader.read_to_end(&mut out).map_err(|error| {
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            error.to_string()
        });
        assert_eq!(reader.read(&mut [0; 8]).is_ok(), result.is_ok(), "the end stays what it was");
        result.map(|_| out)
    }

    #[test]
    fn contents() {
        let abc = Digest::of(b"abc");
        assert_eq!(read(b"abc", abc, 3).unwrap(), b"abc");
        assert_eq!(read(b"", Digest::of(b""), 0).unwrap(), b"");
        let cases: [(&[u8], u64, &str); 4] = [
            (b"abd", 3, "its digest is sha256:a52d159f"),
            (b"ab", 3, "2 bytes"),
            (b"abcd", 3, "more than the 3 bytes"),
            (b"abc", 4, "3 bytes"),
        ];
        for (content, size, expected) in cases {
            let error = read(content, abc, size).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(verify(content, abc, size).is_err());
        }
        assert_eq!(verify(b"abc", abc, 3), Ok(()));
    }

    #[test]
    fn an_empty_buffer_is_not_the_end() {
        let mut reader = VerifyReader::new(&b"abc"[..], Digest::of(b"abc"), 3);
        assert_eq!(reader.read(&mut []).unwrap(), 0);
        assert_eq!(io::read_to_string(reader).unwrap(), "abc");
    }
}
