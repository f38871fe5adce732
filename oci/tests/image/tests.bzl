"""Analysis tests of oci_image."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci/tests:actions.bzl", "actions_of")

visibility("//oci/tests/...")

def _manifest_sees_no_blob_test_impl(ctx):
    env = analysistest.begin(ctx)
    manifest = actions_of(env, "OciManifest")
    asserts.equals(env, 1, len(manifest), "one OciManifest")
    inputs = [file for file in manifest[0].inputs.to_list() if "/oci/tests/" in file.path]
    asserts.true(env, inputs, "OciManifest has the layers' metadata as input")
    for file in inputs:
        asserts.false(env, file.is_directory, "a directory is an input of OciManifest: " + file.path)
        asserts.true(
            env,
            file.basename.endswith((".json", ".txt", "-0.params")),
            "an input of OciManifest that may be a blob: " + file.path,
        )
    return analysistest.end(env)

manifest_sees_no_blob_test = analysistest.make(
    _manifest_sees_no_blob_test_impl,
    doc = "OciManifest has metadata as inputs and no blob, so that a manifest is known without one.",
)

def _actions_test_impl(ctx):
    env = analysistest.begin(ctx)
    counts = {}
    for action in analysistest.target_actions(env):
        counts[action.mnemonic] = counts.get(action.mnemonic, 0) + 1
    asserts.equals(env, ctx.attr.expected, {mnemonic: str(count) for mnemonic, count in counts.items()})
    return analysistest.end(env)

actions_test = analysistest.make(
    _actions_test_impl,
    doc = "The target itself declares these actions and no others.",
    attrs = {"expected": attr.string_dict(mandatory = True)},
)
