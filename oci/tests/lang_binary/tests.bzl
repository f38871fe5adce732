"""Analysis tests of binary_image."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:providers.bzl", "OciImageInfo")

visibility("//oci/tests/...")

def _platform_test_impl(ctx):
    env = analysistest.begin(ctx)
    image = analysistest.target_under_test(env)[OciImageInfo]
    asserts.equals(env, ctx.attr.expected, image.platform)
    asserts.equals(env, [ctx.attr.expected], [layer.platform for layer in image.layers])
    return analysistest.end(env)

_ATTRS = {"expected": attr.string(mandatory = True)}

on_a_mac_test = analysistest.make(
    _platform_test_impl,
    doc = "On a Mac, an image is built for Linux on the same CPU.",
    attrs = _ATTRS,
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/platforms:macos_arm64"))},
)

on_linux_test = analysistest.make(
    _platform_test_impl,
    doc = "On Linux, an image is built for the target platform.",
    attrs = _ATTRS,
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/platforms:linux_s390x"))},
)

def _attributes_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, ctx.attr.expected, ctx.attr.found)
    return analysistest.end(env)

_attributes_test = analysistest.make(
    _attributes_test_impl,
    attrs = {
        "expected": attr.string_list_dict(mandatory = True),
        "found": attr.string_list_dict(mandatory = True),
    },
)

def tags_test(name, expected):
    """Declares a test that targets of this package have these tags.

    Args:
      name: string.
      expected: dict from the name of a target, declared above, to its tags.
    """
    _attributes_test(
        name = name,
        expected = expected,
        found = {target: sorted(native.existing_rule(target)["tags"]) for target in expected},
        target_under_test = expected.keys()[0],
    )
