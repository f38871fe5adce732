"""What a layer says of the platform that its contents are for. Plain data is for every one, and says nothing."""

load(":labels.bzl", "display_label")
load(":platform_names.bzl", "fits", "platform_name", "platform_parts", "same_machine")
load(":platforms.bzl", "check_platform", "unnamed_platform")
load(":target_platform.bzl", "named_platform")

visibility("//oci/...")

def _declared(ctx, label):
    architecture, variant = ctx.attr.architecture, ctx.attr.variant

    # Debian packages are for Linux, and their rule has no attribute for it.
    os = getattr(ctx.attr, "os", "linux" if architecture else "")
    if not os and not architecture and not variant:
        return None
    if not os or not architecture:
        fail('%s: os and architecture go together, such as os = "linux", architecture = "amd64". A layer that fits every platform has neither.' % label)
    check_platform(label, os, architecture)
    return platform_name(os, architecture, variant)

def _built_for(ctx, label, declared):
    if not ctx.attr.platform:
        return None
    name = named_platform(ctx, label)
    if not name and not declared:
        fail("%s: %s" % (label, unnamed_platform(ctx.attr.platform.label)))
    if name and declared and not same_machine(name, declared):
        fail("%s: platform %s is %s, and os and architecture are for %s. Make them the same, or leave os and architecture out." % (
            label,
            display_label(ctx.attr.platform.label),
            name,
            declared,
        ))
    return name

def layer_platform(ctx, label, merged):
    """The platform that a layer is for.

    Args:
      ctx: the layer's context, with `platform`, `architecture`, `variant`, PLATFORM_ATTRS, and `os` where it can be another than linux.
      label: string. The layer, for messages.
      merged: list of OciLayerInfo that become part of this layer.

    Returns:
      string or None. `os/architecture[/variant]`; None where it fits every platform.
    """
    declared = _declared(ctx, label)
    built_for = _built_for(ctx, label, declared)
    platform, whose = declared or built_for, "it"
    for layer in merged:
        if not layer.platform:
            continue
        if not platform:
            platform, whose = layer.platform, layer.label
        elif not fits(layer.platform, platform):
            fail("%s: tars has %s, which is for %s, and %s is for %s. One layer is for one platform: take one of them out." % (
                label,
                layer.label,
                layer.platform,
                whose,
                platform,
            ))
    return platform

def add_platform(arguments, platform):
    """Tells `pack layer` the platform.

    Args:
      arguments: Args.
      platform: string or None.
    """
    if not platform:
        return
    os, architecture, variant = platform_parts(platform)
    arguments.add("--os", os)
    arguments.add("--architecture", architecture)
    if variant:
        arguments.add("--variant", variant)
