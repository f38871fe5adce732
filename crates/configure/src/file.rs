//! One BUILD file: read, planned, and written or shown.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use buildfile::{Comment, Span};
use globset::GlobSet;

use crate::cli::Mode;
use crate::diagnostic::{Diagnostic, Severity};
use crate::package::{self, Outcome, Package};
use crate::report::{self, Message};
use crate::root::Asked;
use crate::summary::Counts;
use crate::walk::{Below, Directory};
use crate::{diff, glob, write};

/// What is done with all BUILD files.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The root of the repository: absolute, without links.
    pub root: &'a Path,
    /// Where to work.
    pub asked: &'a Asked,
    /// What happens to changes.
    pub mode: Mode,
    /// Whether diffs are coloured.
    pub colour: bool,
}

/// What came of BUILD files.
#[derive(Debug, Default)]
pub struct Found {
    /// What there is to say.
    pub messages: Vec<Message>,
    /// What goes to standard output: of each file, by its path, the diff or the new content.
    pub shown: Vec<(String, Vec<u8>)>,
    /// What was done.
    pub counts: Counts,
    /// The text at hand. Kept, so that not each file needs memory of its own.
    text: Vec<u8>,
}

/// Does the BUILD file `name` of a directory, and returns what holds below it.
pub fn work(task: &Task<'_>, directory: &Directory<'_>, name: &OsStr, found: &mut Found) -> Option<Below> {
    let path = directory.path.join(name);
    let shown = shown(&directory.relative.join(name));
    let Some(package) = directory.relative.to_str().map(slashes) else {
        found.messages.push(Message::error(shown, "a package's path must be UTF-8: rename its directory"));
        return None;
    };
    let mut text = std::mem::take(&mut found.text);
    let below = match read(&path, &mut text) {
        Ok(()) => {
            Work { task, directory, package: &package, path: &path, shown: &shown, text: &text }.run(found)
        }
        Err(error) => {
            found.messages.push(Message::error(shown, format!("cannot read it: {error}")));
            None
        }
    };
    found.text = text;
    below
}

fn read(path: &Path, text: &mut Vec<u8>) -> io::Result<()> {
    text.clear();
    File::open(path)?.read_to_end(text).map(|_| ())
}

/// A path for people: with `/`.
pub fn shown(path: &Path) -> String {
    slashes(&path.to_string_lossy())
}

fn slashes(path: &str) -> String {
    if std::path::MAIN_SEPARATOR == '/' {
        path.to_owned()
    } else {
        path.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

/// A BUILD file that was read.
struct Work<'a> {
    task: &'a Task<'a>,
    directory: &'a Directory<'a>,
    package: &'a str,
    path: &'a Path,
    shown: &'a str,
    text: &'a [u8],
}

impl Work<'_> {
    fn run(&self, found: &mut Found) -> Option<Below> {
        let mut diagnostics = Vec::new();
        let parsed = buildfile::parse(self.text);
        let is_parsed = parsed.is_ok();
        let file = parsed.unwrap_or_else(|error| {
            diagnostics.push(Diagnostic {
                severity: Severity::Error,
                offset: error.offset,
                message: error.message.into_owned(),
            });
            comments_of(self.text)
        });
        let within = self.directory.settings.within(self.package, &file, &mut diagnostics);
        let exclude = exclude(&file, &within.exclude, &mut diagnostics);
        if self.directory.covered {
            found.counts.files += 1;
        }
        if self.directory.covered && is_parsed && !within.ignored {
            let settings = &within.here;
            let package = Package { path: self.package, directory: self.directory.path, settings };
            let mut outcome = package::update(&package, &file);
            diagnostics.append(&mut outcome.diagnostics);
            self.finish(&outcome, found);
        }
        if !diagnostics.is_empty() {
            found.messages.append(&mut report::locate(self.shown, self.text, diagnostics));
        }
        Some(Below { settings: within.below, exclude })
    }

    /// Whether this is a link to the BUILD file of another directory that is worked on: twice would be once too much.
    fn is_of_another_package(&self) -> bool {
        if !self.path.is_symlink() {
            return false;
        }
        let Ok(real) = fs::canonicalize(self.path) else { return false };
        let Ok(relative) = real.strip_prefix(self.task.root) else { return false };
        let names = self.directory.settings.build_file_names();
        let is_build_file =
            relative.file_name().is_some_and(|file| names.iter().any(|name| file == name.as_str()));
        let directory = relative.parent().unwrap_or(Path::new(""));
        is_build_file && directory != self.directory.relative && self.task.asked.covers(directory)
    }

    /// Writes or shows what changes.
    fn finish(&self, outcome: &Outcome, found: &mut Found) {
        let Some(new) = &outcome.text else {
            found.counts.images += outcome.images;
            return;
        };
        if self.is_of_another_package() {
            return;
        }
        let done = match self.task.mode {
            Mode::Fix => write::replace(self.task.root, self.path, self.text, new),
            Mode::Print => {
                found.shown.push((self.shown.to_owned(), new.clone()));
                Ok(())
            }
            Mode::Diff => write::place(self.task.root, self.path).map(|place| {
                // The file itself: `patch` follows no links.
                let path = shown(place.strip_prefix(self.task.root).unwrap_or(&place));
                let diff = diff::unified(path.as_bytes(), self.text, new, self.task.colour);
                found.shown.push((self.shown.to_owned(), diff));
            }),
        };
        match done {
            Ok(()) => {
                let Outcome { added, updated, removed, images, .. } = *outcome;
                found.counts += Counts { files: 0, changed: 1, images, added, updated, removed };
            }
            Err(error) => found.messages.push(Message::error(self.shown, error)),
        }
    }
}

/// The globs of `# gazelle:exclude` in a file.
fn exclude(file: &buildfile::File<'_>, globs: &[String], diagnostics: &mut Vec<Diagnostic>) -> GlobSet {
    if globs.is_empty() {
        return GlobSet::empty();
    }
    let mut valid = Vec::new();
    for glob in globs {
        match glob::doublestar([glob.as_str()]) {
            Ok(_) => valid.push(glob.as_str()),
            Err(error) => {
                let mut comments = file.comments.iter().map(|comment| comment.span);
                let said =
                    comments.find(|span| file.text[span.range()].trim_ascii_end().ends_with(glob.as_bytes()));
                let message = format!("gazelle:exclude: {error}");
                diagnostics.push(Diagnostic::warning(said.map_or(0, |span| span.start), message));
            }
        }
    }
    glob::doublestar(valid).unwrap_or_default()
}

/// The comment lines of a text that can't be parsed: its directives count all the same for what lies below it, or images would
/// appear where `# oci:disabled` keeps them out.
fn comments_of(text: &[u8]) -> buildfile::File<'_> {
    let mut comments = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let comment = line.trim_ascii();
        if comment.starts_with(b"#") {
            let from = start + (line.len() - line.trim_ascii_start().len());
            let span = Span::new(from, from + comment.len());
            comments.push(Comment { span, own_line: true, depth: 0 });
        }
        start += line.len();
    }
    buildfile::File { text, statements: Vec::new(), comments }
}
