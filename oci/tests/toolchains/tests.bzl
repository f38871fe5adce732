"""Analysis tests of toolchains: which tool an action or a run target gets."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci/tests:actions.bzl", "actions_of")

visibility("//oci/tests/...")

def _other_toolchain_test_impl(ctx):
    env = analysistest.begin(ctx)
    layers = actions_of(env, "OciLayer")
    asserts.equals(env, 1, len(layers), "one OciLayer")
    asserts.true(env, layers[0].argv[0].endswith("my_pack.sh"), "OciLayer runs " + layers[0].argv[0])
    return analysistest.end(env)

other_toolchain_test = analysistest.make(
    _other_toolchain_test_impl,
    doc = "A registered toolchain goes before the one that is built from source.",
    config_settings = {"//command_line_option:extra_toolchains": [str(Label("//oci/tests/toolchains:my_pack_toolchain"))]},
)

def _host_ship_test_impl(ctx):
    env = analysistest.begin(ctx)
    links = [
        action
        for action in analysistest.target_actions(env)
        if action.outputs.to_list()[0].basename == "push.run"
    ]
    asserts.equals(env, 1, len(links), "one link to ship")
    asserts.true(env, links[0].inputs.to_list()[0].path.endswith("/ship"), "the executable is ship")
    return analysistest.end(env)

host_ship_test = analysistest.make(
    _host_ship_test_impl,
    doc = "Under --platforms for another machine, analysis finds a ship, and it is the host's.",
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/toolchains:linux_s390x"))},
)
