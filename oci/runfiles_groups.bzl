"""Layers that a binary's own ruleset knows: RunfilesGroupInfo of rules_runfiles_group, which some rulesets give.

rules_strata doesn't depend on that module; who has it says so once:

```starlark
# tools/runfiles_groups.bzl
load("@rules_runfiles_group//runfiles_group:providers.bzl", "RunfilesGroupInfo", "RunfilesGroupMetadataInfo")
load("@rules_strata//oci:runfiles_groups.bzl", "runfiles_groups_rule")

runfiles_groups = runfiles_groups_rule(RunfilesGroupInfo, RunfilesGroupMetadataInfo)

# tools/BUILD.bazel
load(":runfiles_groups.bzl", "runfiles_groups")

runfiles_groups(name = "runfiles_groups")

# .bazelrc
common --@rules_strata//oci:runfiles_groups=//tools:runfiles_groups
```

What is read is the form of its version 0.1: a RunfilesGroupInfo whose fields are groups, and a RunfilesGroupMetadataInfo that says their
`rank`, `do_not_merge` and `executable_group` (https://github.com/bazel-contrib/rules_runfiles_group).
"""

load("//oci/private/binary:providers.bzl", "SymbolsInfo")

visibility("public")

def runfiles_groups_rule(groups, metadata = None):
    """Makes a rule for the flag `//oci:runfiles_groups`.

    Args:
      groups: provider RunfilesGroupInfo.
      metadata: provider RunfilesGroupMetadataInfo. Default: all groups have rank 0.

    Returns:
      rule without attributes.
    """

    def _impl(_ctx):
        return [SymbolsInfo(symbols = struct(groups = groups, metadata = metadata))]

    return rule(implementation = _impl, doc = "The providers of rules_runfiles_group.")
