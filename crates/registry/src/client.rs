//! A client of one registry (OCI distribution-spec v1.1): requests with credentials, redirects and patience.
//!
//! Invariants: a request is repeated only if it may be; credentials go to the registry's own origin only; what is
//! read is verified against the digest that it was asked for by.

mod blobs;
mod manifests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode};
use tokio::sync::OnceCell;
use url::Url;

pub use blobs::Blob;
pub(crate) use blobs::BlobStream;
pub use manifests::Stored;

use crate::auth::{Auth, Authorization};
use crate::endpoint::{Endpoint, Transport};
use crate::error::{Asked, Error, Used};
use crate::event::{Event, Listener, silent};
use crate::keychain::Keychain;
use crate::retry::Policy;
use crate::scope::Scope;
use crate::{answer, challenge, transport};

/// How long a registry may think about a small request.
pub(crate) const ANSWER: Duration = Duration::from_secs(60);
/// How long it may think about an upload after its last byte: many copy or hash it first.
const UPLOAD: Duration = Duration::from_secs(300);
/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// How a registry is asked.
#[derive(Clone)]
pub struct Options {
    /// Allow plain HTTP and unverified certificates on hosts that aren't loopback. Default: no.
    pub insecure: bool,
    /// When to ask again.
    pub retry: Policy,
    /// Where credentials come from. Default: nowhere.
    pub keychain: Keychain,
    /// Told what happens.
    pub listener: Listener,
}

impl Default for Options {
    fn default() -> Self {
        Self { insecure: false, retry: Policy::default(), keychain: Keychain::empty(), listener: silent() }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { insecure, retry, keychain, listener: _ } = self;
        f.debug_struct("Options")
            .field("insecure", insecure)
            .field("retry", retry)
            .field("keychain", keychain)
            .finish_non_exhaustive()
    }
}

/// One registry. Cheap to clone; clones share connections and tokens.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    endpoint: Endpoint,
    base: OnceCell<Url>,
    auth: Auth,
    options: Options,
    /// Whether the registry has ever answered, so that a refused connection is a passing thing.
    reached: AtomicBool,
}

/// A request that can be sent again.
struct Call<'a> {
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    scope: &'a Scope,
}

impl<'a> Call<'a> {
    fn new(method: Method, url: Url, scope: &'a Scope) -> Self {
        Self { method, url, headers: Vec::new(), body: Bytes::new(), scope }
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn asked(&self) -> Asked {
        Asked::new(self.method.as_str(), &self.url)
    }
}

impl Client {
    /// A client of `registry`, as references spell it. Sends nothing yet.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Setup`].
    pub fn new(registry: &str, options: Options) -> Result<Self, Error> {
        let endpoint = Endpoint::new(registry, options.insecure);
        endpoint.url(false).map_err(|source| Error::Address { registry: registry.to_owned(), source })?;
        Ok(Self(Arc::new(Inner {
            http: transport::http(&endpoint)?,
            auth: Auth::new(endpoint.clone(), options.keychain.clone()),
            endpoint,
            base: OnceCell::new(),
            options,
            reached: AtomicBool::new(false),
        })))
    }

    /// The registry, as references spell it.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.0.endpoint.registry
    }

    pub(crate) fn listener(&self) -> &Listener {
        &self.0.options.listener
    }

    /// The first wait before anything is tried again.
    pub(crate) fn first_wait(&self) -> Duration {
        self.0.options.retry.first
    }

    /// Whether the registry has ever answered.
    pub(crate) fn reached(&self) -> bool {
        self.0.reached.load(Ordering::Relaxed)
    }

    fn host(&self) -> &str {
        &self.0.endpoint.host
    }

    /// `<base>/v2/<repository>/<rest>`.
    async fn url(&self, repository: &str, rest: &str) -> Result<Url, Error> {
        let base = self.0.base.get_or_try_init(|| self.find_base()).await?;
        let address = |source| Error::Address { registry: self.registry().to_owned(), source };
        base.join(&format!("{repository}/{rest}")).map_err(address)
    }

    /// Decides between HTTPS and plain HTTP: only `--insecure` leaves it open, and then one request tells.
    async fn find_base(&self) -> Result<Url, Error> {
        let address = |source| Error::Address { registry: self.registry().to_owned(), source };
        let plain = match self.0.endpoint.transport {
            Transport::Tls => false,
            Transport::Plain => true,
            Transport::Insecure => {
                let url = self.0.endpoint.url(false).map_err(address)?;
                let probe = self.0.http.get(url).send();
                !matches!(tokio::time::timeout(ANSWER, probe).await, Ok(Ok(_)))
            }
        };
        self.0.endpoint.url(plain).map_err(address)
    }

