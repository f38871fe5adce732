//! What holds in a package: the flags, changed by the directives of its file and of those above it.

mod image_name;
mod kinds;
mod oci;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use buildfile::File;

use crate::diagnostic::Diagnostic;
use crate::directives::{self, Directive, Owner};
use crate::label::Label;
use crate::languages::{self, Macro, Row};
use image_name::ImageName;
use kinds::Kinds;

/// What holds in a package. A clone costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings(Arc<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    /// The macro for binaries of any kind.
    binary_image: Macro,
    table: Vec<Row>,
    kinds: Kinds,
    /// The languages that the command line asks for; without, all.
    asked: Option<BTreeSet<String>>,
    /// Those that directives ask for; without, all.
    languages: Option<BTreeSet<String>>,
    mode: Mode,
    image_name: ImageName,
    /// A language's base image, a label.
    bases: BTreeMap<String, String>,
    build_file_names: Vec<String>,
    /// Binaries of this package alone that are opted in.
    enabled: BTreeSet<String>,
    /// Binaries of this package alone that get no image.
    ignored: BTreeSet<String>,
}

/// For which binaries images are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// All.
    Enabled,
    /// Those that `enabled` names.
    OptIn,
    /// None, and those that exist are left alone.
    Disabled,
}

/// What the directives of a file come to.
#[derive(Debug)]
pub struct Inherited {
    /// What holds in its package.
    pub here: Settings,
    /// What the directories below start from.
    pub below: Settings,
    /// Whether the file is left alone.
    pub ignored: bool,
    /// Globs of paths below the package that aren't looked at.
    pub exclude: Vec<String>,
}

impl Settings {
    /// What holds above the root: what the command line says.
    ///
    /// `defs` is the label of `//oci:defs.bzl`, as the repository at hand calls it.
    pub fn root(defs: &str, asked: Option<Vec<String>>, build_file_names: Vec<String>) -> Self {
        Self(Arc::new(Inner {
            binary_image: Macro { symbol: "binary_image".to_owned(), file: defs.to_owned() },
            table: languages::table(defs),
            kinds: Kinds::default(),
            asked: asked.map(|languages| languages.into_iter().collect()),
            languages: None,
            mode: Mode::Enabled,
            image_name: ImageName::default(),
            bases: BTreeMap::new(),
            build_file_names,
            enabled: BTreeSet::new(),
            ignored: BTreeSet::new(),
        }))
    }

    /// What holds in `package`, whose file is `file`, where `self` holds above it; `warnings` gets what is wrong with directives.
    pub fn within(&self, package: &str, file: &File<'_>, warnings: &mut Vec<Diagnostic>) -> Inherited {
        let mut directives = directives::of(file).peekable();
        if directives.peek().is_none() {
            let ignored = self.0.mode == Mode::Disabled;
            return Inherited { here: self.clone(), below: self.clone(), ignored, exclude: Vec::new() };
        }

        let mut here = self.clone();
        let mut ignored = false;
        let mut exclude = Vec::new();
        for directive in directives {
            let inner = Arc::make_mut(&mut here.0);
            let read = match directive.owner {
                Owner::Gazelle => inner.gazelle(&directive, &mut ignored, &mut exclude),
                Owner::Oci => inner.oci(&directive, package, &mut ignored),
            };
            if let Err(message) = read {
                warnings.push(Diagnostic::warning(directive.offset, message));
            }
        }

        warnings.extend(oci::unknown_names(file));
        let mut below = here.clone();
        if !here.0.enabled.is_empty() || !here.0.ignored.is_empty() {
            let inner = Arc::make_mut(&mut below.0);
            inner.enabled.clear();
            inner.ignored.clear();
        }
        ignored |= here.0.mode == Mode::Disabled;
        Inherited { here, below, ignored, exclude }
    }

    /// The names that BUILD files have, the preferred one first.
    pub fn build_file_names(&self) -> &[String] {
        &self.0.build_file_names
    }

    /// The table of languages.
    pub fn table(&self) -> &[Row] {
        &self.0.table
    }

