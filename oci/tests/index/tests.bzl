"""Analysis tests of oci_image_index."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:providers.bzl", "OciImageInfo", "OciIndexInfo")
load("//oci/tests:actions.bzl", "actions_of", "run_spec")

visibility("//oci/tests/...")

def _index_sees_no_blob_test_impl(ctx):
    env = analysistest.begin(ctx)
    index = actions_of(env, "OciIndex")
    asserts.equals(env, 1, len(index), "one OciIndex")
    inputs = [file.basename for file in index[0].inputs.to_list() if "/oci/tests/" in file.path]
    asserts.equals(env, ["descriptor.json"], {name: None for name in inputs if not name.endswith(".params")}.keys())
    return analysistest.end(env)

index_sees_no_blob_test = analysistest.make(
    _index_sees_no_blob_test_impl,
    doc = "OciIndex has descriptors as inputs and nothing else of its images.",
)

_BesideInfo = provider(
    doc = "An index and an image that is also in it.",
    fields = {
        "image": "OciImageInfo.",
        "index": "OciIndexInfo.",
    },
)

def _beside_impl(ctx):
    return [_BesideInfo(image = ctx.attr.image[OciImageInfo], index = ctx.attr.index[OciIndexInfo])]

beside = rule(
    implementation = _beside_impl,
    doc = "An index from platforms, and its image as the target platform has it.",
    attrs = {
        "image": attr.label(mandatory = True),
        "index": attr.label(mandatory = True),
    },
)

def _once_test_impl(ctx):
    env = analysistest.begin(ctx)
    found = analysistest.target_under_test(env)[_BesideInfo]
    images = found.index.images
    asserts.equals(env, ["linux/arm64", "linux/amd64", "linux/arm"], [image.platform for image in images])
    asserts.equals(env, 3, len({image.manifest: None for image in images}), "an image for each platform")
    asserts.equals(env, found.image.manifest, images[1].manifest, "the target platform's image is built once")
    asserts.equals(env, found.image.layers, images[1].layers, "and so are its layers")
    return analysistest.end(env)

once_test = analysistest.make(
    _once_test_impl,
    doc = "An index from platforms builds nothing a second time that is built for the target platform.",
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/platforms:linux_amd64"))},
)

def _runfiles_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    spec = run_spec(env)["content"]
    named = [spec["root"]] + spec["manifests"] + spec["configs"]
    for layer in spec["layers"]:
        named += [layer["metadata"], layer["blob"]]
    named = {file["rlocation"]: file["path"] for file in named}

    # Two indexes, four images with two files, and a layer that all have and one that three have, with two files.
    asserts.equals(env, 2 + 4 * 2 + (4 + 3) * 2, len({path: None for path in named.values()}))
    runfiles = target[DefaultInfo].default_runfiles
    files = runfiles.files.to_list()
    asserts.equals(env, [], [file.short_path for file in files if file.is_directory], "layouts in the runfiles")
    there = {"%s/%s" % (ctx.workspace_name, file.short_path): file.path for file in files}
    there.update({link.path: link.target_file.path for link in runfiles.root_symlinks.to_list()})
    for rlocation, path in named.items():
        asserts.equals(env, path, there.get(rlocation), rlocation)
    return analysistest.end(env)

runfiles_test = analysistest.make(
    _runfiles_test_impl,
    doc = "Files of one target in several configurations are all in the runfiles, each at the place that the spec says.",
    # None of those of the index, so that it is in four configurations, wherever this runs.
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/platforms:linux_s390x"))},
)
