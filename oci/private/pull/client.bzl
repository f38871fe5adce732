"""Gets documents and blobs from the first of several places that has them.

What has a digest is looked for in Bazel's repository cache before anybody is asked, be it for a token. Then Bazel's own
downloader goes first: it has rewriting rules and credential helpers, and it checks what it gets. It tells only that it failed,
and takes nothing over plain HTTP that it can't check. So then curl asks the same: for the challenge that leads to a token, or
for the reason.
"""

load(":challenge.bzl", "declared_challenge")
load(":credentials.bzl", "find_credential")
load(":curl.bzl", "curl", "explain_status")
load(":reference.bzl", "hub_hint", "is_digest", "parse_source")
load(":token.bzl", "authorize")

visibility("//oci/...")

# Everything that an image may hang below, so that no registry converts it.
ACCEPT = ", ".join([
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
])

CLIENT_ATTRS = {
    "challenges": attr.string_dict(
        doc = "WWW-Authenticate by registry, where it is known without asking.",
    ),
    "config": attr.label(
        doc = "The only file to look for credentials in, instead of docker's and podman's.",
        allow_single_file = True,
    ),
    "pull": attr.string(
        doc = "The name of the oci.pull, for messages.",
        mandatory = True,
    ),
    "sources": attr.string_list(
        doc = "Where the image is, `[http://]registry/repository`, in the order in which to ask.",
        mandatory = True,
    ),
}

def new_client(rctx, found = None):
    """What is known of the registries, before any of them is asked.

    Args:
      rctx: repository_ctx of a rule with CLIENT_ATTRS.
      found: dict, what found_by returned in another repository of the same pull; or None.

    Returns:
      struct:
        sources: list of struct of reference.bzl, in the order in which to ask; the last one that had something goes first.
        challenges: dict of string by string, WWW-Authenticate by registry; grows.
        rctx, config, authorizations, credentials: private.
    """
    found = found or {"challenges": {}, "source": None}
    names = [name for name in rctx.attr.sources if name == found["source"]]
    declared = {}
    for source in [parse_source(name) for name in rctx.attr.sources]:
        header = declared_challenge(rctx.attr.challenges, source)
        if header:
            declared[source.registry] = header
    return struct(
        authorizations = {},
        challenges = declared | found["challenges"],
        config = rctx.path(rctx.attr.config) if rctx.attr.config else None,
        credentials = {},
        rctx = rctx,
        sources = [parse_source(name) for name in names + [name for name in rctx.attr.sources if name not in names]],
    )

def found_by(client):
    """What a client has found out of the registries, as JSON can hold it, so that others don't ask again. No secrets.

    Args:
      client: struct of new_client.

    Returns:
      dict.
    """
    return {"challenges": client.challenges, "source": client.sources[0].text}

def _credential(client, source):
    if source.name not in client.credentials:
        client.credentials[source.name] = find_credential(client.rctx, client.config, source)
    return client.credentials[source.name]

def _answer_challenge(client, source):
    """Makes an authorization from the challenge of the source's registry. Returns what is wrong, or None."""
    authorization, wrong = authorize(client.rctx, source, client.challenges[source.registry], _credential(client, source))
    if authorization:
        client.authorizations[source.name] = authorization
    return wrong

def _authorize(client, source):
    """Answers a challenge that is known already. If that fails, the registry will say more."""
    if source.registry in client.challenges and source.name not in client.authorizations:
        _answer_challenge(client, source)

def _url(source, resource, identifier):
    return "%s://%s/v2/%s/%s/%s" % (source.scheme, source.host, source.repository, resource, identifier)

def _download(client, source, resource, identifier, output, block = True):
    url = _url(source, resource, identifier)
    authorization = client.authorizations.get(source.name)
    return client.rctx.download(
        url = [url],
        output = output,
        sha256 = identifier[len("sha256:"):] if is_digest(identifier) else "",
        headers = {"Accept": ACCEPT} if resource == "manifests" else {},
        auth = {url: authorization.downloader} if authorization else {},
        allow_fail = True,
        block = block,
    )

