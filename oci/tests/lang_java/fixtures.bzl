"""Binaries for the JVM, without a compiler."""

load("@rules_java//java/common:java_info.bzl", "JavaInfo")

visibility("private")

def _jar(ctx):
    jar = ctx.actions.declare_file(ctx.label.name + ".jar")
    ctx.actions.write(jar, "the jar of " + ctx.label.name)
    return jar

def _java_info(ctx, jar):
    return JavaInfo(
        add_exports = ctx.attr.add_exports,
        add_opens = ctx.attr.add_opens,
        compile_jar = jar,
        deps = [target[JavaInfo] for target in ctx.attr.deps],
        neverlink = ctx.attr.neverlink,
        output_jar = jar,
    )

def _runfiles(ctx, files):
    runfiles = ctx.runfiles(files + ctx.files.data)
    return runfiles.merge_all([target[DefaultInfo].default_runfiles for target in ctx.attr.deps + ctx.attr.data])

_LIBRARY_ATTRS = {
    "add_exports": attr.string_list(),
    "add_opens": attr.string_list(),
    "data": attr.label_list(allow_files = True),
    "deps": attr.label_list(providers = [JavaInfo]),
    "neverlink": attr.bool(),
}

def _library_impl(ctx):
    jar = _jar(ctx)
    return [_java_info(ctx, jar), DefaultInfo(runfiles = None if ctx.attr.neverlink else _runfiles(ctx, [jar]))]

library = rule(
    implementation = _library_impl,
    doc = "As java_library.",
    attrs = _LIBRARY_ATTRS,
)

def _runtime_impl(_settings, attr):
    return {"//command_line_option:extra_toolchains": [str(attr.toolchain)] if attr.toolchain else []}

_runtime_transition = transition(
    implementation = _runtime_impl,
    inputs = [],
    outputs = ["//command_line_option:extra_toolchains"],
)

def _binary_impl(ctx):
    jar = _jar(ctx)
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, "#!/bin/sh\n", is_executable = True)
    runtime = ctx.toolchains["@bazel_tools//tools/jdk:runtime_toolchain_type"].java_runtime
    runfiles = _runfiles(ctx, [script, jar]).merge(ctx.runfiles(transitive_files = runtime.files))
    return [_java_info(ctx, jar), DefaultInfo(executable = script, runfiles = runfiles)]

binary = rule(
    implementation = _binary_impl,
    doc = "As scala_binary or kt_jvm_binary, of which others may use the jar; with the Java runtime toolchain that it names.",
    attrs = _LIBRARY_ATTRS | {
        "jvm_flags": attr.string_list(),
        "main_class": attr.string(),
        "srcs": attr.label_list(allow_files = True),
        "toolchain": attr.label(default = ":jre_toolchain"),
    },
    cfg = _runtime_transition,
    executable = True,
    toolchains = ["@bazel_tools//tools/jdk:runtime_toolchain_type"],
)

def _script_impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, "#!/bin/sh\n", is_executable = True)
    return [DefaultInfo(executable = script)]

script = rule(
    implementation = _script_impl,
    doc = "A binary that no JVM runs.",
    attrs = {"toolchain": attr.label(default = ":jre_toolchain")},
    cfg = _runtime_transition,
    executable = True,
)
