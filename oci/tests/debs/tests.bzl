"""Analysis tests of oci_debs."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci/tests:actions.bzl", "actions_of")

visibility("//oci/tests/...")

def _unpacking_test_impl(ctx):
    env = analysistest.begin(ctx)
    unpacking = actions_of(env, "OciDebs")
    asserts.equals(env, 1, len(unpacking), "one OciDebs")
    layering = [file.basename for file in actions_of(env, "OciLayer")[0].inputs.to_list()]
    asserts.true(env, "debs.tar" in layering, "OciLayer has the tar")
    asserts.false(env, [name for name in layering if name.endswith(".deb")], "and no package")
    return analysistest.end(env)

unpacking_test = analysistest.make(
    _unpacking_test_impl,
    doc = "Packages are unpacked in one action, and the layer is packed from its output.",
)
