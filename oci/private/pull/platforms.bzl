"""Platforms that an oci.pull names, and which of them fits a target platform."""

load("//oci/private:platforms.bzl", "CPUS", "SYSTEMS", "check_platform")

visibility("//oci/...")

# The constraint value of @platforms//os for a system. An image for Linux fits every other one, too: images are built on a Mac
# for Linux. Images for Macs are for nothing but to be pulled.
_SYSTEMS = {"darwin": "macos"} | {system: value for value, system in SYSTEMS.items() if system != "linux"}

def _constraint_values(architecture):
    """The values of @platforms//cpu that an architecture is for, whatever its variant is."""
    return [cpu for cpu, name in CPUS.items() if name.partition("/")[0] == architecture]

_USUAL_VARIANTS = ["", "amd64/v1", "arm/v7", "arm64/v8"]

def check_platforms(what, platforms):
    """Fails where one of platforms is none.

    Args:
      what: string, the oci.pull, for the message.
      platforms: list of string.
    """
    for i, platform in enumerate(platforms):
        parts = platform.split("/")
        if len(parts) not in (2, 3) or "" in parts or platform != platform.strip():
            fail("%s: platform %r is not os/architecture or os/architecture/variant, such as linux/arm64/v8" % (what, platform))
        check_platform(what, parts[0], parts[1])
        if platform in platforms[:i]:
            fail("%s: platform %r is listed twice" % (what, platform))

def repository_of(name, platform):
    """The repository of one platform's image.

    Args:
      name: string, the name of the oci.pull.
      platform: string; or the empty string where the oci.pull names none.

    Returns:
      string, `debian_linux_arm64_v8`.
    """
    return "_".join([name] + (platform.split("/") if platform else ["single"]))

def settings_of(platforms):
    """Which platform to take under which conditions.

    Args:
      platforms: list of string. Of several for one CPU, the one with the usual variant wins, then the first.

    Returns:
      list of struct(platform, name, constraints): name of a config_setting, and labels of its constraint values.
    """
    usual, others = [], []
    for platform in platforms:
        os, architecture = platform.split("/")[:2]
        variant = platform[len(os) + 1:] if platform.count("/") == 2 else ""
        (usual if variant in _USUAL_VARIANTS else others).append((platform, os, architecture))
    settings = {}
    for platform, os, architecture in usual + others:
        if os != "linux" and os not in _SYSTEMS:
            continue
        for cpu in _constraint_values(architecture):
            constraints = ["@platforms//cpu:" + cpu] + (["@platforms//os:" + _SYSTEMS[os]] if os != "linux" else [])
            settings.setdefault("for_%s_%s" % (os, cpu), struct(
                platform = platform,
                name = "for_%s_%s" % (os, cpu),
                constraints = constraints,
            ))
    return settings.values()
