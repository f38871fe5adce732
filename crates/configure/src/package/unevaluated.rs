//! What isn't evaluated, and so is reported: binaries made by comprehensions, functions and macros. `# keep` on a statement says that
//! its images are written by hand.

use buildfile::{Call, ExprKind, File, Statement};

use super::names::TopLevel;
use super::scope::Scope;
use crate::diagnostic::Diagnostic;
use crate::languages::Row;
use crate::settings::Settings;

/// Warnings about binaries whose names can't be read.
pub(super) fn report(settings: &Settings, scope: &Scope<'_>, file: &File<'_>) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for statement in &file.statements {
        let mut found = Vec::new();
        let top = statement.as_call();
        found.extend(top.and_then(|call| at_top_level(settings, scope, TopLevel { statement, call })));
        nested(settings, scope, statement, top, &mut found);
        // Asked last: most statements have nothing to warn of.
        if !found.is_empty() && !file.keeps(statement.span) {
            warnings.append(&mut found);
        }
    }
    warnings
}

fn at_top_level(settings: &Settings, scope: &Scope<'_>, top: TopLevel<'_, '_>) -> Option<Diagnostic> {
    let symbol = scope.callee(top.call)?.symbol?;
    let offset = top.statement.span.start;
    if let Some(row) = wanted(settings, symbol) {
        let unreadable = top.name().is_none();
        return unreadable.then(|| {
            let message = format!(
                "the name of this {} is not a string literal: write its {} by hand, and say `# keep` above the statement",
                row.binary, row.image.symbol
            );
            Diagnostic::warning(offset, message)
        });
    }
    // What is called like a binary, with something before it, most often wraps one.
    let name = top.name().unwrap_or_default();
    let wraps =
        |row: &&Row| symbol.strip_suffix(row.binary.as_str()).is_some_and(|prefix| prefix.ends_with('_'));
    let kind = &settings
        .table()
        .iter()
        .filter(|row| settings.wants(row, name) && settings.is_asked(row))
        .find(wraps)?
        .binary;
    let message = format!(
        "is {symbol} a {kind}? If so, say `# gazelle:alias_kind {symbol} {kind}`, if not, `# oci:ignore {name}`"
    );
    Some(Diagnostic::warning(offset, message))
}

/// Warns of calls of binary kinds within a statement, other than the one that is the statement.
fn nested(
    settings: &Settings,
    scope: &Scope<'_>,
    statement: &Statement<'_>,
    top: Option<&Call<'_>>,
    warnings: &mut Vec<Diagnostic>,
) {
    statement.visit(&mut |expr| {
        let ExprKind::Call(call) = &expr.kind else { return };
        if top.is_some_and(|top| std::ptr::eq(top, call)) {
            return;
        }
        let symbol = scope.callee(call).and_then(|callee| callee.symbol);
        if let Some(row) = symbol.and_then(|symbol| wanted(settings, symbol)) {
            let message = format!(
                "this {} is made by an expression or a function, which is not evaluated: write its {} by hand, and say `# keep` above the statement",
                row.binary, row.image.symbol
            );
            warnings.push(Diagnostic::warning(expr.span.start, message));
        }
    });
}

/// The row of a kind whose images are wanted here.
fn wanted<'s>(settings: &'s Settings, symbol: &str) -> Option<&'s Row> {
    settings.row(symbol).filter(|row| settings.wants(row, "") && settings.is_asked(row))
}
