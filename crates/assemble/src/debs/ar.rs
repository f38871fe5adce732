//! The members of an archive in the common format of `ar`, one after the other (deb(5), ar(5)).
//!
//! Written here since it is a magic and headers of 60 bytes, and packages have no long names, which are what takes a library.
//!
//! Invariant: a member gives as many bytes as its header says, or an error.

use std::io::{self, Read};

/// What every archive begins with.
pub(super) const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;

/// An archive that is being read.
pub(super) struct Ar<R> {
    inner: R,
    /// Bytes of the current member that are still to come.
    left: u64,
    /// Whether a byte follows the current member, so that the next header begins at an even place.
    is_padded: bool,
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size: u64,
}

impl<R: Read> Ar<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// If it is no archive.
    pub(super) fn open(mut inner: R) -> io::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        match inner.read_exact(&mut magic) {
            Ok(()) if magic == *MAGIC => Ok(Self { inner, left: 0, is_padded: false }),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
            _ => Err(invalid("it does not begin as packages do, with !<arch>")),
        }
    }

    /// Goes on to the next member; `None` at the end.
    ///
    /// # Errors
    /// If the archive is cut off, or a header is none.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        io::copy(self, &mut io::sink())?;
        let mut header = [0; HEADER];
        let padding = usize::from(std::mem::take(&mut self.is_padded));
        let mut start = [0; 1];
        if self.inner.read(&mut start[..padding])? < padding {
            // The last member may go without.
            return Ok(None);
        }
        if read_up_to(&mut self.inner, &mut header)? == 0 {
            return Ok(None);
        }
        if header[58..] != *b"`\n" {
            return Err(invalid("it is damaged or cut off: a header of its ar archive is none"));
        }
        let text =
            |range: std::ops::Range<usize>| String::from_utf8_lossy(&header[range]).trim_end().to_owned();
        let size = text(48..58);
        let size = size
            .parse()
            .map_err(|_| invalid(&format!("it is damaged: a member has {size:?} as its size")))?;
        (self.left, self.is_padded) = (size, size % 2 == 1);
        let name = text(0..16);
        // As System V writes it.
        Ok(Some(Member { name: name.strip_suffix('/').unwrap_or(&name).to_owned(), size }))
    }
}

/// The content of the current member.
impl<R: Read> Read for Ar<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.inner.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("it is cut off: {} bytes of a member are missing", self.left),
            ));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::debs::fixtures::ar;

    fn members(bytes: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut ar = Ar::open(bytes)?;
        let mut found = Vec::new();
        while let Some(member) = ar.next()? {
            let mut content = Vec::new();
            ar.read_to_end(&mut content)?;
            assert_eq!(content.len() as u64, member.size);
            found.push((member.name, content));
        }
        Ok(found)
    }

    #[test]
    fn what_is_damaged() {
        let whole = ar(&[("a", b"odd".to_vec()), ("b", b"even".to_vec())]);
        let mut no_size = whole.clone();
        no_size[8 + 48] = b'x';
        for (bytes, says) in [
            (&b""[..], "!<arch>"),
            (b"!<arch", "!<arch>"),
            (b"<!DOCTYPE html>", "!<arch>"),
            (&whole[..30], "a header"),
            (&whole[..70], "1 bytes of a member are missing"),
            (&whole[..whole.len() - 1], "1 bytes of a member are missing"),
            (&no_size, "as its size"),
        ] {
            let error = members(bytes).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_member_need_not_be_read_and_the_last_not_be_padded() {
        let mut bytes = ar(&[("a/", b"odd".to_vec()), ("b", b"odd".to_vec())]);
        assert_eq!(bytes.pop(), Some(b'\n'));
        let mut ar = Ar::open(&bytes[..]).unwrap();
        assert_eq!(ar.next().unwrap().unwrap().name, "a");
        assert_eq!(ar.next().unwrap(), Some(Member { name: "b".to_owned(), size: 3 }));
        assert_eq!(ar.next().unwrap(), None);
        assert_eq!(ar.next().unwrap(), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(contents in prop::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let expected: Vec<_> = contents.into_iter().map(|content| ("name", content)).collect();
            let read = members(&ar(&expected)).unwrap();
            prop_assert_eq!(read.iter().map(|(name, content)| (name.as_str(), content.clone())).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn nothing_makes_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = members(&[MAGIC.to_vec(), bytes].concat());
        }
    }
}
