"""Every public name of rules_oci 2.3 that a BUILD file can load, and what its targets have.

To load a name that doesn't exist is an error, so that this file alone holds them to be there.
"""

load("//cosign:defs.bzl", "cosign_attest", "cosign_sign")
load("//cosign:toolchain.bzl", "CosignInfo", "cosign_toolchain")
load(
    "//oci:defs.bzl",
    "oci_image",
    "oci_image_index",
    "oci_image_index_rule",
    "oci_image_rule",
    "oci_load",
    "oci_push",
    "oci_push_rule",
    "oci_tarball_rule",
)
load("//oci:extensions.bzl", "oci")
load("//oci:pull.bzl", "oci_pull")

visibility("//oci/tests/...")

# Name to the rule or macro. The targets of BUILD.bazel are made from these, so none is listed without being used.
NAMES = struct(
    cosign_attest = cosign_attest,
    cosign_sign = cosign_sign,
    oci_image = oci_image,
    oci_image_index = oci_image_index,
    oci_image_index_rule = oci_image_index_rule,
    oci_image_rule = oci_image_rule,
    oci_load = oci_load,
    oci_push = oci_push,
    oci_push_rule = oci_push_rule,
    oci_tarball_rule = oci_tarball_rule,
)

# What other files than BUILD files call: that they can be loaded is what is tested here, e2e/scenarios/drop_in.py uses them.
OF_MODULES = struct(
    CosignInfo = CosignInfo,
    cosign_toolchain = cosign_toolchain,
    oci = oci,
    oci_pull = oci_pull,
)

# What targets of these names have: outputs by their paths in the package, outputs of groups, whether they can be run.
TARGETS = {
    "image": struct(outputs = ["image"]),
    "image.digest": struct(outputs = ["image.json.sha256"]),
    "image_of_files": struct(outputs = ["image_of_files"]),
    "index": struct(outputs = ["index"]),
    "index.digest": struct(outputs = ["index.json.sha256"]),
    "index_rule": struct(outputs = ["index_rule"]),
    "load": struct(groups = {"tarball": ["load/tarball.tar"]}, runs = True),
    "load_rule": struct(groups = {"tarball": ["load_rule/tarball.tar"]}, runs = True),
    "push": struct(runs = True),
    "push_rule": struct(runs = True),
    "push_to_file": struct(runs = True),
    "sign": struct(runs = True),
    "attest": struct(runs = True),
}
