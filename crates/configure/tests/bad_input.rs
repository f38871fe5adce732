//! Through the binary: what is wrong with a file is told, and nothing is lost in it nor in any other.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;

use support::{BINARY, Workspace};

#[test]
fn a_file_that_does_not_parse() {
    let bad = "go_binary(\n    name = \"x\",\n";
    let workspace = Workspace::new(&[("a/BUILD", bad), ("b/BUILD", BINARY), ("c/BUILD", "x = 'y\n")]);
    for (line, summary) in [
        ("-mode=diff", "1 file would change, 1 image added; 2 errors"),
        ("", "1 file changed, 1 image added; 2 errors"),
        ("", "nothing changed; 2 errors"),
        ("b", "nothing to change: 1 image in 1 BUILD file"),
    ] {
        let run = workspace.run(line);
        let code = if line == "b" { 0 } else { 3 };
        assert_eq!((run.code, run.summary()), (code, summary), "{line}");
    }
    let run = workspace.run("");
    let lines: Vec<_> = run.err.lines().collect();
    assert!(lines[0].starts_with("a/BUILD:1:10: "), "{}", run.err);
    assert_eq!(lines[1..3], ["  go_binary(", "           ^"]);
    assert!(lines[3].starts_with("c/BUILD:1:5: "), "{}", run.err);
    assert!(workspace.has_image("b/BUILD"));
    assert_eq!(workspace.read("a/BUILD"), bad.as_bytes());
}

#[test]
fn directives_of_a_file_that_does_not_parse_count() {
    let workspace = Workspace::new(&[("BUILD", "# oci:disabled\nx = (\n"), ("a/BUILD", BINARY)]);
    assert_eq!(workspace.run("").code, 3);
    assert!(!workspace.has_image("a/BUILD"));
}

#[test]
fn a_taken_name_is_the_affair_of_one_target() {
    let taken = format!("{BINARY}\nfilegroup(name = \"image\")\n");
    let workspace = Workspace::new(&[("a/BUILD", taken.as_str()), ("b/BUILD", BINARY)]);
    let run = workspace.run("");
    assert_eq!((run.code, run.summary()), (0, "1 file changed, 1 image added"));
    assert!(run.err.starts_with("a/BUILD:"), "{}", run.err);
    assert!(run.err.contains(": warning: ") && run.err.contains("filegroup"), "{}", run.err);
    assert_eq!(workspace.read("a/BUILD"), taken.as_bytes());

    let strict = workspace.run("-strict");
    assert_eq!((strict.code, strict.summary()), (3, "nothing changed; 1 error"));
    assert!(!strict.err.contains("warning"), "{}", strict.err);
}

