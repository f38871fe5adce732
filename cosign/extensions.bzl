"""The module extension of rules_oci's cosign, accepted so that a MODULE.bazel stays as it is.

```starlark
cosign = use_extension("@rules_strata//cosign:extensions.bzl", "cosign")
cosign.toolchains()
use_repo(cosign, "oci_cosign_toolchains")
register_toolchains("@oci_cosign_toolchains//:all")
```

The repository has no toolchain in it: nothing is downloaded. `cosign_toolchain` (toolchain.bzl) registers a cosign, and without
one it is looked for on PATH.
"""

load("//oci:cosign.bzl", "empty_repository")

visibility("public")

def _cosign_impl(module_ctx):
    used = {False: [], True: []}
    names = {}
    for module in module_ctx.modules:
        for tag in module.tags.toolchains:
            name = tag.name + "_toolchains"
            names[name] = None
            if module.is_root:
                used[module_ctx.is_dev_dependency(tag)].append(name)
    for name in names:
        empty_repository(name = name)
    return module_ctx.extension_metadata(
        root_module_direct_deps = used[False],
        root_module_direct_dev_deps = used[True],
        reproducible = True,
    )

cosign = module_extension(
    implementation = _cosign_impl,
    doc = "Accepted as rules_oci has it. Downloads nothing.",
    tag_classes = {
        "toolchains": tag_class(
            doc = "Makes the repository `<name>_toolchains`, which holds no toolchain.",
            attrs = {
                "name": attr.string(doc = "Beginning of the repository's name.", default = "oci_cosign"),
                "version": attr.string(doc = "Passed over: which cosign runs is said by a toolchain, an attribute or PATH."),
            },
        ),
    },
)
