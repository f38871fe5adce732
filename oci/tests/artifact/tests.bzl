"""Analysis tests of oci_artifact, and of oci_push with referrers."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:providers.bzl", "OciArtifactInfo", "OciImageInfo", "OciPushInfo")
load("//oci/tests:actions.bzl", "actions_of", "run_spec")

visibility("//oci/tests/...")

def _info_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.false(env, OciImageInfo in target, "an artifact passes for an image")
    artifact = target[OciArtifactInfo]
    asserts.equals(env, "application/vnd.in-toto+json", artifact.artifact_type)
    asserts.equals(env, ["sbom.spdx.json"], [layer.blob.basename for layer in artifact.layers])
    asserts.equals(env, "//oci/tests/artifact:sbom", artifact.subject.label)
    asserts.equals(env, "//oci/tests/index:amd64", artifact.subject.subject.label)
    return analysistest.end(env)

info_test = analysistest.make(
    _info_test_impl,
    doc = "OciArtifactInfo tells other rules what an artifact is, and what it is about.",
)

def _action_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = actions_of(env, "OciArtifact")
    asserts.equals(env, 1, len(actions), "one OciArtifact")
    inputs = [file.basename for file in actions[0].inputs.to_list() if "/oci/tests/" in "/" + file.path]
    inputs = sorted([name for name in inputs if not name.endswith(".params")])
    asserts.equals(env, ["descriptor.json", "empty.json", "sbom.spdx.json"], inputs)
    return analysistest.end(env)

action_test = analysistest.make(
    _action_test_impl,
    doc = "An artifact is one action, which knows its subject by its descriptor.",
)

def _referrers_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    names = ["attestation", "sbom", "of_index"]
    asserts.equals(env, ["//oci/tests/artifact:" + name for name in names], [artifact.label for artifact in target[OciPushInfo].referrers])
    content = run_spec(env)["content"]
    manifests = ["_main/oci/tests/artifact/%s.strata/manifest.json" % name for name in names]
    asserts.equals(env, manifests, [artifact["manifest"]["rlocation"] for artifact in content["referrers"]])
    runfiles = {"%s/%s" % (ctx.workspace_name, file.short_path): None for file in target[DefaultInfo].default_runfiles.files.to_list()}
    named = content["manifests"] + content["configs"] + [layer["blob"] for layer in content["layers"]]
    for file in named:
        asserts.true(env, file["rlocation"] in runfiles, "%s is in the runfiles" % file["rlocation"])
    blobs = [layer["blob"]["rlocation"] for layer in content["layers"]]
    asserts.true(env, "_main/oci/tests/artifact/sbom.spdx.json" in blobs, "the file of an artifact is a blob of the push")
    asserts.true(env, content["root"]["rlocation"].endswith("/nested.strata/index.json"), "the index is what is pushed")
    return analysistest.end(env)

referrers_test = analysistest.make(
    _referrers_test_impl,
    doc = "A push takes along all that its referrers consist of.",
)
