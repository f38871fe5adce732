//! Showing credentials to one registry: basic, or bearer tokens for a scope (distribution spec, token
//! authentication; OAuth 2 for identity tokens).
//!
//! Nothing is sent before the registry asks. Tokens are kept for each scope until shortly before they expire, and
//! many requests at once fetch one token.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use crate::answer;
use crate::challenge::Challenge;
use crate::endpoint::{Endpoint, Transport, is_loopback};
use crate::error::{Asked, Error, Used};
use crate::event::{Event, Listener};
use crate::keychain::{Credential, Found, Keychain};
use crate::retry::Policy;
use crate::scope::Scope;
use crate::secret::Secret;
use crate::transport;

/// How long a token is good that doesn't say (distribution spec: 60 s).
const DEFAULT_LIFE: Duration = Duration::from_secs(60);
/// A token that expires sooner than this is fetched anew: a request must not outlive it.
const MARGIN: Duration = Duration::from_secs(10);
/// An answer larger than this is no token.
const TOKEN_LIMIT: usize = 1 << 20;
/// How this program names itself to token servers.
const CLIENT_ID: &str = "rules_strata";

/// What goes with a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Authorization {
    /// The header; none where nothing is to be shown.
    pub(crate) header: Option<HeaderValue>,
    /// Where it came from.
    pub(crate) used: Used,
}

/// The credentials of one registry.
#[derive(Debug)]
pub(crate) struct Auth {
    endpoint: Endpoint,
    keychain: Keychain,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    challenge: Option<Challenge>,
    /// What the registry said that tokens should be for; by what they were wanted for, since many may be wanted at once.
    wishes: BTreeMap<Scope, String>,
    /// By repository, since podman's files may differ between them.
    found: BTreeMap<String, Option<Found>>,
    tokens: BTreeMap<Scope, Token>,
}

#[derive(Clone, Debug)]
struct Token {
    header: HeaderValue,
    renew_at: Instant,
}

impl Auth {
    pub(crate) fn new(endpoint: Endpoint, keychain: Keychain) -> Self {
        Self { endpoint, keychain, state: Mutex::default() }
    }

    /// What to send with a request of `scope`: nothing before the first challenge.
    pub(crate) async fn authorize(
        &self,
        http: &reqwest::Client,
        policy: &Policy,
        scope: &Scope,
        listener: &Listener,
    ) -> Result<Authorization, Error> {
        let mut state = self.state.lock().await;
        let Some(challenge) = state.challenge.clone() else { return Ok(Authorization::default()) };
        let repository = scope.repository();
        if !state.found.contains_key(repository) {
            let found = self.keychain.find(&self.endpoint.registry, repository).await?;
            listener(&Event::Credential {
                registry: &self.endpoint.registry,
                used: &self.name(found.as_ref()),
            });
            state.found.insert(repository.to_owned(), found);
        }
        let found = state.found.get(repository).cloned().flatten();
        let used = self.name(found.as_ref());
        let header = match (challenge, found.map(|found| found.credential)) {
            (_, Some(Credential::Bearer(token))) => bearer(token.reveal()),
            (Challenge::Basic, Some(Credential::Basic { user, password })) => Some(basic(&user, &password)),
            (Challenge::Basic, _) => None,
            (Challenge::Bearer { realm, service, scope: _ }, credential) => {
                if let Some(token) = state.tokens.get(scope).filter(|token| token.renew_at > Instant::now()) {
                    return Ok(Authorization { header: Some(token.header.clone()), used });
                }
                let request = TokenRequest {
                    realm: self.realm(&realm)?,
                    service: service.as_deref(),
                    scopes: scopes(scope, state.wishes.get(scope).map(String::as_str)),
                    credential: credential.as_ref(),
                    used: &used,
                };
                let token = fetch(http, policy, &request, listener).await?;
                state.tokens.insert(scope.clone(), token.clone());
                Some(token.header)
            }
        };
        Ok(Authorization { header, used })
    }