def _cached(client, identifier, output):
    """Takes something from Bazel's repository cache. Returns whether it was there."""
    return is_digest(identifier) and client.rctx.download(
        # Without any, Bazel looks in its cache, and says nothing if that fails.
        url = [],
        output = output,
        sha256 = identifier[len("sha256:"):],
        allow_fail = True,
    ).success

def _take(client, body, identifier, output):
    """Hands curl's body to Bazel's downloader, which hashes it, checks it, and puts it into the repository cache."""
    path = str(client.rctx.path(body)).replace("%", "%25").replace(" ", "%20")
    return client.rctx.download(
        url = ["file://%s%s" % ("" if path.startswith("/") else "/", path)],
        output = output,
        sha256 = identifier[len("sha256:"):] if is_digest(identifier) else "",
        allow_fail = True,
    )

def _get_from(client, source, resource, identifier, output):
    """Gets something from one source. Returns (digest, None), or (None, why not)."""
    rctx = client.rctx
    _authorize(client, source)
    for attempt in range(2):
        if source.scheme == "https" or is_digest(identifier):
            result = _download(client, source, resource, identifier, output)
            if result.success:
                return "sha256:" + result.sha256, None
        authorization = client.authorizations.get(source.name)
        options = [("header", "Accept: " + ACCEPT)] if resource == "manifests" else []
        body = output + ".answer"
        answer = curl(
            rctx,
            _url(source, resource, identifier),
            output = body,
            options = options + (authorization.options if authorization else []),
        )
        if answer.failed:
            return None, answer.failed
        if answer.status == 200:
            result = _take(client, body, identifier, output)
            rctx.delete(body)
            if not result.success:
                return None, "what it sends is not what %s says: its bytes have another digest" % identifier
            return "sha256:" + result.sha256, None
        text = rctx.read(body) if rctx.path(body).exists else ""
        rctx.delete(body)
        header = answer.headers.get("www-authenticate")
        if answer.status != 401 or not header or attempt:
            note = "no credentials were asked for"
            if authorization or answer.status == 401:
                note = _credential(client, source).note
            hint = hub_hint(source) if answer.status in (401, 404) else ""
            return None, explain_status(answer.status, answer.headers, text, note) + hint
        client.challenges[source.registry] = header
        client.authorizations.pop(source.name, None)
        wrong = _answer_challenge(client, source)
        if wrong:
            return None, "401 Unauthorized: " + wrong
    fail("unreachable: the second attempt returns")

def get(client, resource, identifier, output):
    """Gets a manifest, an index or a blob; fails with the reason of each source if none of them has it.

    Args:
      client: struct of new_client.
      resource: string, `manifests` or `blobs`.
      identifier: string, a digest or a tag.
      output: string, the file to write. Each call needs another one, since Bazel may still be reading it for its cache.

    Returns:
      string, the digest.
    """
    if _cached(client, identifier, output):
        return identifier
    reasons = []
    for source in list(client.sources):
        digest, wrong = _get_from(client, source, resource, identifier, output)
        if digest:
            # A dead mirror takes Bazel's downloader many seconds, and isn't asked for each document.
            client.sources.remove(source)
            client.sources.insert(0, source)
            return digest
        reasons.append("%s: %s" % (source.name, wrong))
    fail('oci.pull(name = "%s"): cannot get %s %s.\n  %s' % (
        client.rctx.attr.pull,
        "the manifest" if resource == "manifests" else "the blob",
        identifier,
        "\n  ".join(reasons),
    ))

def get_blobs(client, outputs):
    """Gets many blobs at once.

    Args:
      client: struct of new_client.
      outputs: dict, the file to write by digest.
    """
    outputs = {digest: output for digest, output in outputs.items() if not _cached(client, digest, output)}
    if outputs:
        _authorize(client, client.sources[0])
    pending = {
        digest: _download(client, client.sources[0], "blobs", digest, output, block = False)
        for digest, output in outputs.items()
    }
    missing = [digest for digest, download in pending.items() if not download.wait().success]
    for digest in missing:
        get(client, "blobs", digest, outputs[digest])
