"""Which file is a program's first one, by what rules_python says of it."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@rules_python//python:py_info.bzl", "PyInfo")
load("@rules_python//python:py_runtime_info.bzl", "PyRuntimeInfo")
load("//oci/lang/py:program.bzl", "program_aspect", "program_of")
load(":fixtures.bzl", "ExecutableInfo")

visibility("//oci/tests/...")

_ProgramInfo = provider(doc = "What program_of says.", fields = {"first": "File."})

def _started_impl(ctx):
    executable = ExecutableInfo if ctx.attr.known else None
    symbols = struct(executable = executable, py = PyInfo, runtime = PyRuntimeInfo)
    return [_ProgramInfo(first = program_of(str(ctx.label), ctx.attr.program, symbols).first)]

started = rule(
    implementation = _started_impl,
    doc = "What a program starts with.",
    attrs = {
        "known": attr.bool(doc = "Whether the build's rules_python has PyExecutableInfo.", default = True),
        "program": attr.label(aspects = [program_aspect]),
    },
)

def _first_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, ctx.attr.expected, analysistest.target_under_test(env)[_ProgramInfo].first.basename)
    return analysistest.end(env)

first_test = analysistest.make(
    _first_test_impl,
    doc = "The interpreter is given this file.",
    attrs = {"expected": attr.string(mandatory = True)},
)
