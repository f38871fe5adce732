"""Names of images, as people write them: `debian`, `gcr.io/distroless/static:nonroot`, `http://registry.corp:5000/app@sha256:…`.

Pure functions. Instead of failing they return what is wrong, since only the caller knows which attribute holds the text.
"""

visibility("//oci/...")

DOCKER_HUB = "docker.io"

# Docker Hub's names in the wild. References say docker.io; index.docker.io answers, and is the name that credential helpers
# and rewriting rules of Bazel's downloader are commonly configured for.
_DOCKER_HUB_NAMES = [DOCKER_HUB, "index.docker.io", "registry-1.docker.io"]
_DOCKER_HUB_HOST = "index.docker.io"

_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
_TAG = _LOWER + "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.-"

def _all_of(text, characters):
    return bool(text) and not text.strip(characters) and not [c for c in text.elems() if c not in characters]

def is_digest(text):
    """Whether text is `sha256:` and 64 lower-case hexadecimal digits.

    Args:
      text: string.

    Returns:
      bool.
    """
    return len(text) == 71 and text.startswith("sha256:") and _all_of(text[7:], "0123456789abcdef")

def is_tag(text):
    """Whether text can be a tag: letters, digits, `_`, `.` and `-`, at most 128, no `.` or `-` in front.

    Args:
      text: string.

    Returns:
      bool.
    """
    return len(text) <= 128 and _all_of(text, _TAG) and text[0] not in ".-"

def is_loopback(host):
    """Whether a host, with or without a port, can only be this machine: 127.0.0.0/8, `::1`, `localhost` and names below it.

    Args:
      host: string.

    Returns:
      bool.
    """
    if host.startswith("["):
        return host.startswith("[::1]")
    name = host.split(":")[0].lower()
    octets = name.split(".")
    in_127 = octets[0] == "127" and len(octets) == 4 and not [o for o in octets if not o.isdigit()]
    return name == "localhost" or name.endswith(".localhost") or in_127

def without_port(host):
    """The host alone.

    Args:
      host: string, `host[:port]`.

    Returns:
      string.
    """
    name, colon, port = host.rpartition(":")
    return name if colon and not port.endswith("]") else host

def canonical_registry(host):
    """The name that references have for a registry: all names of Docker Hub become `docker.io`.

    Args:
      host: string, `host[:port]`.

    Returns:
      string.
    """
    return DOCKER_HUB if host in _DOCKER_HUB_NAMES else host

def split_scheme(text):
    """Takes `http://` or `https://` off a name.

    Args:
      text: string.

    Returns:
      (string, string): `http`, `https` or the empty string; and the rest.
    """
    for scheme in ("http", "https"):
        if text.startswith(scheme + "://"):
            return scheme, text[len(scheme) + 3:]
    return "", text

def _wrong_repository(repository):
    for part in repository.split("/"):
        if not _all_of(part, _LOWER + "._-") or part[0] in "._-" or part[-1] in "._-":
            return "the repository %r is not made of lower-case letters and digits, with . _ - inside and / between" % repository
    return None

def _wrong_host(host):
    if host.startswith("["):
        name, closed, port = host[1:].partition("]")
        wrong = not closed or not _all_of(name, "0123456789abcdef:") or port and not port[1:].isdigit()
    else:
        name, colon, port = host.partition(":")
        wrong = not _all_of(name.lower(), _LOWER + ".-_") or colon and not port.isdigit()
    if wrong:
        return "%r is not the name of a registry, such as registry.example.com:5000" % host
    return None

def _source(scheme, host, repository):
    registry = canonical_registry(host)
    if registry == DOCKER_HUB and "/" not in repository:
        repository = "library/" + repository
    default = "http" if is_loopback(registry) else "https"
    scheme = scheme or default
    return struct(
        host = _DOCKER_HUB_HOST if registry == DOCKER_HUB else registry,
        name = "%s/%s" % (registry, repository),
        registry = registry,
        repository = repository,
        scheme = scheme,
        text = ("" if scheme == default else scheme + "://") + "%s/%s" % (registry, repository),
    )

def parse_source(text):
    """Reads where an image is: `[scheme://]registry/repository`, without tag and digest, all spelt out.

    Args:
      text: string, such as the field `text` of what this returns.

    Returns:
      struct:
        host: string. Host and port that answer.
        name: string. `registry/repository`, for messages.
        registry: string. Host and port as references and credentials have it.
        repository: string.
        scheme: string. `http` or `https`. Loopback is plain HTTP unless the name says otherwise.
        text: string. As short as possible: the scheme is in it only where it has to be.
    """
    scheme, rest = split_scheme(text)
    host, _, repository = rest.partition("/")
    return _source(scheme, host, repository)

def parse_image(text):
    """Reads the attribute `image`: `[scheme://][registry/]repository[:tag][@digest]`.

    What has no registry is on Docker Hub, as for `docker pull`: `debian` is `docker.io/library/debian`. The first part is a
    registry if it has a dot or a colon in it, or is `localhost`, or comes after a scheme.

    Args:
      text: string.

    Returns:
      (struct, None), with the fields source (see parse_source), tag and digest (string or None); or (None, what is wrong).
    """
    scheme, rest = split_scheme(text)
    rest, at, digest = rest.partition("@")
    if at and not is_digest(digest):
        return None, "%r is not a digest that can be used: sha256: and 64 hexadecimal digits" % digest
    tag = None
    colon = rest.rfind(":")
    if colon > rest.rfind("/"):
        rest, tag = rest[:colon], rest[colon + 1:]
        if not is_tag(tag):
            return None, "%r is not a tag" % tag
    first, slash, repository = rest.partition("/")
    if not slash or not (scheme or first == "localhost" or "." in first or ":" in first):
        first, repository = DOCKER_HUB, rest
    wrong = _wrong_host(first) or _wrong_repository(repository)
    if wrong:
        return None, wrong
    return struct(source = _source(scheme, first, repository), tag = tag, digest = digest or None), None

def hub_hint(source):
    """What else was perhaps meant by an image that Docker Hub doesn't have.

    Args:
      source: struct of parse_source.

    Returns:
      string, to come after the reason; empty where nothing else can have been meant.
    """
    first, _, rest = source.repository.partition("/")
    if source.registry != DOCKER_HUB or first == "library":
        return ""
    return '. %s is looked for on Docker Hub; if %s is a registry, set registry = "%s", repository = "%s"' % (source.repository, first, first, rest)

def parse_repository(registry, repository):
    """Reads the attributes `registry` and `repository`.

    Args:
      registry: string, `[scheme://]host[:port]`.
      repository: string.

    Returns:
      (struct of parse_source, None); or (None, what is wrong).
    """
    scheme, host = split_scheme(registry)
    host = host.rstrip("/")
    wrong = _wrong_host(host) or _wrong_repository(repository)
    return (None, wrong) if wrong else (_source(scheme, host, repository), None)

def parse_mirror(mirror, repository):
    """Reads one of the attribute `mirrors`: a registry, with what comes before the repository there.

    Args:
      mirror: string, `[scheme://]host[:port][/prefix]`.
      repository: string. The repository in the registry that is mirrored.

    Returns:
      (struct of parse_source, None); or (None, what is wrong).
    """
    scheme, rest = split_scheme(mirror)
    host, _, prefix = rest.rstrip("/").partition("/")
    return parse_repository("%s://%s" % (scheme, host) if scheme else host, prefix + "/" + repository if prefix else repository)
