//! The entries file, as far as nothing on disk is needed.

use std::{num::NonZeroUsize, path::Path};

use crate::{
    codec::Codec,
    entries::{Declarations, DeclaredKind, parse},
    entry::{Entry, Kind},
    import::fuzz::Seen,
    layer::{Packing, write},
    plan::plan,
};

/// Parses an entries file. What is understood does not depend on the order, and what comes of it is a layer that says the
/// same to who reads it.
pub fn entries(data: &[u8]) {
    let Ok(declarations) = parse(data) else { return };
    let on_disk = |kind: &DeclaredKind| {
        matches!(kind, DeclaredKind::Tree(_) | DeclaredKind::Readlink(_) | DeclaredKind::Tar(_))
    };
    if declarations.entries.iter().any(|declared| on_disk(&declared.kind)) {
        return;
    }
    let Declarations { mut entries, settings } = declarations.clone();
    entries.reverse();
    let [forwards, backwards] = [declarations, Declarations { entries, settings }]
        .map(|declarations| plan(declarations, Path::new("blob")).map_err(|error| error.to_string()));
    assert_eq!(forwards, backwards, "the order matters");
    let Ok(entries) = forwards else { return };

    assert!(entries.windows(2).all(|pair| pair[0].path < pair[1].path), "not sorted");
    let directories: Vec<_> = entries
        .iter()
        .filter(|entry| entry.kind == Kind::Directory)
        .map(|entry| entry.path.as_bytes())
        .collect();
    for entry in &entries {
        let parent = entry.path.parents().next();
        assert!(parent.is_none_or(|parent| directories.contains(&parent)), "{} has no directory", entry.path);
    }
    if !entries.iter().any(|entry| matches!(entry.kind, Kind::File(_))) {
        says_the_same(&entries);
    }
}

/// Packs, reads, compares.
fn says_the_same(entries: &[Entry]) {
    let mut tar = Vec::new();
    let packing = Packing { codec: Codec::None, dedupe: true, threads: NonZeroUsize::MIN };
    write(entries, packing, (&mut tar, Path::new("blob")), (Vec::new(), Path::new("mtree")))
        .expect("nothing to read");
    let read = Seen::in_tar(&tar);
    assert_eq!(read.len(), entries.len());
    for (read, entry) in read.iter().zip(entries) {
        let (flag, target): (u8, &[u8]) = match &entry.kind {
            Kind::Directory => (b'5', b""),
            Kind::Symlink(target) => (b'2', target),
            _ => (b'0', b""),
        };
        let expected = Seen {
            flag,
            path: entry.path.as_bytes().to_vec(),
            target: target.to_vec(),
            mode: entry.mode.expect("decided, since nothing is on disk"),
            owner: (entry.owner.uid.into(), entry.owner.gid.into()),
            names: entry.names.as_deref().cloned(),
            mtime: entry.mtime,
            xattrs: entry.xattrs.as_deref().cloned(),
        };
        assert_eq!(*read, expected);
    }
}
