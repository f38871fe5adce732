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

def _ship_of(target):
    """The `ship` that a run target or an image test starts; None if it is none that is built from source."""
    ships = [file for file in target[DefaultInfo].default_runfiles.files.to_list() if file.basename == "ship"]
    return ships[0].path if ships else None

def _configuration(path):
    return path.partition("/bin/")[0]

def _host_ship_test_impl(ctx):
    env = analysistest.begin(ctx)
    ship = _ship_of(analysistest.target_under_test(env))
    asserts.true(env, ship, "the push starts a ship")
    asserts.equals(env, _ship_of(ctx.attr.without_platforms), ship)
    return analysistest.end(env)

host_ship_test = analysistest.make(
    _host_ship_test_impl,
    attrs = {"without_platforms": attr.label(doc = "The same push, for the host platform.")},
    doc = "Under --platforms for another machine, analysis finds a ship, and it is the host's, which is not compiled once more.",
    config_settings = {"//command_line_option:platforms": str(Label("//oci/tests/toolchains:linux_s390x"))},
)

def _compiled_once_test_impl(ctx):
    env = analysistest.begin(ctx)
    pack = actions_of(env, "OciLayer")[0].argv[0]
    for user in ctx.attr.users:
        ship = _ship_of(user)
        asserts.true(env, ship, "%s starts a ship" % user.label)
        asserts.equals(env, _configuration(pack), _configuration(ship), "the ship of %s" % user.label)
    return analysistest.end(env)

compiled_once_test = analysistest.make(
    _compiled_once_test_impl,
    attrs = {"users": attr.label_list(doc = "Push targets and tests of images.")},
    doc = "Where actions run on the host, `ship` is built in the configuration of the tools of actions, and what they share once.",
)

def _host_ship_elsewhere_test_impl(ctx):
    env = analysistest.begin(ctx)
    ship = _ship_of(analysistest.target_under_test(env))
    asserts.true(env, ship, "the push starts a ship")
    asserts.false(env, "-exec" in _configuration(ship), "%s is for the machine that actions run on" % ship)
    return analysistest.end(env)

host_ship_elsewhere_test = analysistest.make(
    _host_ship_elsewhere_test_impl,
    doc = "Where actions run elsewhere, be it on machines that look the same, `ship` is still built for the host.",
    config_settings = {"//command_line_option:extra_execution_platforms": [str(Label("//oci/tests/toolchains:elsewhere"))]},
)
