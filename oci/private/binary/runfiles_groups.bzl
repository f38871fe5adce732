"""Groups that a binary's own ruleset tells apart, by RunfilesGroupInfo of rules_runfiles_group (//oci:runfiles_groups.bzl)."""

load(":groups.bzl", "files_group")
load(":providers.bzl", "SymbolsInfo")

visibility("//oci/...")

RUNFILES_GROUPS_ATTRS = {
    "_runfiles_groups": attr.label(default = "//oci:runfiles_groups", providers = [SymbolsInfo]),
}

_DEFAULT = struct(rank = 0, do_not_merge = False, executable_group = False)

def _files(value):
    return value.files if type(value) == "runfiles" else value

def _layer_name(name, taken):
    # `my_rules#interpreter`, by the convention of that module: what comes first tells rulesets apart.
    words = "".join([letter if letter.isalnum() else "_" for letter in name.split("#")[-1].elems()])
    names = [words] + ["%s_%d" % (words, number) for number in range(2, len(taken) + 3)]
    return [name for name in names if name not in taken][0]

def runfiles_groups(ctx, target, taken):
    """The groups of a binary that gives RunfilesGroupInfo.

    There is a layer for each rank, and one for each group that is not to be merged: an image can't have as many layers as a binary
    may have groups.

    Args:
      ctx: the rule's context, with RUNFILES_GROUPS_ATTRS.
      target: Target. The binary.
      taken: list of strings. Names that other groups have.

    Returns:
      list of groups, those of low rank first. Empty for most binaries.
    """
    symbols = ctx.attr._runfiles_groups[SymbolsInfo].symbols
    if not symbols or symbols.groups not in target:
        return []
    info = target[symbols.groups]
    metadata = target[symbols.metadata].groups if symbols.metadata and symbols.metadata in target else {}

    by_rank = {}  # rank -> list of (name, list of depset)
    for name in sorted(dir(info)):
        value = getattr(info, name)
        about = metadata.get(name, _DEFAULT)

        # The executable's group is the rest, whatever is in it.
        if type(value) not in ("runfiles", "depset") or about.executable_group:
            continue
        layers = by_rank.setdefault(about.rank, [])
        mergeable = [layer for layer in layers if layer.mergeable]
        if mergeable and not about.do_not_merge:
            mergeable[0].files.append(_files(value))
        else:
            layers.append(struct(files = [_files(value)], mergeable = not about.do_not_merge, name = name))

    groups = []
    taken = list(taken)
    for rank in sorted(by_rank):
        for layer in by_rank[rank]:
            name = _layer_name(layer.name, taken)
            taken.append(name)
            groups.append(files_group(name, depset(transitive = layer.files)))
    return groups
