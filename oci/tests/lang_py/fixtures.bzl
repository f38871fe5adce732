"""Python programs as rules_python makes them, with runtimes that a test chooses: toolchains are the whole build's."""

load("@rules_python//python:py_info.bzl", "PyInfo")
load("@rules_python//python:py_runtime_info.bzl", "PyRuntimeInfo")

visibility("//oci/tests/...")

ExecutableInfo = provider(
    doc = "PyExecutableInfo, which not every rules_python has.",
    fields = {
        "main": "File or None. In place of the binary's main file, such as its bytecode.",
        "stage2_bootstrap": "File, or not there. What sets up a venv and runs the main file.",
    },
)

def _executable_info(ctx):
    if ctx.file.stage2_bootstrap:
        return [ExecutableInfo(main = ctx.file.main, stage2_bootstrap = ctx.file.stage2_bootstrap)]
    return [ExecutableInfo(main = ctx.file.compiled_main)] if ctx.file.compiled_main else []

def _program_impl(ctx):
    launcher = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(launcher, "#!/usr/bin/env python3\n", is_executable = True)
    runtime = ctx.attr.runtime[PyRuntimeInfo]
    runfiles = ctx.runfiles(
        [launcher] + ctx.files.srcs + ctx.files.data + ([runtime.interpreter] if runtime.interpreter else []),
        transitive_files = runtime.files,
        # As rules_python has shared libraries in a venv.
        root_symlinks = {"_main/_%s.venv/%s" % (ctx.label.name, file.basename): file for file in ctx.files.data},
    ).merge_all([target[DefaultInfo].default_runfiles for target in ctx.attr.deps])
    return [
        DefaultInfo(executable = launcher, files = depset([launcher] + ctx.files.srcs), runfiles = runfiles),
        PyInfo(
            imports = depset(transitive = [target[PyInfo].imports for target in ctx.attr.deps]),
            transitive_sources = depset(ctx.files.srcs, transitive = [target[PyInfo].transitive_sources for target in ctx.attr.deps]),
        ),
        runtime,
    ] + _executable_info(ctx)

program = rule(
    implementation = _program_impl,
    doc = "A py_binary with a runtime of its own.",
    attrs = {
        "compiled_main": attr.label(allow_single_file = True),
        "data": attr.label_list(allow_files = True),
        "deps": attr.label_list(providers = [PyInfo]),
        "interpreter_args": attr.string_list(),
        "main": attr.label(allow_single_file = True),
        "runtime": attr.label(providers = [PyRuntimeInfo]),
        "stage2_bootstrap": attr.label(allow_single_file = True),
        "srcs": attr.label_list(allow_files = True),
    },
    executable = True,
)
