//! Commands that are the tools of actions: what people run into there because actions don't see their environment.

use crate::exit::{Exit, fail};

/// Adds to an error about credentials or the network how an action of Bazel gets what it lacks.
#[must_use]
pub fn explain(error: anyhow::Error) -> anyhow::Error {
    let exit = Exit::of(&error);
    let hint = match exit {
        Exit::Authentication => {
            "An action of Bazel sees ~/.docker/config.json, and of the environment what --action_env names: \
             `build --action_env=DOCKER_CONFIG` in .bazelrc passes that on"
        }
        Exit::Unreachable => {
            "An action of Bazel sees of the environment what --action_env names: `build --action_env=HTTPS_PROXY` in \
             .bazelrc passes a proxy on, --action_env=SSL_CERT_FILE a CA"
        }
        _ => return error,
    };
    fail(exit, format!("{error:#}\n{hint}"))
}