#[test]
fn a_module_file_that_does_not_parse_is_told() {
    let workspace = Workspace::new(&[("MODULE.bazel", "module(\n"), ("BUILD", BINARY)]);
    let run = workspace.run("");
    assert_eq!(run.code, 0);
    assert!(run.err.starts_with("MODULE.bazel:1:7: warning: "), "{}", run.err);
    assert!(workspace.has_image("BUILD"));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(workspace: &Workspace, path: &str) -> u32 {
        fs::metadata(workspace.path(path)).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(workspace: &Workspace, path: &str, mode: u32) {
        fs::set_permissions(workspace.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_read_only_file() {
        let workspace =
            Workspace::new(&[("a/BUILD", BINARY), ("b/BUILD", BINARY), ("c/BUILD", "# nothing\n")]);
        set_mode(&workspace, "a/BUILD", 0o444);
        set_mode(&workspace, "c/BUILD", 0o444);
        // To show what would change, nothing needs to be written.
        assert_eq!(workspace.run("-mode=diff").code, 1);
        let run = workspace.run("");
        assert_eq!((run.code, run.summary()), (3, "1 file changed, 1 image added; 1 error"));
        assert!(run.err.starts_with("a/BUILD: read-only"), "{}", run.err);
        assert_eq!(workspace.read("a/BUILD"), BINARY.as_bytes());
        assert_eq!(mode(&workspace, "a/BUILD"), 0o444);
        assert_eq!(fs::read_dir(workspace.path("a")).unwrap().count(), 1);
    }

    #[test]
    fn modes_are_kept() {
        let workspace = Workspace::new(&[("a/BUILD", BINARY), ("b/BUILD", BINARY)]);
        set_mode(&workspace, "a/BUILD", 0o755);
        set_mode(&workspace, "b/BUILD", 0o600);
        workspace.run("");
        assert_eq!((mode(&workspace, "a/BUILD"), mode(&workspace, "b/BUILD")), (0o755, 0o600));
        assert!(workspace.has_image("a/BUILD") && workspace.has_image("b/BUILD"));
    }

    #[test]
    fn links_to_build_files() {
        let workspace = Workspace::new(&[("files/a", BINARY), ("a/x", ""), ("b/x", ""), ("c/x", "")]);
        let outside = tempfile::NamedTempFile::new().unwrap();
        fs::write(outside.path(), BINARY).unwrap();
        symlink("../files/a", workspace.path("a/BUILD")).unwrap();
        symlink(outside.path(), workspace.path("b/BUILD")).unwrap();
        symlink("nothing", workspace.path("c/BUILD")).unwrap();

        let diff = workspace.run("-mode=diff a");
        // patch follows no links.
        assert!(diff.out.starts_with("--- files/a\n+++ files/a\n"), "{}", diff.out);

        let run = workspace.run("");
        assert_eq!((run.code, run.summary()), (3, "1 file changed, 1 image added; 2 errors"));
        assert!(run.err.contains("b/BUILD: a link to "), "{}", run.err);
        assert!(run.err.contains("c/BUILD: cannot read it: "), "{}", run.err);
        assert!(workspace.has_image("files/a") && workspace.path("a/BUILD").is_symlink());
        assert_eq!(fs::read(outside.path()).unwrap(), BINARY.as_bytes());
    }

    #[test]
    fn a_link_to_the_build_file_of_another_package() {
        let workspace = Workspace::new(&[("a/BUILD", BINARY), ("b/x", "")]);
        symlink("../a/BUILD", workspace.path("b/BUILD")).unwrap();
        let diff = workspace.run("-mode=diff");
        assert_eq!(diff.out.matches("--- a/BUILD\n").count(), 1, "{}", diff.out);
        assert_eq!(workspace.run("").summary(), "1 file changed, 1 image added");
        assert!(workspace.has_image("a/BUILD") && workspace.path("b/BUILD").is_symlink());

        // Where the other isn't worked on, the link is as good as the file.
        workspace.write("a/BUILD", BINARY);
        assert_eq!(workspace.run("b").summary(), "1 file changed, 1 image added");
        assert!(workspace.has_image("a/BUILD") && workspace.path("b/BUILD").is_symlink());
    }

    #[test]
    fn a_link_in_a_circle() {
        let workspace = Workspace::new(&[("a/x", ""), ("b/BUILD", BINARY)]);
        symlink("BUILD", workspace.path("a/BUILD")).unwrap();
        let run = workspace.run("");
        assert_eq!(run.code, 3);
        assert!(run.err.starts_with("a/BUILD: cannot read it: "), "{}", run.err);
        assert!(workspace.has_image("b/BUILD"));
    }

    #[test]
    fn a_path_that_is_not_text() {
        use std::os::unix::ffi::OsStrExt as _;
        let workspace = Workspace::new(&[("b/BUILD", BINARY)]);
        let folder = workspace.root().join(std::ffi::OsStr::from_bytes(b"\xe9"));
        fs::create_dir_all(folder.join("below")).unwrap();
        fs::write(folder.join("BUILD"), BINARY).unwrap();
        let run = workspace.run("");
        assert_eq!((run.code, run.summary()), (3, "1 file changed, 1 image added; 1 error"));
        assert!(run.err.starts_with("\u{fffd}/BUILD: a package's path must be UTF-8"), "{}", run.err);
        assert_eq!(fs::read(folder.join("BUILD")).unwrap(), BINARY.as_bytes());
    }

    #[test]
    fn a_pipe_is_no_build_file() {
        let workspace = Workspace::new(&[("a/x", "")]);
        let status = std::process::Command::new("mkfifo").arg(workspace.path("a/BUILD")).status().unwrap();
        assert!(status.success());
        assert_eq!(workspace.run("").summary(), "nothing to change: 0 images in 0 BUILD files");
    }
}

/// Each file with what `configure` shall leave in it.
#[test]
fn odd_bytes_stay() {
    let crlf = BINARY.replace('\n', "\r\n");
    let with_mark = format!("\u{feff}{BINARY}");
    let unfinished = BINARY.trim_end();
    let mut latin = b"# \xe9\xff caf\xe9\n".to_vec();
    latin.extend_from_slice(BINARY.as_bytes());
    latin.extend_from_slice(b"\nx = \"\xe9\"\n");
    let files = [
        ("crlf/BUILD", crlf.as_bytes()),
        ("mark/BUILD", with_mark.as_bytes()),
        ("unfinished/BUILD", unfinished.as_bytes()),
        ("latin/BUILD", &latin),
    ];
    let workspace = Workspace::new(&files);
    let run = workspace.run("");
    assert_eq!((run.code, run.summary()), (0, "4 files changed, 4 images added"));
    for (path, old) in files {
        let new = workspace.read(path);
        assert!(workspace.has_image(path), "{path}");
        // All lines of before are there, in order.
        let mut lines = new.split(|byte| *byte == b'\n');
        for line in old.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            assert!(lines.any(|new| new == line), "{path}: {line:?}");
        }
    }
    let crlf = workspace.read("crlf/BUILD");
    let lines = crlf.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(crlf.windows(2).filter(|two| two == b"\r\n").count(), lines);
    assert!(workspace.read("mark/BUILD").starts_with("\u{feff}load(".as_bytes()));
    assert!(!workspace.read("unfinished/BUILD").ends_with(b"\n"));
    assert_eq!(workspace.run("").summary(), "nothing to change: 4 images in 4 BUILD files");
}

#[test]
fn a_large_build_file() {
    let library = "go_library(\n    name = \"l\",\n    srcs = [\"a.go\"],  # why\n    deps = [\":b\", \"//c:d\"],\n)\n\n";
    let count = (10 << 20) / library.len() + 1;
    let many = library.repeat(count);
    let one_line = format!("x = [{}]\n", "\"a\", ".repeat((10 << 20) / 5));
    let workspace = Workspace::new(&[
        ("many/BUILD", format!("{BINARY}\n{many}")),
        ("one/BUILD", format!("{BINARY}\n{one_line}")),
    ]);
    let run = workspace.run("");
    assert_eq!((run.code, run.summary()), (0, "2 files changed, 2 images added"));
    assert!(workspace.read("many/BUILD").ends_with(many.as_bytes()));
    assert!(workspace.read("one/BUILD").ends_with(one_line.as_bytes()));
}

/// Eight at once. None fails: what another wrote is what it would write. And of each file there is one content at any time.
#[test]
fn concurrent_runs() {
    let packages: Vec<_> = (0..200).map(|number| (format!("p{number}/BUILD"), BINARY)).collect();
    let files: Vec<_> = packages.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let (workspace, alone) = (Workspace::new(&files), Workspace::new(&files));
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut command = workspace.command("", "");
            command.stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    alone.run("");
    let contents = |workspace: &Workspace| workspace.files().into_values().collect::<Vec<_>>();
    assert_eq!(contents(&workspace), contents(&alone));
}
