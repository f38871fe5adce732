//! What can be wrong with a group of files.

use std::fmt;

use crate::{part::Name, path::ImagePath};

/// Why a layer cannot be the part that it is said to be.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// A regex matches nothing.
    #[error(
        "layer_groups: the regex /{pattern}/ of {name} matches no file of it{}. Correct it, or take the group away; it is matched on \
         paths that begin with `./`, as those do",
        Nearest(nearest)
    )]
    MatchesNothing {
        /// The regex.
        pattern: String,
        /// The group.
        name: Box<Name>,
        /// Paths that have most in common with it.
        nearest: Vec<ImagePath>,
    },
    /// A group is empty, since those before it have all that it could hold.
    #[error(
        "layer_groups: {name} holds nothing: all that it could hold, {}{}, is in groups before it, such as .{example}. \
         Put it before those, or take it away", count_of(*count), Matches(pattern.as_deref())
    )]
    AllEarlier {
        /// The regex of the group, if it has one.
        pattern: Option<String>,
        /// The group.
        name: Box<Name>,
        /// How many files match.
        count: usize,
        /// One of them.
        example: ImagePath,
    },
    /// A group is empty, since nothing is declared.
    #[error("layer_groups: {name} holds nothing: there are no files")]
    NoFiles {
        /// The group.
        name: Box<Name>,
    },
    /// What must be there is not.
    #[error("{message}")]
    Missing {
        /// What is missing, and the fix.
        message: String,
    },
    /// Files are in no layer.
    #[error(
        "layer_groups: {} of {} in no group: {}. Give {name} a regex that matches there too, or have a group after all others whose \
         regex is empty, which matches everything", count_of(*count), name.target, List(files, *count)
    )]
    Unclaimed {
        /// The last group.
        name: Box<Name>,
        /// How many files.
        count: usize,
        /// Some of them.
        files: Vec<ImagePath>,
    },
}

/// As messages say it.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group {
            Some(group) => write!(f, "the group {group} of {}", self.target),
            None => f.write_str(&self.target),
        }
    }
}

fn count_of(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

struct Matches<'a>(Option<&'a str>);

impl fmt::Display for Matches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pattern) => write!(f, " that /{pattern}/ matches"),
            None => Ok(()),
        }
    }
}

struct Nearest<'a>(&'a [ImagePath]);

impl fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; nearest are {}", List(self.0, self.0.len())) }
    }
}

/// Paths as regexes see them, and whether there are more.
struct List<'a>(&'a [ImagePath], usize);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, path) in self.0.iter().enumerate() {
            write!(f, "{}.{path}", if number == 0 { "" } else { ", " })?;
        }
        if self.0.len() < self.1 { f.write_str(", …") } else { Ok(()) }
    }
}
