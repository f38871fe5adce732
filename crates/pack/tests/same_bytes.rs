//! Blob, `layer.json` and listing depend on what is declared and on names and contents of files, and on nothing else that a
//! process has around it: environment, locale, time zone, umask, user, CPUs, open files, working directory; nor on what
//! the disk says of the files besides.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};

/// Options of `pack layer` that are tried in every place.
const PACKINGS: [&[&str]; 3] = [&[], &["--compression", "zstd"], &["--compression", "none", "--dedupe"]];

const OUTPUTS: [&str; 3] = ["blob", "layer.json", "mtree"];

/// What is in the tree: small files, equal files, a script, a program, and one that is read in pieces by several threads.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let text = |length: usize, step: usize| -> Vec<u8> {
        (0..length).map(|i| b"etaoin shrdlu\n"[i * i / (step + i % 7) % 14]).collect()
    };
    vec![
        ("bin/program", [b"\x7fELF".to_vec(), text(5_000, 3)].concat()),
        ("bin/script", b"#!/bin/sh\n".to_vec()),
        ("lib/a/large", text(1_200_000, 11)),
        ("lib/a/text", text(70_000, 5)),
        ("lib/b/text", text(70_000, 5)),
        ("lib/b/ümläut \u{1f980}", b"x".to_vec()),
        ("nothing", Vec::new()),
    ]
}

/// Writes the tree as it comes.
fn grow(root: &Path) {
    for (path, content) in contents() {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The tree as a whole and, once more, its small files one by one.
fn entries(tree: &Path, reversed: bool) -> String {
    let tree = tree.to_str().unwrap();
    let mut entries =
        vec![format!("tree\n/srv\n{tree}\n\n"), "symlink\nl\nsrv/bin\n\n".into(), "owner\n\n7:8\n\n".into()];
    let small = contents().into_iter().filter(|(_, content)| content.len() < 1_000_000);
    entries.extend(small.map(|(path, _)| format!("file\n/opt/{path}\n{tree}/{path}\n\n")));
    if reversed {
        entries.reverse();
    }
    format!("strata-entries 2\n{}", entries.concat())
}

/// A folder with a tree and its entries file, where `pack` is run.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// The tree is at `tree`, or wherever `make` puts it.
    fn new(make: impl FnOnce(&Path) -> PathBuf) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Other users come here, too.
        fs::set_permissions(&dir, Permissions::from_mode(0o777)).unwrap();
        let tree = make(dir.path());
        fs::write(dir.path().join("entries"), entries(&tree, false)).unwrap();
        Self { dir }
    }

    fn plain() -> Self {
        Self::new(|dir| {
            grow(&dir.join("tree"));
            "tree".into()
        })
    }

    /// What `pack` writes with each packing, run by `command`, which is given its arguments.
    fn pack_by(&self, command: impl Fn() -> Command) -> Vec<Vec<u8>> {
        let mut outputs = Vec::new();
        for packing in PACKINGS {
            let mut command = command();
            command.args(["layer", "--entries", "entries", "--created-by", "//app:layer"]);
            command
                .args(["--blob", OUTPUTS[0], "--metadata", OUTPUTS[1], "--mtree", OUTPUTS[2]])
                .args(packing);
            let output = command.current_dir(&self.dir).stdin(Stdio::null()).output();
            let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
            for name in OUTPUTS {
                outputs.push(fs::read(self.dir.path().join(name)).unwrap());
                fs::remove_file(self.dir.path().join(name)).unwrap();
            }
        }
        outputs
    }

    fn pack(&self) -> Vec<Vec<u8>> {
        self.pack_by(|| {
            let mut command = Command::new(binary());
            command.env_clear();
            command
        })
    }
}

fn binary() -> PathBuf {
    fs::canonicalize(env!("CARGO_BIN_EXE_pack")).unwrap()
}

/// A command that runs `pack` by way of another program, whose arguments come first.
fn through(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(binary());
    command
}

/// Compares, and says which output of which packing is another.
fn assert_same(expected: &[Vec<u8>], got: &[Vec<u8>], what: &str) {
    for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
        let (packing, output) = (PACKINGS[index / OUTPUTS.len()], OUTPUTS[index % OUTPUTS.len()]);
        assert!(expected == got, "{what}: {output} is another with {packing:?}");
    }
}

#[test]
fn around_the_process() {
    let place = Place::plain();
    let expected = place.pack();
    let environments = [
        ("a locale", &[("LC_ALL", "tr_TR.UTF-8"), ("LANG", "de_DE.ISO-8859-1")][..]),
        ("a time zone", &[("TZ", "Asia/Kathmandu"), ("SOURCE_DATE_EPOCH", "1700000000")]),
        ("a home", &[("HOME", "/nowhere"), ("TMPDIR", "/nowhere"), ("USER", "somebody"), ("PWD", "/")]),
        ("a wish for threads", &[("RAYON_NUM_THREADS", "1"), ("RUST_BACKTRACE", "1"), ("COLUMNS", "20")]),
    ];
    for (what, variables) in environments {
        let got = place.pack_by(|| {
            let mut command = Command::new(binary());
            command.env_clear().envs(variables.iter().copied());
            command
        });
        assert_same(&expected, &got, what);
    }
    for (what, limits) in
        [("a umask of 0", "umask 0"), ("a umask of 077", "umask 077"), ("few open files", "ulimit -n 40")]
    {
        let script = format!("{limits} && exec \"$0\" \"$@\"");
        assert_same(&expected, &place.pack_by(|| through("sh", &["-c", &script])), what);
    }
}

