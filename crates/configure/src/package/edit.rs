//! The file with its changes.

use buildfile::{Edits, File, NewCall, Value};

use super::Package;
use super::images;
use super::plan::Change;
use super::scope::Scope;

/// The text with `changes` made; None if there are none.
pub(super) fn apply(
    package: &Package<'_>,
    scope: &Scope<'_>,
    file: &File<'_>,
    changes: &[Change<'_, '_>],
) -> Option<Vec<u8>> {
    if changes.is_empty() {
        return None;
    }
    let mut edits = Edits::new(file);
    let mut used = Vec::new();
    for change in changes {
        match change {
            Change::Point { binary, to } => edits.set_string(binary, format!(":{to}")),
            Change::Remove { statement, .. } => edits.remove_statement(statement),
            Change::Add { after, name, image, base, binary } => {
                let local = match images::bound(package, scope, image) {
                    Some(binding) => String::from_utf8_lossy(binding.local).into_owned(),
                    None => {
                        let is_file = |file: &[u8]| images::is_file(package, file, &image.file);
                        let spelled = scope.file(is_file).map(String::from_utf8_lossy);
                        edits.load(spelled.as_deref().unwrap_or(&image.file), &image.symbol);
                        image.symbol.clone()
                    }
                };
                let string = |name: &str, value: &str| (name.to_owned(), Value::String(value.to_owned()));
                let mut attributes = vec![string("name", name)];
                attributes.extend(base.as_ref().map(|base| string("base", base)));
                attributes.push(string("binary", &format!(":{binary}")));
                edits.insert_call_after(after, NewCall { name: local.clone(), attributes });
                used.push(local);
            }
        }
    }
    for change in changes {
        if let Change::Remove { local, .. } = change
            && !used.iter().any(|used| used.as_bytes() == *local)
        {
            edits.unload(local);
        }
    }
    Some(edits.apply())
}
