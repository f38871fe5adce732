"""curl: what Bazel's own downloader doesn't do. It says how an answer failed, and speaks plain HTTP without a checksum."""

visibility("//oci/...")

# Seconds.
_CONNECT_TIMEOUT = 20
_TIMEOUT = 1800

# What passes is asked for again: 408, 429, 5xx, timeouts, names that don't resolve; after 1, 2 and 4 s, or after Retry-After
# where that ends within the time.
_RETRIES = 3
_RETRY_TIME = 20

# https://curl.se/libcurl/c/libcurl-errors.html
_NO_PROTOCOL = 1
_NO_ROUTE = [5, 6, 7, 28, 45, 52, 55, 56, 97]
_TLS = [35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98]

_STATUS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

def quote(text):
    """A value as curl's configuration files quote it.

    Args:
      text: string.

    Returns:
      string.
    """
    for character, escape in [("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")]:
        text = text.replace(character, escape)
    return '"%s"' % text

def parse_headers(text):
    """Reads the headers of the last of a row of answers, of which those before were redirects, or passing failures.

    Args:
      text: string, as curl's --dump-header writes it.

    Returns:
      dict of strings by name in lower case. Of several of one name the values are joined by commas.
    """
    headers = {}
    for line in text.replace("\r", "").split("\n"):
        if line.startswith("HTTP/"):
            headers = {}
        name, colon, value = line.partition(":")
        if colon:
            name = name.lower()
            headers[name] = headers[name] + ", " + value.strip() if name in headers else value.strip()
    return headers

def configuration(url, *, output, headers, options = []):
    """What curl is told.

    A redirect never leads out of TLS: what is asked for by https:// is asked so to the end. curl itself sends credentials to
    no other host than that of the URL.

    Args:
      url: string.
      output: string, the file for the body.
      headers: string, the file for the headers.
      options: list of (name, value), further lines.

    Returns:
      string, the text of a configuration file (curl(1), --config).
    """
    encrypted = [("proto-redir", "=https")] if url.lower().startswith("https://") else []
    lines = ["silent", "show-error", "location", "globoff"] + ["%s = %s" % (name, quote(value)) for name, value in [
        ("connect-timeout", str(_CONNECT_TIMEOUT)),
        ("dump-header", headers),
        ("output", output),
        ("proto", "=http,https"),
        ("retry", str(_RETRIES)),
        ("retry-max-time", str(_RETRY_TIME)),
        ("url", url),
        ("write-out", "%{http_code}"),
    ] + encrypted + options]
    return "\n".join(lines) + "\n"

def curl(rctx, url, *, output, options = []):
    """Asks for a URL, and again where that may help.

    Variables and the file ~/.curlrc apply, so proxies and authorities are set as for every curl: HTTPS_PROXY, NO_PROXY,
    CURL_CA_BUNDLE, SSL_CERT_FILE.

    Args:
      rctx: repository_ctx.
      url: string.
      output: string, a file in the repository that gets the body, whatever the status.
      options: list of (name, value), further lines of curl's configuration.

    Returns:
      struct:
        status: int. The HTTP status; 0 where there was no answer.
        headers: dict, see parse_headers.
        failed: string or None. Why there was no answer.
    """
    if not rctx.which("curl"):
        return struct(status = 0, headers = {}, failed = "Bazel's downloader failed, and curl, which would tell why, is not on PATH: install it")
    headers = output + ".headers"
    result = _execute(rctx, configuration(url, output = output, headers = headers, options = options), output)
    text = rctx.read(headers) if rctx.path(headers).exists else ""
    rctx.delete(headers)
    if result.return_code:
        return struct(status = 0, headers = {}, failed = explain_exit(result.return_code, result.stderr))
    return struct(status = int(result.stdout or "0"), headers = parse_headers(text), failed = None)

def _execute(rctx, config, output):
    # The configuration holds secrets: not on a command line, which everybody on the machine can read, nor in a file where
    # that can be helped. The environment of a process is its user's only.
    if not rctx.os.name.startswith("windows"):
        return rctx.execute(
            ["sh", "-c", 'config=$RULES_STRATA_CURL; unset RULES_STRATA_CURL; printf "%s" "$config" | curl --config -'],
            environment = {"RULES_STRATA_CURL": config},
            timeout = _TIMEOUT,
        )
    file = output + ".curl"
    rctx.file(file, config, executable = False)
    result = rctx.execute(["curl", "--config", file], timeout = _TIMEOUT)
    rctx.delete(file)
    return result

def explain_exit(code, stderr):
    """Says why curl had no answer.

    Args:
      code: int, curl's exit code.
      stderr: string, what it wrote.

    Returns:
      string.
    """
    lines = [line for line in stderr.split("\n") if line.startswith("curl: ")] or [stderr.strip()]
    said = lines[0].removeprefix("curl: ")
    if code in _TLS:
        return "TLS: %s. A private authority's certificate goes into CURL_CA_BUNDLE; a registry without TLS is written http://…" % said
    if code in _NO_ROUTE:
        return "no route: %s. Is the name right, and is there a network, or a proxy to be set by HTTPS_PROXY?" % said
    if code == _NO_PROTOCOL:
        return "%s. A redirect from https:// to http:// is not followed, since nothing is encrypted there" % said
    return "curl failed with exit code %d: %s" % (code, said)

def _said(body):
    """What a registry says of an error: `{"errors": [{"code": …, "message": …}]}` (OCI distribution-spec, error codes)."""
    document = json.decode(body, default = None) if body.strip().startswith("{") else None
    errors = document.get("errors") if type(document) == "dict" else None
    if type(errors) != "list":
        return ""
    words = [error.get("message") or error.get("code") or "" for error in errors if type(error) == "dict"]
    return "; ".join([str(word)[:200] for word in words if word])

def explain_status(status, headers, body, credentials):
    """Says what an answer other than 200 means, and what to do.

    Args:
      status: int.
      headers: dict, see parse_headers.
      body: string.
      credentials: string. Where credentials came from, or that there were none.

    Returns:
      string.
    """
    said = _said(body)
    text = "%d %s%s" % (status, _STATUS.get(status, ""), " (%s)" % said if said else "")
    if status in (401, 403):
        return "%s: %s" % (text, credentials)
    if status == 404:
        return "%s: there is no such repository, tag or digest, or it is hidden from others; %s" % (text, credentials)
    if status == 429:
        wait = headers.get("retry-after")
        when = "again later" if not wait else "again in %s s" % wait if wait.isdigit() else "again after %s" % wait
        return "%s: ask %s, log in for a higher limit, or add a mirror; %s" % (text, when, credentials)
    if status >= 500:
        return "%s: the registry is in trouble; ask again later" % text
    return text