    /// Sends a request as often as it may help. A status in `welcome` is an answer; any other an error.
    async fn ask(&self, call: &Call<'_>, welcome: &[StatusCode]) -> Result<Response, Error> {
        let mut attempts = self.0.options.retry.start();
        loop {
            match self.ask_once(call, welcome).await {
                Ok(response) => return Ok(response),
                Err(error) => self.wait(&mut attempts, error).await?,
            }
        }
    }

    /// After a failure: waits for the next try, or returns the error if there is to be none.
    async fn wait(&self, attempts: &mut crate::retry::Attempts, error: Error) -> Result<(), Error> {
        let (wait, error) = attempts.next(error, self.reached())?;
        (self.listener())(&Event::Retry { error: &error, wait });
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// One try: with a second request if the registry asks for credentials, and more if it sends us elsewhere.
    async fn ask_once(&self, call: &Call<'_>, welcome: &[StatusCode]) -> Result<Response, Error> {
        let mut url = call.url.clone();
        let mut challenged = false;
        let mut redirects = 0;
        loop {
            let asked = Asked::new(call.method.as_str(), &url);
            let ours = url.origin() == call.url.origin();
            let authorization =
                if ours { self.authorize(call.scope).await? } else { Authorization::default() };
            let mut request = self.0.http.request(call.method.clone(), url.clone());
            for (name, value) in &call.headers {
                request = request.header(name, value);
            }
            if let Some(header) = &authorization.header {
                request = request.header(AUTHORIZATION, header);
            }
            let host = host_of(&url);
            let sent = tokio::time::timeout(ANSWER, request.body(call.body.clone()).send()).await;
            let response = sent
                .map_err(|_| answer::silent(asked.clone(), &host))?
                .map_err(|error| transport::failed(asked.clone(), &host, error))?;
            self.0.reached.store(true, Ordering::Relaxed);
            let status = response.status();
            if welcome.contains(&status) {
                return Ok(response);
            }
            if status == StatusCode::UNAUTHORIZED && ours && !challenged {
                challenged = true;
                if self.renew(&response, call.scope, &authorization).await? {
                    continue;
                }
            }
            let reads = call.method == Method::GET || call.method == Method::HEAD;
            if status.is_redirection() && reads && redirects < REDIRECTS {
                redirects += 1;
                url = redirect(&url, &response, &asked)?;
                continue;
            }
            let used = if ours { self.0.auth.used(call.scope.repository()).await } else { Used::NotAsked };
            return Err(answer::refusal(asked, &host, response, used).await);
        }
    }

    async fn authorize(&self, scope: &Scope) -> Result<Authorization, Error> {
        let Inner { auth, http, options, .. } = &*self.0;
        auth.authorize(http, &options.retry, scope, &options.listener).await
    }

    /// After a 401 on a request that carried `sent`: whether there is something else to show.
    async fn renew(&self, response: &Response, scope: &Scope, sent: &Authorization) -> Result<bool, Error> {
        let headers = response.headers().get_all(WWW_AUTHENTICATE);
        let Some(challenge) = challenge::parse(headers.iter().filter_map(|value| value.to_str().ok())) else {
            return Ok(false);
        };
        self.0.auth.refused(challenge, scope, sent).await;
        let now = self.authorize(scope).await?;
        Ok(now.header.is_some() && now.header != sent.header)
    }
}

/// Where an answer's `Location` leads. From TLS it must not lead out of it.
fn redirect(from: &Url, response: &Response, asked: &Asked) -> Result<Url, Error> {
    let to = location(from, response, asked)?;
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(Error::protocol(
            asked.clone(),
            format!("it sends us to {}, which is not encrypted", Asked::new("", &to).url),
        ));
    }
    Ok(to)
}

/// The URL in a `Location` header, absolute or relative.
fn location(from: &Url, response: &Response, asked: &Asked) -> Result<Url, Error> {
    let header = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(header) = header else {
        return Err(Error::protocol(
            asked.clone(),
            format!("the answer {} has no Location", response.status().as_u16()),
        ));
    };
    from.join(header).map_err(|_| Error::protocol(asked.clone(), "its Location is no URL"))
}

/// Host and port of a URL, for messages.
fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    }
}
