//! Type and permission bits as text. container-structure-test has Go's form, which puts all that is special in front
//! (`dtrwxrwxrwx`); here that of `ls` is as good (`drwxrwxrwt`).

use layer::listed::{Kind, Listed};

/// What `permissions` of a test says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions(String);

/// Permission bits: who, and the letters of `rwx`.
const LETTERS: &str = "rwxrwxrwx";
/// set-uid, set-gid, sticky: the bit, Go's letter, the place of the `x` that `ls` puts a letter over, and that letter.
const SPECIAL: [(u32, char, usize, char); 3] =
    [(0o4000, 'u', 2, 's'), (0o2000, 'g', 5, 's'), (0o1000, 't', 8, 't')];

impl Permissions {
    /// Takes a text that a file may have; `None` if none has it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let start = text.len().checked_sub(LETTERS.len())?;
        let (special, letters) = (text.get(..start)?, text.get(start..)?);
        let fits = |(at, (letter, wanted)): (usize, (char, char))| {
            let over = SPECIAL.iter().find(|special| special.2 == at).map(|special| special.3);
            letter == '-' || letter == wanted || over.is_some_and(|over| letter.eq_ignore_ascii_case(&over))
        };
        let is_mode = letters.chars().zip(LETTERS.chars()).enumerate().all(fits);
        let is_type = !special.is_empty() && special.chars().all(|letter| "-dlLDcbpugt".contains(letter));
        (is_mode && is_type).then(|| Self(text.to_owned()))
    }

    /// Whether this is what `listed` has, in one of the two forms.
    #[must_use]
    pub fn fit(&self, listed: &Listed) -> bool {
        self.0 == go(listed) || self.0 == shown(listed)
    }

    /// As it is written in the config.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As `ls` shows it: ten letters.
#[must_use]
pub fn shown(listed: &Listed) -> String {
    let kind = match listed.kind {
        Kind::File { .. } => '-',
        Kind::Directory => 'd',
        Kind::Symlink(_) => 'l',
        Kind::Character => 'c',
        Kind::Block => 'b',
        Kind::Fifo => 'p',
    };
    let mut letters: Vec<char> = bits(listed.mode).collect();
    for (bit, _, at, over) in SPECIAL {
        if listed.mode & bit != 0 {
            letters[at] = if letters[at] == 'x' { over } else { over.to_ascii_uppercase() };
        }
    }
    std::iter::once(kind).chain(letters).collect()
}

/// As Go's `os.FileMode` shows it.
fn go(listed: &Listed) -> String {
    let kind = match listed.kind {
        Kind::File { .. } => "",
        Kind::Directory => "d",
        Kind::Symlink(_) => "L",
        Kind::Character => "Dc",
        Kind::Block => "D",
        Kind::Fifo => "p",
    };
    // In the order of Go's letters: set-uid, set-gid behind types, sticky last.
    let special = SPECIAL.iter().filter(|special| listed.mode & special.0 != 0).map(|special| special.1);
    let (devices, character) = kind.strip_suffix('c').map_or((kind, ""), |devices| (devices, "c"));
    let set = special.clone().filter(|letter| *letter != 't');
    let sticky = special.filter(|letter| *letter == 't');
    let front: String = devices.chars().chain(set).chain(character.chars()).chain(sticky).collect();
    let front = if front.is_empty() { "-".to_owned() } else { front };
    front.chars().chain(bits(listed.mode)).collect()
}

fn bits(mode: u32) -> impl Iterator<Item = char> {
    LETTERS.chars().enumerate().map(move |(at, letter)| if mode & (0o400 >> at) != 0 { letter } else { '-' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let link = || Kind::Symlink(b"x".to_vec());
        let file = || Kind::File { size: 0 };
        for (kind, mode, ls, golang) in [
            (file(), 0o644, "-rw-r--r--", "-rw-r--r--"),
            (file(), 0o4755, "-rwsr-xr-x", "urwxr-xr-x"),
            (file(), 0o6644, "-rwSr-Sr--", "ugrw-r--r--"),
            (Kind::Directory, 0o755, "drwxr-xr-x", "drwxr-xr-x"),
            (Kind::Directory, 0o1777, "drwxrwxrwt", "dtrwxrwxrwx"),
            (Kind::Directory, 0o1770, "drwxrwx--T", "dtrwxrwx---"),
            (link(), 0o777, "lrwxrwxrwx", "Lrwxrwxrwx"),
            (Kind::Character, 0o666, "crw-rw-rw-", "Dcrw-rw-rw-"),
            (Kind::Block, 0o660, "brw-rw----", "Drw-rw----"),
            (Kind::Fifo, 0o600, "prw-------", "prw-------"),
        ] {
            let listed = Listed { kind, mode, uid: 0, gid: 0, origin: None };
            assert_eq!((shown(&listed).as_str(), go(&listed).as_str()), (ls, golang));
            for text in [ls, golang] {
                assert!(Permissions::parse(text).unwrap().fit(&listed), "{text}");
            }
            assert!(!Permissions::parse("-r--------").unwrap().fit(&listed));
        }
        for text in
            ["0644", "rw-r--r--", "-rw-r--r-", "-rw-r--r--x", "-wr-r--r--", "", "ärw-r--r--", "-rw-r--r--ä"]
        {
            assert_eq!(Permissions::parse(text), None, "{text}");
        }
    }
}
