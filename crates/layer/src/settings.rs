//! What is said about the entries of a layer, and its application to them: owners, modes, times.
//!
//! Order of strength: what an entry itself declares, the last glob that matches, what the tar says that the entry comes from,
//! what is said of everything, the default. Invariant: what is said of an entry depends on its path and kind alone.

use std::sync::Arc;

use crate::{
    attributes::{DIRECTORY_MODE, FILE_MODE, special_directory_mode},
    entry::{Entry, Kind, Names, Owner},
    error::Error,
    glob::{Globs, Lookup},
    path::ImagePath,
    xattr::{Xattr, Xattrs},
};

/// Mode of symbolic links, which no system looks at.
const SYMLINK_MODE: u16 = 0o777;

/// What is said about the entries of a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Owner of everything that no glob matches. Default 0:0.
    pub owner: Owner,
    /// Owners by glob.
    pub owners: Globs<Owner>,
    /// What that owner of everything is called. Default: nothing is said. It does not apply where a glob decides.
    pub names: Option<Arc<Names>>,
    /// Mode of every regular file that nothing stronger decides. Default: by content.
    pub mode: Option<u16>,
    /// Mode of every directory that nothing stronger decides, inserted parents included, but for `/tmp`, `/var/tmp` and `/root`,
    /// which stay what they are everywhere. Default 0755.
    pub directory_mode: Option<u16>,
    /// Modes by glob, for regular files and directories, inserted parents included. A mode without the owner's
    /// executable bit is one for files, and leaves directories alone: nobody could enter them, and `etc/**` with 0640
    /// means the files. Symbolic links have none.
    pub modes: Globs<u16>,
    /// Extended attributes by glob, for regular files and directories. Of one name, the last match counts.
    pub xattrs: Globs<Xattr>,
    /// Modification time of everything, in seconds since the epoch. Default 0.
    pub mtime: i64,
}

impl Settings {
    /// An entry of which nothing is declared but a mode, perhaps. A symbolic link has none, even if it is an output that
    /// might have been a file.
    pub(crate) fn entry(&self, path: ImagePath, kind: Kind, mode: Option<u16>) -> Entry {
        let mode = if matches!(kind, Kind::Symlink(_)) { None } else { mode };
        let names = self.names.clone();
        Entry { path, kind, mode, owner: self.owner, names, xattrs: None, mtime: self.mtime, tar: None }
    }

    /// Gives every entry what the settings say of it.
    ///
    /// # Errors
    /// A glob that matches none of them.
    pub(crate) fn apply(&self, entries: &mut [Entry]) -> Result<(), Error> {
        let mut applied = Applied::new(self);
        entries.iter_mut().for_each(|entry| applied.apply(entry));
        let Applied { owners, modes, xattrs, .. } = applied;
        owners.check_all_used()?;
        modes.check_all_used()?;
        xattrs.check_all_used()
    }

    /// Gives one entry what the settings say of it, whether or not globs match others.
    pub(crate) fn apply_to_one(&self, entry: &mut Entry) {
        Applied::new(self).apply(entry);
    }

    /// Whether one of the globs decides something about an entry.
    pub(crate) fn any_glob_matches(&self, Entry { path, kind, .. }: &Entry) -> bool {
        let Applied { mut owners, mut modes, mut xattrs, .. } = Applied::new(self);
        *kind != Kind::Whiteout
            && (owners.last(path, |_| true).is_some()
                || modes.last(path, |mode| mode_fits(*mode, kind)).is_some()
                || xattrs.last(path, |xattr| xattr.fits(kind)).is_some())
    }
}

/// Whether a mode by glob is one for entries of this kind.
const fn mode_fits(mode: u16, kind: &Kind) -> bool {
    match kind {
        Kind::Symlink(_) | Kind::Whiteout => false,
        Kind::Directory => mode & 0o100 != 0,
        Kind::Empty
        | Kind::File(_)
        | Kind::Slice(_)
        | Kind::Hardlink(_)
        | Kind::Character(_)
        | Kind::Block(_)
        | Kind::Fifo => true,
    }
}

