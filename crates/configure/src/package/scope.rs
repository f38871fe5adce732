//! What the names in a file stand for.

use buildfile::{Expr, ExprKind, File, StatementKind};

/// The names that a file binds at top level: by `load`, or as other names of those.
#[derive(Debug)]
pub(super) struct Scope<'f>(Vec<Binding<'f>>);

/// What a name stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding<'f> {
    local: &'f [u8],
    /// The symbol's own name: that in the file which it is loaded from, or that of a native rule. None: a value of this file.
    pub(super) symbol: Option<&'f str>,
    /// The file that it is loaded from, as it is written.
    pub(super) file: Option<&'f [u8]>,
}

impl<'f> Scope<'f> {
    pub(super) fn of(file: &'f File<'_>) -> Self {
        let mut scope = Self(Vec::new());
        for statement in &file.statements {
            match &statement.kind {
                StatementKind::Load(load) => scope.0.extend(load.symbols.iter().map(|symbol| Binding {
                    local: &symbol.local,
                    symbol: std::str::from_utf8(&symbol.exported).ok(),
                    file: Some(&load.module.value),
                })),
                StatementKind::Assign { target: Expr { kind: ExprKind::Name(local), .. }, value } => {
                    let meant = value.as_name().map(|name| scope.meaning(name));
                    let nothing = Binding { local, symbol: None, file: None };
                    scope.0.push(Binding { local, ..meant.unwrap_or(nothing) });
                }
                _ => {}
            }
        }
        scope
    }

    /// What `name` is bound to in this file, if it is.
    pub(super) fn binding(&self, name: &[u8]) -> Option<Binding<'f>> {
        self.0.iter().rev().find(|binding| binding.local == name).copied()
    }

    /// What `name` stands for: what isn't bound is native.
    pub(super) fn meaning(&self, name: &'f [u8]) -> Binding<'f> {
        let native = Binding { local: name, symbol: std::str::from_utf8(name).ok(), file: None };
        self.binding(name).unwrap_or(native)
    }

    /// What is called, if that is a name.
    pub(super) fn callee(&self, call: &'f buildfile::Call<'_>) -> Option<Binding<'f>> {
        call.callee.as_name().map(|name| self.meaning(name))
    }

    /// The name that `symbol` has here, where it is loaded from a file for which `is_file` holds, and how that file is written.
    pub(super) fn local(
        &self,
        symbol: &str,
        is_file: impl Fn(&[u8]) -> bool,
    ) -> Option<(&'f [u8], &'f [u8])> {
        self.0
            .iter()
            .filter(|binding| binding.symbol == Some(symbol))
            .find_map(|binding| binding.file.filter(|file| is_file(file)).map(|file| (binding.local, file)))
    }

    /// How a file for which `is_file` holds is written where something is loaded from it.
    pub(super) fn file(&self, is_file: impl Fn(&[u8]) -> bool) -> Option<&'f [u8]> {
        self.0.iter().filter_map(|binding| binding.file).find(|file| is_file(file))
    }
}