    /// The registry refused `sent` with `challenge`: forgets the token that it was.
    pub(crate) async fn refused(&self, challenge: Challenge, scope: &Scope, sent: &Authorization) {
        let mut state = self.state.lock().await;
        if state.tokens.get(scope).is_some_and(|token| Some(&token.header) == sent.header.as_ref()) {
            state.tokens.remove(scope);
        }
        if let Challenge::Bearer { scope: Some(wish), .. } = &challenge {
            state.wishes.insert(scope.clone(), wish.clone());
        }
        state.challenge = Some(challenge);
    }

    /// Which credential goes with requests to `repository`, as far as that was found out.
    pub(crate) async fn used(&self, repository: &str) -> Used {
        let state = self.state.lock().await;
        state.found.get(repository).map_or(Used::NotAsked, |found| self.name(found.as_ref()))
    }

    fn name(&self, found: Option<&Found>) -> Used {
        match found {
            Some(found) => Used::From { source: found.source.clone() },
            None => Used::NoneFound { looked: self.keychain.places() },
        }
    }

    /// The URL of a token server. Plain HTTP is for loopback, or where the registry itself is asked so: credentials
    /// must not leave TLS because a header says so.
    fn realm(&self, realm: &str) -> Result<Url, Error> {
        let asked = |url: &str| Asked { method: "GET".to_owned(), url: url.to_owned() };
        let url = Url::parse(realm).map_err(|_| {
            Error::protocol(
                asked(&format!("https://{}/v2/", self.endpoint.host)),
                format!("its token server {realm:?} is no URL"),
            )
        })?;
        let safe = match url.scheme() {
            "https" => true,
            "http" => {
                self.endpoint.transport != Transport::Tls || is_loopback(url.host_str().unwrap_or_default())
            }
            _ => false,
        };
        if safe {
            Ok(url)
        } else {
            let host = &self.endpoint.host;
            Err(Error::protocol(
                Asked::new("GET", &url),
                format!("{host} wants credentials to be sent there, which is not encrypted"),
            ))
        }
    }
}

/// What is asked of a token server.
struct TokenRequest<'a> {
    realm: Url,
    service: Option<&'a str>,
    scopes: Vec<String>,
    credential: Option<&'a Credential>,
    used: &'a Used,
}

/// Our scopes, and the registry's own wish if it goes beyond them.
fn scopes(scope: &Scope, asked: Option<&str>) -> Vec<String> {
    let mut scopes: Vec<String> = scope.parameters().collect();
    for wish in asked.unwrap_or_default().split(' ').filter(|wish| !wish.is_empty()) {
        let resource = wish.rsplit_once(':').map_or(wish, |(resource, _)| resource);
        if !scopes.iter().any(|ours| ours.rsplit_once(':').is_some_and(|(r, _)| r == resource)) {
            scopes.push(wish.to_owned());
        }
    }
    scopes
}

/// Fetches a token, patiently.
async fn fetch(
    http: &reqwest::Client,
    policy: &Policy,
    request: &TokenRequest<'_>,
    listener: &Listener,
) -> Result<Token, Error> {
    let mut attempts = policy.start();
    loop {
        match fetch_once(http, request).await {
            Ok(token) => return Ok(token),
            Err(error) => {
                let (wait, error) = attempts.next(error, true)?;
                listener(&Event::Retry { error: &error, wait });
                tokio::time::sleep(wait).await;
            }
        }
    }
}