/// Settings on their way over the entries.
struct Applied<'a> {
    settings: &'a Settings,
    owners: Lookup<'a, Owner>,
    modes: Lookup<'a, u16>,
    xattrs: Lookup<'a, Xattr>,
    /// Extended attributes of the last entry that had some.
    last: Option<Arc<Xattrs>>,
}

impl<'a> Applied<'a> {
    fn new(settings: &'a Settings) -> Self {
        let owners = Lookup::new("owners", &settings.owners);
        let modes = Lookup::new("modes", &settings.modes);
        let xattrs = Lookup::new("xattrs", &settings.xattrs);
        Self { settings, owners, modes, xattrs, last: None }
    }

    fn apply(&mut self, entry: &mut Entry) {
        if entry.kind == Kind::Whiteout {
            return;
        }
        if let Some(owner) = self.owners.last(&entry.path, |_| true) {
            (entry.owner, entry.names) = (*owner, None);
        }
        let Entry { path, kind, mode, tar, .. } = &*entry;
        let by_glob = self.modes.last(path, |mode| mode_fits(*mode, kind)).copied();
        // What a tar says is weaker than what the target says of the path.
        let mode = if tar.is_some() { by_glob.or(*mode) } else { mode.or(by_glob) };
        entry.mode = mode.or_else(|| match kind {
            Kind::Symlink(_) => Some(SYMLINK_MODE),
            Kind::Directory => special_directory_mode(path.as_bytes())
                .or(self.settings.directory_mode)
                .or(Some(DIRECTORY_MODE)),
            Kind::File(_) => self.settings.mode,
            Kind::Empty | Kind::Whiteout => self.settings.mode.or(Some(FILE_MODE)),
            // Only tars have these, and say it.
            Kind::Slice(_) | Kind::Hardlink(_) | Kind::Character(_) | Kind::Block(_) | Kind::Fifo => {
                Some(FILE_MODE)
            }
        });
        if !self.settings.xattrs.is_empty() {
            add_xattrs(entry, &mut self.xattrs, &mut self.last);
        }
    }
}

