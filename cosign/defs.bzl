"""Signing and attesting with cosign, with the names and attributes of rules_oci.

```starlark
load("@rules_strata//cosign:defs.bzl", "cosign_attest", "cosign_sign")
```

cosign itself is not part of this module: a label, a toolchain or PATH says which one it is.
"""

load("//oci:cosign.bzl", _cosign_attest = "cosign_attest", _cosign_sign = "cosign_sign")

visibility("public")

cosign_attest = _cosign_attest
cosign_sign = _cosign_sign