    /// The row of a binary of the kind `symbol`, or of one that is mapped to it or wraps it.
    pub fn row(&self, symbol: &str) -> Option<&Row> {
        let found = |kind: &str| self.0.table.iter().find(|row| row.binary == kind);
        // Asked of every call; most repositories map none.
        if self.0.kinds.is_empty() {
            return found(symbol);
        }
        self.0.kinds.meanings(symbol).into_iter().find_map(found)
    }

    /// What is written in place of `image`: another macro, where it is mapped.
    pub fn written<'s>(&'s self, image: &'s Macro) -> &'s Macro {
        self.0.kinds.written(image)
    }

    /// The macros whose calls are images of the table, as they are written here, `binary_image` among them; and of each, whether the
    /// command line asks for its language.
    pub fn images(&self) -> impl Iterator<Item = (&Macro, bool)> {
        let of_rows = self.0.table.iter().map(|row| (self.written(&row.image), self.is_asked(row)));
        of_rows.chain([(self.written(&self.0.binary_image), true)])
    }

    /// What the repository of our macros is called here; empty where it is the one at hand.
    pub fn repository(&self) -> &str {
        Label::parse(self.0.binary_image.file.as_bytes(), "").map_or("", |label| label.repository)
    }

    /// Whether the command line asks for this language.
    pub fn is_asked(&self, row: &Row) -> bool {
        self.0.asked.as_ref().is_none_or(|asked| asked.contains(&row.language))
    }

    /// Whether directives want an image of the binary `name`.
    pub fn wants(&self, row: &Row, name: &str) -> bool {
        let inner = &*self.0;
        inner.languages.as_ref().is_none_or(|languages| languages.contains(&row.language))
            && !inner.ignored.contains(name)
            && match inner.mode {
                Mode::Enabled => true,
                Mode::OptIn => inner.enabled.contains(name),
                Mode::Disabled => false,
            }
    }

    /// What the image of `binary` is called, in a package with as many binaries.
    pub fn image_name(&self, package: &str, binary: &str, binaries: usize) -> String {
        self.0.image_name.of(package, binary, binaries)
    }

    /// The base of images of a language, a label.
    pub fn base(&self, row: &Row) -> Option<&str> {
        self.0.bases.get(&row.language).map(String::as_str)
    }
}

impl Inner {
    /// Reads one of gazelle's directives. What isn't for us is somebody else's.
    fn gazelle(
        &mut self,
        directive: &Directive<'_>,
        ignored: &mut bool,
        exclude: &mut Vec<String>,
    ) -> Result<(), String> {
        let words: Vec<&str> = directive.arguments.split_whitespace().collect();
        match (directive.name, words.as_slice()) {
            ("ignore", _) => *ignored = true,
            ("exclude", []) | ("build_file_name", []) => return Err(wants(directive, "a value")),
            ("exclude", _) => exclude.push(directive.arguments.to_owned()),
            ("build_file_name", _) => {
                let names = directive.arguments.split(',').map(str::trim).filter(|name| !name.is_empty());
                let names: Vec<String> = names.map(str::to_owned).collect();
                if names.is_empty() {
                    return Err(wants(directive, "names of files"));
                }
                self.build_file_names = names;
            }
            ("map_kind", [from, to, file]) => self.kinds.map(from, to, file),
            ("map_kind", _) => return Err(wants(directive, "<from kind> <to kind> <file to load it from>")),
            ("alias_kind", [wrapper, kind]) => self.kinds.alias(wrapper, kind),
            ("alias_kind", _) => return Err(wants(directive, "<macro> <kind>")),
            _ => {}
        }
        Ok(())
    }
}

/// What to say of a directive whose arguments are wrong.
fn wants(directive: &Directive<'_>, arguments: &str) -> String {
    let owner = match directive.owner {
        Owner::Gazelle => "gazelle",
        Owner::Oci => "oci",
    };
    format!("`# {owner}:{}` wants {arguments}, not {:?}", directive.name, directive.arguments)
}

#[cfg(test)]
mod tests;
