"""Platforms that an oci.pull names, and which of them fits a target platform."""

load("//oci/private:platforms.bzl", "check_platform")

visibility("//oci/...")

# The constraint values of @platforms//cpu for an architecture with the variant that goes without saying.
_CPUS = {
    "386": ["i386", "x86_32"],
    "amd64": ["x86_64"],
    "arm": ["armv7", "aarch32"],
    "arm64": ["aarch64"],
    "mips64le": ["mips64"],
    "ppc64le": ["ppc64le", "ppc"],
    "riscv64": ["riscv64"],
    "s390x": ["s390x"],
}

# As before, @platforms//os. An image for Linux fits every other system, too: images are built on a Mac for Linux.
_SYSTEMS = {
    "darwin": "macos",
    "freebsd": "freebsd",
    "windows": "windows",
}

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
        for cpu in _CPUS.get(architecture, []):
            constraints = ["@platforms//cpu:" + cpu] + (["@platforms//os:" + _SYSTEMS[os]] if os != "linux" else [])
            settings.setdefault("for_%s_%s" % (os, cpu), struct(
                platform = platform,
                name = "for_%s_%s" % (os, cpu),
                constraints = constraints,
            ))
    return settings.values()
