//! Finds the files of a spec, however the run target was started: by `bazel run`, as data of another target, or
//! straight from `bazel-bin`.
//!
//! [`places`] decides where to look and is pure; [`Runfiles`] looks. Links in the executable's own path are never
//! resolved, since what lies beside the link is what belongs to it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use crate::environment::Environment;
use crate::exit::usage;
use crate::spec::File;

/// What the places are derived from.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The executable of the run target: absolute, links not resolved. Its spec is beside it.
    pub executable: PathBuf,
    /// `$RUNFILES_DIR`.
    pub runfiles_directory: Option<PathBuf>,
    /// `$RUNFILES_MANIFEST_FILE`.
    pub runfiles_manifest: Option<PathBuf>,
    /// Where the spec is relative to the execution root, as the spec itself says.
    pub spec_in_execroot: PathBuf,
}

impl Start {
    /// Of a run target whose spec, at `spec_path`, says that it is `spec_in_execroot`.
    #[must_use]
    pub fn of_target(spec_path: &Path, spec_in_execroot: &Path, environment: &Environment) -> Self {
        Self {
            executable: executable_of(spec_path, std::env::consts::EXE_SUFFIX),
            runfiles_directory: environment.path("RUNFILES_DIR"),
            runfiles_manifest: environment.path("RUNFILES_MANIFEST_FILE"),
            spec_in_execroot: spec_in_execroot.to_owned(),
        }
    }
}

/// The executable that a spec is beside, on a system whose executables end in `suffix`: Bazel names the runfiles after all
/// of its name, and the spec is named without its ending.
fn executable_of(spec_path: &Path, suffix: &str) -> PathBuf {
    with_suffix(&spec_path.with_extension(""), suffix)
}

/// Somewhere to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A runfiles tree: `<directory>/<rlocation>`.
    Directory(PathBuf),
    /// A file of `<rlocation> <path>` lines.
    Manifest(PathBuf),
    /// An execution root: `<root>/<path>`.
    Execroot(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "the runfiles {}", path.display()),
            Self::Manifest(path) => write!(f, "the runfiles manifest {}", path.display()),
            Self::Execroot(path) => write!(f, "the execution root {}", path.display()),
        }
    }
}

/// Where to look, in order.
pub fn places(start: &Start) -> Vec<Place> {
    let executable = &start.executable;
    let own_runfiles = with_suffix(executable, ".runfiles");
    let mut places = vec![Place::Directory(own_runfiles.clone())];
    places.extend(start.runfiles_directory.clone().map(Place::Directory));
    let inside = executable.ancestors().skip(1).find(|a| a.extension().is_some_and(|e| e == "runfiles"));
    places.extend(inside.map(|ancestor| Place::Directory(ancestor.to_owned())));
    places.push(Place::Manifest(with_suffix(executable, ".runfiles_manifest")));
    places.push(Place::Manifest(own_runfiles.join("MANIFEST")));
    places.extend(start.runfiles_manifest.clone().map(Place::Manifest));
    let folder = executable.parent().unwrap_or(Path::new(""));
    let folder_in_execroot = start.spec_in_execroot.parent().unwrap_or(Path::new(""));
    places.extend(strip_tail(folder, folder_in_execroot).map(Place::Execroot));
    let mut seen = Vec::new();
    places.retain(|place| {
        !seen.contains(place) && {
            seen.push(place.clone());
            true
        }
    });
    places
}

/// `path` with `suffix` added to its file name.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// `path` without the components of `tail` at its end; none if it doesn't end so.
fn strip_tail(path: &Path, tail: &Path) -> Option<PathBuf> {
    let path: Vec<Component<'_>> = path.components().collect();
    let tail: Vec<Component<'_>> = tail.components().collect();
    path.strip_suffix(tail.as_slice()).filter(|_| !tail.is_empty()).map(|root| root.iter().collect())
}

/// The places of one run target, with the manifests among them read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runfiles {
    places: Arc<[(Place, BTreeMap<String, PathBuf>)]>,
}

impl Runfiles {
    /// Takes those of [`places`] that exist.
    ///
    /// The folder of the executable is resolved for the execution root only: `bazel-bin` is a link into it.
    ///
    /// # Errors
    /// If a runfiles manifest is there but can't be read.
    pub fn new(start: &Start) -> anyhow::Result<Self> {
        let mut all = places(start);
        if let Some(folder) = start.executable.parent().and_then(|f| f.canonicalize().ok()) {
            let resolved = Start {
                executable: folder.join("_"),
                spec_in_execroot: start.spec_in_execroot.clone(),
                ..Start::default()
            };
            let roots =
                places(&resolved).into_iter().filter(|p| matches!(p, Place::Execroot(_)) && !all.contains(p));
            all.extend(roots.collect::<Vec<_>>());
        }
        let mut found = Vec::new();
        for place in all {
            let entries = match &place {
                Place::Manifest(path) if path.is_file() => {
                    let text = std::fs::read_to_string(path)
                        .with_context(|| format!("cannot read the runfiles manifest {}", path.display()))?;
                    parse_manifest(&text)
                }
                _ => BTreeMap::new(),
            };
            found.push((place, entries));
        }
        Ok(Self { places: found.into() })
    }

