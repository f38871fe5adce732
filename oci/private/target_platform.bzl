"""The target platform as images name it: a dependency of whatever is for one.

One target finds it out for all, since to ask for it takes every constraint value that has a name in images.
"""

load(":platforms.bzl", "CPUS", "SYSTEMS", "platform_of_macs")

visibility("//oci/...")

TargetPlatformInfo = provider(
    doc = "The target platform as images name it.",
    fields = {
        "is_macos": "bool. Whether what is compiled for it runs on a Mac, and so in no container.",
        "name": """string or None. `os/architecture[/variant]`; None where the CPU has no name in images. Images are for Linux unless
the target platform says otherwise: on a Mac, an image is still a Linux image.""",
    },
)

def _has(ctx, constraint):
    return ctx.target_platform_has_constraint(constraint[platform_common.ConstraintValueInfo])

def _name(ctx):
    for cpu in ctx.attr._cpus:
        if _has(ctx, cpu):
            for system in ctx.attr._systems:
                if _has(ctx, system):
                    return "%s/%s" % (SYSTEMS[system.label.name], CPUS[cpu.label.name])
            return "linux/" + CPUS[cpu.label.name]
    return None

def _target_platform_name_impl(ctx):
    return [TargetPlatformInfo(is_macos = _has(ctx, ctx.attr._macos), name = _name(ctx))]

target_platform_name = rule(
    implementation = _target_platform_name_impl,
    doc = "Tells what the platform is called that this target is configured for.",
    attrs = {
        "_cpus": attr.label_list(default = ["@platforms//cpu:" + cpu for cpu in CPUS]),
        "_macos": attr.label(default = "@platforms//os:macos"),
        "_systems": attr.label_list(default = ["@platforms//os:" + system for system in SYSTEMS]),
    },
)

PLATFORM_ATTRS = {
    "_target_platform": attr.label(
        default = "//oci/private:target_platform",
        providers = [TargetPlatformInfo],
    ),
}

def target_platform(ctx):
    """The target platform as images name it.

    Args:
      ctx: a rule's or aspect's context with PLATFORM_ATTRS.

    Returns:
      string or None, as TargetPlatformInfo has it.
    """
    return ctx.attr._target_platform[TargetPlatformInfo].name

def named_platform(ctx, label):
    """The platform that the attribute `platform` names, as images name it.

    A target platform may be a Mac, since it is what it is. One that is named for an image may not.

    Args:
      ctx: a rule's context with `platform` and PLATFORM_ATTRS.
      label: string. The target, for messages.

    Returns:
      string or None. None without `platform`, and where its CPU has no name in images.
    """
    if not ctx.attr.platform:
        return None
    if ctx.attr._target_platform[TargetPlatformInfo].is_macos:
        fail("%s: %s" % (label, platform_of_macs(ctx.attr.platform.label)))
    return target_platform(ctx)
