//! Directives: comments of a BUILD file that say how its directory is configured.
//!
//! They are gazelle's (<https://github.com/bazel-contrib/bazel-gazelle/blob/master/Directives.md>), of which some are read, and our
//! own, which begin with `# oci:`.

use buildfile::{Comment, File};

/// A directive, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directive<'a> {
    /// Whose it is.
    pub owner: Owner,
    /// What follows the colon.
    pub name: &'a str,
    /// The rest of the line, without blanks around it.
    pub arguments: &'a str,
    /// Where the comment begins.
    pub offset: usize,
}

/// Whose a directive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// `# gazelle:`
    Gazelle,
    /// `# oci:`
    Oci,
}

/// The directives of a file, in order: comments that have their line to themselves, outside of brackets.
pub fn of<'f>(file: &'f File<'_>) -> impl Iterator<Item = Directive<'f>> {
    file.comments.iter().filter_map(|comment| read(file.text, *comment))
}

fn read(text: &[u8], comment: Comment) -> Option<Directive<'_>> {
    if !comment.own_line || comment.depth > 0 {
        return None;
    }
    let line = std::str::from_utf8(&text[comment.span.range()]).ok()?.strip_prefix('#')?.trim();
    let (owner, rest) = match line.strip_prefix("oci:") {
        Some(rest) => (Owner::Oci, rest),
        None => (Owner::Gazelle, line.strip_prefix("gazelle:")?),
    };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
    Some(Directive { owner, name: &rest[..end], arguments: rest[end..].trim(), offset: comment.span.start })
}
