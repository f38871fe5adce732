"""cosign_toolchain: which cosign `cosign_sign` and `cosign_attest` run.

```starlark
load("@rules_strata//cosign:toolchain.bzl", "cosign_toolchain")

cosign_toolchain(
    name = "cosign",
    cosign = "//tools:cosign",
)

toolchain(
    name = "cosign_toolchain",
    target_compatible_with = ["@platforms//os:linux"],
    toolchain = ":cosign",
    toolchain_type = "@rules_strata//cosign:toolchain_type",
)
```

with `register_toolchains("//…:cosign_toolchain")` in MODULE.bazel. It is resolved for the machine that `bazel run` runs on.
"""

load("//oci:cosign.bzl", _CosignInfo = "CosignInfo", _cosign_toolchain = "cosign_toolchain")

visibility("public")

CosignInfo = _CosignInfo
cosign_toolchain = _cosign_toolchain
