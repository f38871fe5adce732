"""Credentials of registries, from .netrc and from where docker and podman keep them: the same places in the same order as in push
and load (docs/credentials.md), but for Bazel's credential helpers, of which Bazel tells its own downloader alone.

Nothing is read before a registry asks for credentials. Nothing here tracks files or variables, since credentials say nothing
about what is fetched: `docker login` must not fetch everything anew.
"""

load(":netrc.bzl", "netrc_entry")
load(":reference.bzl", "DOCKER_HUB", "canonical_registry", "split_scheme", "without_port")

visibility("//oci/...")

# Docker Hub's key in configuration files and helpers.
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"

# Holds a configuration file instead of naming one, as CI systems set it.
_INLINE = "DOCKER_AUTH_CONFIG"

# The user by which a helper says that the secret is an identity token.
_TOKEN_USER = "<token>"

def _home(environment):
    return environment.get("HOME") or environment.get("USERPROFILE")

def netrc_file(environment):
    """Where user and password by host are.

    Args:
      environment: dict of variables.

    Returns:
      string, a path that may not exist; or None.
    """
    home = _home(environment)
    return environment.get("NETRC") or (home + "/.netrc" if home else None)

def credential_files(environment):
    """Where docker and podman have credentials, in order.

    Args:
      environment: dict of variables.

    Returns:
      list of string, paths of which any may not exist.
    """
    home = _home(environment)
    docker = environment.get("DOCKER_CONFIG") or (home + "/.docker" if home else None)
    configuration = environment.get("XDG_CONFIG_HOME") or (home + "/.config" if home else None)
    runtime = environment.get("XDG_RUNTIME_DIR")
    return [path for path in [
        docker + "/config.json" if docker else None,
        environment.get("REGISTRY_AUTH_FILE"),
        runtime + "/containers/auth.json" if runtime else None,
        configuration + "/containers/auth.json" if configuration else None,
    ] if path]

def _credential(source, user = None, password = None, basic = None, identity = None, token = None):
    return struct(
        # Where it came from, for messages, which hold nothing else of this.
        source = source,
        user = user,
        password = password,
        # base64 of user:password.
        basic = basic,
        # To be exchanged for a token.
        identity = identity,
        # To be sent as it is.
        token = token,
    )

def _key(key):
    """A key as `registry` or `registry/path`: docker writes URLs for some registries, podman never."""
    scheme, rest = split_scheme(key)
    host, _, path = rest.rstrip("/").partition("/")
    registry = canonical_registry(host)
    return registry if scheme or not path or path in ("v1", "v2") else "%s/%s" % (registry, path)

def _entry(entry, source):
    if entry.get("registrytoken"):
        return _credential(source, token = entry["registrytoken"])
    if entry.get("identitytoken"):
        return _credential(source, identity = entry["identitytoken"])
    if entry.get("auth"):
        return _credential(source, basic = entry["auth"].strip())
    if entry.get("username") and entry.get("password"):
        return _credential(source, user = entry["username"], password = entry["password"])
    return None

def credential_in(config, source, registry, repository):
    """What a configuration file itself holds: the longest key that fits wins, as podman has it.

    Args:
      config: dict, the file's JSON.
      source: string. The file, for messages.
      registry: string.
      repository: string.

    Returns:
      struct, see _credential; or None.
    """
    entries = {_key(key): entry for key, entry in (config.get("auths") or {}).items()}
    parts = [registry] + repository.split("/")
    for length in range(len(parts), 0, -1):
        found = _entry(entries.get("/".join(parts[:length])) or {}, source)
        if found:
            return found
    return None

def helper_in(config, registry):
    """The helper that a configuration file names for a registry.

    Args:
      config: dict, the file's JSON.
      registry: string.

    Returns:
      string, `x` of `docker-credential-x`, or a path; or None.
    """
    for key, helper in (config.get("credHelpers") or {}).items():
        if _key(key) == registry:
            return helper or None
    return config.get("credsStore") or None

def helper_answer(return_code, stdout, source):
    """Reads what a helper said.

    Args:
      return_code: int.
      stdout: string. By the helpers' protocol, a failure's message is there as well.
      source: string. The helper and who names it, for messages.

    Returns:
      (struct or None, None), see _credential; or (None, what is wrong).
    """
    if return_code:
        if "credentials not found" in stdout:
            return None, None
        return None, "%s failed (exit code %d)" % (source, return_code)
    answer = json.decode(stdout, default = None)
    if type(answer) != "dict" or "Username" not in answer or "Secret" not in answer:
        return None, "%s answered no JSON with Username and Secret" % source
    user, secret = answer["Username"], answer["Secret"]
    if not user and not secret:
        return None, None
    if user == _TOKEN_USER:
        return _credential(source, identity = secret), None
    return _credential(source, user = user, password = secret), None

def _ask_helper(rctx, helper, file, registry):
    program = helper if "/" in helper else "docker-credential-" + helper
    key = _DOCKER_HUB_KEY if registry == DOCKER_HUB else registry

    # A repository rule can't write to a program's standard input.
    if rctx.os.name.startswith("windows"):
        command = ["cmd.exe", "/c", "echo %s| %s get" % (key, program)]
    else:
        command = ["sh", "-c", 'printf "%s\\n" "$2" | "$1" get', "sh", program, key]
    result = rctx.execute(command, timeout = 60)
    return helper_answer(result.return_code, result.stdout, "%s (%s)" % (program, file))

def _in_netrc(rctx, path, source):
    if not path or not rctx.path(path).exists:
        return None
    entry = netrc_entry(rctx.read(path, watch = "no"), [without_port(source.registry), without_port(source.host)])
    return _credential(path, user = entry[0], password = entry[1]) if entry else None

def find_credential(rctx, config, source):
    """The credential for a repository.

    Args:
      rctx: repository_ctx.
      config: path, to look nowhere else; or None.
      source: struct of reference.bzl.

    Returns:
      struct:
        credential: struct, see _credential; or None.
        note: string. Where it came from, or where there was none; for messages.
    """
    environment = rctx.os.environ
    registry, repository = source.registry, source.repository
    netrc = None if config else netrc_file(environment)
    found = _in_netrc(rctx, netrc, source)
    if found:
        return struct(credential = found, note = "credentials from %s" % found.source)
    inline = None if config else environment.get(_INLINE)
    files = [str(config)] if config else (["$" + _INLINE] if inline else []) + credential_files(environment)
    for i, file in enumerate(files):
        if inline and not i:
            text = inline
        elif rctx.path(file).exists:
            text = rctx.read(file, watch = "no")
        else:
            continue
        content = json.decode(text.strip() or "{}", default = None)
        if type(content) != "dict":
            return struct(credential = None, note = "%s is not JSON: mend it, or log in again" % file)
        helper = helper_in(content, registry)
        if helper:
            found, wrong = _ask_helper(rctx, helper, file, registry)
            if wrong:
                # A later place doesn't stand in, since it might be another account.
                return struct(credential = None, note = wrong)
            if found:
                return struct(credential = found, note = "credentials from %s" % found.source)
        found = credential_in(content, file, registry, repository)
        if found:
            return struct(credential = found, note = "credentials from %s" % found.source)
    return struct(
        credential = None,
        note = "no credentials for %s in %s: docker login %s, or podman login" % (registry, " and ".join(([netrc] if netrc else []) + files) or "any file, since HOME is not set", registry),
    )
