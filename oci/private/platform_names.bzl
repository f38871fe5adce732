"""Platforms as images name them, `os/architecture[/variant]`, and which of them fit each other.

The same as in crates/oci/src/platform.rs, for what can be told at analysis.
"""

visibility("//oci/...")

# The variant that an architecture has when it names none: arm64 and arm64/v8 are one platform to every runtime.
_VARIANTS = {"amd64": "v1", "arm": "v7", "arm64": "v8"}

def platform_name(os, architecture, variant = None):
    """Puts a name together.

    Args:
      os: string.
      architecture: string.
      variant: string, or None or "" for none.

    Returns:
      string.
    """
    return "/".join([os, architecture] + ([variant] if variant else []))

def platform_parts(name):
    """Takes a name apart.

    Args:
      name: string.

    Returns:
      tuple of os, architecture and variant, which is None where the name has none.
    """
    parts = name.split("/")
    return parts[0], parts[1], (parts[2] if len(parts) > 2 else None)

def _full(name):
    os, architecture, variant = platform_parts(name)
    return os, architecture, variant or _VARIANTS.get(architecture)

def _equal(one, other):
    return one == other

def same_platform(one, other):
    """Whether two names are of one platform: `linux/arm64` and `linux/arm64/v8` are."""
    return _full(one) == _full(other)

def same_machine(one, other):
    """Whether operating system and architecture are the same, whatever the variants are."""
    return platform_parts(one)[:2] == platform_parts(other)[:2]

def fits(wanted, found):
    """Whether what is for `found` is what somebody who asks for `wanted` wants.

    Args:
      wanted: string. Without a variant, any will do.
      found: string.

    Returns:
      bool.
    """
    return same_machine(wanted, found) and (platform_parts(wanted)[2] == None or same_platform(wanted, found))

def fitting(wanted, candidates, platform_of):
    """Which of several fit best what somebody who asks for a platform wants.

    Args:
      wanted: string.
      candidates: list of anything.
      platform_of: function that returns the name of a candidate's platform; or None or "" where it isn't known.

    Returns:
      list of candidates, in order: those that are exactly for what is wanted, else those for the same platform by another name,
      else those that fit. linux/arm fits arm/v6, unless there is one for arm/v7, which is what linux/arm means by itself.
    """
    known = [candidate for candidate in candidates if platform_of(candidate)]
    for fit in (_equal, same_platform, fits):
        found = [candidate for candidate in known if fit(wanted, platform_of(candidate))]
        if found:
            return found
    return []
