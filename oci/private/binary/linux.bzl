"""The platform of an image whose user names none: the target platform where that is Linux, else Linux on the same CPU."""

visibility("//oci/...")

_SYSTEMS = ["freebsd", "macos", "windows"]
_ARCHITECTURES = {"aarch64": "arm64", "x86_64": "amd64"}

def linux_platform():
    """For the attribute `platform` of a macro's targets.

    Returns:
      select. None on Linux, where there is no transition.
    """
    return select({
        Label("//oci/private/binary:%s_%s" % (system, cpu)): Label("//oci/platforms:linux_" + architecture)
        for system in _SYSTEMS
        for cpu, architecture in _ARCHITECTURES.items()
    } | {"//conditions:default": None})
