//! Entries to members: the tar is written, and cut, here. Format: docs/layer-format.md, 2 and 3.
//!
//! Invariant: one pass. Each content is copied into the member once (small files, which were read ahead) or read
//! straight into it (large ones), and no member is longer than its codec's maximum.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use crate::{
    attributes::mode_by_content,
    cut::ends_before,
    dedupe::Stored,
    engine::Members,
    entry::{Entry, Kind},
    error::Error,
    format::{Cuts, MAX_HEADER, TAR_END},
    header::{self, Fields, Type, padding},
    mtree::{self, Line, Listing},
    read::{Content, Input, Reads, input_path, read_failed},
};

/// Writes the whole tar to `members`, and a line for each entry to `listing`, which is at `mtree`. With `dedupe`, what
/// `reads` took digests for, files that equal an earlier one become hard links to it.
pub(crate) fn write_entries(
    entries: &[Entry],
    dedupe: bool,
    reads: &mut Reads,
    members: &mut Members<'_, '_>,
    (listing, mtree): (&mut Listing<impl Write>, &Path),
) -> Result<(), Error> {
    let cuts = members.cuts();
    let mut stored = dedupe.then(Stored::default);
    let mut head = Vec::new();
    for entry in entries {
        let mut content = reads.next()?;
        let mut fields = fields(entry, &content);
        if let (Some(stored), Kind::Hardlink(path)) = (&stored, &entry.kind) {
            fields.link = stored.resolve(path).as_bytes();
        }
        head.clear();
        header::append(&mut head, fields);
        if head.len() > MAX_HEADER {
            return Err(Error::LongHeader { path: entry.path.clone(), length: head.len() });
        }
        if let Some(stored) = &mut stored
            && let Some(first) = stored.find_or_add(entry, fields.mode, &mut content)?
        {
            let link = Fields { kind: Type::Hardlink, link: first.as_bytes(), size: 0, ..fields };
            let length = head.len() as u64 + fields.size + padding(fields.size) as u64;
            let start = head.len();
            header::append(&mut head, link);
            // A link with a long target may take more room than what it saves.
            if ((head.len() - start) as u64) < length {
                head.drain(..start);
                (fields, content) = (link, Content::None);
                stored.linked(&entry.path, first);
            } else {
                head.truncate(start);
            }
        }
        let listed = listing.add(&line(fields));
        listed.map_err(|source| Error::Write { path: mtree.to_owned(), source })?;
        match content {
            Content::Large { mut input, size, .. } => {
                members.cut()?;
                members.block().push(&head);
                read_pieces(&mut input, input_path(entry), size, cuts, members)?;
            }
            Content::Small { bytes, .. } => add_small(entry, &head, bytes, cuts, members)?,
            Content::None => add_small(entry, &head, &[], cuts, members)?,
        }
    }
    if members.block().len() + TAR_END > cuts.max {
        members.cut()?;
    }
    members.block().push_zeros(TAR_END);
    Ok(())
}

/// The header of an entry with this content.
fn fields<'a>(entry: &'a Entry, content: &Content<'_>) -> Fields<'a> {
    let (size, head) = match content {
        Content::None => (0, &[][..]),
        Content::Small { bytes, .. } => (bytes.len() as u64, *bytes),
        Content::Large { size, head, .. } => (*size, &head[..]),
    };
    let (kind, link) = match &entry.kind {
        Kind::Directory => (Type::Directory, &[][..]),
        Kind::Symlink(target) => (Type::Symlink, &**target),
        Kind::Hardlink(path) => (Type::Hardlink, path.as_bytes()),
        Kind::Character(device) => (Type::Character(*device), &[][..]),
        Kind::Block(device) => (Type::Block(*device), &[][..]),
        Kind::Fifo => (Type::Fifo, &[][..]),
        Kind::Empty | Kind::Whiteout | Kind::File(_) | Kind::Slice(_) => (Type::File, &[][..]),
    };
    let mode = entry.mode.unwrap_or_else(|| mode_by_content(head));
    let Entry { path, owner, names, xattrs, mtime, .. } = entry;
    let (names, xattrs) = (names.as_deref(), xattrs.as_deref());
    Fields { kind, path: path.as_bytes(), link, mode, owner: *owner, names, xattrs, size, mtime: *mtime }
}

fn line(fields: Fields<'_>) -> Line<'_> {
    let Fields { kind, path, link, mode, owner, names, xattrs, size, mtime } = fields;
    let kind = match kind {
        Type::Directory => mtree::Type::Directory,
        Type::Symlink => mtree::Type::Symlink(link),
        Type::Hardlink => mtree::Type::Hardlink(link),
        Type::Character(device) => {
            mtree::Type::Character { major: device.major.into(), minor: device.minor.into() }
        }
        Type::Block(device) => mtree::Type::Block { major: device.major.into(), minor: device.minor.into() },
        Type::Fifo => mtree::Type::Fifo,
        Type::File | Type::Pax => mtree::Type::File { size },
    };
    Line { path, kind, mode: mode.into(), uid: owner.uid.into(), gid: owner.gid.into(), mtime, names, xattrs }
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
    input: &mut Input,
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
        input.read_exact(block.unfilled(count)).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => changed(),
            _ => failed(error),
        })?;
        block.advance(count);
        left -= count as u64;
        if block.len() == cuts.piece {
            members.cut()?;
        }
    }
    if input.read(&mut [0]).map_err(failed)? > 0 {
        return Err(changed());
    }
    // Pieces and padding are multiples of 512, so there is room.
    members.block().push_zeros(padding(size));
    members.cut()
}
