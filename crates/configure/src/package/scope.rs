//! What the names in a file stand for.

use std::collections::BTreeMap;

use buildfile::{Call, Expr, ExprKind, File, StatementKind};

/// The names that a file binds at top level: by `load`, or as other names of those. Of several of one name, the last counts.
#[derive(Debug)]
pub(super) struct Scope<'f>(BTreeMap<&'f [u8], Binding<'f>>);

/// What a name stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding<'f> {
    /// The name.
    pub(super) local: &'f [u8],
    /// The symbol's own name: that in the file which it is loaded from, or that of a native rule. None: a value of this file.
    pub(super) symbol: Option<&'f str>,
    /// The file that it is loaded from, as it is written.
    pub(super) file: Option<&'f [u8]>,
    /// Where the statement begins that binds it; 0 for what is native.
    pub(super) offset: usize,
}

impl<'f> Scope<'f> {
    pub(super) fn of(file: &'f File<'_>) -> Self {
        let mut scope = Self(BTreeMap::new());
        for statement in &file.statements {
            let offset = statement.span.start;
            match &statement.kind {
                StatementKind::Load(load) => scope.0.extend(load.symbols.iter().map(|symbol| {
                    let exported = std::str::from_utf8(&symbol.exported).ok();
                    let file = Some(&*load.module.value);
                    (&*symbol.local, Binding { local: &symbol.local, symbol: exported, file, offset })
                })),
                StatementKind::Assign { target: Expr { kind: ExprKind::Name(local), .. }, value } => {
                    let meant = value.as_name().map(|name| scope.meaning(name));
                    let (symbol, file) = meant.map_or((None, None), |meant| (meant.symbol, meant.file));
                    scope.0.insert(local, Binding { local, symbol, file, offset });
                }
                _ => {}
            }
        }
        scope
    }

    /// What `name` is bound to in this file, if it is.
    pub(super) fn binding(&self, name: &[u8]) -> Option<Binding<'f>> {
        self.0.get(name).copied()
    }

    /// What `name` stands for: what isn't bound is native.
    pub(super) fn meaning(&self, name: &'f [u8]) -> Binding<'f> {
        let native = Binding { local: name, symbol: std::str::from_utf8(name).ok(), file: None, offset: 0 };
        self.binding(name).unwrap_or(native)
    }

    /// What is called, if that is a name.
    pub(super) fn callee(&self, call: &'f Call<'_>) -> Option<Binding<'f>> {
        call.callee.as_name().map(|name| self.meaning(name))
    }

    /// What `symbol` is bound to first, where it is loaded from a file for which `is_file` holds.
    pub(super) fn local(&self, symbol: &str, is_file: impl Fn(&[u8]) -> bool) -> Option<Binding<'f>> {
        let bound = self.0.values().filter(|binding| binding.symbol == Some(symbol));
        bound
            .filter(|binding| binding.file.is_some_and(&is_file))
            .min_by_key(|binding| binding.offset)
            .copied()
    }

    /// How a file for which `is_file` holds is written where something is first loaded from it.
    pub(super) fn file(&self, is_file: impl Fn(&[u8]) -> bool) -> Option<&'f [u8]> {
        let loaded = self.0.values().filter(|binding| binding.file.is_some_and(&is_file));
        loaded.min_by_key(|binding| binding.offset)?.file
    }
}
