"""Analysis tests of oci_image_test."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci/tests:actions.bzl", "run_spec")

visibility("//oci/tests/...")

def _runfiles(env):
    return [
        file.short_path
        for file in analysistest.target_under_test(env)[DefaultInfo].default_runfiles.files.to_list()
    ]

def _test_spec_test_impl(ctx):
    env = analysistest.begin(ctx)
    spec, runfiles = run_spec(env), _runfiles(env)
    asserts.equals(env, "test", spec["command"])
    asserts.false(env, "sources" in spec["content"], "a test asks no registry")
    layers = spec["content"]["layers"]
    asserts.equals(env, 3, len(layers))
    for layer in layers:
        asserts.true(env, layer["blob"], "%s is at hand" % layer["label"])
        asserts.true(env, layer["blob"]["rlocation"].removeprefix("_main/") in runfiles, "%s is in the runfiles" % layer["label"])

    # The downloaded one has none.
    asserts.equals(env, 2, len(spec["test"]["listings"]))
    asserts.equals(env, ["_main/oci/tests/image_test/checks.json", "_main/oci/tests/image_test/checks.yaml"], [
        config["rlocation"]
        for config in spec["test"]["configs"]
    ])
    asserts.equals(env, ("run", None), (spec["test"]["command_tests"], spec["test"]["platform"]))
    return analysistest.end(env)

test_spec_test = analysistest.make(
    _test_spec_test_impl,
    doc = "A test has all layers in its runfiles, downloaded ones too, and listings of those that the build has listed.",
)

def _one_image_test_impl(ctx):
    env = analysistest.begin(ctx)
    spec, runfiles = run_spec(env), _runfiles(env)
    asserts.equals(env, ["//oci/tests/image_test:layer_arm64"], [layer["label"] for layer in spec["content"]["layers"]])
    asserts.false(env, [path for path in runfiles if "amd64" in path], "nothing of the other image is in the runfiles")
    return analysistest.end(env)

one_image_test = analysistest.make(
    _one_image_test_impl,
    doc = "With `platform`, a test needs that one image of an index.",
)
