//! Where this program looks for credentials: one keychain for everything that it asks of registries.
//!
//! The order is documented in [`registry::keychain`]. Bazel's credential helpers come from .bazelrc; one that is named on
//! Bazel's command line only is not known here.

use std::path::Path;

use registry::keychain::{BazelHelper, Keychain};

use crate::bazelrc;
use crate::environment::Environment;

/// The option of Bazel that names a helper: `--credential_helper=[SCOPE=]PROGRAM`.
const OPTION: &str = "credential_helper";

/// The keychain of this process. Nothing is asked before a registry wants credentials.
#[must_use]
pub fn keychain(environment: &Environment) -> Keychain {
    let workspace = environment.path("BUILD_WORKSPACE_DIRECTORY");
    let helpers = bazelrc::values(environment, OPTION).into_iter();
    let helpers = helpers.filter_map(|(value, file)| helper(&value, &file, workspace.as_deref())).collect();
    Keychain::from_variables(|name| environment.variables.get(name).cloned()).with_bazel_helpers(helpers)
}

/// The helper that an option's value names; none if its workspace isn't known.
fn helper(value: &str, named_by: &Path, workspace: Option<&Path>) -> Option<BazelHelper> {
    let (scope, program) = match value.split_once('=') {
        Some((scope, program)) => (Some(scope.to_owned()), program),
        None => (None, value),
    };
    let program = bazelrc::in_workspace(program, workspace)?.display().to_string();
    Some(BazelHelper { scope, program, named_by: named_by.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers() {
        let workspace = Some(Path::new("/w"));
        for (value, workspace, expected) in [
            ("helper", workspace, Some((None, "helper"))),
            ("*.example=/bin/helper", workspace, Some((Some("*.example"), "/bin/helper"))),
            ("r.example=%workspace%/tools/helper", workspace, Some((Some("r.example"), "/w/tools/helper"))),
            ("%workspace%/tools/helper", None, None),
        ] {
            let found = helper(value, Path::new("/w/.bazelrc"), workspace);
            let found = found.as_ref().map(|helper| (helper.scope.as_deref(), helper.program.as_str()));
            assert_eq!(found, expected, "{value}");
        }
    }
}
