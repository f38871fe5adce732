"""configure_run and configure_check_test: the tool that writes image targets into BUILD files, as `bazel run` and `bazel test` start it.

The executable is the tool itself, without a launcher, so it runs wherever Bazel does. What a BUILD file says are arguments of the
target; what the tool can't know by itself are two variables, which crates/configure/src/bazel.rs reads.
"""

load(":labels.bzl", "display_label")
load(":run_files.bzl", "rlocation_path")
load(":run_tool.bzl", "RunToolInfo")

visibility("//oci/...")

_TOOL_ATTRS = {
    "tool": attr.label(
        doc = "The tool.",
        default = "//oci/private:configure_on_host",
        providers = [RunToolInfo],
    ),
}

def _configure_target(ctx, files = [], environment = {}):
    """Declares the tool as the executable of a target.

    Args:
      ctx: the rule's context, with _TOOL_ATTRS.
      files: list of File. What it needs beside itself.
      environment: dict. Its variables.

    Returns:
      list of providers.
    """
    tool = ctx.attr.tool[RunToolInfo]
    suffix = ".exe" if tool.executable.extension == "exe" else ""
    executable = ctx.actions.declare_file(ctx.label.name + ".run" + suffix)
    ctx.actions.symlink(output = executable, target_file = tool.executable, is_executable = True)
    return [
        DefaultInfo(
            executable = executable,
            files = depset([executable]),
            runfiles = ctx.runfiles(files = [executable] + files).merge(tool.runfiles),
        ),
        RunEnvironmentInfo(environment = environment),
    ]

def _configure_run_impl(ctx):
    return _configure_target(ctx)

configure_run = rule(
    implementation = _configure_run_impl,
    doc = "Writes image targets into the BUILD files of the workspace that `bazel run` is called in.",
    attrs = _TOOL_ATTRS,
    executable = True,
)

def _configure_check_test_impl(ctx):
    file = ctx.file.root_file
    return _configure_target(
        ctx,
        files = [file],
        environment = {
            "STRATA_CONFIGURE_FIX": "bazel run " + display_label(ctx.attr.fix.label),
            "STRATA_CONFIGURE_ROOT_FILE": rlocation_path(ctx.workspace_name, file.short_path),
        },
    )

configure_check_test = rule(
    implementation = _configure_check_test_impl,
    doc = "Fails, with a diff, where `bazel run` of another target would change a BUILD file.",
    attrs = _TOOL_ATTRS | {
        "fix": attr.label(
            doc = "The target that changes them, which the test's message names.",
            mandatory = True,
        ),
        # Only where this file really is are the BUILD files of the workspace.
        "root_file": attr.label(
            doc = "A source file in the folder of the workspace.",
            allow_single_file = True,
            mandatory = True,
        ),
    },
    test = True,
)
