"""Unit tests of what is said over HTTP: challenges, requests for tokens, curl's words."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private/pull:challenge.bzl", "challenge_of", "declared_challenge", "parse_challenges")
load("//oci/private/pull:credentials.bzl", "credential_in")
load("//oci/private/pull:curl.bzl", "configuration", "explain_exit", "explain_status", "parse_headers", "quote")
load("//oci/private/pull:reference.bzl", "parse_source")
load("//oci/private/pull:token.bzl", "percent_encode", "token_request")

visibility("//oci/tests/...")

def _challenges_test_impl(ctx):
    env = unittest.begin(ctx)
    for header, expected in [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a, b = c"', [("basic", {"realm": "a, b = c"})]),
        ('BEARER Realm="https://a/t",Service=s', [("bearer", {"realm": "https://a/t", "service": "s"})]),
        ('Bearer realm = "r" , scope="repository:x:pull,push"', [("bearer", {"realm": "r", "scope": "repository:x:pull,push"})]),
        (
            'Bearer realm="https://a/t?x=1",service="s", Basic realm="b"',
            [("bearer", {"realm": "https://a/t?x=1", "service": "s"}), ("basic", {"realm": "b"})],
        ),
        ("Negotiate, Basic realm=b", [("negotiate", {}), ("basic", {"realm": "b"})]),
        ('Basic realm="say \\"hi\\" \\\\"', [("basic", {"realm": 'say "hi" \\'})]),
        ('Basic realm="never closed', [("basic", {}), ("realm", {})]),
        (",,=,", []),
    ]:
        asserts.equals(env, expected, [(found.scheme, found.parameters) for found in parse_challenges(header)], header)
    asserts.equals(env, {"realm": "b"}, challenge_of('Bearer realm="a", Basic realm=b', "basic"))
    asserts.equals(env, None, challenge_of("Basic realm=b", "bearer"))

    declared = {
        ".azurecr.example": "Bearer realm={registry}/token",
        "index.docker.io": "Bearer scope=repository:{repository}:pull",
        "r.example": "Basic",
    }
    for source, header in [
        ("docker.io/debian", "Bearer scope=repository:library/debian:pull"),
        ("r.example/x", "Basic"),
        ("r.example:5000/x", None),
        ("my.azurecr.example/x", "Bearer realm=my.azurecr.example/token"),
        ("my-azurecr.example/x", None),
    ]:
        asserts.equals(env, header, declared_challenge(declared, parse_source(source)), source)
    return unittest.end(env)

_challenges_test = unittest.make(_challenges_test_impl)

def _token_requests_test_impl(ctx):
    env = unittest.begin(ctx)

    def credential(**entry):
        return credential_in({"auths": {"r.example": entry}}, "file", "r.example", "team/app")

    # (challenge, credential, URL, options)
    scope = "scope=repository%3Ateam/app%3Apull"
    for parameters, found, url, options in [
        ({"realm": "https://a/t"}, None, "https://a/t?" + scope, []),
        ({"realm": "a/t?x=1", "service": "my registry"}, None, "https://a/t?x=1&service=my%20registry&" + scope, []),
        ({"realm": "http://a/t", "scope": "s"}, None, "http://a/t?scope=s", []),
        (
            {"realm": "https://a/t"},
            credential(username = "u", password = "p:w"),
            "https://a/t?" + scope,
            [("user", "u:p:w")],
        ),
        (
            {"realm": "https://a/t"},
            credential(auth = "dTpw"),
            "https://a/t?" + scope,
            [("header", "Authorization: Basic dTpw")],
        ),
        (
            {"realm": "https://a/t", "service": "s"},
            credential(identitytoken = "i&d"),
            "https://a/t",
            [
                ("data-urlencode", "client_id=rules_strata"),
                ("data-urlencode", "grant_type=refresh_token"),
                ("data-urlencode", "refresh_token=i&d"),
                ("data-urlencode", "service=s"),
                ("data-urlencode", "scope=repository:team/app:pull"),
            ],
        ),
    ]:
        request = token_request(parameters, "team/app", found)
        asserts.equals(env, (url, options), (request.url, request.options))
    asserts.equals(env, "%20%25%26%2B%3D%3F~", percent_encode(" %&+=?~"))
    return unittest.end(env)

_token_requests_test = unittest.make(_token_requests_test_impl)

def _curl_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, '"a\\"b\\\\c\\nd"', quote('a"b\\c\nd'))
    asserts.equals(
        env,
        {"location": "x", "www-authenticate": 'Bearer realm="a", Basic realm="b"'},
        parse_headers('HTTP/1.1 307 Temporary Redirect\r\nServer: first\r\n\r\nHTTP/2 401\r\nLocation: x\r\nWWW-Authenticate: Bearer realm="a"\r\nwww-authenticate: Basic realm="b"\r\n\r\n'),
    )
    for url, redirects in [
        ("https://r.example/v2/", True),
        ("HTTPS://r.example/v2/", True),
        ("http://r.example/v2/", False),
    ]:
        lines = configuration(url, output = "o", headers = "h", options = [("user", "u:p")]).split("\n")
        asserts.equals(env, redirects, 'proto-redir = "=https"' in lines, url)
        for line in ["location", 'proto = "=http,https"', 'url = "%s"' % url, 'user = "u:p"', 'retry = "3"']:
            asserts.true(env, line in lines, "%s in %s" % (line, lines))
    for code, stderr, says in [
        (1, 'curl: (1) Protocol "http" not supported or disabled in libcurl', ['Protocol "http"', "redirect"]),
        (6, "curl: (6) Could not resolve host: r.example\n", ["no route", "Could not resolve host: r.example"]),
        (7, "curl: (7) Failed to connect", ["no route", "Failed to connect"]),
        (28, "curl: (28) Connection timed out", ["no route"]),
        (60, "curl: (60) SSL certificate problem\nMore details here\n\ncurl failed to verify", ["TLS", "CURL_CA_BUNDLE"]),
        (35, "curl: (35) wrong version number", ["TLS", "http://"]),
        (2, "", ["exit code 2"]),
    ]:
        for part in says:
            text = explain_exit(code, stderr)
            asserts.true(env, part in text, text)
    return unittest.end(env)

_curl_test = unittest.make(_curl_test_impl)

def _statuses_test_impl(ctx):
    env = unittest.begin(ctx)
    note = "credentials from /home/me/.docker/config.json"
    for status, headers, body, says in [
        (401, {}, "", ["401 Unauthorized", note]),
        (403, {}, '{"errors":[{"code":"DENIED","message":"no access"}]}', ["403 Forbidden (no access)", note]),
        (404, {}, '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}', ["404 Not Found (MANIFEST_UNKNOWN)", "hidden"]),
        (429, {"retry-after": "30"}, "", ["429 Too Many Requests", "again in 30 s", "mirror"]),
        (429, {"retry-after": "Fri, 1 Jan"}, "", ["again after Fri, 1 Jan"]),
        (429, {}, "", ["again later"]),
        (503, {}, "<html>", ["503 Service Unavailable", "again later"]),
        (418, {}, '{"errors":[7]}', ["418"]),
    ]:
        text = explain_status(status, headers, body, note)
        for part in says:
            asserts.true(env, part in text, text)
    return unittest.end(env)

_statuses_test = unittest.make(_statuses_test_impl)

def http_test_suite(name):
    """Declares the tests.

    Args:
      name: string.
    """
    unittest.suite(name, _challenges_test, _token_requests_test, _curl_test, _statuses_test)
