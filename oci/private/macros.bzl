"""What the macros share."""

load(":digest.bzl", "digest_file")

visibility("//oci/...")

_COMMON = [
    "compatible_with",
    "deprecation",
    "exec_compatible_with",
    "exec_properties",
    "features",
    "package_metadata",
    "restricted_to",
    "tags",
    "target_compatible_with",
    "testonly",
    "visibility",
]

def common_attributes(kwargs):
    """Takes the attributes that every rule has out of kwargs, for a macro to pass to all its targets.

    Args:
      kwargs: dict, changed.

    Returns:
      dict.
    """
    return {name: kwargs.pop(name) for name in _COMMON if name in kwargs}

def route(kwargs, name, value):
    """Passes a literal list or dict as `<name>_list` or `<name>_dict`, and a label (or a select) as it is.

    Args:
      kwargs: dict, changed.
      name: string. The attribute.
      value: list, dict, label, select or None.
    """
    if value == None:
        return
    kind = type(value)
    kwargs["%s_%s" % (name, kind) if kind in ("list", "dict") else name] = value

def digest_target(name, common):
    """`<name>.digest`: the digest in the file `<name>.json.sha256`, where users of rules_docker and rules_oci look for it."""
    digest_file(
        name = name + ".digest",
        image = name,
        out = name + ".json.sha256",
        **common
    )
