//! The fields of a map, typed. Invariant: whatever is not as it should be is told with its line and the way to write it.

use std::rc::Rc;

use super::Problem;
use crate::yaml::{Node, Value};

/// A map of which every field is known.
pub(super) struct Fields<'a> {
    /// What it is, such as `an entry of fileExistenceTests`.
    what: &'static str,
    pub(super) line: usize,
    entries: &'a [(String, Rc<Node>)],
}

impl<'a> Fields<'a> {
    /// Takes a map with no other fields than `known`.
    pub(super) fn of(node: &'a Node, what: &'static str, known: &[&str]) -> Result<Self, Problem> {
        let Value::Map(entries) = &node.value else {
            let fields = known.join(", ");
            return Err(Problem::new(
                node.line,
                format!("{what} is {}, and should be a map of {fields}", node.kind()),
            ));
        };
        for (key, value) in entries {
            if known.contains(&key.as_str()) {
                continue;
            }
            // People write these names in many ways; container-structure-test takes this one alone.
            let bare = |name: &str| name.replace(['_', '-'], "").to_lowercase();
            let meant = known.iter().find(|name| bare(name) == bare(key) || bare(name) == bare(key) + "s");
            let meant = meant.map_or_else(String::new, |name| format!(": write `{name}`"));
            return Err(Problem::new(
                value.line,
                format!("{what} has no field `{key}`{meant}. There are {}", known.join(", ")),
            ));
        }
        Ok(Self { what, line: node.line, entries })
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        let (_, node) = self.entries.iter().find(|(name, _)| name == key)?;
        Some(&**node).filter(|node| !node.is_null())
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Problem> {
        self.get(key).map(|node| text(node, key)).transpose()
    }

    /// A text that must be there, and not empty.
    pub(super) fn needed(&self, key: &str) -> Result<String, Problem> {
        let text = self.text(key)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Problem::new(self.line, format!("{} has no `{key}`: give it one", self.what)))
    }

    pub(super) fn bool(&self, key: &str, default: bool) -> Result<bool, Problem> {
        let Some(node) = self.get(key) else { return Ok(default) };
        let word = match &node.value {
            Value::Scalar { text, is_plain: true } => text.to_lowercase(),
            _ => String::new(),
        };
        // The words of YAML 1.1, which is what container-structure-test reads.
        match word.as_str() {
            "true" | "yes" | "on" | "y" => Ok(true),
            "false" | "no" | "off" | "n" => Ok(false),
            _ => Err(Problem::new(node.line, format!("`{key}` is true or false, without quotes"))),
        }
    }

    pub(super) fn integer(&self, key: &str) -> Result<Option<i64>, Problem> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let number = match &node.value {
            Value::Scalar { text, is_plain: true } => text.parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| {
            Problem::new(node.line, format!("`{key}` is a whole number, without quotes, such as {key}: 0"))
        })
    }

    /// The entries of a list; none if it is not there.
    pub(super) fn list(&self, key: &str) -> Result<&'a [Rc<Node>], Problem> {
        self.get(key).map_or(Ok(&[]), |node| list(node, key))
    }

    /// A list of texts; `None` if it is not there.
    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, Problem> {
        self.get(key).map(|node| texts(node, key)).transpose()
    }

    /// Each entry of a list, read.
    pub(super) fn each<T>(
        &self,
        key: &str,
        read: impl FnMut(&'a Node) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        self.list(key)?.iter().map(|node| &**node).map(read).collect()
    }
}

/// A text, whatever it looks like.
pub(super) fn text(node: &Node, what: &str) -> Result<String, Problem> {
    match &node.value {
        Value::Scalar { .. } if node.is_null() => Ok(String::new()),
        Value::Scalar { text, .. } => Ok(text.clone()),
        Value::List(_) | Value::Map(_) => {
            Err(Problem::new(node.line, format!("`{what}` is {}, and should be one text", node.kind())))
        }
    }
}

/// A list of texts.
pub(super) fn texts(node: &Node, what: &str) -> Result<Vec<String>, Problem> {
    list(node, what)?.iter().map(|node| text(node, what)).collect()
}

fn list<'a>(node: &'a Node, what: &str) -> Result<&'a [Rc<Node>], Problem> {
    match &node.value {
        Value::List(list) => Ok(list),
        Value::Scalar { text, .. } => {
            Err(Problem::new(node.line, format!("`{what}` is a list: write [{text:?}]")))
        }
        Value::Map(_) => {
            Err(Problem::new(node.line, format!("`{what}` is a list: put a `- ` before its entry")))
        }
    }
}
