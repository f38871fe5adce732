"""Python programs as rules_python makes them, with runtimes that a test chooses: toolchains are the whole build's."""

load("@rules_python//python:py_info.bzl", "PyInfo")
load("@rules_python//python:py_runtime_info.bzl", "PyRuntimeInfo")

visibility("//oci/tests/...")

def _program_impl(ctx):
    launcher = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(launcher, "#!/usr/bin/env python3\n", is_executable = True)
    runtime = ctx.attr.runtime[PyRuntimeInfo]
    runfiles = ctx.runfiles(
        [launcher] + ctx.files.srcs + ctx.files.data + ([runtime.interpreter] if runtime.interpreter else []),
        transitive_files = runtime.files,
    ).merge_all([target[DefaultInfo].default_runfiles for target in ctx.attr.deps])
    return [
        DefaultInfo(executable = launcher, files = depset([launcher] + ctx.files.srcs), runfiles = runfiles),
        PyInfo(
            imports = depset(transitive = [target[PyInfo].imports for target in ctx.attr.deps]),
            transitive_sources = depset(ctx.files.srcs, transitive = [target[PyInfo].transitive_sources for target in ctx.attr.deps]),
        ),
        runtime,
    ]

program = rule(
    implementation = _program_impl,
    doc = "A py_binary with a runtime of its own.",
    attrs = {
        "data": attr.label_list(allow_files = True),
        "deps": attr.label_list(providers = [PyInfo]),
        "interpreter_args": attr.string_list(),
        "main": attr.label(allow_single_file = True),
        "runtime": attr.label(providers = [PyRuntimeInfo]),
        "srcs": attr.label_list(allow_files = True),
    },
    executable = True,
)
