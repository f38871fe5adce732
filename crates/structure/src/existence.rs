//! `fileExistenceTests`.

use std::collections::BTreeMap;

use layer::{listed::Listed, overlay::Tree};

use crate::{
    config::{Executor, Existence, shown},
    expand::expand,
    resolve::resolve,
};

/// What is not as the test says.
pub(crate) fn problems(test: &Existence, tree: &Tree, env: &BTreeMap<String, String>) -> Vec<String> {
    let path = expand(&test.path, env);
    let found = match (resolve(tree, &path, false), test.should_exist) {
        (Err(_), false) => return Vec::new(),
        (Ok(found), false) => {
            return vec![format!("{path} should not exist, and does: {}", described(&found.listed))];
        }
        (Err(error), true) => return vec![format!("{path} should exist, and does not: {error}")],
        (Ok(found), true) => found.listed,
    };
    let mut problems = Vec::new();
    if let Some(permissions) = test.permissions.as_ref().filter(|permissions| !permissions.fit(&found)) {
        problems.push(format!(
            "{path} should have the permissions {}, and has {}",
            permissions.as_str(),
            shown(&found)
        ));
    }
    for (what, wanted, is) in [("user", test.uid, found.uid), ("group", test.gid, found.gid)] {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != is) {
            problems.push(format!("{path} should belong to the {what} {wanted}, and belongs to {is}"));
        }
    }
    let executor = match test.executable_by {
        None => None,
        Some(Executor::Owner) => Some((0o100, "its owner")),
        Some(Executor::Group) => Some((0o010, "its group")),
        Some(Executor::Other) => Some((0o001, "others than its owner and group")),
        Some(Executor::Any) => Some((0o111, "anybody")),
    };
    if let Some((_, who)) = executor.filter(|(bits, _)| found.mode & bits == 0) {
        problems.push(format!("{path} should be executable by {who}, and has {}", shown(&found)));
    }
    problems
}

fn described(found: &Listed) -> String {
    format!("{} {}:{}", shown(found), found.uid, found.gid)
}
