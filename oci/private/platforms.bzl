"""Operating systems and architectures as images name them (the values of GOOS and GOARCH)."""

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

# The constraint values of @platforms that have a name in images.
_CPUS = {
    "aarch64": "arm64",
    "armv7": "arm/v7",
    "i386": "386",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "x86_32": "386",
    "x86_64": "amd64",
}
_SYSTEMS = {
    "freebsd": "freebsd",
    "linux": "linux",
    "windows": "windows",
}

PLATFORM_ATTRS = {
    "_cpus": attr.label_list(default = ["@platforms//cpu:" + cpu for cpu in _CPUS]),
    "_systems": attr.label_list(default = ["@platforms//os:" + system for system in _SYSTEMS]),
}

def target_platform(ctx):
    """The target platform as images name it.

    Images are for Linux unless the target platform says otherwise: on a Mac, an image is still a Linux image.

    Args:
      ctx: a rule's or aspect's context with PLATFORM_ATTRS.

    Returns:
      string or None. `os/architecture[/variant]`; None where the CPU has no name in images.
    """
    for cpu in ctx.attr._cpus:
        if ctx.target_platform_has_constraint(cpu[platform_common.ConstraintValueInfo]):
            for system in ctx.attr._systems:
                if ctx.target_platform_has_constraint(system[platform_common.ConstraintValueInfo]):
                    return "%s/%s" % (_SYSTEMS[system.label.name], _CPUS[cpu.label.name])
            return "linux/" + _CPUS[cpu.label.name]
    return None
