"""Stamping: whether a text names keys of Bazel's workspace status, and the files that hold their values.

What counts as a placeholder is decided in crates/oci/src/stamp.rs. Here it is told only closely enough to declare inputs:
a status file that is no input can't rerun an action.
"""

visibility("//oci/...")

StampInfo = provider(
    doc = "Whether the command line says `--stamp`.",
    fields = {"stamp": "bool."},
)

def _stamp_setting_impl(ctx):
    return [StampInfo(stamp = ctx.attr.stamp)]

stamp_setting = rule(
    implementation = _stamp_setting_impl,
    doc = "Tells rules what a `select` found out about `--stamp`.",
    attrs = {"stamp": attr.bool(mandatory = True)},
)

STAMP_ATTRS = {
    "stamp": attr.int(
        doc = """1: placeholders of stamp keys always get their values; 0: never; -1: where the build says `--stamp`. Where
they get none they stay as they are.""",
        default = -1,
        values = [-1, 0, 1],
    ),
    "_stamp": attr.label(
        default = "//oci/private:stamp",
        providers = [StampInfo],
    ),
}

# Placeholders in names that `ship` itself gives a value.
OWN_PLACEHOLDERS = ["arch", "digest", "os", "tag", "variant"]

# Keys without STABLE_ that Bazel writes to the stable file all the same.
_STABLE = ["BUILD_EMBED_LABEL", "BUILD_HOST", "BUILD_USER"]

def is_stamped(ctx):
    """Whether a target with STAMP_ATTRS is to be stamped."""
    return ctx.attr.stamp == 1 or (ctx.attr.stamp == -1 and ctx.attr._stamp[StampInfo].stamp)

def placeholders(texts):
    """The names in braces that texts hold, but for those of `${…}`.

    Args:
      texts: list of strings.

    Returns:
      list of strings, each once.
    """
    names = {}
    for text in texts:
        parts = text.split("{")
        for before, part in zip(parts, parts[1:]):
            name, brace, _ = part.partition("}")
            if brace and not before.endswith("$"):
                names[name] = None
    return names.keys()

def stamp_keys(texts):
    """The placeholders that are meant as keys of the workspace status.

    Args:
      texts: list of strings.

    Returns:
      list of strings.
    """
    return [name for name in placeholders(texts) if name.startswith(("STABLE_", "BUILD_"))]

def status_files(ctx, keys = None):
    """The status files that hold keys, so that a build reruns for no others.

    Args:
      ctx: the rule's context.
      keys: list of strings; None where nobody knows which keys there are, which gives both files.

    Returns:
      list of File. ctx.info_file changes with the STABLE_ keys and reruns actions; ctx.version_file never does.
    """
    if keys == None:
        return [ctx.info_file, ctx.version_file]
    stable = [key for key in keys if key.startswith("STABLE_") or key in _STABLE]
    files = [ctx.info_file] if stable else []
    if len(stable) < len(keys):
        files.append(ctx.version_file)
    return files
