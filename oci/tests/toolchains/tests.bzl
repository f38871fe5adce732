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

def _other_configure_test_impl(ctx):
    env = analysistest.begin(ctx)
    names = [file.basename for file in analysistest.target_under_test(env)[DefaultInfo].default_runfiles.files.to_list()]
    asserts.true(env, "my_pack" in names or "my_pack.sh" in names, "the other tool is not among %s" % names)
    asserts.false(env, "configure" in names, "the tool that is built from source is among %s" % names)
    return analysistest.end(env)

other_configure_test = analysistest.make(
    _other_configure_test_impl,
    doc = "What is run is the tool of a registered toolchain.",
    config_settings = {"//command_line_option:extra_toolchains": [str(Label("//oci/tests/toolchains:my_configure_toolchain"))]},
)

def _tool_of(target, name):
    """The tool that a run target or a test starts; None if it is none that is built from source."""
    tools = [file for file in target[DefaultInfo].default_runfiles.files.to_list() if file.basename == name]
    return tools[0].path if tools else None

def _configuration(path):
    return path.partition("/bin/")[0]

def _host_tool_test_impl(ctx):
    env = analysistest.begin(ctx)
    tool = _tool_of(analysistest.target_under_test(env), ctx.attr.tool)
    asserts.true(env, tool, "the target starts a " + ctx.attr.tool)
    asserts.equals(env, _tool_of(ctx.attr.without_platforms, ctx.attr.tool), tool)
    return analysistest.end(env)

host_tool_test = analysistest.make(
    _host_tool_test_impl,
    attrs = {
        "tool": attr.string(mandatory = True),
        "without_platforms": attr.label(doc = "The same target, for the host platform."),
    },
    doc = "Under --platforms for another machine, analysis finds a tool, and it is the host's, which is not compiled once more.",
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/toolchains:linux_s390x"))},
)

def _compiled_once_test_impl(ctx):
    env = analysistest.begin(ctx)
    pack = actions_of(env, "OciLayer")[0].argv[0]
    for user, name in ctx.attr.users.items():
        tool = _tool_of(user, name)
        asserts.true(env, tool, "%s starts a %s" % (user.label, name))
        asserts.equals(env, _configuration(pack), _configuration(tool), "the %s of %s" % (name, user.label))
    return analysistest.end(env)

compiled_once_test = analysistest.make(
    _compiled_once_test_impl,
    attrs = {"users": attr.label_keyed_string_dict(doc = "Targets for `bazel run` and tests of images, each with its tool.")},
    doc = "Where actions run on the host, these tools are built in the configuration of those of actions, and what they share once.",
)

def _host_ship_elsewhere_test_impl(ctx):
    env = analysistest.begin(ctx)
    ship = _tool_of(analysistest.target_under_test(env), "ship")
    asserts.true(env, ship, "the push starts a ship")
    asserts.false(env, "-exec" in _configuration(ship), "%s is for the machine that actions run on" % ship)
    return analysistest.end(env)

host_ship_elsewhere_test = analysistest.make(
    _host_ship_elsewhere_test_impl,
    doc = "Where actions run elsewhere, be it on machines that look the same, `ship` is still built for the host.",
    config_settings = {"//command_line_option:extra_execution_platforms": [str(Label("//oci/tests/toolchains:elsewhere"))]},
)
