"""Analysis tests of oci_image_index."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

visibility("//oci/tests/...")

def _index_sees_no_blob_test_impl(ctx):
    env = analysistest.begin(ctx)
    index = [action for action in analysistest.target_actions(env) if action.mnemonic == "OciIndex"]
    asserts.equals(env, 1, len(index), "one OciIndex")
    inputs = [file.basename for file in index[0].inputs.to_list() if "/oci/tests/" in file.path]
    asserts.equals(env, ["descriptor.json"], {name: None for name in inputs if not name.endswith(".params")}.keys())
    return analysistest.end(env)

index_sees_no_blob_test = analysistest.make(
    _index_sees_no_blob_test_impl,
    doc = "OciIndex has descriptors as inputs and nothing else of its images.",
)
