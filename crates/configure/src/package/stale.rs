//! Whether a target is gone: an image is removed only when nothing can have made its binary.

use std::collections::{BTreeMap, BTreeSet};

use buildfile::{Call, Expr, ExprKind, File, StatementKind};

use super::Package;
use super::images::Image;
use super::names::TopLevel;
use super::scope::{Binding, Scope};
use crate::languages::LANGUAGES;

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

/// Functions of BUILD files that make nothing that could be a program.
const NO_PROGRAM: [&str; 9] = [
    "config_setting",
    "constraint_setting",
    "constraint_value",
    "exports_files",
    "licenses",
    "package",
    "package_group",
    "platform",
    "toolchain",
];

/// Functions of BUILD files that make the target that they name, and their outputs.
const NATIVE: [&str; 4] = ["alias", "filegroup", "genrule", "test_suite"];

/// How the names of rules of the languages go on.
const RULES: [&str; 3] = ["_binary", "_library", "_test"];

/// Rules with more outputs than those that they list: `x.stripped`, `x_deploy.jar`.
const WITH_OUTPUTS: [&str; 3] = ["cc_binary", "java_binary", "java_test"];

/// Functions and methods that only compute.
const FUNCTIONS: [&[u8]; 7] = [b"glob", b"select", b"len", b"range", b"sorted", b"dict", b"list"];
const METHODS: [&[u8]; 12] = [
    b"endswith",
    b"format",
    b"get",
    b"items",
    b"join",
    b"keys",
    b"lower",
    b"replace",
    b"split",
    b"startswith",
    b"strip",
    b"values",
];

/// What a file makes beside the targets that its calls name, and what in it may make more. Where there are several places, the first.
#[derive(Debug, Default)]
pub(super) struct Made<'f> {
    /// What calls list as outputs.
    outputs: BTreeSet<&'f [u8]>,
    /// Where something is that may make any target.
    anything: Option<usize>,
    /// Where something of this name is that may be a macro.
    macros: BTreeMap<&'f str, usize>,
    /// Where a string is given to what may be a macro.
    given: BTreeMap<&'f [u8], usize>,
}

impl<'f> Made<'f> {
    /// What `file` makes, of which `images` are images.
    pub(super) fn of(scope: &Scope<'f>, file: &'f File<'_>, images: &[Image<'f, '_>]) -> Self {
        let mut made = Self::default();
        let mut images = images.iter().filter(|image| image.is_editable).peekable();
        for statement in &file.statements {
            // An image is no binary's macro.
            if images.next_if(|image| image.statement.span == statement.span).is_some() {
                continue;
            }
            let may_make_anything = match &statement.kind {
                StatementKind::Load(_) | StatementKind::Branch | StatementKind::Return(None) => false,
                StatementKind::Expr(Expr { kind: ExprKind::Call(call), .. }) => {
                    made.add(scope, TopLevel { statement, call })
                }
                StatementKind::Expr(expr) => calls_anything(expr),
                StatementKind::Assign { value, .. } => calls_anything(value),
                StatementKind::Return(Some(value)) => calls_anything(value),
                StatementKind::Block { .. } => true,
            };
            if may_make_anything {
                made.anything.get_or_insert(statement.span.start);
            }
        }
        made
    }

    /// Adds what a call makes, and says whether it may make anything.
    fn add(&mut self, scope: &Scope<'f>, top: TopLevel<'f, '_>) -> bool {
        let mut may_make_anything = self.add_outputs(top.call);
        let callee = scope.callee(top.call);
        let is = |all: &[&str]| {
            callee.and_then(|callee| callee.symbol).is_some_and(|symbol| all.contains(&symbol))
        };
        if is(&NO_PROGRAM) {
            return may_make_anything;
        }
        let Some(name) = top.name() else { return true };
        if !is(&NATIVE) && !callee.is_some_and(|callee| is_rule(&callee)) {
            let offset = top.statement.span.start;
            self.macros.entry(name).or_insert(offset);
            for argument in top.call.arguments.iter().filter(|argument| argument.name != Some(b"name")) {
                argument.value.visit(&mut |expr| {
                    if let Some(string) = expr.as_string() {
                        self.given.entry(string).or_insert(offset);
                    }
                });
            }
        }
        may_make_anything |= top.call.arguments.iter().any(|argument| argument.name == Some(b"**"));
        may_make_anything
    }

    /// Adds the outputs that a call lists, and says whether some aren't written down.
    fn add_outputs(&mut self, call: &'f Call<'_>) -> bool {
        let mut is_computed = false;
        for attribute in ["out", "outs"] {
            if let Some(argument) = call.keyword(attribute) {
                argument.value.visit(&mut |expr| match &expr.kind {
                    ExprKind::String(output) => {
                        self.outputs.insert(output);
                    }
                    ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Dict(_) | ExprKind::Paren(_) => {}
                    ExprKind::Name(b"None") => {}
                    _ => is_computed = true,
                });
            }
        }
        is_computed
    }

    /// Whether a call lists an output of this name.
    pub(super) fn has_output(&self, name: &str) -> bool {
        self.outputs.contains(name.as_bytes())
    }

    /// What is known of the target `name` of the package, which no call declares.
    pub(super) fn fate(&self, package: &Package<'_>, name: &str) -> Fate {
        if self.has_output(name) || package.directory.join(name).exists() {
            return Fate::Exists;
        }
        // Symbolic macros may make but what begins with their names. <https://bazel.build/extending/macros#naming>
        let of_macro =
            name.match_indices(['_', '-', '.']).filter_map(|(end, _)| self.macros.get(&name[..end]).copied());
        let given = self.given.get(name.as_bytes()).copied();
        of_macro.chain(given).chain(self.anything).min().map_or(Fate::Gone, Fate::Unknown)
    }
}

/// Whether something called is a rule that makes but the target that it names. A macro of this repository may have the name of the
/// rule that it wraps.
fn is_rule(callee: &Binding<'_>) -> bool {
    let Some(symbol) = callee.symbol else { return false };
    let is_of = |language: &str| symbol.strip_prefix(language).is_some_and(|rest| RULES.contains(&rest));
    callee.file.is_none_or(|file| file.starts_with(b"@"))
        && !WITH_OUTPUTS.contains(&symbol)
        && (LANGUAGES.into_iter().any(is_of) || symbol == "proto_library")
}

/// Whether a function is called in an expression, but for those that only compute.
fn calls_anything(expr: &Expr<'_>) -> bool {
    let mut found = false;
    expr.visit(&mut |expr| {
        if let ExprKind::Call(call) = &expr.kind {
            found |= match &call.callee.kind {
                ExprKind::Name(name) => !FUNCTIONS.contains(name),
                ExprKind::Dot(_, method) => !METHODS.contains(method),
                _ => true,
            };
        }
    });
    found
}
