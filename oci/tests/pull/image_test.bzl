"""Analysis tests of pulled_image: which layers are downloaded by whom."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:providers.bzl", "OciImageInfo")
load("//oci/tests:actions.bzl", "actions_of")

visibility("//oci/tests/...")

def _pulled_image_test_impl(ctx):
    env = analysistest.begin(ctx)
    image = analysistest.target_under_test(env)[OciImageInfo]
    fetches = [action.outputs.to_list()[0] for action in actions_of(env, "OciFetch")]
    asserts.equals(env, ctx.attr.fetched, [file.basename for file in fetches])
    asserts.equals(env, ctx.attr.layers, [(layer.blob or layer.fetched).basename for layer in image.layers])
    asserts.equals(env, ctx.attr.blobs, [layer.blob.basename for layer in image.layers if layer.blob])
    for layer in image.layers:
        asserts.true(env, bool(layer.blob) != bool(layer.fetched), "a layer is downloaded once")
    asserts.equals(env, [
        ("http://mirror.example:5000", "hub/team/base"),
        ("https://localhost:5000", "team/base"),
        ("localhost:5001", "team/base"),
        ("registry.example", "team/base"),
    ], [(source.registry, source.repository) for source in image.sources.to_list()])
    asserts.equals(env, "registry.example/team/base:v1", image.reference)
    groups = analysistest.target_under_test(env)[OutputGroupInfo]
    for name in ["config", "digest", "docker_archive", "manifest", "mtree", "oci_archive", "report"]:
        asserts.equals(env, 1, len(getattr(groups, name).to_list()) if hasattr(groups, name) else 0, "files of the output group " + name)
    asserts.equals(env, "linux/arm64", image.platform)
    return analysistest.end(env)

pulled_image_test = analysistest.make(
    _pulled_image_test_impl,
    doc = "Layers are downloaded by an action, each once, but for those that are there.",
    attrs = {
        "blobs": attr.string_list(doc = "Blobs that are there."),
        "fetched": attr.string_list(doc = "Outputs of OciFetch."),
        "layers": attr.string_list(doc = "The file of each layer."),
    },
)

def _no_blobs_test_impl(ctx):
    env = analysistest.begin(ctx)
    files = analysistest.target_under_test(env)[DefaultInfo].default_runfiles.files.to_list()
    names = [file.basename for file in files]
    for name in ["manifest.json", "config.json", "layer-0.json"]:
        asserts.true(env, name in names, "%s is in the runfiles" % name)
    asserts.equals(env, [], [name for name in names if name.startswith("sha256-")])
    return analysistest.end(env)

no_blobs_test = analysistest.make(
    _no_blobs_test_impl,
    doc = "A push downloads no layer first.",
)
