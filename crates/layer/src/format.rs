//! `LAYER_FORMAT` 1: which bytes a layer is made of. `docs/layer-format.md` has all of it, byte by byte; this module has its
//! constants.
//!
//! The same entries give the same bytes, whatever the number of threads, the machine, the order in which files
//! were declared, or the state of the file system besides names and contents. A change to any of it changes
//! digests in every cache and needs a new number.
//!
//! * **Tar** (`header`, `stream`): entries sorted by path, every parent an entry, ustar headers with pax
//!   records only where a field does not fit, 1,024 zeros at the end.
//! * **Members** (`cut`): the tar is cut before entries whose path hash says so, between [`Cuts::min`] and
//!   [`Cuts::max`]; an entry of at least [`LARGE`] bytes is cut every [`Cuts::piece`] bytes from its start. No
//!   cut depends on what stands in a file, so that an edit is local. A recompressed import is cut every
//!   [`Cuts::piece`] bytes from its start, since its entries are not ours to rely on.
//! * **Segments** (`dense`): in a member, [`MIN_DENSE_RUN`] or more blocks of [`BLOCK`] bytes that look like noise are
//!   stored, the rest is compressed.
//! * **Blob** (`codec`): a gzip member or zstd frame for each segment; or all segments as blocks of one gzip member.

/// Number of the format that this crate writes.
pub const LAYER_FORMAT: u32 = 1;

/// Size of a tar block: headers are one, contents are padded to it.
pub const TAR_BLOCK: usize = 512;

/// Length of the end of the archive: two blocks of zeros.
pub const TAR_END: usize = 2 * TAR_BLOCK;

/// Name in the header of pax records. Fixed, since the usual names hold a process id or repeat the path.
pub const PAX_NAME: &[u8] = b"PaxHeaders/x";

/// Longest header with its pax records: 512 KiB. It fits any member, with content to come, and is more than names and what
/// a file system takes of extended attributes need.
pub const MAX_HEADER: usize = 512 << 10;

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

/// Where members end. docs/layer-format.md, 3; all in tar bytes.
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
