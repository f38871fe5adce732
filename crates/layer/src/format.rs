//! `LAYER_FORMAT` 1: which bytes a layer is made of.
//!
//! The same entries give the same bytes, whatever the number of threads, the machine, the order in which files
//! were declared, or the state of the file system besides names and contents. A change
//! to anything on this page changes digests in every cache and needs a new number.
//!
//! # Tar
//!
//! 1. **Order.** Entries are sorted by the bytes of their path, written without slashes at the ends; a directory so
//!    comes before all that it holds. Every directory above an entry is an entry itself. The root is none.
//! 2. **Entry.** If a field does not fit ustar: a pax header (typeflag `x`), its records, zeros up to a multiple of
//!    512. Then one header. Then, for a regular file, its content and zeros up to a multiple of 512.
//! 3. **Header**, 512 bytes, POSIX ustar:
//!
//!    | offset | length | field | value |
//!    |---|---|---|---|
//!    | 0 | 100 | name | the path, or the part after the slash it is split at; a directory's ends in `/` |
//!    | 100 | 8 | mode | 7 octal digits, NUL; permission bits with set-uid, set-gid and sticky, no file type |
//!    | 108 | 8 | uid | 7 octal digits, NUL |
//!    | 116 | 8 | gid | 7 octal digits, NUL |
//!    | 124 | 12 | size | 11 octal digits, NUL; 0 but for regular files |
//!    | 136 | 12 | mtime | 11 octal digits, NUL; seconds |
//!    | 148 | 8 | chksum | 6 octal digits, NUL, space: the sum of all bytes, with these eight as spaces |
//!    | 156 | 1 | typeflag | `0` file, `1` hard link, `2` symbolic link, `5` directory, `x` pax records |
//!    | 157 | 100 | linkname | the target of a symbolic link; the path of the entry that a hard link links to |
//!    | 257 | 8 | magic, version | `ustar`, NUL, `00` |
//!    | 265 | 64 | uname, gname | zeros |
//!    | 329 | 16 | devmajor, devminor | `0000000`, NUL, twice |
//!    | 345 | 155 | prefix | the part of the path before the slash it is split at, or zeros |
//!    | 500 | 12 | | zeros |
//!
//!    Text fields are filled up with zeros and need no NUL when full. A path of up to 100 bytes stands in `name`
//!    alone. A longer one is split at the first slash that leaves at most 100 bytes after it and at most 155
//!    before it, a directory's last slash excepted.
//! 4. **Pax records**, only those that are needed, in this order: `path` (no such slash), `linkpath` (over 100 bytes),
//!    `size` (over 8 GiB - 1), `uid`, `gid` (over 2,097,151), `mtime` (over 11 octal digits). Each is `LEN KEY=VALUE`
//!    and a line feed, LEN being the decimal length of the whole record. The header in front of them has the name
//!    [`PAX_NAME`], mode 0644 and zeros for the rest. The header after them has the first 100 bytes of an overlong path
//!    or target (readers that know pax ignore both), and 0 for an overlong number.
//! 5. **Equal files**, where `dedupe` asks for it: a regular file with content whose content, mode, owner and modification
//!    time are those of an earlier entry that is no link is a hard link to the first such entry, if its
//!    headers are then shorter than its headers, content and padding would be.
//! 6. **End**: 1,024 zeros. No padding beyond.
//!
//! # Members
//!
//! The tar is cut into *members*. For gzip and zstd each is compressed on its own, and its place in the
//! blob stands in `layer.json`. Lengths are of tar bytes. *min*, *max*, *distance* and *piece* are:
//!
//! | | min | max | distance | piece |
//! |---|---|---|---|---|
//! | gzip | 512 KiB | 2 MiB | 512 KiB | 1 MiB |
//! | zstd | 1 MiB | 4 MiB | 1 MiB | 2 MiB |
//!
//! 1. An entry with at least [`LARGE`] bytes of content starts a member, is cut every *piece* bytes counted from
//!    its first header byte, and ends a member.
//! 2. Before any other entry, whose length with headers and padding is L, the member ends if it is at least *min* long
//!    and the entry's path hash is below L, or if it would get longer than *max*.
//! 3. The *path hash* is the first 8 bytes of the SHA-256 of the path (without slashes at its ends), as a big-endian
//!    number h, scaled to *distance*: floor(h * *distance* / 2^64). So bigger entries are likelier to start a
//!    member, and cuts come about every *distance* bytes once *min* is reached. SHA-256 because it is specified
//!    everywhere, is even in all bits, and is here anyway. It is computed only once *min* is reached.
//! 4. The end of the archive is treated like an entry of 1,024 bytes that no hash cuts off.
//!
//! No cut depends on what stands in a file, so an edit that keeps the size changes one member. One that does not may
//! also move the next cut.
//!
//! A recompressed import is cut every *piece* bytes from its start, since its entries are not ours to rely on.
//!
//! # Segments
//!
//! A member is divided into blocks of [`BLOCK`] bytes, counted from its start; what is left over belongs to the last one.
//! Each is *dense* if [`crate::dense::is_dense`] says so, three integer tests of a sample. [`MIN_DENSE_RUN`] or more
//! dense blocks in a row, or a whole member of dense blocks, are one segment that is *stored*; what lies between
//! them is a segment that is *compressed*. A member shorter than a block is compressed.
//!
//! * **gzip.** A segment is one RFC 1952 member. Compressed: as libdeflate 1.26 writes it (CM 8, FLG 0, MTIME 0, OS
//!   255; XFL as libdeflate sets it for the level). Stored: the same header with XFL 0, then stored deflate blocks of
//!   65,535 bytes, the last one shorter or equal and marked final, then CRC-32 and length. Level 0 stores everything,
//!   as one segment.
//! * **gzip as one member** (`gzip_members = "one"`). The blob begins with the same header with XFL 0. A segment is a run of
//!   deflate blocks. Compressed: as `miniz_oxide` 0.9.1 writes it from a fresh state with a full flush, which ends it with an
//!   empty stored block. Stored: as above, but no block is marked final. At the end the bytes 03 00, an empty final
//!   block, then CRC-32 and length.
//! * **zstd.** A segment is one RFC 8878 frame, with content size, no checksum, no dictionary, no long mode. Compressed: as
//!   zstd 1.5.7 writes it in one shot from a fresh context. Stored: magic, frame header descriptor 0xA0 (single
//!   segment, content size in 4 bytes), then raw blocks of 128 KiB, the last one shorter or equal and marked last.
//! * **none.** The tar itself; there is no table of members.

