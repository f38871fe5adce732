"""Analysis tests of js_image_layer."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:defs.bzl", "js_image_layer")
load("//oci:providers.bzl", "OciLayersInfo")
load("//oci/private/binary:providers.bzl", "BinaryConfigInfo")
load("//oci/tests:failure.bzl", "fails")

visibility("//oci/tests/...")

def _outputs_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    layers = target[OciLayersInfo].layers
    asserts.equals(env, ctx.attr.layers, layers.keys())
    asserts.equals(env, [layer.blob for layer in layers.values()], target[DefaultInfo].files.to_list())
    for name, layer in layers.items():
        asserts.equals(env, [layer.blob], getattr(target[OutputGroupInfo], name).to_list())
    return analysistest.end(env)

outputs_test = analysistest.make(
    _outputs_test_impl,
    doc = "The layers, in order, are the default outputs, and each is an output group.",
    attrs = {"layers": attr.string_list(mandatory = True)},
)

def _path_test_impl(ctx):
    env = analysistest.begin(ctx)
    config = analysistest.target_under_test(env)[BinaryConfigInfo]
    asserts.equals(env, (ctx.attr.path,), config.entrypoint)
    asserts.equals(env, ctx.attr.path + ".runfiles/_main", config.workdir)
    asserts.equals(env, {"RUNFILES_DIR": ctx.attr.path + ".runfiles"}, config.env)
    return analysistest.end(env)

path_test = analysistest.make(
    _path_test_impl,
    doc = "Where the launcher is.",
    attrs = {"path": attr.string(mandatory = True)},
)

def _launcher_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = [action for action in analysistest.target_actions(env) if action.mnemonic == "TemplateExpand"]
    asserts.equals(env, 1, len(actions))
    substitutions = actions[0].substitutions
    template = actions[0].inputs.to_list()[0]
    bindir = substitutions.get("export JS_BINARY__BINDIR=\"%s\"" % template.root.path)
    asserts.equals(env, "export JS_BINARY__BINDIR=\"$(pwd)\"", bindir)
    others = sorted([(line, new) for line, new in substitutions.items() if "BINDIR=" not in line])
    asserts.equals(env, 2, len(others))
    asserts.true(env, others[0][1].startswith(others[0][0]) and others[0][1].endswith("\nexport BAZEL_BINDIR=.\n"))
    asserts.equals(env, "export JS_BINARY__TARGET_CPU=\"$(uname -m)\"", others[1][1])
    return analysistest.end(env)

launcher_test = analysistest.make(
    _launcher_test_impl,
    doc = "The lines of the launcher that an image changes.",
)

def wrong_layers(name, cases):
    """Declares layers of `:bin` that can't be analysed, and a test of each message.

    Args:
      name: string. The targets are `<name>.<case>_target`, the tests `<name>.<case>`.
      cases: dict from a case to a tuple of attributes, a dict, and what the message says after the target's label.
    """
    for case, (attributes, says) in cases.items():
        test = "%s.%s" % (name, case)
        fails(
            name = test,
            binary = ":bin",
            rule = js_image_layer,
            says = ["//oci/tests/lang_js:%s_target: %s" % (test, says)],
            **attributes
        )
