//! The shape of a layer: its directories and links and what it deletes, without its files.
//!
//! What a layer does to the directories of the layers below it is told from their shapes alone, so nobody reads a
//! blob for it. Paths are those in the image, without a slash at their beginning; the root is the empty path.
//!
//! Invariant: a shape is small, whatever the layer holds; what is too deep for that is left out, and [`Shape::depth`]
//! says so.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The shape of a layer. A path that is not UTF-8 is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// As many names as the paths of directories, links and deletions may have that are told of here. `None`: all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// The directories, except for the root: one path in each of them, unless a path in a directory below it tells of
    /// it too. `usr/bin/tool` tells of `usr` and of `usr/bin`; `tmp/` of `tmp`, in which there is nothing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub paths: BTreeSet<String>,
    /// Every symbolic link, with its target as it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub symlinks: BTreeMap<String, String>,
    /// What is deleted from the layers below (`.wh.NAME` in the tar).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub whiteouts: BTreeSet<String>,
    /// The directories of which everything is deleted that the layers below have in them (`.wh..wh..opq`).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub opaque: BTreeSet<String>,
}

impl Shape {
    /// Something that the layer has in a directory, or `directory/` if there is nothing in it; `None` if that is no
    /// directory of the layer.
    #[must_use]
    pub fn example(&self, directory: &str) -> Option<&str> {
        let prefix = format!("{directory}/");
        self.paths.range(prefix.clone()..).next().filter(|path| path.starts_with(&prefix)).map(|path| &**path)
    }

    /// Whether the shape would tell of a directory, link or deletion at this path.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        self.depth.is_none_or(|depth| names(path) <= depth)
    }
}

/// The number of names in a path.
#[must_use]
pub fn names(path: &str) -> usize {
    if path.is_empty() { 0 } else { path.bytes().filter(|byte| *byte == b'/').count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn round_trip() {
        let shape = Shape {
            depth: Some(4),
            paths: set(&["usr/bin/tool"]),
            symlinks: [("bin".to_owned(), "usr/bin".to_owned())].into(),
            whiteouts: set(&["etc/old"]),
            opaque: set(&[""]),
        };
        let expected = concat!(
            r#"{"depth":4,"opaque":[""],"paths":["usr/bin/tool"],"#,
            r#""symlinks":{"bin":"usr/bin"},"whiteouts":["etc/old"]}"#
        );
        let text = serde_json::to_value(&shape).unwrap().to_string();
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Shape>(&text).unwrap(), shape);
        assert_eq!(serde_json::to_string(&Shape::default()).unwrap(), "{}");
    }

    #[test]
    fn directories() {
        let shape = Shape { paths: set(&["a-b/x", "a/b/c", "a/d/e/f", "tmp/"]), ..Shape::default() };
        let cases = [
            ("a", Some("a/b/c")),
            ("a/b", Some("a/b/c")),
            ("a/d", Some("a/d/e/f")),
            ("a/d/e", Some("a/d/e/f")),
            ("tmp", Some("tmp/")),
            ("a/b/c", None),
            ("a/c", None),
            ("b", None),
            ("t", None),
            ("z", None),
        ];
        for (directory, expected) in cases {
            assert_eq!(shape.example(directory), expected, "{directory}");
        }
    }

    #[test]
    fn depths() {
        assert_eq!(["", "a", "a/b", "a/b/c"].map(names), [0, 1, 2, 3]);
        let shape = Shape { depth: Some(2), ..Shape::default() };
        assert!(shape.covers("a/b") && !shape.covers("a/b/c") && Shape::default().covers("a/b/c"));
    }
}
