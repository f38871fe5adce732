"""release: a binary that is built optimised, whatever the compilation mode of the build that asks for it."""

visibility("public")

_optimised = transition(
    implementation = lambda settings, attr: {"//command_line_option:compilation_mode": "opt"},
    inputs = [],
    outputs = ["//command_line_option:compilation_mode"],
)

def _release_impl(ctx):
    # The link has the binary's own name, in a folder of ours, so that the tool calls itself by it in its messages.
    executable = ctx.actions.declare_file("%s/%s" % (ctx.label.name, ctx.executable.binary.basename))
    ctx.actions.symlink(output = executable, target_file = ctx.executable.binary, is_executable = True)
    return [DefaultInfo(
        executable = executable,
        files = depset([executable]),
        runfiles = ctx.attr.binary[0][DefaultInfo].default_runfiles,
    )]

release = rule(
    implementation = _release_impl,
    doc = "An executable: `binary` under `--compilation_mode=opt`, with which it shares its outputs.",
    attrs = {
        "binary": attr.label(cfg = _optimised, doc = "The binary to build optimised.", executable = True, mandatory = True),
    },
    executable = True,
)
