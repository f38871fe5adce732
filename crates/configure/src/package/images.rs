//! The images that a file declares, and the binaries that they name.

use std::collections::{BTreeMap, BTreeSet};

use buildfile::{Call, Expr, ExprKind, File, Statement};

use super::Package;
use super::names;
use super::scope::{Binding, Scope};
use crate::label::Label;
use crate::languages::Macro;

/// An image of a binary.
#[derive(Debug)]
pub(super) struct Image<'f, 'a> {
    pub(super) statement: &'f Statement<'a>,
    /// Its name, where that is a literal.
    pub(super) name: Option<&'f str>,
    /// What is called, as it is called here.
    pub(super) local: &'f [u8],
    /// The macro's own name.
    pub(super) symbol: &'f str,
    /// Whether its binary may be changed: it is made by a macro of the table, of a language that is asked for, and neither the image
    /// nor the attribute says `# keep`.
    pub(super) is_editable: bool,
    /// Whether something in it says `# keep`, so that it isn't removed.
    pub(super) keeps_something: bool,
    /// The attribute `binary`, where it is a literal, and what it names.
    pub(super) binary: Option<(&'f Expr<'a>, Label<'f>)>,
    /// All targets that `binary` and `binaries` name.
    named: Vec<Label<'f>>,
}

/// The targets of the package that have an image: what images name, and what that is an alias of.
pub(super) fn targets<'f>(
    package: &Package<'f>,
    scope: &Scope<'f>,
    file: &'f File<'_>,
    images: &[Image<'f, '_>],
) -> BTreeSet<&'f str> {
    let is_here = |label: &&Label<'f>| is_target(label, package, label.name);
    let named = images.iter().flat_map(|image| &image.named);
    let mut targets: BTreeSet<&str> = named.filter(is_here).map(|label| label.name).collect();
    let mut aliases: BTreeMap<&str, Vec<Label<'_>>> = BTreeMap::new();
    for top in names::calls(file) {
        if let Some(Binding { symbol: Some("alias"), file: None, .. }) = scope.callee(top.call)
            && let Some(name) = top.name()
        {
            aliases.insert(name, named_by(package, top.call, &["actual"]));
        }
    }
    let mut next: Vec<&str> = targets.iter().copied().collect();
    while let Some(name) = next.pop() {
        for actual in aliases.get(name).into_iter().flatten().filter(is_here) {
            if targets.insert(actual.name) {
                next.push(actual.name);
            }
        }
    }
    targets
}

/// Whether `label` is the target `name` of `package`.
pub(super) fn is_target(label: &Label<'_>, package: &Package<'_>, name: &str) -> bool {
    label.repository.is_empty() && label.package == package.path && label.name == name
}

/// The images of a file, in order. Calls of another ruleset's macro of the same name are among them, to be left as they are.
pub(super) fn of<'f, 'a>(package: &Package<'f>, scope: &Scope<'f>, file: &'f File<'a>) -> Vec<Image<'f, 'a>> {
    let macros: Vec<(&Macro, bool)> = package.settings.images().collect();
    names::calls(file)
        .filter_map(|top| {
            let local = top.call.callee.as_name()?;
            let binding = scope.meaning(local);
            let symbol = binding.symbol?;
            let mut same_name = macros.iter().filter(|(image, _)| image.symbol == symbol).peekable();
            same_name.peek()?;
            let is_ours =
                same_name.any(|(image, is_asked)| *is_asked && is_loaded_from(package, &binding, image));
            let binary = top.call.keyword("binary");
            let is_kept =
                file.keeps(top.statement.span) || binary.is_some_and(|binary| file.keeps(binary.span));
            Some(Image {
                statement: top.statement,
                name: top.name(),
                local,
                symbol,
                is_editable: is_ours && !is_kept,
                keeps_something: keeps_something(file, top.call),
                binary: binary.and_then(|binary| Some((&binary.value, label(package, &binary.value)?))),
                named: named_by(package, top.call, &["binary", "binaries"]),
            })
        })
        .collect()
}

/// Whether `# keep` is said of an argument of a call, or of something in one.
fn keeps_something(file: &File<'_>, call: &Call<'_>) -> bool {
    let mut found = false;
    for argument in &call.arguments {
        found |= file.keeps(argument.span);
        argument.value.visit(&mut |expr| found |= file.keeps(expr.span));
    }
    found
}

/// Whether something is loaded from the file of `image`.
fn is_loaded_from(package: &Package<'_>, binding: &Binding<'_>, image: &Macro) -> bool {
    binding.file.is_some_and(|file| is_file(package, file, &image.file))
}

/// What the macro `image` is bound to in a file, if it is loaded there.
pub(super) fn bound<'f>(package: &Package<'_>, scope: &Scope<'f>, image: &Macro) -> Option<Binding<'f>> {
    scope.local(&image.symbol, |file| is_file(package, file, &image.file))
}

/// Whether two labels in a file of `package` are of one file.
pub(super) fn is_file(package: &Package<'_>, a: &[u8], b: &str) -> bool {
    let ours = package.settings.repository();
    match (Label::parse(a, package.path), Label::parse(b.as_bytes(), package.path)) {
        (Some(a), Some(b)) => a.same(&b, ours),
        _ => false,
    }
}

fn label<'f>(package: &Package<'f>, literal: &'f Expr<'_>) -> Option<Label<'f>> {
    Label::parse(literal.as_string()?, package.path)
}

/// What attributes name, wherever in their expressions: each may be a `select`.
fn named_by<'f>(package: &Package<'f>, call: &'f Call<'_>, attributes: &[&str]) -> Vec<Label<'f>> {
    let mut labels = Vec::new();
    for argument in attributes.iter().filter_map(|attribute| call.keyword(attribute)) {
        argument.value.visit(&mut |expr| {
            if matches!(expr.kind, ExprKind::String(_)) {
                labels.extend(label(package, expr));
            }
        });
    }
    labels
}
