"""Analysis tests of binary_image."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:defs.bzl", "binary_image")
load("//oci:providers.bzl", "OciImageInfo", "OciLayersInfo")
load("//oci/tests:actions.bzl", "actions_of")

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

_COMMON = {
    "exec_properties": {"pool": "large"},
    "target_compatible_with": [str(Label("@platforms//os:linux"))],
    "testonly": True,
    "visibility": ["//oci/tests:__subpackages__"],
}
_TARGETS = ["", ".app_layer", ".digest", ".inspect", ".layers", ".load", ".push", ".tar"]

def _text(value):
    # What Bazel tells of lists are tuples.
    return str(list(value) if type(value) == "tuple" else value)

def common_test(name, binary):
    """Declares an image with attributes that all rules have, and a test that each of its targets has them.

    Args:
      name: string.
      binary: label.
    """
    image = name + "_image"
    binary_image(name = image, binary = binary, **_COMMON)
    _attributes_test(
        name = name,
        expected = {image + suffix: [_text(value) for value in _COMMON.values()] for suffix in _TARGETS},
        found = {
            target: [_text(rule[attribute]) for attribute in _COMMON]
            for target, rule in native.existing_rules().items()
            if target.startswith(image)
        },
        target_under_test = image,
    )

def _groups_test_impl(ctx):
    env = analysistest.begin(ctx)
    layers = analysistest.target_under_test(env)[OciLayersInfo].layers
    inputs = {
        name: sorted([
            file.basename
            for action in actions_of(env, "OciLayer")
            if layer.blob in action.outputs.to_list()
            for file in action.inputs.to_list()
            if "/lang_binary/" in file.path and not file.basename.endswith((".params", "names.txt", "repo_mapping"))
        ])
        for name, layer in layers.items()
    }
    asserts.equals(env, ctx.attr.layers, inputs.keys(), "the layers, lowest first")
    for name, expected in ctx.attr.inputs.items():
        asserts.equals(env, expected, inputs[name], "inputs of " + name)
    return analysistest.end(env)

_GROUPS_ATTRS = {
    "inputs": attr.string_list_dict(doc = "Names of files that are inputs of a layer's action.", mandatory = True),
    "layers": attr.string_list(mandatory = True),
}

groups_test = analysistest.make(
    _groups_test_impl,
    doc = "There are these layers, and these inputs of their actions.",
    attrs = _GROUPS_ATTRS,
)

runfiles_groups_test = analysistest.make(
    _groups_test_impl,
    doc = "As groups_test, with what the flag turns on.",
    attrs = _GROUPS_ATTRS,
    config_settings = {str(Label("//oci:runfiles_groups")): str(Label("//oci/tests/lang_binary:runfiles_groups"))},
)

def _output_test_impl(ctx):
    env = analysistest.begin(ctx)
    group = analysistest.target_under_test(env)[OutputGroupInfo][ctx.attr.output_group].to_list()
    asserts.equals(env, ctx.attr.expected, [file.basename for file in group])

    # Nothing else makes them: what two actions of different content make is an error.
    own = [file for action in analysistest.target_actions(env) for file in action.outputs.to_list() if file in group]
    asserts.equals(env, [], own)
    return analysistest.end(env)

output_test = analysistest.make(
    _output_test_impl,
    doc = "An output group has these files, all made by other targets.",
    attrs = {
        "expected": attr.string_list(mandatory = True),
        "output_group": attr.string(mandatory = True),
    },
)
