"""The header WWW-Authenticate (RFC 9110, 11.6.1): how a registry wants to be asked."""

load(":reference.bzl", "canonical_registry")

visibility("//oci/...")

def _tokens(text):
    """Splits a header at commas, spaces and `=`, and keeps quoted strings whole.

    Returns:
      list of (kind, value), of the kinds `word`, `quoted` and `=` `,`; spaces are left out.
    """
    tokens = []
    word, quoted, escaped = "", None, False
    for c in text.elems():
        if quoted != None:
            if escaped:
                quoted, escaped = quoted + c, False
            elif c == "\\":
                escaped = True
            elif c == '"':
                tokens.append(("quoted", quoted))
                quoted = None
            else:
                quoted += c
            continue

        # A token of 68 characters may end in `=`, which no scheme that registries use has.
        if c in " \t,=\"":
            if word:
                tokens.append(("word", word))
                word = ""
            if c == '"':
                quoted = ""
            elif c in ",=":
                tokens.append((c, c))
        else:
            word += c
    if word:
        tokens.append(("word", word))
    return tokens

def parse_challenges(header):
    """Reads a header.

    Args:
      header: string. Several headers are joined by commas first.

    Returns:
      list of struct(scheme, parameters): string in lower case, and dict whose keys are in lower case.
    """
    found = []
    tokens = _tokens(header)
    skip = 0
    for i, (kind, value) in enumerate(tokens):
        if skip:
            skip -= 1
        elif kind == "word":
            if i + 2 < len(tokens) and tokens[i + 1][0] == "=" and tokens[i + 2][0] in ("word", "quoted"):
                if found:
                    found[-1].parameters[value.lower()] = tokens[i + 2][1]
                skip = 2
            else:
                found.append(struct(scheme = value.lower(), parameters = {}))
    return found

def challenge_of(header, scheme):
    """The first challenge of a scheme.

    Args:
      header: string.
      scheme: string, in lower case.

    Returns:
      dict of its parameters; or None.
    """
    for challenge in parse_challenges(header):
        if challenge.scheme == scheme:
            return challenge.parameters
    return None

def declared_challenge(challenges, source):
    """The challenge that www_authenticate_challenges has for a registry.

    Args:
      challenges: dict, headers by registry, or by `.suffix` for all below it. `{registry}` and `{repository}` stand for those.
      source: struct of reference.bzl.

    Returns:
      string; or None.
    """
    for registry, header in challenges.items():
        if canonical_registry(registry) == source.registry or registry.startswith(".") and source.registry.endswith(registry):
            return header.replace("{registry}", source.host).replace("{repository}", source.repository)
    return None
