//! Whether a target is gone: an image is removed only when nothing can have made its binary.

use buildfile::{Expr, ExprKind, File, Statement, StatementKind};

use super::Package;
use super::names::{self, TopLevel};
use super::scope::Scope;

/// What is known of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there.
    Exists,
    /// It is not.
    Gone,
    /// What stands at this offset isn't evaluated, and may make it.
    Unknown(usize),
}

/// Functions of BUILD files that make no target, or only the one that they name.
const NATIVE: [&str; 13] = [
    "alias",
    "config_setting",
    "constraint_setting",
    "constraint_value",
    "exports_files",
    "filegroup",
    "genrule",
    "licenses",
    "package",
    "package_group",
    "platform",
    "test_suite",
    "toolchain",
];

/// How the names of rules end, which make but the target that they name.
const RULES: [&str; 5] = ["_binary", "_image", "_import", "_library", "_test"];

/// What is known of the target `name` of the package, without the statements for which `is_going` holds.
pub(super) fn fate(
    package: &Package<'_>,
    scope: &Scope<'_>,
    file: &File<'_>,
    name: &str,
    is_going: impl Fn(&Statement<'_>) -> bool,
) -> Fate {
    let mut staying = names::calls(file).filter(|top| !is_going(top.statement));
    if staying.any(|top| top.name() == Some(name) || makes_output(top, name))
        || package.directory.join(name).exists()
    {
        return Fate::Exists;
    }
    let maker = file.statements.iter().find(|statement| may_make(scope, statement, name));
    maker.map_or(Fate::Gone, |statement| Fate::Unknown(statement.span.start))
}

fn makes_output(top: TopLevel<'_, '_>, name: &str) -> bool {
    let mut found = false;
    for attribute in ["out", "outs"] {
        if let Some(argument) = top.call.keyword(attribute) {
            argument.value.visit(&mut |expr| found |= expr.as_string() == Some(name.as_bytes()));
        }
    }
    found
}

/// Whether a statement that isn't evaluated may make the target.
fn may_make(scope: &Scope<'_>, statement: &Statement<'_>, name: &str) -> bool {
    match &statement.kind {
        StatementKind::Load(_) | StatementKind::Branch | StatementKind::Return(None) => false,
        StatementKind::Expr(Expr { kind: ExprKind::Call(call), .. }) => {
            let top = TopLevel { statement, call };
            match scope.callee(call).and_then(|callee| callee.symbol) {
                Some(symbol) if NATIVE.contains(&symbol) || RULES.iter().any(|end| symbol.ends_with(end)) => {
                    false
                }
                _ => top.name().is_none_or(|made| is_part_of_macro(made, name)),
            }
        }
        StatementKind::Expr(expr) => calls_anything(expr),
        StatementKind::Assign { value, .. } => calls_anything(value),
        StatementKind::Return(Some(value)) => calls_anything(value),
        StatementKind::Block { .. } => true,
    }
}

/// Whether a macro called `made` may make `name`: symbolic macros may make nothing else.
///
/// Source: <https://bazel.build/extending/macros#naming>.
fn is_part_of_macro(made: &str, name: &str) -> bool {
    name.strip_prefix(made).is_some_and(|rest| rest.starts_with(['_', '-', '.']))
}

/// Whether a function is called in an expression, but for those that only compute.
fn calls_anything(expr: &Expr<'_>) -> bool {
    let mut found = false;
    expr.visit(&mut |expr| {
        if let ExprKind::Call(call) = &expr.kind {
            found |= !matches!(
                call.callee.as_name(),
                Some(b"glob" | b"select" | b"len" | b"range" | b"sorted" | b"dict" | b"list")
            ) && !matches!(call.callee.kind, ExprKind::Dot(..));
        }
    });
    found
}
