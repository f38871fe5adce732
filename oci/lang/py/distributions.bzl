"""What of a Python program comes from which distribution, as rules_python's pip has them: a repository each."""

load("//oci/private:labels.bzl", "display_label")
load("//oci/private/binary:groups.bzl", "files_group")
load("//oci/private/binary:providers.bzl", "ThirdPartyInfo")
load("//oci/private/binary:targets.bzl", "targets_in")
load("//oci/private/binary:third_party.bzl", "THIRD_PARTY_EDGES", "read_third_party")

visibility(["//oci/lang/..."])

# By which targets in such a repository name what they install, and other distributions.
_FILES = ["data", "srcs"]
_EDGES = _FILES + ["actual", "deps"]

# How rules_python tags the library of a distribution.
_TAG = "pypi_name="

_DistributionsInfo = provider(
    doc = "What a target and its dependencies have of distributions.",
    fields = {
        "parts": """depset of struct(repository, name, files): a target of another repository than the main one, with its name
among distributions if it has one, and files of its own, a depset of File.""",
    },
)

def _read_distributions(target, ctx):
    inherited = [
        dependency[_DistributionsInfo].parts
        for dependency in targets_in(ctx.rule.attr, _EDGES)
        if _DistributionsInfo in dependency
    ]
    repository = target.label.repo_name
    if not repository:
        return _DistributionsInfo(parts = depset(transitive = inherited))
    names = [tag.removeprefix(_TAG) for tag in ctx.rule.attr.tags if tag.startswith(_TAG)]
    own = [file_target[DefaultInfo].files for file_target in targets_in(ctx.rule.attr, _FILES)]
    part = struct(
        repository = repository,
        name = names[0] if names else None,
        files = depset(transitive = own + [target[DefaultInfo].files]),
    )
    return _DistributionsInfo(parts = depset([part], transitive = inherited))

def _dependencies_aspect_impl(target, ctx):
    return [_read_distributions(target, ctx), read_third_party(target, ctx)]

dependencies_aspect = aspect(
    implementation = _dependencies_aspect_impl,
    doc = "Collects what a Python program has from other repositories, and of which distribution it is.",
    attr_aspects = {edge: None for edge in _EDGES + THIRD_PARTY_EDGES}.keys(),
    provides = [_DistributionsInfo, ThirdPartyInfo],
)

def _normalized(name):
    """As PyPI does it: case doesn't count, and `-`, `_` and `.` are the same."""
    return "-".join([part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part])

def distribution_groups(label, names, targets):
    """The groups of those distributions that get a layer of their own.

    Args:
      label: string. The image, for messages.
      names: list of strings. Names of distributions; each is the name of its group, too.
      targets: list of Target, with dependencies_aspect.

    Returns:
      list of groups.
    """
    if not names:
        return []

    # Of targets, not of files: a few for each distribution.
    parts = depset(transitive = [target[_DistributionsInfo].parts for target in targets]).to_list()
    repositories = {_normalized(part.name): part.repository for part in parts if part.name}
    files = {}
    for part in parts:
        files.setdefault(part.repository, []).append(part.files)
    groups = []
    for name in names:
        repository = repositories.get(_normalized(name))
        if not repository:
            fail("%s: package_layers: none of %s depends on the distribution %r. They depend on: %s." % (
                label,
                ", ".join([display_label(target.label) for target in targets]),
                name,
                ", ".join(sorted(repositories)) or "none that is tagged pypi_name=…, as those of rules_python's pip are",
            ))
        groups.append(files_group(name, depset(transitive = files[repository])))
    return groups
