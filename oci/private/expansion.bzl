"""What expands in attributes of an image: make variables and `$(location …)` here, placeholders in braces in assemble.

Bazel's own expander fails on every `$` that it doesn't understand. Values of images are full of such (`:$PATH`, `$(date)`),
so here what is defined expands, and the rest stays as it is.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load(":stamp.bzl", "STAMP_ATTRS", "is_stamped", "stamp_keys", "status_files")

visibility("//oci/...")

EXPANSION_ATTRS = STAMP_ATTRS | {
    "data": attr.label_list(
        doc = """What `$(location …)`, `$(rootpath …)` and `$(rlocationpath …)` in the other attributes may name. Nothing of it
goes into the image. The location of an output differs between configurations, and so would the image; the others don't.""",
        allow_files = True,
    ),
    "expand": attr.bool(
        doc = """Expand placeholders in values of labels, annotations and env, and in created: `{package}` and `{name}` of this
target, and keys of the workspace status, `{STABLE_…}` and `{BUILD_…}`, as `stamp` says. A stamp key that nobody knows is an
error; other braces stay as they are, and so does `${…}`. In created, `{BUILD_TIMESTAMP}` becomes a time.""",
    ),
    "substitutions": attr.string_keyed_label_dict(
        doc = """Placeholders of your own, as with `expand`, which this turns on: `{"flavor": ":flavor"}` gives `{flavor}` the
value of a `string_flag`, `int_flag` or `bool_flag` of bazel_skylib.""",
        providers = [BuildSettingInfo],
    ),
}

_PATHS = [
    "execpath",
    "execpaths",
    "location",
    "locations",
    "rlocationpath",
    "rlocationpaths",
    "rootpath",
    "rootpaths",
]

def _value(ctx, name):
    function, space, _ = name.partition(" ")
    if space and function in _PATHS:
        return ctx.expand_location("$(%s)" % name, ctx.attr.data)
    return ctx.var.get(name)

def make_parts(text, value_of, in_env = False):
    """Takes a text apart at what is written as `$(NAME)` and has a value.

    `$$(NAME)` of something that has a value is the text `$(NAME)`.

    Args:
      text: string.
      value_of: function from NAME, a string, to what takes its place, or to None, where it stays as it is.
      in_env: bool. Whether assemble takes `$$` for a dollar and `$K` for a variable afterwards, as it does in env.

    Returns:
      list: strings as they are in the text, and values.
    """
    segments = text.split("$(")
    parts = [segments[0]]
    before = segments[0]
    for segment in segments[1:]:
        name, closed, rest = segment.partition(")")
        value = value_of(name) if closed else None
        escaped = (len(before) - len(before.rstrip("$"))) % 2 == 1
        if value == None or (escaped and in_env):
            parts.append("$(" + segment)
            before = segment
        elif escaped:
            # The dollar before this one has made it a text.
            parts.append("(" + segment)
            before = segment
        else:
            parts.extend([value, rest])
            before = rest
    return parts

def expand_variables(ctx, text):
    """Expands make variables that are defined, as make_parts does.

    Args:
      ctx: a rule's context.
      text: string.

    Returns:
      string.
    """
    return "".join(make_parts(text, ctx.var.get))

def expand_make(ctx, text, in_env = False):
    """Expands `$(location …)` and its like over `data`, and make variables that are defined, as make_parts does.

    Args:
      ctx: the rule's context, with EXPANSION_ATTRS.
      text: string.
      in_env: bool. As of make_parts.

    Returns:
      string.
    """

    def value_of(name):
        value = _value(ctx, name)
        return value.replace("$", "$$") if value and in_env else value

    return "".join(make_parts(text, value_of, in_env))

def placeholders_of(ctx, label):
    """What stands for the placeholders that don't come from the workspace status.

    Args:
      ctx: the rule's context, with EXPANSION_ATTRS.
      label: string. The target, for messages.

    Returns:
      dict of strings; None where braces mean nothing.
    """
    if not ctx.attr.expand and not ctx.attr.substitutions:
        return None
    names = {"name": ctx.label.name, "package": ctx.label.package}
    return names | substitutions_of(ctx, label, taken = names.keys())

def substitutions_of(ctx, label, taken):
    """What stands for the placeholders that `substitutions` declares.

    Args:
      ctx: the rule's context, with `substitutions`.
      label: string. The target, for messages.
      taken: list of strings. Placeholders that mean something else.

    Returns:
      dict of strings.
    """
    values = {}
    for name, target in ctx.attr.substitutions.items():
        if name in taken or name.startswith(("STABLE_", "BUILD_")):
            fail("%s: substitutions: {%s} has a meaning already: choose another name." % (label, name))
        if not name or "{" in name or "}" in name:
            fail("%s: substitutions: %r can't stand between braces: choose another name." % (label, name))
        value = target[BuildSettingInfo].value
        if type(value) not in ("string", "int", "bool"):
            fail("%s: substitutions: {%s} is a %s, the value of %s: use a flag that has one value." % (
                label,
                name,
                type(value),
                target.label,
            ))
        values[name] = str(value).lower() if type(value) == "bool" else str(value)
    return values

def status_files_of(ctx, texts, files):
    """The status files that placeholders of a target need: none, where it isn't stamped or names no key.

    Args:
      ctx: the rule's context, with EXPANSION_ATTRS.
      texts: list of strings that may hold placeholders.
      files: list of File or None. Files that may hold placeholders; nobody knows which.

    Returns:
      list of File.
    """
    if not is_stamped(ctx) or not (ctx.attr.expand or ctx.attr.substitutions):
        return []
    return status_files(ctx, None if any(files) else stamp_keys(texts))
