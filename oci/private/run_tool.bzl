"""The tools that targets for `bazel run` become, resolved for the machine that it runs on.

A target can't know whether it is built for `bazel run` on the host or for a test that runs elsewhere, so run targets
say it (`run_on`), and host is the default. Without the transition, an image built with
`--platforms=//:linux_arm64` on an amd64 machine would get an arm64 `ship` that can't run there.

Where actions run on the host, too, a tool is built as the tools of actions are: what it shares with those is compiled
once, and it stays the same whatever flags and platforms the image is built with.
"""

load("@platforms//host:constraints.bzl", "HOST_CONSTRAINTS")
load("//oci:toolchain.bzl", "CONFIGURE_TOOLCHAIN_TYPE", "SHIP_TOOLCHAIN_TYPE")

visibility("//oci/...")

RunToolInfo = provider(
    doc = "The executable of a tool that `bazel run` starts.",
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

# Bazel names its own host platform by an alias, and the same platform as one for actions by what that stands for.
_HOST_ALIAS = Label("@bazel_tools//tools:host_platform")
_HOST = Label("@platforms//host")

def _tool_of(ctx, toolchain_type):
    toolchain = ctx.toolchains[toolchain_type]
    return [
        DefaultInfo(files = depset([toolchain.tool.executable])),
        RunToolInfo(
            executable = toolchain.tool.executable,
            platform = ctx.fragments.platform.platform,
            runfiles = toolchain.runfiles,
        ),
    ]

def _on_target_rule(toolchain_type, tool):
    return rule(
        implementation = lambda ctx: _tool_of(ctx, toolchain_type),
        doc = "The `%s` for the target platform." % tool,
        fragments = ["platform"],
        toolchains = [toolchain_type],
    )

def _on_host_rule(toolchain_type, tool):
    def impl(ctx):
        host = ctx.fragments.platform.platform
        info = ctx.attr.tool[RunToolInfo]
        if info.platform in [host, _HOST if host == _HOST_ALIAS else host]:
            return [info]

        # Actions run elsewhere. Of the two only this one is built.
        return _tool_of(ctx, toolchain_type)

    return rule(
        implementation = impl,
        doc = "The `%s` for the host platform, whatever the target platform is." % tool,
        attrs = {
            "tool": attr.label(
                doc = "The `%s` for the target platform, which is that of actions." % tool,
                cfg = "exec",
                mandatory = True,
                providers = [RunToolInfo],
            ),
        },
        cfg = on_host,
        # So that a tool for machines unlike the host is not even looked for.
        exec_compatible_with = HOST_CONSTRAINTS,
        fragments = ["platform"],
        toolchains = [toolchain_type],
    )

configure_on_target_rule = _on_target_rule(CONFIGURE_TOOLCHAIN_TYPE, "configure")
configure_on_host_rule = _on_host_rule(CONFIGURE_TOOLCHAIN_TYPE, "configure")
ship_on_target_rule = _on_target_rule(SHIP_TOOLCHAIN_TYPE, "ship")
ship_on_host_rule = _on_host_rule(SHIP_TOOLCHAIN_TYPE, "ship")
