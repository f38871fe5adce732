"""Operating systems and architectures as images name them (the values of GOOS and GOARCH)."""

load(":labels.bzl", "display_label")

visibility("//oci/...")

OPERATING_SYSTEMS = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "linux",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
]

ARCHITECTURES = [
    "386",
    "amd64",
    "arm",
    "arm64",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mipsle",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390x",
    "wasm",
]

# Other names in use for the same thing, for the error message.
_ALIASES = {
    "aarch64": "arm64",
    "armv7": "arm",
    "i386": "386",
    "macos": "darwin",
    "osx": "darwin",
    "x86": "386",
    "x86_32": "386",
    "x86_64": "amd64",
}

def check_platform(label, os, architecture):
    """Fails, naming what is known, unless os and architecture are ones that image runtimes know.

    Args:
      label: string. The target, for the message.
      os: string.
      architecture: string.
    """
    for attribute, value, known in [
        ("os", os, OPERATING_SYSTEMS),
        ("architecture", architecture, ARCHITECTURES),
    ]:
        if value not in known:
            hint = " Did you mean %r?" % _ALIASES[value] if value in _ALIASES else ""
            fail("%s: unknown %s %r.%s Known: %s." % (label, attribute, value, hint, ", ".join(known)))

# The constraint values of @platforms that have a name in images, `architecture[/variant]`: the one table of them. aarch32 is any
# of the arm variants; ppc and mips64 are older names for what images have with little endian alone.
CPUS = {
    "aarch32": "arm",
    "aarch64": "arm64",
    "armv7": "arm/v7",
    "i386": "386",
    "mips64": "mips64le",
    "ppc": "ppc64le",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "x86_32": "386",
    "x86_64": "amd64",
}
SYSTEMS = {
    "freebsd": "freebsd",
    "linux": "linux",
    "windows": "windows",
}

def platform_of_macs(platform):
    """The message for a platform that isn't for containers.

    Args:
      platform: Label.

    Returns:
      string.
    """
    return "platform %s is for macOS, whose programs run in no container. Name one with @platforms//os:linux." % display_label(platform)

def unnamed_platform(platform):
    """The message for a platform with a CPU that images have no name for.

    Args:
      platform: Label.

    Returns:
      string.
    """
    return "the CPU of platform %s has no name in images, or none is said. Known: %s of @platforms//cpu. Set os and architecture beside platform, or leave platform out." % (
        display_label(platform),
        ", ".join(CPUS),
    )