/// Number of the format that this crate writes.
pub const LAYER_FORMAT: u32 = 1;

/// Size of a tar block: headers are one, contents are padded to it.
pub const TAR_BLOCK: usize = 512;

/// Length of the end of the archive: two blocks of zeros.
pub const TAR_END: usize = 2 * TAR_BLOCK;

/// Name in the header of pax records. Fixed, since the usual names hold a process id or repeat the path.
pub const PAX_NAME: &[u8] = b"PaxHeaders/x";

/// Content from which an entry has members of its own: 1 MiB. Large enough that the cost of a member (18 bytes, an
/// empty window) is nothing, small enough that a change in one binary leaves those beside it alone. It also bounds
/// what is read ahead.
pub const LARGE: u64 = 1 << 20;

/// Block of a member that is dense or not: 64 KiB, two windows of deflate. Smaller ones would split members more
/// often, larger ones would miss short runs.
pub const BLOCK: usize = 64 << 10;

/// Dense blocks in a row from which on they are stored: a single one saves little time, and a segment of its own costs
/// those around it their context.
pub const MIN_DENSE_RUN: usize = 2;

/// Where members end. See the table above; all in tar bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cuts {
    /// Below this no hash cuts.
    pub min: usize,
    /// No member is longer.
    pub max: usize,
    /// Expected way from `min` to the next cut.
    pub distance: u64,
    /// Length of the pieces of a large entry.
    pub piece: usize,
}

impl Cuts {
    /// gzip: about 1 MiB on average. That is many times deflate's window of 32 KiB, so little context is lost, and it
    /// gives several threads work even in a layer of 10 MiB.
    pub const GZIP: Self = Self { min: 512 << 10, max: 2 << 20, distance: 512 << 10, piece: 1 << 20 };

    /// zstd: twice that, since its window at level 3 has 2 MiB. Four times that wrote 0.1 to 0.4% less, and took 2 to
    /// 6% longer and a third more memory; the same as gzip's wrote 0.2 to 1% more.
    pub const ZSTD: Self = Self { min: 1 << 20, max: 4 << 20, distance: 1 << 20, piece: 2 << 20 };
}
