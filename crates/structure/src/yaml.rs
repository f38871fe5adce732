//! YAML as nodes that know their lines. JSON is YAML, too.
//!
//! Invariant: a scalar stays the text that it is written as. What it means is decided by the field that it is for, as
//! container-structure-test has it: `8080` is a fine port, whose type is text.

use std::{collections::BTreeMap, rc::Rc};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::config::Problem;

/// As deep as a file may nest. Configs need four levels.
const MOST_DEPTH: usize = 32;

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `is_plain` without quotes.
    Scalar {
        text: String,
        is_plain: bool,
    },
    List(Vec<Rc<Node>>),
    /// In the order of the file, each key once.
    Map(Vec<(String, Rc<Node>)>),
}

impl Node {
    /// Whether it is nothing: `null`, `~`, or nothing at all behind a key.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, is_plain: true }
            if ["", "~", "null", "Null", "NULL"].contains(&text.as_str()))
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar { .. } => "one value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// Parses the one document of a file; `None` if there is nothing in it.
///
/// # Errors
/// Where it is no YAML, has several documents, a key twice, or tags.
pub(crate) fn parse(text: &str) -> Result<Option<Rc<Node>>, Problem> {
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: BTreeMap::new() };
    let mut document = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(document),
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (_, line) if document.is_some() => {
                return Err(Problem::new(line, "here a second document begins: make it a file of its own"));
            }
            (event, line) => document = Some(reader.node(event, line, 0)?),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: BTreeMap<usize, Rc<Node>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, usize), Problem> {
        match self.parser.next_event() {
            Some(Ok((event, Span { start, .. }))) => Ok((event, start.line())),
            Some(Err(error)) => {
                Err(Problem::new(error.marker().line(), format!("this is no YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, 0)),
        }
    }

    fn node(&mut self, event: Event<'a>, line: usize, depth: usize) -> Result<Rc<Node>, Problem> {
        if depth > MOST_DEPTH {
            return Err(Problem::new(line, format!("this nests more than {MOST_DEPTH} levels deep")));
        }
        let (value, anchor) = match event {
            Event::Alias(anchor) => {
                let unknown = || Problem::new(line, "this alias stands in what it names, or for nothing");
                return self.anchors.get(&anchor).cloned().ok_or_else(unknown);
            }
            Event::Scalar(text, style, anchor, _) => {
                (Value::Scalar { text: text.into_owned(), is_plain: style == ScalarStyle::Plain }, anchor)
            }
            Event::SequenceStart(anchor, _) => (Value::List(self.list(depth)?), anchor),
            Event::MappingStart(anchor, _) => (Value::Map(self.map(depth)?), anchor),
            other => return Err(Problem::new(line, format!("this is no YAML: {other:?}"))),
        };
        let node = Rc::new(Node { line, value });
        // Those without an anchor have 0.
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Rc<Node>>, Problem> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(list),
                (event, line) => list.push(self.node(event, line, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(String, Rc<Node>)>, Problem> {
        let mut map: Vec<(String, Rc<Node>)> = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, line) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, line, depth + 1)?;
            let Value::Scalar { text: key, .. } = &key.value else {
                return Err(Problem::new(line, "the keys of a map are texts"));
            };
            let (event, line) = self.next()?;
            let value = self.node(event, line, depth + 1)?;
            if key == "<<" {
                merged.push(value);
            } else if map.iter().any(|(known, _)| known == key) {
                return Err(Problem::new(line, format!("`{key}` is there twice")));
            } else {
                map.push((key.clone(), value));
            }
        }
        for value in merged {
            merge(&mut map, &value)?;
        }
        Ok(map)
    }
}

/// YAML's merge key: what the map itself has goes first.
fn merge(map: &mut Vec<(String, Rc<Node>)>, value: &Node) -> Result<(), Problem> {
    match &value.value {
        Value::Map(more) => {
            for (key, node) in more {
                if !map.iter().any(|(known, _)| known == key) {
                    map.push((key.clone(), Rc::clone(node)));
                }
            }
            Ok(())
        }
        Value::List(list) => list.iter().try_for_each(|value| merge(map, value)),
        Value::Scalar { .. } => Err(Problem::new(value.line, "`<<` takes a map, or a list of maps")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node in one line: plain scalars bare, others quoted, each with its line.
    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Scalar { text, is_plain: true } => format!("{text}@{}", node.line),
            Value::Scalar { text, .. } => format!("{text:?}@{}", node.line),
            Value::List(list) => {
                format!("[{}]", list.iter().map(|node| shown(node)).collect::<Vec<_>>().join(" "))
            }
            Value::Map(map) => {
                let entry = |(key, node): &(String, Rc<Node>)| format!("{key}={}", shown(node));
                format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn documents() {
        for (text, expected) in [
            ("a: 1\nb: ['x', \"y\"]\n", "{a=1@1 b=[\"x\"@2 \"y\"@2]}"),
            ("a: &x\n  k: 1\nb: *x\n", "{a={k=1@2} b={k=1@2}}"),
            ("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n", "{a={k=1@1 l=2@1} b={k=3@4 l=2@1}}"),
            ("{\n\t\"a\": [\n\t\t1,\n\t\t\"x\\/y\"\n\t]\n}", "{a=[1@3 \"x/y\"@4]}"),
            ("a:\n- |\n  x\n  y\n", "{a=[\"x\\ny\\n\"@3]}"),
            ("---\na: ~\n...\n", "{a=~@2}"),
        ] {
            assert_eq!(shown(&parse(text).unwrap().unwrap()), expected, "{text}");
        }
        for text in ["", "# nothing\n", "---\n"] {
            assert!(parse(text).unwrap().is_none_or(|node| node.is_null()), "{text}");
        }
    }

    #[test]
    fn what_is_no_config() {
        let deep = "[".repeat(100);
        for (text, line, says) in [
            ("a: 1\nb: c: d\n", 2, "no YAML"),
            ("a: 1\nb: 2\na: 3\n", 3, "`a` is there twice"),
            ("a: 1\n---\nb: 1\n", 3, "second document"),
            ("? [a]\n: b\n", 1, "keys of a map are texts"),
            ("a: &x [*x]\n", 1, "alias"),
            ("a:\n  <<: 1\n", 2, "takes a map"),
            (&deep, 1, "levels deep"),
        ] {
            let problem = parse(text).unwrap_err();
            assert_eq!(problem.line, line, "{text}: {}", problem.words);
            assert!(problem.words.contains(says), "{text}: {}", problem.words);
        }
    }
}
