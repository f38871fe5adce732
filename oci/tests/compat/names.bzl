"""Every public name of rules_oci 2.3 that a BUILD file can load, and what its targets have.

To load a name that doesn't exist is an error, so that this file alone holds them to be there.
"""

load("//cosign:defs.bzl", "cosign_attest", "cosign_sign")
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
