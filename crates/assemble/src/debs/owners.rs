//! Which package has which path, and what becomes of a path that two have (Debian Policy, 7.6.1).
//!
//! As dpkg does it: directories are shared, and keep what the first says of them; a file of a package that `Replaces` the
//! other's takes its place, whatever the order; all else is an error. What both have equal to the last bit is no conflict, which
//! dpkg knows of packages of several architectures only.
//!
//! Of two files at one path in a tar the later one counts, and the names of the earlier one that are left keep its content. But what
//! is a file and then a link is an error where tars are merged, so such a path is to be left out from the beginning, and the tar
//! is written once more: nobody can know before all packages are read, and it is rare.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use anyhow::{Context as _, Result, bail, ensure};
use layer::path::ImagePath;
use oci::{Digest, digest::Hasher};

use super::{
    control::Control,
    data::{Attributes, Entry, Kind},
};

/// What is at a path.
struct Owned {
    /// The number of the package.
    package: usize,
    kind: Kind,
    attributes: Attributes,
    /// That of the content, of files.
    digest: Option<Digest>,
}

/// Packages, and what they have.
#[derive(Default)]
pub(super) struct Owners {
    packages: Vec<(String, Control)>,
    paths: BTreeMap<ImagePath, Owned>,
    /// What of the last package is not in the layer.
    left_out: BTreeSet<ImagePath>,
    /// What a later package replaces by something of another type: the number of the package, and the path.
    superseded: BTreeSet<(usize, ImagePath)>,
    /// Whether something has been written that is among these.
    is_stale: bool,
}

/// What to do with an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Write,
    LeaveOut,
}

impl Owners {
    /// Nothing yet, but for what has been learnt of the packages, if there is something new to it.
    pub(super) fn again(self) -> Option<Self> {
        self.is_stale.then(|| Self { superseded: self.superseded, ..Self::default() })
    }

    /// Goes on to the next package.
    ///
    /// # Errors
    /// If it has been there.
    pub(super) fn begin(&mut self, name: &str, control: Control) -> Result<()> {
        if let Some((other, _)) = self.packages.iter().find(|(_, other)| other.package == control.package) {
            bail!("{other} and {name} are both the package {}: take one out", control.package);
        }
        self.packages.push((name.to_owned(), control));
        self.left_out.clear();
        Ok(())
    }

    /// Says that an entry is not wanted in the layer.
    pub(super) fn leave_out(&mut self, path: ImagePath) {
        self.left_out.insert(path);
    }

    /// Looks at an entry before it is written. Its content is read if only that can tell.
    ///
    /// # Errors
    /// A conflict; or a hard link to what is not in the layer.
    pub(super) fn judge(&mut self, entry: &mut Entry<'_, '_>) -> Result<Fate> {
        let ours = self.packages.len() - 1;
        if self.superseded.contains(&(ours, entry.path.clone())) {
            self.left_out.insert(entry.path.clone());
            return Ok(Fate::LeaveOut);
        }
        self.check_parents(entry)?;
        if let Kind::Hardlink(target) = &entry.kind {
            self.check_target(&entry.path, target)?;
        }
        let Some(old) = self.paths.get_mut(&entry.path) else { return Ok(Fate::Write) };
        let is_directory = [&old.kind, &entry.kind].map(|kind| *kind == Kind::Directory);
        if is_directory == [true, true] {
            return Ok(Fate::LeaveOut);
        }
        if is_directory == [false, false] && old.package != ours {
            let ((_, old_control), (_, control)) = (&self.packages[old.package], &self.packages[ours]);
            if control.replaces(old_control) {
                if class(&old.kind) != class(&entry.kind) {
                    self.superseded.insert((old.package, entry.path.clone()));
                    self.is_stale = true;
                }
                return Ok(Fate::Write);
            }
            if old_control.replaces(control) {
                self.left_out.insert(entry.path.clone());
                return Ok(Fate::LeaveOut);
            }
        }
        let is_equal = old.kind == entry.kind
            && Attributes { mtime: 0, ..old.attributes } == Attributes { mtime: 0, ..entry.attributes };
        if is_equal && old.digest == digest(entry)? {
            // A hard link of this package may lead to it.
            old.package = ours;
            return Ok(Fate::LeaveOut);
        }
        let (path, here, there) = (&entry.path, describe(&entry.kind), describe(&old.kind));
        if old.package == ours {
            bail!(
                "it has {path} twice, as {there} and as {here}: it is not made for the links of this image. Set links"
            );
        }
        bail!(
            "it has {path}, {here}, and so does {}, as {there}, with other content or attributes, and neither Replaces the other: \
             dpkg would not install both. Take one out, leave the path out with exclude, or make a layer of each",
            self.packages[old.package].0,
        )
    }

    /// Remembers what has been written.
    pub(super) fn wrote(&mut self, path: ImagePath, kind: Kind, attributes: Attributes, digest: Digest) {
        let digest = (kind == Kind::File).then_some(digest);
        self.paths.insert(path, Owned { package: self.packages.len() - 1, kind, attributes, digest });
    }

    fn check_parents(&self, entry: &Entry<'_, '_>) -> Result<()> {
        for parent in entry.path.parents() {
            if let Some(owned) = self.paths.get(parent)
                && owned.kind != Kind::Directory
            {
                bail!(
                    "it has {}, below /{}, which is {} of {}. If that is a link to a directory in the image, name it in links",
                    entry.path,
                    String::from_utf8_lossy(parent),
                    describe(&owned.kind),
                    self.packages[owned.package].0,
                );
            }
        }
        Ok(())
    }

    fn check_target(&self, path: &ImagePath, target: &ImagePath) -> Result<()> {
        ensure!(
            !self.left_out.contains(target),
            "{path} is a hard link to {target}, which is not in the layer: it is excluded, or replaced by another package's. \
             Leave out both, with exclude"
        );
        let owned = self.paths.get(target);
        owned.filter(|owned| owned.package == self.packages.len() - 1).with_context(|| {
            format!(
                "{path} is a hard link to {target}, which the package does not have before it: it is damaged"
            )
        })?;
        Ok(())
    }
}

fn digest(entry: &mut Entry<'_, '_>) -> Result<Option<Digest>> {
    if entry.kind != Kind::File {
        return Ok(None);
    }
    let mut hasher = Hasher::new();
    io::copy(&mut entry.content, &mut hasher)?;
    Ok(Some(hasher.finish()))
}

/// What may take each other's place where tars are merged.
fn class(kind: &Kind) -> std::mem::Discriminant<Kind> {
    std::mem::discriminant(match kind {
        Kind::Hardlink(_) => &Kind::File,
        other => other,
    })
}

fn describe(kind: &Kind) -> &'static str {
    match kind {
        Kind::File => "a file",
        Kind::Directory => "a directory",
        Kind::Symlink(_) => "a symbolic link",
        Kind::Hardlink(_) => "a hard link",
        Kind::Character(..) | Kind::Block(..) => "a device",
        Kind::Fifo => "a pipe",
    }
}