/// The CPUs that this process may use, as `taskset` takes them.
fn cpus() -> Vec<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
    let ranges = list.split(',').flat_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        first.parse::<u32>().unwrap()..=last.parse().unwrap()
    });
    ranges.map(|cpu| cpu.to_string()).collect()
}

/// `pack` starts as many threads as it is granted CPUs.
#[test]
#[cfg(target_os = "linux")]
fn on_other_cpus() {
    let place = Place::plain();
    let expected = place.pack();
    let cpus = cpus();
    for count in [1, 2, 3].into_iter().filter(|count| *count <= cpus.len()) {
        let list = cpus[cpus.len() - count..].join(",");
        assert_same(
            &expected,
            &place.pack_by(|| through("taskset", &["-c", &list])),
            &format!("CPUs {list}"),
        );
    }
}

/// Another user: by its number where this process may become it, else in a user namespace where it is called so.
#[test]
#[cfg(target_os = "linux")]
fn as_another_user() {
    const USER: &str = "12345";
    let place = Place::plain();
    // What the build has put there may be below a folder that only its owner may enter.
    let pack = place.dir.path().join("pack");
    fs::copy(binary(), &pack).unwrap();
    fs::set_permissions(&pack, Permissions::from_mode(0o755)).unwrap();
    let change = [
        ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"],
        ["unshare", "--user", "--map-user=12345", "--map-group=12345"],
    ];
    let works = |change: &&[&str; 4]| {
        let id = Command::new(change[0]).args(&change[1..]).args(["id", "-u"]).output();
        id.is_ok_and(|id| String::from_utf8_lossy(&id.stdout).trim() == USER)
    };
    let change =
        change.iter().find(works).expect("neither setpriv nor unshare makes another user of this one");
    let got = place.pack_by(|| {
        let mut command = Command::new(change[0]);
        command.args(&change[1..]).arg(&pack);
        command
    });
    assert_same(&place.pack(), &got, change[0]);
}

/// Bazel's local strategy shows the files themselves, its sandbox links to them, a remote worker copies or hard links; a file that comes out
/// of a cache has another time and another mode.
#[test]
fn however_files_are_presented() {
    let expected = Place::plain().pack();
    let each = |make: fn(&Path, &Path)| {
        move |dir: &Path| {
            let (store, tree) = (dir.join("store"), dir.join("tree"));
            grow(&store);
            for (path, _) in contents().iter().rev() {
                let path = Path::new(path);
                fs::create_dir_all(tree.join(path).parent().unwrap()).unwrap();
                make(&store.join(path), &tree.join(path));
            }
            PathBuf::from("tree")
        }
    };
    type Make = Box<dyn FnOnce(&Path) -> PathBuf>;
    let presentations: [(&str, Make); 8] = [
        ("symbolic links", Box::new(each(|from, to| symlink(from, to).unwrap()))),
        ("hard links", Box::new(each(|from, to| fs::hard_link(from, to).unwrap()))),
        ("copies in another order", Box::new(each(|from, to| fs::copy(from, to).map(|_| ()).unwrap()))),
        (
            "other times",
            Box::new(each(|from, to| {
                fs::copy(from, to).unwrap();
                let time = UNIX_EPOCH + Duration::from_nanos(1_234_567_890_123_456_789);
                File::options().append(true).open(to).unwrap().set_modified(time).unwrap();
            })),
        ),
        (
            "read-only and executable",
            Box::new(each(|from, to| {
                fs::copy(from, to).unwrap();
                fs::set_permissions(to, Permissions::from_mode(0o555)).unwrap();
            })),
        ),
        (
            "readable by nobody else",
            Box::new(each(|from, to| {
                fs::copy(from, to).unwrap();
                fs::set_permissions(to, Permissions::from_mode(0o600)).unwrap();
            })),
        ),
        (
            "links to folders",
            Box::new(|dir| {
                grow(&dir.join("store"));
                fs::create_dir(dir.join("tree")).unwrap();
                for name in ["nothing", "lib", "bin"] {
                    symlink(Path::new("../store").join(name), dir.join("tree").join(name)).unwrap();
                }
                "tree".into()
            }),
        ),
        (
            "another folder, by its whole path",
            Box::new(|dir| {
                let tree = dir.join("a/very/deep/folder with a long name");
                grow(&tree);
                tree
            }),
        ),
    ];
    for (what, make) in presentations {
        assert_same(&expected, &Place::new(make).pack(), what);
    }
}

#[test]
fn declared_in_another_order() {
    let place = Place::plain();
    let expected = place.pack();
    fs::write(place.dir.path().join("entries"), entries(Path::new("tree"), true)).unwrap();
    assert_same(&expected, &place.pack(), "another order");
}

/// The comparison sees what does count.
#[test]
fn contents_do_count() {
    let place = Place::plain();
    let expected = place.pack();
    fs::write(place.dir.path().join("tree/nothing"), "something").unwrap();
    let got = place.pack();
    for (expected, got) in expected.iter().zip(&got) {
        assert!(expected != got);
    }
}
