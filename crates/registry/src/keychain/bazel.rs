//! Bazel's credential helpers: the programs that `--credential_helper` names, asked for the headers of a URI.
//!
//! The protocol is that of Bazel and other tools (credential-helper-spec): `get`, a URI on standard input, headers on
//! standard output. Of these only `Authorization` is used, as a credential like any other: registries hand out tokens
//! for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use serde::Deserialize;

use super::{Credential, helper, names_of};
use crate::endpoint::Endpoint;
use crate::secret::Secret;

/// A helper, and which hosts it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BazelHelper {
    /// What stands before `=` in the option: a host, or `*.` and a domain, which stands for its subdomains too. None: it
    /// is for all hosts.
    pub scope: Option<String>,
    /// The program: a path, or a name that is looked up in `PATH`.
    pub program: String,
    /// The file that names it.
    pub named_by: PathBuf,
}

/// The helper for `registry`: the one whose scope says most; of several, the one that was named last.
pub(super) fn choose<'a>(helpers: &'a [BazelHelper], registry: &str) -> Option<&'a BazelHelper> {
    let names = names_of(registry);
    let fits = |helper: &&BazelHelper| match helper.scope.as_deref() {
        None => true,
        Some(scope) => names.iter().any(|name| in_scope(scope, name)),
    };
    // An exact host before a domain, a longer domain before a shorter one, anything before nothing.
    let rank =
        |helper: &&BazelHelper| helper.scope.as_ref().map(|scope| (!scope.starts_with("*."), scope.len()));
    helpers.iter().filter(fits).max_by_key(rank)
}

fn in_scope(scope: &str, host: &str) -> bool {
    match scope.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        None => scope == host,
    }
}

/// Asks `helper` for the credential of `repository` on `registry`; none if it has none.
///
/// # Errors
/// What happened, in words; never what the helper wrote when it succeeded.
pub(super) async fn get(
    helper: &BazelHelper,
    registry: &str,
    repository: &str,
) -> Result<Option<Credential>, String> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        headers: BTreeMap<String, Vec<String>>,
    }
    let uri = format!("https://{}/v2/{repository}/", Endpoint::new(registry, false).host);
    let asked = serde_json::json!({ "uri": uri }).to_string();
    let output = helper::run(&helper.program, &asked).await?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or_default().trim();
        return Err(if said.is_empty() { output.status.to_string() } else { said.to_owned() });
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| "its answer is no credential (JSON with headers)".to_owned())?;
    let header = answer.headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    header.and_then(|(_, values)| values.into_iter().next()).map(|value| credential(&value)).transpose()
}

/// The credential in an `Authorization` header.
fn credential(header: &str) -> Result<Credential, String> {
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
        return Ok(Credential::Bearer(Secret::new(rest)));
    }
    let basic = || {
        let bytes = base64::engine::general_purpose::STANDARD.decode(rest).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (user, password) = text.split_once(':')?;
        Some(Credential::Basic { user: user.to_owned(), password: Secret::new(password) })
    };
    let found = if scheme.eq_ignore_ascii_case("basic") { basic() } else { None };
    found.ok_or_else(|| "its Authorization is neither a bearer token nor user and password".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helper(scope: Option<&str>, program: &str) -> BazelHelper {
        let scope = scope.map(str::to_owned);
        BazelHelper { scope, program: program.to_owned(), named_by: "/w/.bazelrc".into() }
    }

    #[test]
    fn the_scope_that_says_most_wins() {
        let helpers = [
            helper(None, "all"),
            helper(Some("*.example"), "domain"),
            helper(Some("*.team.example"), "team"),
            helper(Some("r.team.example"), "host"),
            helper(Some("r.team.example"), "host again"),
            helper(Some("docker.io"), "hub"),
        ];
        for (registry, program) in [
            ("r.team.example", "host again"),
            ("r.team.example:5000", "host again"),
            ("x.team.example", "team"),
            ("team.example", "team"),
            ("y.example", "domain"),
            ("notexample", "all"),
            ("docker.io", "hub"),
            ("127.0.0.1:5000", "all"),
            ("[::1]:5000", "all"),
        ] {
            let found = choose(&helpers, registry).map(|helper| helper.program.as_str());
            assert_eq!(found, Some(program), "{registry}");
        }
        assert_eq!(choose(&helpers[1..], "other.test"), None);
    }

    #[test]
    fn headers() {
        let basic = Credential::Basic { user: "u".into(), password: Secret::new("p:x") };
        for (header, expected) in [
            ("Bearer t", Some(Credential::Bearer(Secret::new("t")))),
            ("bearer t", Some(Credential::Bearer(Secret::new("t")))),
            ("Basic dTpwOng=", Some(basic)),
            ("Basic !", None),
            ("Basic dQ==", None),
            ("Bearer ", None),
            ("Negotiate x", None),
            ("", None),
        ] {
            assert_eq!(credential(header).ok(), expected, "{header}");
        }
    }
}
