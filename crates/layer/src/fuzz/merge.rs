//! Two tars, merged.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    codec::Codec,
    entries::{Declarations, Declared, DeclaredKind},
    format::TAR_BLOCK,
    import::fuzz::{Seen, repair_all},
    layer::{Packing, write},
    path::ImagePath,
    plan::plan,
};

/// Merges two tars, of which the first has as many blocks as the first byte says. What comes of it is a good tar in our
/// order. Merging it alone changes nothing but that whiteouts go which an opaque directory makes superfluous, and doing so
/// once more changes nothing at all.
pub fn merge(data: &[u8]) {
    let Some((blocks, tars)) = data.split_first() else { return };
    let (first, second) = tars.split_at((usize::from(*blocks) * TAR_BLOCK).min(tars.len()));
    let Some(once) = merged(&[first, second]) else { return };
    let seen = Seen::in_tar(&once);
    assert!(seen.windows(2).all(|pair| pair[0].path < pair[1].path), "not sorted");
    for (index, entry) in seen.iter().enumerate() {
        if entry.flag == b'1' {
            let target = seen[..index].iter().find(|other| other.path == entry.target);
            assert_eq!(
                target.map(|target| target.flag),
                Some(b'0'),
                "a link to no file before it: {entry:?}"
            );
        }
    }
    let twice = merged(&[&once]).expect("what was merged is good");
    assert_eq!(without_whiteouts(Seen::in_tar(&twice)), without_whiteouts(seen));
    let thrice = merged(&[&twice]).expect("as before");
    assert!(thrice == twice, "merging it again makes another layer");
}

fn without_whiteouts(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.retain(|entry| {
        !entry.path.split(|byte| *byte == b'/').next_back().is_some_and(|name| name.starts_with(b".wh."))
    });
    seen
}

/// The tar of a layer of tars; `None` if they cannot be merged.
fn merged(tars: &[&[u8]]) -> Option<Vec<u8>> {
    let folder = Folder::new();
    let declare = |(index, tar): (usize, &&[u8])| {
        let (mut tar, path) = (tar.to_vec(), folder.0.join(index.to_string()));
        repair_all(&mut tar);
        fs::write(&path, tar).expect("a temporary file");
        Declared { path: ImagePath::root(), kind: DeclaredKind::Tar(path), mode: None }
    };
    let entries = tars.iter().enumerate().map(declare).collect();
    let entries = plan(Declarations { entries, ..Declarations::default() }, &folder.0.join("out")).ok()?;
    let mut tar = Vec::new();
    let packing = Packing { codec: Codec::None, dedupe: false, threads: NonZeroUsize::MIN };
    write(&entries, packing, (&mut tar, Path::new("blob")), (Vec::new(), Path::new("mtree"))).ok()?;
    Some(tar)
}

/// A folder that goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("layer-fuzz-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
