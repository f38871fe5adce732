"""The target platform as a dependency, for a rule that builds something for several platforms."""

load(":platforms.bzl", "PLATFORM_ATTRS", "is_macos", "target_platform")

visibility("//oci/...")

TargetPlatformInfo = provider(
    doc = "The target platform as images name it.",
    fields = {
        "is_macos": "bool. Whether what is compiled for it runs on a Mac.",
        "name": "string or None. `os/architecture[/variant]`; None where the CPU has no name in images.",
    },
)

def _target_platform_name_impl(ctx):
    return [TargetPlatformInfo(is_macos = is_macos(ctx), name = target_platform(ctx))]

target_platform_name = rule(
    implementation = _target_platform_name_impl,
    doc = "Tells what the platform is called that this target is configured for.",
    attrs = PLATFORM_ATTRS,
)
