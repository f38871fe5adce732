//! Our own directives, `# oci:…`.

use buildfile::{File, Statement};

use super::{ImageName, Inner, Mode, wants};
use crate::diagnostic::Diagnostic;
use crate::directives::{self, Directive, Owner};
use crate::label::Label;
use crate::languages::{Macro, Row};

const KNOWN: &str = "enabled, disabled, opt_in, lang, image_name, image_kind, base and ignore";

impl Inner {
    /// Reads one of our directives, written in `package`.
    pub(super) fn oci(
        &mut self,
        directive: &Directive<'_>,
        package: &str,
        ignored: &mut bool,
    ) -> Result<(), String> {
        let words = words(directive);
        match (directive.name, words.as_slice()) {
            ("enabled", []) => self.mode = Mode::Enabled,
            ("enabled", names) => self.enabled.extend(names.iter().map(|&name| target_name(name))),
            ("disabled", []) => self.mode = Mode::Disabled,
            ("opt_in", []) => self.mode = Mode::OptIn,
            ("disabled" | "opt_in", _) => return Err(wants(directive, "no value")),
            ("lang", []) => return Err(wants(directive, "languages, such as `go,py`")),
            ("lang", languages) => {
                for language in languages {
                    self.known(language)?;
                }
                self.languages = Some(languages.iter().map(|&language| language.to_owned()).collect());
            }
            ("image_name", [name]) => self.image_name = ImageName::new(name)?,
            ("image_name", _) => {
                return Err(wants(directive, "one name, such as `image` or `{binary}_image`"));
            }
            ("image_kind", [binary, symbol, file]) => {
                let image = Macro { symbol: (*symbol).to_owned(), file: absolute(file, package)? };
                self.table.retain(|row| row.binary != *binary);
                self.table.push(Row::new(binary, image));
            }
            ("image_kind", _) => {
                return Err(wants(directive, "<binary kind> <macro> <file to load it from>"));
            }
            ("base", [language]) => {
                self.known(language)?;
                self.bases.remove(*language);
            }
            ("base", [language, label]) => {
                self.known(language)?;
                self.bases.insert((*language).to_owned(), absolute(label, package)?);
            }
            ("base", _) => return Err(wants(directive, "a language and a label, such as `go @distroless`")),
            ("ignore", []) => *ignored = true,
            ("ignore", names) => self.ignored.extend(names.iter().map(|&name| target_name(name))),
            (name, _) => return Err(format!("there is no directive `# oci:{name}`: there are {KNOWN}")),
        }
        Ok(())
    }

    fn known(&self, language: &str) -> Result<(), String> {
        if self.table.iter().any(|row| row.language == language) {
            return Ok(());
        }
        let known: Vec<&str> = self.table.iter().map(|row| row.language.as_str()).collect();
        Err(format!(
            "{language:?} is no language with images: there are {}; `# oci:image_kind` adds others",
            known.join(", ")
        ))
    }
}

/// Warnings about the names that `enabled` and `ignore` list where no call has them: nothing is wanted, or spared, by a misspelled one.
pub(super) fn unknown_names(file: &File<'_>) -> Vec<Diagnostic> {
    let lists_names = |directive: &Directive<'_>| {
        directive.owner == Owner::Oci && matches!(directive.name, "enabled" | "ignore")
    };
    let mut warnings = Vec::new();
    for directive in directives::of(file).filter(lists_names) {
        for name in words(&directive).into_iter().map(target_name).filter(|name| !declares(file, name)) {
            let message = format!("`# oci:{}`: no call here has the name {name}", directive.name);
            warnings.push(Diagnostic::warning(directive.offset, message));
        }
    }
    warnings
}

/// Whether a call at top level has this name.
fn declares(file: &File<'_>, name: &str) -> bool {
    let calls = file.statements.iter().filter_map(Statement::as_call);
    let mut names = calls.filter_map(|call| call.keyword("name")?.value.as_string());
    names.any(|declared| declared == name.as_bytes())
}

/// The words of a directive: blanks or commas are between them.
fn words<'d>(directive: &Directive<'d>) -> Vec<&'d str> {
    directive
        .arguments
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect()
}

/// The name of a target of the package, however it is written.
fn target_name(name: &str) -> String {
    name.strip_prefix(':').unwrap_or(name).to_owned()
}

/// A label that means the same in all packages.
fn absolute(label: &str, package: &str) -> Result<String, String> {
    if label.starts_with(['@', '/']) {
        return Ok(label.to_owned());
    }
    let parsed = Label::parse(label.as_bytes(), package).filter(|label| !label.name.is_empty());
    let parsed = parsed.ok_or_else(|| format!("{label:?} is no label"))?;
    Ok(format!("//{}:{}", parsed.package, parsed.name))
}
