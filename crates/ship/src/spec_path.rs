//! Where the spec of a run target is, from the path that it was started by. Pure.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The workspace of the main repository in runfiles, with Bazel's modules.
const MAIN: &str = "_main";

/// The places to look at, in order: beside the executable, and in its runfiles. The latter is for tools of a genrule and of
/// other actions, whose sandbox has of a target nothing but its executable and its runfiles.
#[must_use]
pub fn candidates(executable: &Path) -> Vec<PathBuf> {
    let mut all = vec![beside(executable)];
    if let Some(rlocation) = rlocation(executable) {
        let mut runfiles = executable.as_os_str().to_owned();
        runfiles.push(".runfiles");
        all.push(beside(&Path::new(&runfiles).join(rlocation)));
    }
    all
}

/// The executable's path with `.json` added, in place of Windows's `.exe`.
#[must_use]
pub fn beside(executable: &Path) -> PathBuf {
    let is_exe = executable.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("exe"));
    let stem = if is_exe { executable.with_extension("") } else { executable.to_owned() };
    let mut path = stem.into_os_string();
    path.push(".json");
    path.into()
}

/// The runfiles path of an output of Bazel: what comes after `bazel-out/<configuration>/bin`.
fn rlocation(executable: &Path) -> Option<PathBuf> {
    let parts: Vec<&OsStr> = executable.components().map(Component::as_os_str).collect();
    let at = parts.windows(3).rposition(|parts| parts[0] == "bazel-out" && parts[2] == "bin")? + 3;
    match &parts[at..] {
        [] => None,
        [external, rest @ ..] if *external == "external" => Some(rest.iter().collect()),
        rest => Some(Path::new(MAIN).join(rest.iter().collect::<PathBuf>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_the_executable_and_in_its_runfiles() {
        for (executable, expected) in [
            ("/app/push.run", vec!["/app/push.run.json"]),
            ("/app/push.run.exe", vec!["/app/push.run.json"]),
            ("/app/push", vec!["/app/push.json"]),
            (
                "/x/bazel-out/k8-opt/bin/app/push.run",
                vec![
                    "/x/bazel-out/k8-opt/bin/app/push.run.json",
                    "/x/bazel-out/k8-opt/bin/app/push.run.runfiles/_main/app/push.run.json",
                ],
            ),
            (
                "/x/bazel-out/k8-opt/bin/external/other+/push.run.exe",
                vec![
                    "/x/bazel-out/k8-opt/bin/external/other+/push.run.json",
                    "/x/bazel-out/k8-opt/bin/external/other+/push.run.exe.runfiles/other+/push.run.json",
                ],
            ),
            ("/bazel-out/k8/bin", vec!["/bazel-out/k8/bin.json"]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(PathBuf::from).collect();
            assert_eq!(candidates(Path::new(executable)), expected, "{executable}");
        }
    }
}
