"""Names of images in the attributes of run targets: what the build knows of them is put in here, stamps by `ship` when they run."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load(":expansion.bzl", "expand_variables", "substitutions_of")
load(":labels.bzl", "display_label")
load(":stamp.bzl", "OWN_PLACEHOLDERS")

visibility("//oci/...")

NAMES_ATTRS = {
    "substitutions": attr.string_keyed_label_dict(
        doc = """Placeholders of your own in names: `{"flavor": ":flavor"}` gives `{flavor}` the value of a `string_flag`,
`int_flag` or `bool_flag` of bazel_skylib. `{package}` and `{name}` are the package and the name of the image's target.""",
        providers = [BuildSettingInfo],
    ),
}

def _in_braces(text, values):
    parts = text.split("{")
    expanded = parts[0]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        expanded += values[name] + rest if closed and name in values else "{" + part
    return expanded

def names_expander(ctx):
    """What expands names.

    Make variables that are defined, `{package}`, `{name}` and substitutions get their values; what else is in braces or
    behind a dollar stays.

    Args:
      ctx: the rule's context, with `image` and NAMES_ATTRS.

    Returns:
      function from a name to a name.
    """
    image = ctx.attr.image.label
    values = {"name": image.name, "package": image.package}
    values |= substitutions_of(ctx, display_label(ctx.label), taken = values.keys() + OWN_PLACEHOLDERS)
    return lambda text: _in_braces(expand_variables(ctx, text), values)
