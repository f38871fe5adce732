"""What a binary has from other repositories: files that change when a version does, and so seldom."""

load(":providers.bzl", "ThirdPartyInfo")
load(":targets.bzl", "targets_in")

visibility("//oci/...")

# Attributes by which binaries and libraries of every ruleset name what they have at run time.
THIRD_PARTY_EDGES = ["actual", "data", "deps", "exports", "runtime_deps", "srcs"]

# Rules whose srcs are there at run time. Those of others, such as genrule and java_library, are what something is made of: files
# that a binary doesn't have, and so the image must not get.
_CARRYING_SRCS = ["filegroup", "py_", "sh_"]

def _carries(rule, name):
    if getattr(rule.attr, "neverlink", False):
        return False
    return name != "srcs" or any([rule.kind.startswith(kind) for kind in _CARRYING_SRCS])

def _dependencies(rule):
    carrying = [name for name in THIRD_PARTY_EDGES if _carries(rule, name)]
    return [target[ThirdPartyInfo] for target in targets_in(rule.attr, carrying) if ThirdPartyInfo in target]

def read_third_party(target, ctx):
    """What a target has from other repositories, for an aspect that goes along THIRD_PARTY_EDGES.

    Args:
      target: Target.
      ctx: the aspect's context.

    Returns:
      ThirdPartyInfo.
    """

    # Where the main repository ends: all that such a target has at run time is of its version, whatever it depends on.
    if ctx.label.repo_name:
        return ThirdPartyInfo(files = target[DefaultInfo].default_runfiles.files)
    return ThirdPartyInfo(files = depset(transitive = [info.files for info in _dependencies(ctx.rule)]))

def _third_party_aspect_impl(target, ctx):
    return [read_third_party(target, ctx)]

third_party_aspect = aspect(
    implementation = _third_party_aspect_impl,
    doc = "Collects the runfiles of targets of other repositories that those of the main repository name.",
    attr_aspects = THIRD_PARTY_EDGES,
    provides = [ThirdPartyInfo],
)

def third_party_files(binary):
    """What the binaries of an image have from other repositories.

    Args:
      binary: struct from binary_of, of a rule with third_party_aspect.

    Returns:
      depset of File.
    """
    return depset(transitive = [target[ThirdPartyInfo].files for target in binary.placed.values() if ThirdPartyInfo in target])
