"""current_ship: the `ship` that push and load targets become, resolved for the machine that `bazel run` runs on.

A target can't know whether it is built for `bazel run` on the host or for a test that runs elsewhere, so run targets
say it (`run_on`), and host is the default. Without the transition, an image built with
`--platforms=//:linux_arm64` on an amd64 machine would get an arm64 `ship` that can't run there.
"""

load("//oci:toolchain.bzl", "SHIP_TOOLCHAIN_TYPE")

visibility("//oci/...")

ShipInfo = provider(
    doc = "The `ship` executable.",
    fields = {
        "executable": "File. The executable.",
        "runfiles": "runfiles. What it needs beside itself.",
    },
)

def host_platforms(settings):
    """The settings of what runs where `bazel run` does.

    Args:
      settings: dict, of a transition that has the input of on_host.

    Returns:
      dict, for the output of on_host.
    """
    return {"//command_line_option:platforms": [settings["//command_line_option:host_platform"]]}

def _on_host_impl(settings, _attr):
    return host_platforms(settings)

on_host = transition(
    implementation = _on_host_impl,
    inputs = ["//command_line_option:host_platform"],
    outputs = ["//command_line_option:platforms"],
)

def _current_ship_impl(ctx):
    toolchain = ctx.toolchains[SHIP_TOOLCHAIN_TYPE]
    return [ShipInfo(executable = toolchain.tool.executable, runfiles = toolchain.runfiles)]

current_ship = rule(
    implementation = _current_ship_impl,
    doc = "The `ship` for the target platform.",
    toolchains = [SHIP_TOOLCHAIN_TYPE],
)

current_ship_on_host = rule(
    implementation = _current_ship_impl,
    doc = "The `ship` for the host platform, whatever the target platform is.",
    cfg = on_host,
    toolchains = [SHIP_TOOLCHAIN_TYPE],
)
