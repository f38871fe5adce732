//! Tars on disk to stages: what is in each, and where its contents are.
//!
//! Invariant: the stages come in the order of the tars, and so does the first error, whatever thread was done first.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use crate::{
    attributes::MAX_OWNER_NAME,
    entries::{MAX_XATTRS, check_target},
    entry::{Device, Entry, Kind, Names, Owner},
    error::Error,
    import::{
        Stop,
        found::{self, Found},
        locate::{Located, Spool},
    },
    layer::granted_threads,
    merge::Stage,
    path::{ImagePath, printable},
    read::MOST_READERS,
    slice::{Slice, TarFile},
    whiteout::Whiteout,
    xattr::Xattrs,
};

/// Reads `tars` with several threads, and hands out what is in them in their order. What is compressed is unpacked beside
/// `output`.
///
/// # Errors
/// Those of the first tar that cannot be read, and of `take`.
pub(crate) fn read(
    tars: &[PathBuf],
    output: &Path,
    mut take: impl FnMut(Stage) -> Result<(), Error>,
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, stages) = mpsc::sync_channel(1);
        for _ in 0..granted_threads().get().min(MOST_READERS).min(tars.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                let mut spool = Spool::beside(output);
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(tar) = tars.get(index) else { break };
                    // Nobody takes it after an error elsewhere.
                    if sender.send((index, read_tar(tar, index, &mut spool))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        for (index, stage) in stages {
            early.insert(index, stage);
            while let Some(stage) = early.remove(&wanted) {
                take(stage?)?;
                wanted += 1;
            }
        }
        Ok(())
    })
}

/// Reads what is in one tar.
fn read_tar(path: &Path, index: usize, spool: &mut Spool<'_>) -> Result<Stage, Error> {
    let tar = Located::open(path, index, spool)?;
    let mut reading = Reading {
        path: path.into(),
        tar: Arc::clone(tar.file()),
        stage: Stage::default(),
        names: None,
        xattrs: None,
    };
    tar.scan(spool, &mut |found| reading.take(found))?;
    Ok(reading.stage)
}

/// A tar that is being read.
struct Reading {
    path: Arc<Path>,
    tar: Arc<TarFile>,
    stage: Stage,
    /// Those of the last entry that had some: neighbours mostly have the same.
    names: Option<Arc<Names>>,
    xattrs: Option<Arc<Xattrs>>,
}

impl Reading {
    /// Takes an entry of the tar.
    fn take(&mut self, found: Found) -> Result<(), Stop> {
        let bad = |problem: String| {
            let (tar, path) = (self.path.to_path_buf(), printable(&found.path).into_owned());
            Stop::Error(Error::TarEntry { tar, path, problem })
        };
        let path = ImagePath::parse(&found.path).map_err(|problem| bad(problem.to_string()))?;
        if path.is_root() {
            // A layer has no entry for it.
            return match found.kind {
                found::Kind::Directory => Ok(()),
                _ => Err(bad("it has no name, and is no directory".into())),
            };
        }
        if let Some(whiteout) =
            Whiteout::parse(&path, Some(&self.path)).map_err(|problem| bad(problem.into()))?
        {
            self.stage.whiteouts.push(whiteout);
            return Ok(());
        }
        let kind = self.kind(&found).map_err(bad)?;
        let id = |name, id: u64| {
            // The highest one stands for "leave it" in chown(2).
            let id = u32::try_from(id).ok().filter(|id| *id != u32::MAX);
            id.ok_or_else(|| bad(format!("Linux has no {name} as high as that")))
        };
        let owner = Owner { uid: id("uid", found.uid)?, gid: id("gid", found.gid)? };
        let size: usize = found.xattrs.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
        if size > MAX_XATTRS {
            return Err(bad(format!(
                "its extended attributes have {size} bytes; at most {MAX_XATTRS} are taken"
            )));
        }
        let is_long = |name: &[u8]| name.len() > MAX_OWNER_NAME;
        if found.names.iter().any(|names| is_long(&names.user) || is_long(&names.group)) {
            return Err(bad(format!("its owner has a name of more than {MAX_OWNER_NAME} bytes")));
        }
        let Found { mode, names, xattrs, mtime, .. } = found;
        let (names, xattrs) = (share(&mut self.names, names), share(&mut self.xattrs, xattrs));
        let tar = Some(Arc::clone(&self.path));
        self.stage.entries.push(Entry { path, kind, mode: Some(mode), owner, names, xattrs, mtime, tar });
        Ok(())
    }

    fn kind(&self, found: &Found) -> Result<Kind, String> {
        let device = |major, minor| {
            Device::new(major, minor).ok_or_else(|| format!("Linux has no device {major}, {minor}"))
        };
        Ok(match &found.kind {
            found::Kind::File => {
                let content = &found.content;
                Kind::Slice(Slice::new(&self.tar, content.offset, content.size, content.map.clone()))
            }
            found::Kind::Directory => Kind::Directory,
            found::Kind::Symlink(target) => {
                check_target(target)?;
                Kind::Symlink(target.as_slice().into())
            }
            found::Kind::Hardlink(target) => {
                Kind::Hardlink(ImagePath::parse(target).map_err(|problem| format!("its target: {problem}"))?)
            }
            &found::Kind::Character { major, minor } => Kind::Character(device(major, minor)?),
            &found::Kind::Block { major, minor } => Kind::Block(device(major, minor)?),
            found::Kind::Fifo => Kind::Fifo,
        })
    }
}

/// `value`, shared with the last one if that is the same.
fn share<T: PartialEq>(last: &mut Option<Arc<T>>, value: Option<T>) -> Option<Arc<T>> {
    let value = value?;
    if last.as_deref() != Some(&value) {
        *last = Some(Arc::new(value));
    }
    last.clone()
}
