"""What a binary has from other repositories: files that change when a version does, and so seldom."""

load(":providers.bzl", "ThirdPartyInfo")

visibility("//oci/...")

# Attributes by which binaries and libraries of every ruleset name what they have at run time.
_EDGES = ["actual", "data", "deps", "exports", "runtime_deps", "srcs"]

# Rules whose srcs are there at run time. Those of others, such as genrule and java_library, are what something is made of: files
# that a binary doesn't have, and so the image must not get.
_CARRYING_SRCS = ["filegroup", "py_", "sh_"]

def _carries(rule, name):
    if getattr(rule.attr, "neverlink", False):
        return False
    return name != "srcs" or any([rule.kind.startswith(kind) for kind in _CARRYING_SRCS])

def _dependencies(rule):
    found = []
    for name in [name for name in _EDGES if _carries(rule, name)]:
        values = getattr(rule.attr, name, None)
        for value in values if type(values) == "list" else [values]:
            if type(value) == "Target" and ThirdPartyInfo in value:
                found.append(value[ThirdPartyInfo])
    return found

def _third_party_aspect_impl(target, ctx):
    # Where the main repository ends: all that such a target has at run time is of its version, whatever it depends on.
    if ctx.label.repo_name:
        files = target[DefaultInfo].default_runfiles.files
        return [ThirdPartyInfo(
            distributions = depset([struct(name = ctx.label.repo_name, files = files)]),
            files = files,
        )]
    dependencies = _dependencies(ctx.rule)
    return [ThirdPartyInfo(
        distributions = depset(transitive = [info.distributions for info in dependencies]),
        files = depset(transitive = [info.files for info in dependencies]),
    )]

third_party_aspect = aspect(
    implementation = _third_party_aspect_impl,
    doc = "Collects the runfiles of targets of other repositories that those of the main repository name.",
    attr_aspects = _EDGES,
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
