//! What the process was started with, read once. The rest of the crate takes it as a value, so that tests can say
//! what the environment is.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The variable that holds the user's home directory.
const HOME: &str = "HOME";

/// Arguments, variables and working directory of this process.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The executable as it was started: absolute, links in it not resolved.
    pub executable: PathBuf,
    /// All environment variables; and `HOME` where it isn't set, as in actions of Bazel, if the system knows it.
    pub variables: BTreeMap<String, OsString>,
    /// The directory that paths typed by the user are relative to: where `bazel run` was typed, else the working
    /// directory.
    pub directory: PathBuf,
}

impl Environment {
    /// Reads the environment of this process. Variables whose names aren't UTF-8 are left out.
    ///
    /// # Errors
    /// If the system doesn't tell the working directory or the executable.
    pub fn of_process() -> std::io::Result<Self> {
        let argv0 = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
        let mut variables: BTreeMap<String, OsString> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v))).collect();
        if !variables.contains_key(HOME)
            && let Some(home) = home()
        {
            variables.insert(HOME.to_owned(), home.into_os_string());
        }
        let working = std::env::current_dir()?;
        let executable = match as_started(&argv0, variables.get("PATH").map(OsString::as_os_str), &working) {
            Some(path) => path,
            None => std::env::current_exe()?,
        };
        let directory =
            variables.get("BUILD_WORKING_DIRECTORY").map_or_else(|| working.clone(), PathBuf::from);
        Ok(Self { executable, variables, directory })
    }

    /// The value of a variable; none if it is unset, empty, or not UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str().filter(|value| !value.is_empty())
    }

    /// A variable that holds a path; none if it is unset or empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// A path as a user typed it, made absolute.
    pub fn resolve(&self, typed: &Path) -> PathBuf {
        self.directory.join(typed)
    }
}

/// The home directory that the user database knows. Read from its file: to ask the system's library, a static program
/// would have to load parts of another release of it.
#[cfg(target_os = "linux")]
fn home() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt as _;
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    home_of(user, &std::fs::read_to_string("/etc/passwd").ok()?)
}

/// The home directory that the system knows.
#[cfg(not(target_os = "linux"))]
fn home() -> Option<PathBuf> {
    std::env::home_dir()
}

/// The home directory of a user in a file as passwd(5) describes it.
#[cfg(target_os = "linux")]
fn home_of(user: u32, passwd: &str) -> Option<PathBuf> {
    let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let line =
        fields.into_iter().find(|fields| fields.get(2).and_then(|id| id.parse().ok()) == Some(user))?;
    line.get(5).filter(|home| home.starts_with('/')).map(PathBuf::from)
}

/// The executable as it was started. The spec lies beside that name and not beside what a link points to, which is all
/// that the system itself would tell. A bare name is looked for where the shell found it; none if it isn't there.
fn as_started(argv0: &Path, path: Option<&OsStr>, working: &Path) -> Option<PathBuf> {
    if argv0.components().count() > 1 {
        return Some(working.join(argv0));
    }
    argv0.file_name()?;
    // An empty entry of PATH stands for the working directory.
    let mut candidates = std::env::split_paths(path?).map(|folder| working.join(folder).join(argv0));
    candidates.find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn home_directories() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\n# 7\nbuild:x:7:7::/srv/build:\nbroken:x:8\nno:x:9:9:::\n";
        for (user, home) in [(0, Some("/root")), (7, Some("/srv/build")), (8, None), (9, None), (10, None)] {
            assert_eq!(home_of(user, passwd), home.map(PathBuf::from), "{user}");
        }
    }

    #[test]
    fn the_executable_is_where_it_was_started_and_not_what_it_links_to() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::write(folder.path().join("bin/push.run"), "").unwrap();
        let at = |below: &str| Some(folder.path().join(below));
        let path = std::env::join_paths(["/nowhere".into(), folder.path().join("bin")]).unwrap();
        let relative = OsStr::new("bin");
        for (argv0, path, expected) in [
            ("bin/push.run", None, at("bin/push.run")),
            ("/x/push.run", None, Some("/x/push.run".into())),
            ("./push.run", Some(path.as_os_str()), at("./push.run")),
            ("push.run", Some(path.as_os_str()), at("bin/push.run")),
            ("push.run", Some(relative), at("bin/push.run")),
            ("other", Some(path.as_os_str()), None),
            ("push.run", None, None),
            ("", Some(path.as_os_str()), None),
        ] {
            assert_eq!(as_started(Path::new(argv0), path, folder.path()), expected, "{argv0}");
        }
    }
}
