//! Through the binary: modes, directories, flags, and what each ends with.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::time::{Duration, SystemTime};

use support::{BINARY, Run, Workspace};

fn three() -> Workspace {
    Workspace::new(&[("BUILD.bazel", BINARY), ("a/BUILD.bazel", BINARY), ("a/b/BUILD", BINARY)])
}

fn changed(workspace: &Workspace) -> Vec<&'static str> {
    ["BUILD.bazel", "a/BUILD.bazel", "a/b/BUILD"]
        .into_iter()
        .filter(|path| workspace.has_image(path))
        .collect()
}

#[test]
fn modes() {
    let workspace = three();
    let before = workspace.files();

    let diff = workspace.run("-mode=diff");
    assert_eq!((diff.code, diff.summary()), (1, "3 files would change, 3 images added"));
    let heads: Vec<_> = diff.out.lines().filter(|line| line.starts_with("+++ ")).collect();
    assert_eq!(heads, ["+++ BUILD.bazel", "+++ a/BUILD.bazel", "+++ a/b/BUILD"]);
    assert_eq!(workspace.run("--check").out, diff.out);

    let print = workspace.run("-mode print");
    assert_eq!((print.code, print.summary()), (0, "3 files would change, 3 images added"));
    assert_eq!(workspace.files(), before);

    let fix = workspace.run("");
    assert_eq!((fix.code, fix.out.as_str(), fix.err.as_str()), (0, "", "3 files changed, 3 images added\n"));
    assert_eq!(changed(&workspace).len(), 3);
    let contents: String = ["BUILD.bazel", "a/BUILD.bazel", "a/b/BUILD"]
        .map(|path| String::from_utf8(workspace.read(path)).unwrap())
        .concat();
    assert_eq!(print.out, contents);

    for line in ["", "update", "fix", "-mode=diff", "-mode=print", "-strict"] {
        let again = workspace.run(line);
        let expected = (0, "", "nothing to change: 3 images in 3 BUILD files\n");
        assert_eq!((again.code, again.out.as_str(), again.err.as_str()), expected, "{line}");
    }
}

#[test]
fn a_file_that_does_not_change_is_not_touched() {
    let workspace = three();
    workspace.run("");
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let path = workspace.path("a/BUILD.bazel");
    fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    workspace.run("");
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), old);
}

#[test]
fn directories() {
    for (folder, line, expected) in [
        ("", "a", &["a/BUILD.bazel", "a/b/BUILD"][..]),
        ("a", "", &["BUILD.bazel", "a/BUILD.bazel", "a/b/BUILD"]),
        ("a", ".", &["a/BUILD.bazel", "a/b/BUILD"]),
        ("a", "-r=false .", &["a/BUILD.bazel"]),
        ("", "-r=false", &["BUILD.bazel"]),
        ("", "-r=false . a/b", &["BUILD.bazel", "a/b/BUILD"]),
        ("a/b", "update -r=false .. ../b", &["a/BUILD.bazel", "a/b/BUILD"]),
        ("a/b", "-repo_root=..", &["a/BUILD.bazel", "a/b/BUILD"]),
        ("", "-exclude=a/b -exclude BUILD.bazel", &["a/BUILD.bazel"]),
        ("", "-exclude=**/BUILD.bazel", &["a/b/BUILD"]),
        ("", "-build_file_name=BUILD", &["a/b/BUILD"]),
        ("", "-lang=py,go a/b", &["a/b/BUILD"]),
        ("", "-lang=py", &[]),
    ] {
        let workspace = three();
        let run = workspace.run_in(folder, line);
        assert_eq!(run.code, 0, "{line}: {}", run.err);
        assert_eq!(changed(&workspace), expected, "{folder} {line}");
    }
}

#[test]
fn bazel_says_where_people_are() {
    let workspace = three();
    let mut command = workspace.command("a/b", "b");
    command.env("BUILD_WORKSPACE_DIRECTORY", workspace.root());
    command.env("BUILD_WORKING_DIRECTORY", workspace.path("a"));
    assert!(command.status().unwrap().success());
    assert_eq!(changed(&workspace), ["a/b/BUILD"]);
}

#[test]
fn of_two_build_files_the_first_name_counts() {
    let workspace = Workspace::new(&[("BUILD.bazel", BINARY), ("BUILD", BINARY)]);
    let run = workspace.run("");
    assert_eq!(run.summary(), "1 file changed, 1 image added");
    assert!(workspace.has_image("BUILD.bazel") && !workspace.has_image("BUILD"));
    // One in use doesn't hide behind one that is left out: Bazel reads that one.
    let workspace =
        Workspace::new(&[("BUILD.bazel", BINARY), ("BUILD", BINARY), (".gitignore", "BUILD.bazel\n")]);
    assert_eq!(workspace.run("").summary(), "nothing to change: 0 images in 0 BUILD files");
}