async fn fetch_once(http: &reqwest::Client, request: &TokenRequest<'_>) -> Result<Token, Error> {
    let host = request.realm.host_str().unwrap_or_default().to_owned();
    let (method, sending) = match request.credential {
        Some(Credential::Identity(token)) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("grant_type", "refresh_token").append_pair("client_id", CLIENT_ID);
            form.append_pair("scope", &request.scopes.join(" ")).append_pair("refresh_token", token.reveal());
            if let Some(service) = request.service {
                form.append_pair("service", service);
            }
            let sending = http.post(request.realm.clone());
            ("POST", sending.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.finish()))
        }
        credential => {
            let mut url = request.realm.clone();
            {
                let mut query = url.query_pairs_mut();
                query.extend_pairs(request.service.map(|service| ("service", service)));
                query.extend_pairs(request.scopes.iter().map(|scope| ("scope", scope)));
            }
            let sending = http.get(url);
            match credential {
                Some(Credential::Basic { user, password }) => {
                    ("GET", sending.header(AUTHORIZATION, basic(user, password)))
                }
                _ => ("GET", sending),
            }
        }
    };
    let asked = Asked::new(method, &request.realm);
    let sent = tokio::time::timeout(crate::client::ANSWER, sending.send()).await;
    let response = match sent {
        Ok(sent) => sent.map_err(|error| transport::failed(asked.clone(), &host, error))?,
        Err(_) => return Err(answer::silent(asked, &host)),
    };
    if !response.status().is_success() {
        return Err(answer::refusal(asked, &host, response, request.used.clone()).await);
    }
    let json = answer::read(response, &asked, &host, TOKEN_LIMIT).await?;
    token(&json).ok_or_else(|| Error::protocol(asked, "the answer holds no token"))
}

/// The token in an answer, if there is one.
fn token(json: &[u8]) -> Option<Token> {
    #[derive(Deserialize)]
    struct Answer {
        token: Option<String>,
        access_token: Option<String>,
        expires_in: Option<u64>,
    }
    let answer: Answer = serde_json::from_slice(json).ok()?;
    let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty())?;
    let life = answer.expires_in.map_or(DEFAULT_LIFE, Duration::from_secs).max(DEFAULT_LIFE);
    let header = bearer(&token)?;
    Some(Token { header, renew_at: Instant::now() + life.saturating_sub(MARGIN) })
}

/// The header that shows a token; none if it has characters that no header has.
fn bearer(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn basic(user: &str, password: &Secret) -> HeaderValue {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.reveal()));
    let mut header = HeaderValue::try_from(format!("Basic {pair}")).expect("base64 is plain ASCII");
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_base64_and_hidden() {
        let header = basic("u", &Secret::new("p:x"));
        assert_eq!(header.to_str().unwrap(), "Basic dTpwOng=");
        assert_eq!(format!("{header:?}"), "Sensitive");
    }

    #[test]
    fn wishes_beyond_our_scope_are_added() {
        let scope = Scope::push("x", [].into());
        for (asked, expected) in [
            (None, vec!["repository:x:pull,push"]),
            (Some("repository:x:pull"), vec!["repository:x:pull,push"]),
            (
                Some("repository:x:pull registry:catalog:*"),
                vec!["repository:x:pull,push", "registry:catalog:*"],
            ),
        ] {
            assert_eq!(scopes(&scope, asked), expected);
        }
    }

    #[test]
    fn reads_tokens() {
        for (json, expected) in [
            (r#"{"token":"t","expires_in":300}"#, Some("Bearer t")),
            (r#"{"access_token":"a"}"#, Some("Bearer a")),
            (r#"{"token":"t","access_token":"a"}"#, Some("Bearer t")),
            (r#"{"token":""}"#, None),
            (r#"{"token":"a\nb"}"#, None),
            ("{}", None),
            ("hello", None),
        ] {
            let found = token(json.as_bytes());
            assert_eq!(found.as_ref().map(|token| token.header.to_str().unwrap()), expected, "{json}");
        }
    }

    #[test]
    fn credentials_do_not_leave_tls() {
        for (registry, insecure, realm, allowed) in [
            ("r.example", false, "https://auth.example/token", true),
            ("r.example", false, "http://auth.example/token", false),
            ("r.example", false, "http://127.0.0.1:5001/token", true),
            ("r.example", false, "ftp://auth.example", false),
            ("r.example", true, "http://auth.example/token", true),
            ("localhost:5000", false, "http://auth.example/token", true),
            ("r.example", false, "not a url", false),
        ] {
            let auth = Auth::new(Endpoint::new(registry, insecure), Keychain::empty());
            assert_eq!(auth.realm(realm).is_ok(), allowed, "{registry} {realm}");
        }
    }
}
