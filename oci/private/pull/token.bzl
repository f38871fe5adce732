"""From a registry's challenge and a credential to what is shown to the registry: the token protocol of OCI distribution."""

load(":challenge.bzl", "challenge_of")
load(":curl.bzl", "curl", "explain_status")
load(":reference.bzl", "is_loopback", "split_scheme")

visibility("//oci/...")

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"

def percent_encode(text):
    """Escapes what has a meaning in a URL's query (RFC 3986), so that `service` and `scope` stay whole.

    Args:
      text: string, ASCII as registries, services and scopes are.

    Returns:
      string.
    """
    printable = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
    return "".join([
        c if c in _UNRESERVED else "%%%X" % (32 + printable.index(c))
        for c in text.elems()
        if c in printable
    ])

def authorization(scheme, value):
    """What a registry is shown.

    Args:
      scheme: string, `Basic` or `Bearer`.
      value: string. base64 of `user:password`; a token.

    Returns:
      struct(downloader, options): a value of the dict `auth` of Bazel's downloader, and lines for curl.
    """
    return struct(
        downloader = {"password": value, "pattern": scheme + " <password>", "type": "pattern"},
        options = [("header", "Authorization: %s %s" % (scheme, value))],
    )

def _basic(credential):
    if not credential:
        return None
    if credential.basic:
        return authorization("Basic", credential.basic)
    if credential.user != None:
        return struct(
            downloader = {"login": credential.user, "password": credential.password, "type": "basic"},
            options = [("user", "%s:%s" % (credential.user, credential.password))],
        )
    return None

def token_request(parameters, repository, credential):
    """The request by which a token is had.

    Args:
      parameters: dict of the challenge `Bearer`: realm, and mostly service and scope.
      repository: string, for a challenge that names no scope.
      credential: struct of credentials.bzl; or None, for the token that everybody gets.

    Returns:
      struct(url, options): what to give curl.
    """
    scheme, rest = split_scheme(parameters["realm"])
    url = "%s://%s" % (scheme or "https", rest)
    fields = [
        (name, value)
        for name, value in [
            ("service", parameters.get("service")),
            ("scope", parameters.get("scope") or "repository:%s:pull" % repository),
        ]
        if value
    ]
    if credential and credential.identity:
        form = [("client_id", "rules_strata"), ("grant_type", "refresh_token"), ("refresh_token", credential.identity)] + fields
        return struct(url = url, options = [("data-urlencode", "%s=%s" % field) for field in form])
    basic = _basic(credential)
    query = "&".join(["%s=%s" % (name, percent_encode(value)) for name, value in fields])
    return struct(url = url + ("&" if "?" in url else "?") + query, options = basic.options if basic else [])

def _bearer(rctx, source, parameters, found):
    if found.credential and found.credential.token:
        return authorization("Bearer", found.credential.token), None
    if not parameters.get("realm"):
        return None, "its challenge names no realm to get a token from"
    request = token_request(parameters, source.repository, found.credential)
    scheme, rest = split_scheme(request.url)
    server = rest.partition("?")[0]
    if scheme == "http" and source.scheme != "http" and not is_loopback(server.partition("/")[0]):
        return None, "it asks for credentials in plain HTTP, at %s, and gets none" % server
    answer = curl(rctx, request.url, output = "token.json", options = request.options)
    body = rctx.read("token.json") if rctx.path("token.json").exists else ""
    rctx.delete("token.json")
    if answer.failed:
        return None, "no token from %s: %s" % (server, answer.failed)
    if answer.status != 200:
        return None, "no token from %s: %s" % (server, explain_status(answer.status, answer.headers, body, found.note))
    document = json.decode(body, default = None)
    token = (document.get("token") or document.get("access_token")) if type(document) == "dict" else None
    if not token:
        return None, "no token from %s: its answer has neither token nor access_token" % server
    return authorization("Bearer", token), None

def authorize(rctx, source, header, found):
    """Answers a challenge.

    Args:
      rctx: repository_ctx.
      source: struct of reference.bzl.
      header: string, WWW-Authenticate.
      found: struct(credential, note) of credentials.bzl.

    Returns:
      (struct of authorization, None); or (None, what is wrong).
    """
    parameters = challenge_of(header, "bearer")
    if parameters != None:
        return _bearer(rctx, source, parameters, found)
    basic = _basic(found.credential)
    if challenge_of(header, "basic") != None and basic:
        return basic, None
    return None, found.note
