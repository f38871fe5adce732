//! What a registry asks for in `WWW-Authenticate` (RFC 9110, 11.6.1): of the challenges in one or more headers,
//! bearer is preferred to basic.

use std::collections::BTreeMap;

/// How a registry wants to be shown credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password in each request.
    Basic,
    /// A token from `realm`.
    Bearer {
        /// The URL that hands out tokens.
        realm: String,
        /// The name of the registry there.
        service: Option<String>,
        /// What the request needed.
        scope: Option<String>,
    },
}

/// The best of the challenges in `headers`; none if there is none that we can meet.
pub(crate) fn parse<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Challenge> {
    let mut basic = None;
    for header in headers {
        for (scheme, mut parameters) in challenges(header) {
            if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Challenge::Basic);
            } else if scheme.eq_ignore_ascii_case("bearer")
                && let Some(realm) = parameters.remove("realm")
            {
                let (service, scope) = (parameters.remove("service"), parameters.remove("scope"));
                return Some(Challenge::Bearer { realm, service, scope });
            }
        }
    }
    basic
}

/// Splits a header into schemes and their parameters. A word that no `=` follows starts a challenge.
fn challenges(header: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut rest = header.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after = after.trim_start_matches([' ', '\t']);
        match after.strip_prefix('=') {
            Some(value) => {
                let (value, after) = take_value(value.trim_start_matches([' ', '\t']));
                if let Some((_, parameters)) = found.last_mut() {
                    parameters.insert(word.to_ascii_lowercase(), value);
                }
                rest = after;
            }
            None => {
                found.push((word.to_owned(), BTreeMap::new()));
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    found
}

/// The value at the front of `text`, quoted or not, and what follows it.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, &quoted[at + 1..]),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        })
    }

    #[test]
    fn parses() {
        for (header, expected) in [
            ("Basic realm=\"r\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                r#"Bearer realm="https://a.example/token",service="r",scope="repository:x:pull,push""#,
                bearer("https://a.example/token", Some("r"), Some("repository:x:pull,push")),
            ),
            (r#"BEARER Realm = "u" , Service = s"#, bearer("u", Some("s"), None)),
            (r#"Basic realm="x, y", Bearer realm="u""#, bearer("u", None, None)),
            (r#"Bearer realm="a\"b""#, bearer("a\"b", None, None)),
            (r#"Bearer realm="never closed"#, bearer("never closed", None, None)),
            ("Bearer service=x", None),
            ("Negotiate", None),
            ("=,=", None),
            ("", None),
        ] {
            assert_eq!(parse([header]), expected, "{header}");
        }
    }

    #[test]
    fn prefers_bearer_in_any_header() {
        assert_eq!(parse(["Basic realm=x", "Bearer realm=u"]), bearer("u", None, None));
    }

    proptest! {
        #[test]
        fn never_panics_nor_hangs(header in "\\PC{0,60}") {
            let _ = parse([header.as_str()]);
        }

        #[test]
        fn any_value_survives_quoting(value in "[ -~]{0,30}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let header = format!("Bearer realm=\"{quoted}\", service=s");
            prop_assert_eq!(parse([header.as_str()]), bearer(&value, Some("s"), None));
        }
    }
}
