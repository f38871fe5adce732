//! Entries to members: the tar is written, and cut, here. Format: [`crate::format`].
//!
//! Invariant: one pass. Each content is copied into the member once (small files, which were read ahead) or read
//! straight into it (large ones), and no member is longer than its codec's maximum.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use crate::{
    attributes::mode_by_content,
    cut::ends_before,
    engine::Members,
    entry::{Entry, Kind},
    error::Error,
    format::{Cuts, TAR_END},
    header::{self, Fields, padding},
    mtree::{self, Line, Listing},
    read::{Content, Reads, read_failed},
};

/// Writes the whole tar to `members`, and a line for each entry to `listing`, which is at `mtree`.
pub(crate) fn write_entries(
    entries: &[Entry],
    reads: &mut Reads,
    members: &mut Members<'_, '_>,
    (listing, mtree): (&mut Listing<impl Write>, &Path),
) -> Result<(), Error> {
    let cuts = members.cuts();
    let mut head = Vec::new();
    for entry in entries {
        let content = reads.next()?;
        let (size, start) = match &content {
            Content::None => (0, &[][..]),
            Content::Small(bytes) => (bytes.len() as u64, *bytes),
            Content::Large { size, head: start, .. } => (*size, &start[..]),
        };
        let fields = fields(entry, size, start);
        head.clear();
        header::append(&mut head, fields);
        let listed = listing.add(&line(entry, fields));
        listed.map_err(|source| Error::Write { path: mtree.to_owned(), source })?;
        match (content, &entry.kind) {
            (Content::Large { mut file, size, .. }, Kind::File(path)) => {
                members.cut()?;
                members.block().push(&head);
                read_pieces(&mut file, path, size, cuts, members)?;
            }
            (Content::Small(bytes), _) => add_small(entry, &head, bytes, cuts, members)?,
            (Content::None | Content::Large { .. }, _) => add_small(entry, &head, &[], cuts, members)?,
        }
    }
    if members.block().len() + TAR_END > cuts.max {
        members.cut()?;
    }
    members.block().push_zeros(TAR_END);
    Ok(())
}

/// The header of an entry whose content is `size` bytes long and begins with `head`.
fn fields<'a>(entry: &'a Entry, size: u64, head: &[u8]) -> Fields<'a> {
    let (kind, link) = match &entry.kind {
        Kind::Directory => (header::Type::Directory, &[][..]),
        Kind::Symlink(target) => (header::Type::Symlink, &**target),
        Kind::Empty | Kind::File(_) => (header::Type::File, &[][..]),
    };
    let mode = entry.mode.unwrap_or_else(|| mode_by_content(head));
    let Entry { path, owner, mtime, .. } = entry;
    Fields { kind, path: path.as_bytes(), link, mode, owner: *owner, size, mtime: *mtime }
}

fn line<'a>(entry: &'a Entry, fields: Fields<'_>) -> Line<'a> {
    let kind = match &entry.kind {
        Kind::Directory => mtree::Type::Directory,
        Kind::Symlink(target) => mtree::Type::Symlink(target),
        Kind::Empty | Kind::File(_) => mtree::Type::File { size: fields.size },
    };
    let (uid, gid) = (fields.owner.uid.into(), fields.owner.gid.into());
    let mtime = i64::try_from(fields.mtime).unwrap_or(i64::MAX);
    Line { path: entry.path.as_bytes(), kind, mode: fields.mode.into(), uid, gid, mtime }
}

/// Adds an entry whose content is at hand, in a new member if the format says so.
fn add_small(
    entry: &Entry,
    head: &[u8],
    content: &[u8],
    cuts: Cuts,
    members: &mut Members<'_, '_>,
) -> Result<(), Error> {
    let padding = padding(content.len() as u64);
    let length = head.len() + content.len() + padding;
    let block = members.block();
    if !block.is_empty() && ends_before(cuts, block.len(), entry.path.as_bytes(), length) {
        members.cut()?;
    }
    let block = members.block();
    block.push(head);
    block.push(content);
    block.push_zeros(padding);
    Ok(())
}

/// Adds the content of a large file behind its header, cut at fixed distances from that header, and ends the member.
fn read_pieces(
    file: &mut File,
    path: &Path,
    size: u64,
    cuts: Cuts,
    members: &mut Members<'_, '_>,
) -> Result<(), Error> {
    let failed = |source| read_failed(path, source);
    let changed = || Error::SizeChanged { path: path.to_owned(), size };
    let mut left = size;
    while left > 0 {
        let room = cuts.piece - members.block().len();
        let count = usize::try_from(left).map_or(room, |left| left.min(room));
        let block = members.block();
        file.read_exact(block.unfilled(count)).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => changed(),
            _ => failed(error),
        })?;
        block.advance(count);
        left -= count as u64;
        if block.len() == cuts.piece {
            members.cut()?;
        }
    }
    if file.read(&mut [0]).map_err(failed)? > 0 {
        return Err(changed());
    }
    // Pieces and padding are multiples of 512, so there is room.
    members.block().push_zeros(padding(size));
    members.cut()
}
