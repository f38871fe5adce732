"""current_ship: the `ship` that push and load targets become, resolved for the machine that `bazel run` runs on.

A target can't know whether it is built for `bazel run` on the host or for a test that runs elsewhere, so run targets
say it (`run_on`), and host is the default. Without the transition, an image built with
`--platforms=//:linux_arm64` on an amd64 machine would get an arm64 `ship` that can't run there.

Where actions run on the host, too, `ship` is built as the tools of actions are: what it shares with those is compiled
once, and it stays the same whatever flags and platforms the image is built with.
"""

load("@platforms//host:constraints.bzl", "HOST_CONSTRAINTS")
load("//oci:toolchain.bzl", "SHIP_TOOLCHAIN_TYPE")

visibility("//oci/...")

ShipInfo = provider(
    doc = "The `ship` executable.",
    fields = {
        "executable": "File. The executable.",
        "platform": "Label. The platform that it was resolved for.",
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
    return [ShipInfo(
        executable = toolchain.tool.executable,
        platform = ctx.fragments.platform.platform,
        runfiles = toolchain.runfiles,
    )]

current_ship = rule(
    implementation = _current_ship_impl,
    doc = "The `ship` for the target platform.",
    fragments = ["platform"],
    toolchains = [SHIP_TOOLCHAIN_TYPE],
)

# Bazel names its own host platform by an alias, and the same platform as one for actions by what that stands for.
_HOST_ALIAS = Label("@bazel_tools//tools:host_platform")
_HOST = Label("@platforms//host")

def _current_ship_on_host_impl(ctx):
    host = ctx.fragments.platform.platform
    tool = ctx.attr.tool[ShipInfo]
    if tool.platform in [host, _HOST if host == _HOST_ALIAS else host]:
        return [tool]

    # Actions run elsewhere. Of the two only this one is built.
    return _current_ship_impl(ctx)

current_ship_on_host = rule(
    implementation = _current_ship_on_host_impl,
    doc = "The `ship` for the host platform, whatever the target platform is.",
    attrs = {
        "tool": attr.label(
            doc = "The `ship` for the target platform, which is that of actions.",
            cfg = "exec",
            mandatory = True,
            providers = [ShipInfo],
        ),
    },
    cfg = on_host,
    # So that a `ship` for machines unlike the host is not even looked for.
    exec_compatible_with = HOST_CONSTRAINTS,
    fragments = ["platform"],
    toolchains = [SHIP_TOOLCHAIN_TYPE],
)
