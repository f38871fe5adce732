"""What `//cosign` offers under the names of rules_oci: see there."""

load("//oci/private:cosign.bzl", _cosign_attest = "cosign_attest", _cosign_sign = "cosign_sign")
load(
    "//oci/private:cosign_toolchain.bzl",
    _CosignInfo = "CosignInfo",
    _cosign_from_toolchain = "cosign_from_toolchain",
    _cosign_toolchain = "cosign_toolchain",
)

visibility("//cosign/...")

CosignInfo = _CosignInfo
cosign_attest = _cosign_attest
cosign_from_toolchain = _cosign_from_toolchain
cosign_sign = _cosign_sign
cosign_toolchain = _cosign_toolchain
