//! A directory of blobs, `blobs/sha256/HEX`, that is being written.
//!
//! Invariant: what is in it has been hashed by whoever put it there, and has the name of its digest.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use oci::{
    Digest,
    atomic::{AtomicDir, AtomicFile},
    layout::BLOBS,
};

/// How much of a blob is in memory at a time.
const PIECE: usize = 256 << 10;

/// The directory. Dropped before [`Tree::commit`], it leaves nothing.
#[derive(Debug)]
pub(super) struct Tree {
    dir: AtomicDir,
    blobs: PathBuf,
}

impl Tree {
    /// Begins a directory that will be at `path`, where at most an empty one may be.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let dir = AtomicDir::create(path)?;
        let blobs = dir.path().join(BLOBS);
        fs::create_dir_all(&blobs).with_context(|| format!("cannot create {}", blobs.display()))?;
        Ok(Self { dir, blobs })
    }

    /// A path in the folder in which files without a name may be put aside.
    pub(super) fn beside(&self) -> &Path {
        self.dir.path()
    }

    /// Copies a blob. `reader` fails at its end if it is not what `digest` says.
    pub(super) fn copy(&self, digest: &Digest, mut reader: impl Read) -> Result<()> {
        let path = self.blobs.join(digest.hex());
        if path.exists() {
            return Ok(());
        }
        let failed =
            |error: io::Error| anyhow::Error::new(error).context(format!("cannot write {}", path.display()));
        let mut file = File::create(&path).map_err(failed)?;
        let mut buffer = vec![0; PIECE];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => file.write_all(&buffer[..count]).map_err(failed)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Adds a blob whose digest is known once it is written.
    pub(super) fn write<T>(
        &self,
        write: impl FnOnce(&mut AtomicFile, &Path) -> Result<(Digest, T)>,
    ) -> Result<T> {
        let path = self.blobs.join("new");
        let mut file = AtomicFile::create(&path)?;
        let (digest, value) = write(&mut file, &path)?;
        file.commit()?;
        let place = self.blobs.join(digest.hex());
        fs::rename(&path, &place).with_context(|| format!("cannot write {}", place.display()))?;
        Ok(value)
    }

    /// Puts the directory at its place.
    pub(super) fn commit(self) -> Result<()> {
        Ok(self.dir.commit()?)
    }
}