/// Adds to the attributes of an entry those of the globs. `last` are those of the entry before, to be shared.
fn add_xattrs(entry: &mut Entry, globs: &mut Lookup<'_, Xattr>, last: &mut Option<Arc<Xattrs>>) {
    let mut declared = globs.all(&entry.path, |xattr| xattr.fits(&entry.kind)).peekable();
    if declared.peek().is_none() {
        return;
    }
    let mut xattrs = entry.xattrs.take().map(Arc::unwrap_or_clone).unwrap_or_default();
    xattrs.extend(declared.map(|xattr| (xattr.name.as_bytes().into(), xattr.value.clone())));
    if last.as_deref() != Some(&xattrs) {
        *last = Some(Arc::new(xattrs));
    }
    entry.xattrs.clone_from(last);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, kind: Kind) -> Entry {
        Settings::default().entry(ImagePath::parse(path.as_bytes()).unwrap(), kind, None)
    }

    #[test]
    fn modes_for_files_leave_directories_alone() {
        let modes = [("etc/**", 0o640), ("bin/**", 0o750)];
        let modes = modes.map(|(glob, mode)| (glob.parse().unwrap(), mode)).into();
        let settings = Settings { modes, ..Settings::default() };
        let mut entries = [
            entry("bin/d", Kind::Directory),
            entry("bin/l", Kind::Symlink((*b"x").into())),
            entry("etc/d", Kind::Directory),
            entry("etc/d/f", Kind::Empty),
            entry("f", Kind::File("f".into())),
            entry("g", Kind::Empty),
        ];
        settings.apply(&mut entries).unwrap();
        let modes = entries.map(|entry| entry.mode);
        assert_eq!(modes, [Some(0o750), Some(0o777), Some(0o755), Some(0o640), None, Some(0o644)]);
    }

    #[test]
    fn a_mode_of_directories_leaves_some_alone() {
        let modes = vec![("a/b".parse().unwrap(), 0o711)];
        let settings =
            Settings { mode: Some(0o400), directory_mode: Some(0o500), modes, ..Settings::default() };
        let mut entries =
            ["a", "a/b", "root", "tmp", "tmp/a", "var/tmp"].map(|path| entry(path, Kind::Directory)).to_vec();
        entries.push(entry("z", Kind::Empty));
        settings.apply(&mut entries).unwrap();
        let modes: Vec<_> = entries.iter().filter_map(|entry| entry.mode).collect();
        assert_eq!(modes, [0o500, 0o711, 0o700, 0o1777, 0o500, 0o1777, 0o400]);
    }

    #[test]
    fn an_owner_by_glob_has_no_name() {
        let names: Arc<Names> = Arc::new("app:app".parse().unwrap());
        let [all, special] = [7, 8].map(|id| Owner { uid: id, gid: id });
        let settings = Settings {
            owner: all,
            owners: vec![("b*".parse().unwrap(), all), ("bb".parse().unwrap(), special)],
            names: Some(Arc::clone(&names)),
            ..Settings::default()
        };
        let path = |text: &str| ImagePath::parse(text.as_bytes()).unwrap();
        let mut entries = ["a", "b", "bb"].map(|text| settings.entry(path(text), Kind::Empty, None));
        settings.apply(&mut entries).unwrap();
        let got = entries.map(|entry| (entry.owner, entry.names));
        assert_eq!(got, [(all, Some(names)), (all, None), (special, None)]);
    }

    #[test]
    fn xattrs_add_up() {
        let xattrs = [
            ("**", "user.a=1"),
            ("d/**", "user.b=2"),
            ("d/x", "user.a=3"),
            ("*", "security.capability=all=p"),
        ];
        let xattrs = xattrs.map(|(glob, xattr)| (glob.parse().unwrap(), xattr.parse().unwrap())).into();
        let settings = Settings { xattrs, ..Settings::default() };
        let mut entries = [
            entry("d", Kind::Directory),
            entry("d/l", Kind::Symlink((*b"x").into())),
            entry("d/w", Kind::Empty),
            entry("d/x", Kind::File("x".into())),
            entry("d/y", Kind::Directory),
            entry("e", Kind::Empty),
        ];
        settings.apply(&mut entries).unwrap();
        let got = entries.map(|entry| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let list = entry.xattrs.iter().flat_map(|xattrs| xattrs.iter());
            list.map(|(name, value)| text(name) + "=" + &text(&value[..1])).collect::<Vec<_>>().join(" ")
        });
        let expected = [
            "user.a=1",
            "",
            "user.a=1 user.b=2",
            "user.a=3 user.b=2",
            "user.a=1 user.b=2",
            "security.capability=\0 user.a=1",
        ];
        assert_eq!(got, expected);
        let unused = [("d", "security.capability=all=p".parse().unwrap())];
        let xattrs = unused.map(|(glob, xattr)| (glob.parse().unwrap(), xattr)).into();
        let message =
            Settings { xattrs, ..Settings::default() }.apply(&mut [entry("d", Kind::Directory)]).unwrap_err();
        assert!(message.to_string().contains("of `xattrs`"), "{message}");
    }

    #[test]
    fn nothing_touches_whiteouts() {
        let settings = Settings {
            owners: vec![("**".parse().unwrap(), Owner { uid: 1, gid: 2 })],
            mode: Some(0o600),
            ..Settings::default()
        };
        let mut entries = [entry("a", Kind::Empty), entry(".wh.b", Kind::Whiteout)];
        let before = entries[1].clone();
        settings.apply(&mut entries).unwrap();
        assert_eq!((entries[0].owner, entries[0].mode), (Owner { uid: 1, gid: 2 }, Some(0o600)));
        assert_eq!(entries[1], before);
    }
}