#[test]
fn usage() {
    let workspace = three();
    workspace.write("file", "");
    let before = workspace.files();
    for (line, part) in [
        ("nowhere", "directory nowhere: "),
        ("a ..", "directory ..: not in the repository at "),
        ("a file", "directory file: not a directory"),
        ("-repo_root=nowhere", "-repo_root nowhere: "),
        ("-repo_root=file", "-repo_root file: not a directory"),
        ("-lang=cobol", "[possible values: go, rust, cc, py, js, java]"),
        ("-mode=check", "[possible values: fix, diff, print]"),
        ("-check -mode=fix", "-check is -mode=diff"),
        ("-exclude=[a", "-exclude: "),
        ("-build_file_name=", "such as BUILD.bazel"),
        ("-frob", "unexpected argument '--frob'"),
    ] {
        let run = workspace.run(line);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{line}: {}", run.err);
        assert!(run.err.contains(part), "{line}: {}", run.err);
        assert_eq!(workspace.files(), before, "{line}");
    }
    let help = workspace.run("-help");
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    assert!(help.out.contains("Exit codes: 0 done"), "{}", help.out);
}

#[test]
fn no_repository() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = three();
    let mut command = workspace.command("", "");
    let output = command.current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no MODULE.bazel, REPO.bazel"));
}

#[test]
fn colour_where_it_is_wanted() {
    let workspace = three();
    for (variables, coloured) in
        [(&[][..], false), (&["CLICOLOR_FORCE"], true), (&["CLICOLOR_FORCE", "NO_COLOR"], false)]
    {
        let mut command = workspace.command("", "-mode=diff");
        let output = command.envs(variables.iter().map(|name| (name, "1"))).output().unwrap();
        assert_eq!(output.stdout.starts_with(b"\x1b[1m--- BUILD.bazel\x1b[m\n"), coloured, "{variables:?}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn who_reads_no_further_is_no_error() {
    let workspace = three();
    let mut command = workspace.command("", "-mode=diff");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert_eq!(err, "3 files would change, 3 images added\n");
}

#[test]
fn threads_change_nothing() {
    let taken = format!("{BINARY}\nfilegroup(name = \"image\")\n");
    let texts = [BINARY, taken.as_str(), "x = (\n", "# oci:wrong\n", "# nothing\n"];
    let paths: Vec<_> =
        (0..100).map(|number| format!("a{}/b{}/p{number}/BUILD", number % 3, number % 7)).collect();
    let files: Vec<_> =
        paths.iter().zip(texts.into_iter().cycle()).map(|(path, text)| (path.as_str(), text)).collect();
    let workspace = Workspace::new(&files);
    let run = |threads: &str| {
        let output = workspace.command("", "-mode=diff").env("RAYON_NUM_THREADS", threads).output().unwrap();
        Run::of(&output)
    };
    let alone = run("1");
    assert_eq!((alone.code, alone.summary()), (3, "20 files would change, 20 images added; 20 errors"));
    assert_eq!(alone.err.matches(": warning: ").count(), 40);
    for threads in ["2", "8"] {
        let run = run(threads);
        assert_eq!(
            (run.code, run.out, run.err),
            (alone.code, alone.out.clone(), alone.err.clone()),
            "{threads}"
        );
    }
}

/// As `oci/private/configure.bzl` starts the test of a target `configure`.
#[cfg(unix)]
#[test]
fn a_test_finds_the_workspace_and_says_how_to_mend_it() {
    let workspace = three();
    let runfiles = workspace.path("runfiles/_main");
    fs::create_dir_all(&runfiles).unwrap();
    std::os::unix::fs::symlink(workspace.path("MODULE.bazel"), runfiles.join("MODULE.bazel")).unwrap();
    let check = |code, end: &str| {
        let mut command = workspace.command("runfiles", "-mode=diff");
        command.env("STRATA_CONFIGURE_ROOT_FILE", "_main/MODULE.bazel");
        command.env("STRATA_CONFIGURE_FIX", "bazel run //:configure");
        let output = command.env("RUNFILES_DIR", workspace.path("runfiles")).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{err}");
        assert!(err.ends_with(end), "{err}");
    };
    check(1, "3 files would change, 3 images added\nWrite it: `bazel run //:configure`\n");
    workspace.run("");
    check(0, "nothing to change: 3 images in 3 BUILD files\n");
    fs::remove_file(runfiles.join("MODULE.bazel")).unwrap();
    check(3, "start the tool itself\n");
}
