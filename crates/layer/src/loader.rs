//! The program by which Linux starts a dynamic executable: the path of `PT_INTERP` in ELF (elf(5)).

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

const PT_INTERP: u64 = 3;
/// Linux takes no longer path (`PATH_MAX`).
const LONGEST: u64 = 4096;

/// Where the fields are that are read, in bytes; sizes of fields beside them.
struct Fields {
    /// Of the file's header: `e_phoff`, `e_phentsize`, `e_phnum`.
    headers: (usize, usize),
    header_size: usize,
    header_count: usize,
    /// Of a program header: `p_offset`, `p_filesz`.
    offset: (usize, usize),
    size: (usize, usize),
}

const FIELDS_32: Fields =
    Fields { headers: (28, 4), header_size: 42, header_count: 44, offset: (4, 4), size: (16, 4) };
const FIELDS_64: Fields =
    Fields { headers: (32, 8), header_size: 54, header_count: 56, offset: (8, 8), size: (32, 8) };

/// The loader of the executable at `path`; `None` for what is static, or no executable of ELF.
///
/// # Errors
/// The file cannot be read.
pub fn loader_of(path: &Path) -> io::Result<Option<String>> {
    match read_loader(&mut File::open(path)?) {
        // Cut off: Linux would not start it either.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        loader => loader,
    }
}

fn read_loader(file: &mut (impl Read + Seek)) -> io::Result<Option<String>> {
    let mut header = [0; 64];
    file.read_exact(&mut header[..52])?;
    if !header.starts_with(b"\x7fELF") {
        return Ok(None);
    }
    let fields = match header[4] {
        1 => FIELDS_32,
        2 => FIELDS_64,
        _ => return Ok(None),
    };
    let is_big_endian = header[5] == 2;
    let number = |bytes: &[u8], (at, length): (usize, usize)| {
        let field = bytes.get(at..at + length).unwrap_or_default();
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if is_big_endian { field.iter().fold(0, add) } else { field.iter().rev().fold(0, add) }
    };
    file.read_exact(&mut header[52..])?;
    let start = number(&header, fields.headers);
    let size = number(&header, (fields.header_size, 2));
    for index in 0..number(&header, (fields.header_count, 2)) {
        let mut header = vec![0; usize::try_from(size).unwrap_or_default()];
        file.seek(SeekFrom::Start(start.saturating_add(index * size)))?;
        file.read_exact(&mut header)?;
        if number(&header, (0, 4)) == PT_INTERP {
            file.seek(SeekFrom::Start(number(&header, fields.offset)))?;
            let mut path = Vec::new();
            file.take(number(&header, fields.size).min(LONGEST)).read_to_end(&mut path)?;
            let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
            return Ok(Some(String::from_utf8_lossy(&path[..end]).into_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::read_loader;

    /// An executable that is nothing but headers: `PT_LOAD`, then `PT_INTERP` if `loader` is not empty.
    fn elf(is_wide: bool, is_big_endian: bool, loader: &str) -> Vec<u8> {
        let number = |value: u64, size: usize| {
            let bytes = value.to_be_bytes()[8 - size..].to_vec();
            if is_big_endian { bytes } else { bytes.into_iter().rev().collect() }
        };
        let word = if is_wide { 8 } else { 4 };
        let (header, entry) = if is_wide { (64, 56) } else { (52, 32) };
        let count = 1 + usize::from(!loader.is_empty());
        let mut file = vec![0; 200];
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &[0x7f, b'E', b'L', b'F', if is_wide { 2 } else { 1 }, if is_big_endian { 2 } else { 1 }]);
        put(if is_wide { 32 } else { 28 }, &number(header as u64, word));
        put(if is_wide { 54 } else { 42 }, &number(entry as u64, 2));
        put(if is_wide { 56 } else { 44 }, &number(count as u64, 2));
        put(header, &number(1, 4));
        if count == 2 {
            let at = header + entry;
            put(at, &number(3, 4));
            put(at + if is_wide { 8 } else { 4 }, &number(180, word));
            put(at + if is_wide { 32 } else { 16 }, &number(loader.len() as u64, word));
            put(180, loader.as_bytes());
        }
        file
    }

    #[test]
    fn loaders() {
        for is_wide in [false, true] {
            for is_big_endian in [false, true] {
                for (loader, expected) in [("/lib/ld.so.1\0", Some("/lib/ld.so.1")), ("", None)] {
                    let found = read_loader(&mut Cursor::new(elf(is_wide, is_big_endian, loader))).unwrap();
                    assert_eq!(found.as_deref(), expected, "{is_wide} {is_big_endian}");
                }
            }
        }
    }

    #[test]
    fn no_executables() {
        let text = b"#!/bin/sh\n".repeat(10);
        assert_eq!(read_loader(&mut Cursor::new(text)).unwrap(), None);
        let mut other_class = elf(true, false, "/lib/ld.so\0");
        other_class[4] = 9;
        assert_eq!(read_loader(&mut Cursor::new(other_class)).unwrap(), None);
    }
}
