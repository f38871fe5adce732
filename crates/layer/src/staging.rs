//! Links that somebody declared, told from links by which Bazel hands files to actions.
//!
//! Until Bazel 8 the rules cannot ask whether an output was declared as a symbolic link (`declare_symlink`) or as a file.
//! Bazel's sandbox presents a file as a link with an absolute target in the execution root, and so, with no sandbox, is
//! what `ctx.actions.symlink` makes of one file of another; a declared link it presents as that link, and remote workers
//! present only declared links as links. So a link is declared unless its target is absolute and in an execution root.
//!
//! What this cannot tell: with no sandbox, a file whose action made it as a link to elsewhere looks like a declared link.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// What Bazel calls the folder of execution roots in its output base; a workspace's is in it.
const EXECUTION_ROOTS: &str = "execroot";

/// Whether an output is a link that was declared as one. What cannot be read is none: opening it tells why.
pub(crate) fn is_declared_link(output: &Path) -> bool {
    fs::read_link(output).is_ok_and(|target| !is_in_execution_root(&target))
}

/// Whether a path is absolute and below `…/execroot/WORKSPACE`.
pub(crate) fn is_in_execution_root(target: &Path) -> bool {
    in_execution_root(target).is_some()
}

/// The path in the execution root of an absolute one below `…/execroot/WORKSPACE`.
pub(crate) fn in_execution_root(target: &Path) -> Option<PathBuf> {
    let mut parts = target.components();
    parts.find(|part| part.as_os_str() == OsStr::new(EXECUTION_ROOTS))?;
    // The name of the workspace.
    parts.next()?;
    let path = parts.as_path();
    (target.is_absolute() && !path.as_os_str().is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn execution_roots() {
        let cases = [
            ("/home/u/.cache/bazel/_bazel_u/0123/execroot/_main/bazel-out/k8-fastbuild/bin/x", true),
            ("/dev/shm/execroot/_main/x", true),
            ("/out/execroot/_main", false),
            ("/out/execroots/_main/x", false),
            ("execroot/_main/x", false),
            ("../../execroot/_main/x", false),
            ("/usr/share/zoneinfo/UTC", false),
            ("x", false),
        ];
        for (target, expected) in cases {
            assert_eq!(is_in_execution_root(Path::new(target)), expected, "{target}");
        }
    }
}
