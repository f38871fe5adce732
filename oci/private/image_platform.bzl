"""What an image is for, and whether all that it is made of is for the same."""

load(":expansion.bzl", "expand_make")
load(":labels.bzl", "display_label")
load(":platform_names.bzl", "fits", "platform_name", "platform_parts", "same_machine")
load(":platforms.bzl", "check_platform", "unnamed_platform")
load(":target_platform.bzl", "named_platform")

visibility("//oci/...")

_DECLARED = ["os", "architecture", "variant", "os_version", "os_features"]

def _of_layers(label, layers):
    """What the layers that say it are for; None where none does."""
    platforms = {layer.platform: layer.label for layer in layers if layer.platform}
    if len(platforms) > 1:
        fail("%s: its layers are for %s. Build them for one platform, or set os and architecture to say which it is." % (
            label,
            " and ".join(["%s (%s)" % item for item in platforms.items()]),
        ))
    return platforms.keys()[0] if platforms else None

def _declared(ctx, label, built_for, layers):
    """The platform of an image without base, as a dict for the spec."""
    os, architecture, variant = [expand_make(ctx, text) for text in (ctx.attr.os, ctx.attr.architecture, ctx.attr.variant)]
    if ctx.attr.platform and not os and not architecture:
        if not built_for:
            fail("%s: %s" % (label, unnamed_platform(ctx.attr.platform.label)))
        os, architecture, named = platform_parts(built_for)
        variant = variant or named
    if not os and not architecture and _of_layers(label, layers):
        os, architecture, named = platform_parts(_of_layers(label, layers))
        variant = variant or named
    if not os or not architecture:
        fail('%s: an image without base needs os and architecture, such as os = "linux", architecture = "amd64", a platform that says them, or layers that do.' % label)
    check_platform(label, os, architecture)
    declared = {"architecture": architecture, "os": os}
    if variant:
        declared["variant"] = variant
    if ctx.attr.os_version:
        declared["os_version"] = expand_make(ctx, ctx.attr.os_version)
    if ctx.attr.os_features:
        declared["os_features"] = [expand_make(ctx, text) for text in ctx.attr.os_features]
    return declared

def image_platform(ctx, label, base, layers):
    """The platform of an image.

    Args:
      ctx: the image's context, with `platform`, `base`, `os` and so on, and PLATFORM_ATTRS.
      label: string. The image, for messages.
      base: what base_of returns.
      layers: list of OciLayerInfo.

    Returns:
      struct:
        declared: dict or None. What the spec says of the platform; None where base decides.
        name: string or None. `os/architecture[/variant]`; None where it is known only when the base is read.
        built_for: dict or None. What the base must turn out to be for when it is read: the label and the name of
          `platform`.
    """
    beside_base = [name for name in _DECLARED if getattr(ctx.attr, name)]
    if base and beside_base:
        fail("%s: %s set beside base. The base decides the platform: leave %s out, or build on a base for another platform." % (
            label,
            " and ".join(beside_base),
            "it" if len(beside_base) == 1 else "them",
        ))
    built_for = named_platform(ctx, label)
    if base:
        declared, name, says = None, base.platform, "base %s is" % display_label(ctx.attr.base.label)
    else:
        declared = _declared(ctx, label, built_for, layers)
        name = platform_name(declared["os"], declared["architecture"], declared.get("variant"))
        says = "os and architecture are"
    if not built_for:
        return struct(declared = declared, name = name, built_for = None)
    platform = display_label(ctx.attr.platform.label)
    if name and not same_machine(name, built_for):
        fail("%s: platform %s is %s, and %s for %s. Make them the same." % (label, platform, built_for, says, name))
    return struct(
        declared = declared,
        name = name or built_for,
        built_for = None if name else {"label": platform, "platform": built_for},
    )

def check_layers(label, platform, layers):
    """Fails if a layer is for another platform than its image; OciManifest does where `platform` isn't known yet.

    Args:
      label: string. The image, for messages.
      platform: string or None. What the image is for.
      layers: list of OciLayerInfo.
    """
    for layer in layers:
        if platform and layer.platform and not fits(layer.platform, platform):
            fail("%s is an image for %s, and its layer %s is for %s. Build both for one platform: both by `platform`, or both for the target platform." % (
                label,
                platform,
                layer.label,
                layer.platform,
            ))
