//! What Bazel's rc files say: options that matter outside of Bazel too, such as its credential helpers.
//!
//! `bazel run` tells its process nothing of them, so the files are read again: the system's, the workspace's and the
//! user's, in Bazel's order. Lines of configurations (`build:ci`) are passed over, since nothing tells which were chosen,
//! and so is a file that isn't there or can't be read.

use std::path::{Path, PathBuf};

use crate::environment::Environment;

/// Commands whose options hold for a run target: `run` inherits those of `build`.
const COMMANDS: [&str; 4] = ["always", "common", "build", "run"];
/// Files that import each other deeper than this do it in a circle.
const DEPTH: usize = 8;

/// The values of one option, with the file that each comes from, in Bazel's order: later ones win.
pub(crate) fn values(environment: &Environment, option: &str) -> Vec<(String, PathBuf)> {
    let workspace = environment.path("BUILD_WORKSPACE_DIRECTORY");
    let files = [
        Some(PathBuf::from("/etc/bazel.bazelrc")),
        workspace.as_ref().map(|workspace| workspace.join(".bazelrc")),
        environment.path("HOME").map(|home| home.join(".bazelrc")),
    ];
    let mut found = Vec::new();
    for file in files.into_iter().flatten() {
        collect(&file, workspace.as_deref(), option, DEPTH, &mut found);
    }
    found
}

fn collect(
    file: &Path,
    workspace: Option<&Path>,
    option: &str,
    depth: usize,
    found: &mut Vec<(String, PathBuf)>,
) {
    let Ok(text) = std::fs::read_to_string(file) else { return };
    for line in parse(&text) {
        let Some((command, arguments)) = line.split_first() else { continue };
        match command.as_str() {
            "import" | "try-import" if depth > 0 => {
                if let Some(file) = arguments.first().and_then(|path| in_workspace(path, workspace)) {
                    collect(&file, workspace, option, depth - 1, found);
                }
            }
            command if COMMANDS.contains(&command) => {
                found.extend(values_in(arguments, option).map(|value| (value.to_owned(), file.to_owned())));
            }
            _ => {}
        }
    }
}

/// A path of an rc file; none if it is in a workspace that isn't known.
pub(crate) fn in_workspace(path: &str, workspace: Option<&Path>) -> Option<PathBuf> {
    match path.strip_prefix("%workspace%") {
        Some(rest) => workspace.map(|workspace| workspace.join(rest.trim_start_matches('/'))),
        None => Some(PathBuf::from(path)),
    }
}

/// The values of an option that takes one: `--name=value` or `--name value`.
fn values_in<'a>(arguments: &'a [String], option: &'a str) -> impl Iterator<Item = &'a str> {
    arguments.iter().enumerate().filter_map(move |(at, argument)| {
        let rest = argument.strip_prefix("--")?.strip_prefix(option)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None if rest.is_empty() => arguments.get(at + 1).map(String::as_str),
            None => None,
        }
    })
}

/// The words of each line: `#` begins a comment, quotes hold words together, and a backslash takes what follows as it is,
/// also the end of the line, which is then none.
fn parse(text: &str) -> Vec<Vec<String>> {
    let mut lines = vec![Vec::new()];
    let mut word: Option<String> = None;
    let (mut quote, mut comment) = (None, false);
    let text = text.replace("\r\n", "\n").replace("\\\n", "");
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\n' => {
                lines.last_mut().expect("there is a line").extend(word.take());
                lines.push(Vec::new());
                (quote, comment) = (None, false);
            }
            _ if comment => {}
            '\\' => word.get_or_insert_default().extend(characters.next()),
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => word.get_or_insert_default().push(c),
            '"' | '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            '#' => {
                lines.last_mut().expect("there is a line").extend(word.take());
                comment = true;
            }
            c if c.is_whitespace() => lines.last_mut().expect("there is a line").extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    lines.last_mut().expect("there is a line").extend(word.take());
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (text, expected) in [
            ("build --a=1 --b 2", vec![vec!["build", "--a=1", "--b", "2"]]),
            ("# all\nbuild --a # rest\r\n\n  run\t--b", vec![vec!["build", "--a"], vec!["run", "--b"]]),
            ("build \"--a=x y\" --b='it''s' c\\ d", vec![vec!["build", "--a=x y", "--b=its", "c d"]]),
            ("build --a \\\n  --b", vec![vec!["build", "--a", "--b"]]),
            ("build \"\"", vec![vec!["build", ""]]),
            ("build 'never closed\nrun", vec![vec!["build", "never closed"], vec!["run"]]),
            ("", vec![]),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn files_in_order_with_imports() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, home) = (folder.path().join("w"), folder.path().join("h"));
        std::fs::create_dir(&workspace).unwrap();
        std::fs::create_dir(&home).unwrap();
        let write = |path: PathBuf, text: &str| std::fs::write(path, text).unwrap();
        write(
            workspace.join(".bazelrc"),
            "try-import %workspace%/none.rc\nimport %workspace%/more.rc\nbuild --x=1\nbuild:ci --x=no\ntest --x=no",
        );
        write(workspace.join("more.rc"), "common --x 2 --xy=no --y=no\nimport %workspace%/more.rc");
        write(home.join(".bazelrc"), "run --x=3");
        let variables = [("BUILD_WORKSPACE_DIRECTORY", &workspace), ("HOME", &home)];
        let variables = variables.map(|(name, path)| (name.to_owned(), path.clone().into_os_string()));
        let environment = Environment { variables: variables.into(), ..Environment::default() };
        let mut found = values(&environment, "x");
        // A file that imports itself ends in some depth.
        found.dedup();
        let of = |value: &str, file: PathBuf| (value.to_owned(), file);
        assert_eq!(
            found,
            [
                of("2", workspace.join("more.rc")),
                of("1", workspace.join(".bazelrc")),
                of("3", home.join(".bazelrc"))
            ]
        );
        assert!(values(&Environment::default(), "no-such-option").is_empty());
    }
}
