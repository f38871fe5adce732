//! What credentials the registry wants, and its token server at `/token`.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine as _;

use super::{Request, State};

/// What a registry wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// User and password in every request.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token from `/token`, which hands it out for user and password, or for an identity token that is the same
    /// as the password.
    Bearer {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token that everybody gets.
    Anonymous,
    /// Nothing is good enough, and no challenge says what would be.
    Never,
}

fn basic(user: &str, password: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {pair}")
}

/// The refusal of a request to the API; none if it may pass.
pub(super) fn refuse(state: &State, request: &Request) -> Option<Response> {
    let bearer = |scope: &str| {
        let host = format!("127.0.0.1:{}", state.port);
        format!(r#"Bearer realm="http://{host}/token",service="{host}",scope="{scope}""#)
    };
    let challenge = match state.login.as_ref()? {
        Login::Basic { user, password } => {
            if request.authorization.as_ref() == Some(&basic(user, password)) {
                return None;
            }
            Some(r#"Basic realm="test""#.to_owned())
        }
        Login::Bearer { .. } | Login::Anonymous => {
            let scope = scope(request);
            let token = request.authorization.as_ref().and_then(|header| header.strip_prefix("Bearer "));
            let allowed = token.and_then(|token| state.tokens.get(token));
            if allowed.is_some_and(|scopes| scope.is_empty() || scopes.contains(&scope)) {
                return None;
            }
            Some(bearer(&scope))
        }
        Login::Never => None,
    };
    let json = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    if let Some(challenge) = challenge {
        let challenge = HeaderValue::from_str(&challenge).expect("a challenge is plain text");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    Some(response)
}

/// What a request needs: pull for reads, else push too.
fn scope(request: &Request) -> String {
    let path = request.path.strip_prefix("/v2/").unwrap_or_default();
    let name =
        path.split("/blobs/").next().and_then(|rest| rest.split("/manifests/").next()).unwrap_or_default();
    if name.is_empty() {
        return String::new();
    }
    let reads = request.method == "GET" || request.method == "HEAD";
    format!("repository:{name}:{}", if reads { "pull" } else { "pull,push" })
}

/// Hands out a token for the scopes that are asked for.
pub(super) fn token(state: &mut State, request: &Request, form: &[(String, String)]) -> Response {
    let all: Vec<_> = request.query.iter().chain(form).collect();
    let refresh = all.iter().find(|(key, _)| key == "refresh_token").map(|(_, value)| value);
    let known = match &state.login {
        Some(Login::Bearer { user, password }) => {
            request.authorization.as_ref() == Some(&basic(user, password)) || refresh == Some(password)
        }
        Some(Login::Anonymous) => true,
        _ => false,
    };
    let (status, json) = if known {
        let scopes = all.iter().filter(|(key, _)| key == "scope").flat_map(|(_, value)| value.split(' '));
        let mut allowed = Vec::new();
        for scope in scopes {
            allowed.push(scope.to_owned());
            allowed.extend(scope.strip_suffix(",push").map(str::to_owned));
        }
        state.issued += 1;
        let token = format!("token-{}", state.issued);
        let json = serde_json::json!({ "token": token, "expires_in": 300 });
        state.tokens.insert(token, allowed);
        (StatusCode::OK, json)
    } else {
        (StatusCode::UNAUTHORIZED, serde_json::json!({ "details": "incorrect username or password" }))
    };
    let mut response = Response::new(Body::from(json.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
