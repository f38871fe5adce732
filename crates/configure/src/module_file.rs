//! What a repository calls `rules_strata`: its MODULE.bazel says so.

use std::fs;
use std::io;
use std::path::Path;

use buildfile::Call;

use crate::label;

/// The file at the root of a repository. <https://bazel.build/external/module>
pub const MODULE: &str = "MODULE.bazel";
/// The file in it that has them, behind the repository.
const DEFS: &str = "//oci:defs.bzl";
/// How deep `include` may go. Bazel allows any depth without circles.
const DEEPEST: usize = 8;

/// A MODULE.bazel can't be read; the run goes on as if it didn't name `rules_strata`.
#[derive(Debug)]
pub struct ModuleError {
    /// The file, relative to the root.
    pub path: String,
    /// Its text, and the offset of what is wrong in it; none if it can't be read.
    pub place: Option<(Vec<u8>, usize)>,
    /// What is wrong.
    pub message: String,
}

/// The label of the file with the image macros, as BUILD files of this repository write it: `@rules_strata//oci:defs.bzl`, or what
/// the `repo_name` of its `bazel_dep` makes of that; `//oci:defs.bzl` in `rules_strata` itself.
pub fn defs(root: &Path) -> (String, Vec<ModuleError>) {
    let mut errors = Vec::new();
    let repository = repository(root, MODULE, DEEPEST, &mut errors);
    (repository.unwrap_or_else(|| format!("@{}", label::MODULE)) + DEFS, errors)
}

/// `@name` of `rules_strata` in a file and those that it includes; empty in `rules_strata`; none if they don't say.
fn repository(root: &Path, path: &str, depth: usize, errors: &mut Vec<ModuleError>) -> Option<String> {
    let text = match fs::read(root.join(path)) {
        Ok(text) => text,
        // The root may be one of a WORKSPACE, and Bazel tells of a file that is included and isn't there.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            let message = format!("cannot read it: {error}");
            errors.push(ModuleError { path: path.to_owned(), place: None, message });
            return None;
        }
    };
    let file = match buildfile::parse(&text) {
        Ok(file) => file,
        Err(error) => {
            let (offset, message) = (error.offset, error.message.into_owned());
            errors.push(ModuleError { path: path.to_owned(), place: Some((text, offset)), message });
            return None;
        }
    };
    file.statements.iter().find_map(|statement| {
        let call = statement.as_call()?;
        let is_ours = || argument(call, "name", 0).is_some_and(|name| name == label::MODULE);
        match call.callee.as_name()? {
            b"module" if is_ours() => Some(String::new()),
            b"bazel_dep" if is_ours() => {
                let name = argument(call, "repo_name", usize::MAX).filter(|name| !name.is_empty());
                Some(format!("@{}", name.unwrap_or_else(|| label::MODULE.to_owned())))
            }
            b"include" if depth > 0 => {
                let included = included(&argument(call, "label", 0)?)?;
                repository(root, &included, depth - 1, errors)
            }
            _ => None,
        }
    })
}

/// A string among the arguments of a call, by name or by position.
fn argument(call: &Call<'_>, name: &str, position: usize) -> Option<String> {
    let by_position = || call.arguments.get(position).filter(|argument| argument.name.is_none());
    let value = &call.keyword(name).or_else(by_position)?.value;
    String::from_utf8(value.as_string()?.to_vec()).ok()
}

/// The path of an included file, by its label: `//a:b.MODULE.bazel`.
fn included(label: &str) -> Option<String> {
    let (package, name) = label.strip_prefix("//")?.split_once(':')?;
    Some(if package.is_empty() { name.to_owned() } else { format!("{package}/{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_repository() {
        let include = "include(\"//deps:oci.MODULE.bazel\")\nmodule(name = \"app\")\n";
        for (module, expected) in [
            ("", "@rules_strata//oci:defs.bzl"),
            ("module(name = \"rules_strata\", version = \"1\")", "//oci:defs.bzl"),
            ("module(\"rules_strata\")", "//oci:defs.bzl"),
            (
                "module(name = 'app')\nbazel_dep(name = 'rules_strata', version = '1')",
                "@rules_strata//oci:defs.bzl",
            ),
            ("bazel_dep(name = 'rules_strata', repo_name = 'strata')", "@strata//oci:defs.bzl"),
            ("bazel_dep(name = 'rules_go', repo_name = 'strata')", "@rules_strata//oci:defs.bzl"),
            ("bazel_dep(name = 'rules_strata', repo_name = None)", "@rules_strata//oci:defs.bzl"),
            (include, "@oci//oci:defs.bzl"),
        ] {
            let root = tempfile::tempdir().unwrap();
            fs::write(root.path().join(MODULE), module).unwrap();
            fs::create_dir(root.path().join("deps")).unwrap();
            let segment = "include(\"//:MODULE.bazel\")\nbazel_dep(name = 'rules_strata', repo_name = 'oci')";
            fs::write(root.path().join("deps/oci.MODULE.bazel"), segment).unwrap();
            let (found, errors) = defs(root.path());
            assert_eq!(found, expected, "{module}");
            assert!(errors.is_empty(), "{errors:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let root = tempfile::tempdir().unwrap();
        assert!(defs(root.path()).1.is_empty());
        fs::write(root.path().join(MODULE), "bazel_dep(name = ").unwrap();
        let (found, errors) = defs(root.path());
        assert_eq!(found, "@rules_strata//oci:defs.bzl");
        assert_eq!((errors.len(), errors[0].path.as_str()), (1, MODULE));
        assert!(errors[0].place.is_some());
    }
}