    /// The variables by which another program finds its files among these.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let mut variables = Vec::new();
        for (place, _) in self.places.iter() {
            let (names, path): (&[_], _) = match place {
                Place::Directory(path) => (&["RUNFILES_DIR", "JAVA_RUNFILES"], path),
                Place::Manifest(path) => (&["RUNFILES_MANIFEST_FILE"], path),
                Place::Execroot(_) => continue,
            };
            if path.exists() && variables.iter().all(|(name, _)| !names.contains(name)) {
                variables.extend(names.iter().map(|name| (*name, path.clone())));
            }
        }
        variables
    }

    /// Where `file` is.
    ///
    /// # Errors
    /// If it is in none of the places; names them all.
    pub fn find(&self, file: &File) -> anyhow::Result<PathBuf> {
        for (place, entries) in self.places.iter() {
            let candidate = match place {
                Place::Directory(root) => root.join(&file.rlocation),
                Place::Execroot(root) => root.join(&file.path),
                Place::Manifest(_) => match entries.get(&file.rlocation) {
                    Some(path) => path.clone(),
                    None => continue,
                },
            };
            if candidate.exists() {
                return Ok(candidate);
            }
        }
        let tried: Vec<String> = self.places.iter().map(|(place, _)| format!("\n  {place}")).collect();
        Err(usage(format!(
            "cannot find {} ({}); looked in{}\nbuild the target again, or start it with `bazel run`",
            file.rlocation,
            file.path.display(),
            tried.concat(),
        )))
    }
}

/// The entries of a runfiles manifest. A line that starts with a space has its blanks, newlines and backslashes
/// escaped (`\s`, `\n`, `\b`), in name and path both.
fn parse_manifest(text: &str) -> BTreeMap<String, PathBuf> {
    let unescape = |s: &str| s.replace("\\s", " ").replace("\\n", "\n").replace("\\b", "\\");
    text.lines()
        .filter_map(|line| match line.strip_prefix(' ') {
            Some(escaped) => {
                let (name, path) = escaped.split_once(' ')?;
                Some((unescape(name), PathBuf::from(unescape(path))))
            }
            None => line.split_once(' ').map(|(name, path)| (name.to_owned(), PathBuf::from(path))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(executable: &str) -> Start {
        Start {
            executable: executable.into(),
            spec_in_execroot: "bazel-out/k8-fastbuild/bin/app/push.run.json".into(),
            ..Start::default()
        }
    }

    fn shown(start: &Start) -> Vec<String> {
        places(start).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn looks_beside_the_executable_first_and_in_the_execroot_last() {
        let mut from_bazel = start("/x/bazel-out/k8-fastbuild/bin/app/push.run");
        from_bazel.runfiles_directory = Some("/r".into());
        from_bazel.runfiles_manifest = Some("/m".into());
        assert_eq!(
            shown(&from_bazel),
            [
                "the runfiles /x/bazel-out/k8-fastbuild/bin/app/push.run.runfiles",
                "the runfiles /r",
                "the runfiles manifest /x/bazel-out/k8-fastbuild/bin/app/push.run.runfiles_manifest",
                "the runfiles manifest /x/bazel-out/k8-fastbuild/bin/app/push.run.runfiles/MANIFEST",
                "the runfiles manifest /m",
                "the execution root /x",
            ]
        );
    }

    #[test]
    fn runfiles_have_the_whole_name_of_the_executable() {
        for (suffix, runfiles) in [("", "/app/push.run.runfiles"), (".exe", "/app/push.run.exe.runfiles")] {
            let executable = executable_of(Path::new("/app/push.run.json"), suffix);
            let places = places(&Start { executable, ..Start::default() });
            assert_eq!(places[0], Place::Directory(runfiles.into()));
            assert!(places.contains(&Place::Manifest(format!("{runfiles}_manifest").into())), "{places:?}");
        }
    }

    #[test]
    fn finds_the_tree_that_it_is_data_of() {
        let inside = shown(&start("/t/deploy.runfiles/_main/app/push.run"));
        assert!(inside.contains(&"the runfiles /t/deploy.runfiles".to_owned()), "{inside:?}");
        assert!(!inside.iter().any(|place| place.contains("execution root")), "{inside:?}");
    }

    #[test]
    fn manifest_lines() {
        let entries = parse_manifest("_main/a /x/a\n _main/b\\sc /x/b\\sc\\bd\n_main/empty \nnonsense\n");
        assert_eq!(entries["_main/a"], Path::new("/x/a"));
        assert_eq!(entries["_main/b c"], Path::new("/x/b c\\d"));
        assert_eq!(entries.len(), 3);
    }

    #[cfg(unix)] // links
    #[test]
    fn finds_in_each_kind_of_place_and_names_them_all_when_it_does_not() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        let write = |path: &str, text: &str| {
            std::fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            std::fs::write(at(path), text).unwrap();
        };
        let bin = "bazel-out/k8-fastbuild/bin/app";
        write(&format!("{bin}/push.run.runfiles/_main/tree"), "");
        write("elsewhere", "");
        write("bazel-out/only", "");
        let listed = format!("_main/listed {}\n_main/gone /gone\n", at("elsewhere").display());
        write(&format!("{bin}/push.run.runfiles_manifest"), &listed);
        std::os::unix::fs::symlink(at("bazel-out/k8-fastbuild/bin"), at("bazel-bin")).unwrap();

        let file = |rlocation: &str, path: &str| File { rlocation: rlocation.into(), path: path.into() };
        for executable in [format!("{bin}/push.run"), "bazel-bin/app/push.run".to_owned()] {
            let runfiles = Runfiles::new(&start(at(&executable).to_str().unwrap())).unwrap();
            for (rlocation, path) in
                [("_main/tree", "nowhere"), ("_main/listed", "nowhere"), ("_main/only", "bazel-out/only")]
            {
                assert!(runfiles.find(&file(rlocation, path)).is_ok(), "{executable}: {rlocation}");
            }
            let error = runfiles.find(&file("_main/gone", "gone")).unwrap_err().to_string();
            for says in ["_main/gone (gone)", ".runfiles_manifest", "execution root", "bazel run"] {
                assert!(error.contains(says), "{error}");
            }
        }
    }
}
