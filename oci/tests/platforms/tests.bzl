"""Analysis tests of platforms: what is configured for which."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:providers.bzl", "OciImageInfo")

visibility("//oci/tests/...")

_ImagesInfo = provider(
    doc = "Two images to compare.",
    fields = {
        "image": "OciImageInfo.",
        "on_it": "OciImageInfo. Its lowest layer is to be that of the other.",
    },
)

def _images_impl(ctx):
    return [_ImagesInfo(image = ctx.attr.image[OciImageInfo], on_it = ctx.attr.on_it[OciImageInfo])]

images = rule(
    implementation = _images_impl,
    doc = "Two images that are built side by side.",
    attrs = {
        "image": attr.label(mandatory = True),
        "on_it": attr.label(mandatory = True),
    },
)

def _same_image_test_impl(ctx):
    env = analysistest.begin(ctx)
    found = analysistest.target_under_test(env)[_ImagesInfo]
    asserts.equals(env, found.image.layers, found.on_it.layers, "the layers are those of one configuration")
    return analysistest.end(env)

same_image_test = analysistest.make(
    _same_image_test_impl,
    doc = "Under --platforms, an image that names that platform is in the same configuration as one that names none.",
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/platforms:linux_amd64"))},
)

def _host_tools_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = [action for action in analysistest.target_actions(env) if action.mnemonic.startswith("Oci")]
    asserts.true(env, actions, "there are actions")
    for action in actions:
        tool = action.argv[0]
        asserts.true(env, "-exec" in tool, "%s runs a tool for the execution platform: %s" % (action.mnemonic, tool))
        for output in action.outputs.to_list():
            asserts.false(env, "-exec" in output.path, "%s writes for the target platform: %s" % (action.mnemonic, output.path))
    return analysistest.end(env)

host_tools_test = analysistest.make(
    _host_tools_test_impl,
    doc = "Under --platforms for a machine that nothing can be compiled for here, actions run the tools of this one.",
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/platforms:linux_s390x"))},
)

def _on_a_mac_test_impl(ctx):
    env = analysistest.begin(ctx)
    image = analysistest.target_under_test(env)[OciImageInfo]
    asserts.equals(env, "linux/arm64", image.platform)
    return analysistest.end(env)

on_a_mac_test = analysistest.make(
    _on_a_mac_test_impl,
    doc = "Where the target platform is a Mac, an image is for Linux on the same CPU, as far as its base has a choice.",
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/platforms:macos_arm64"))},
)
