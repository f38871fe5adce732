//! Through the binary: what isn't looked at, and who says so.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;

use support::{BINARY, Workspace};

/// The files of `paths` that get an image, where there are `others` too.
fn done<'a>(paths: &[&'a str], others: &[(&str, &str)], line: &str) -> Vec<&'a str> {
    let workspace = Workspace::new(others);
    for path in paths {
        workspace.write(path, BINARY);
    }
    let run = workspace.run(line);
    assert_eq!(run.code, 0, "{}", run.err);
    paths.iter().copied().filter(|path| workspace.has_image(path)).collect()
}

#[test]
fn by_files() {
    let all = ["a/BUILD", "a/b/BUILD", "a/gen/BUILD", "c/BUILD"];
    for (others, line, expected) in [
        (&[][..], "", &all[..]),
        (&[(".bazelignore", "# the rest\na/b/\n./c\n")], "", &["a/BUILD", "a/gen/BUILD"]),
        (&[("a/.bazelignore", "b")], "", &all),
        (&[("REPO.bazel", "ignore_directories([\"**/gen\", \"c\"])\n")], "", &["a/BUILD", "a/b/BUILD"]),
        (&[(".gitignore", "gen\n/a/b/\n")], "", &["a/BUILD", "c/BUILD"]),
        (
            &[(".gitignore", "gen\n"), ("a/.gitignore", "!gen\n/BUILD\n")],
            "",
            &["a/b/BUILD", "a/gen/BUILD", "c/BUILD"],
        ),
        // What a repository within ignores is its own affair, and what is ignored around it too.
        (&[(".gitignore", "gen\n"), ("a/.git", "gitdir: x\n")], "", &all),
        (&[(".git/info/exclude", "a\n"), (".ignore", "a\n")], "", &all),
        (&[], "-exclude=a/** -exclude=x", &["c/BUILD"]),
        (&[], "-exclude=**/{b,gen}", &["a/BUILD", "c/BUILD"]),
        (&[("BUILD", "# gazelle:exclude **/gen\n# gazelle:exclude c\n")], "", &["a/BUILD", "a/b/BUILD"]),
        (&[("BUILD", "# gazelle:exclude a/*/BUILD\n")], "", &["a/BUILD", "c/BUILD"]),
        (&[("BUILD", "# gazelle:exclude gen\n")], "", &all),
        (&[("BUILD", "# oci:disabled\n")], "", &[]),
        (&[("BUILD", "# gazelle:build_file_name BUILD.oci\n")], "", &[]),
    ] {
        assert_eq!(done(&all, others, line), expected, "{others:?} {line}");
    }
}

#[test]
fn directives_above_what_is_asked_for_count() {
    let all = ["a/x/BUILD", "a/x/gen/BUILD", "a/y/BUILD.oci"];
    for (others, line, expected) in [
        (&[("a/BUILD", "# gazelle:exclude **/gen\n")][..], "a/x", &["a/x/BUILD"][..]),
        (&[("a/BUILD", "# gazelle:build_file_name BUILD.oci\n")], "a/x a/y", &["a/y/BUILD.oci"]),
        (
            &[("BUILD", "# oci:disabled\n"), ("a/BUILD", "# oci:enabled\n")],
            "a/x",
            &["a/x/BUILD", "a/x/gen/BUILD"],
        ),
    ] {
        assert_eq!(done(&all, others, line), expected, "{others:?} {line}");
    }
}

#[test]
fn a_gitignore_above_the_root_counts_within_a_repository() {
    let workspace =
        Workspace::new(&[("sub/a/BUILD", BINARY), ("sub/b/BUILD", BINARY), (".gitignore", "/sub/a\n")]);
    fs::create_dir(workspace.path(".git")).unwrap();
    assert_eq!(workspace.run("-repo_root=sub").code, 0);
    assert!(!workspace.has_image("sub/a/BUILD") && workspace.has_image("sub/b/BUILD"));
}

#[test]
fn what_is_asked_for_and_left_out_is_told() {
    let workspace = Workspace::new(&[("a/b/BUILD", BINARY), (".bazelignore", "a")]);
    let run = workspace.run("a/b");
    assert_eq!(run.code, 0);
    assert!(run.err.starts_with("a/b: warning: left out by .bazelignore, "), "{}", run.err);
    assert_eq!(workspace.run("-strict a/b").code, 3);
}

#[cfg(unix)]
#[test]
fn links_to_directories_are_not_followed() {
    use std::os::unix::fs::symlink;
    let workspace = Workspace::new(&[("a/BUILD", BINARY), ("a/b/x", "")]);
    // A circle, a second way to the same package, and a way out.
    symlink("../..", workspace.path("a/b/up")).unwrap();
    symlink("a", workspace.path("bazel-a")).unwrap();
    symlink("/", workspace.path("outside")).unwrap();
    let run = workspace.run("");
    assert_eq!((run.code, run.summary()), (0, "1 file changed, 1 image added"));
    // One that is named is the directory that it leads to.
    assert_eq!(workspace.run("bazel-a").summary(), "nothing to change: 1 image in 1 BUILD file");
    let run = workspace.run("outside");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("not in the repository"), "{}", run.err);
}

#[test]
fn a_directory_by_the_name_of_a_build_file_is_none() {
    let workspace =
        Workspace::new(&[("a/BUILD.bazel/x", ""), ("a/BUILD", BINARY), ("b/BUILD/BUILD", BINARY)]);
    assert_eq!(workspace.run("").summary(), "2 files changed, 2 images added");
}

#[test]
fn wrong_globs_are_told() {
    let text = format!("# gazelle:exclude [a\n{BINARY}");
    let workspace = Workspace::new(&[("BUILD", text.as_str())]);
    let run = workspace.run("");
    assert_eq!(run.code, 0);
    assert!(run.err.starts_with("BUILD:1:1: warning: gazelle:exclude: "), "{}", run.err);
    assert!(run.err.contains("\n  # gazelle:exclude [a\n  ^\n"), "{}", run.err);
    assert!(workspace.has_image("BUILD"));
}
