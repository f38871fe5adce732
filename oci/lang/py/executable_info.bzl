"""PyExecutableInfo, where the rules_python of the build has it: a `load` of what isn't there is an error."""

_LOADED = """\
load("@rules_python//python:py_executable_info.bzl", _PyExecutableInfo = "PyExecutableInfo")

PyExecutableInfo = _PyExecutableInfo
"""

_NONE = "PyExecutableInfo = None\n"

def _py_executable_info_impl(rctx):
    folder = rctx.path(rctx.attr._beside).dirname
    rctx.file("info.bzl", _LOADED if folder.get_child("py_executable_info.bzl").exists else _NONE)
    rctx.file("BUILD.bazel", "")

py_executable_info = repository_rule(
    implementation = _py_executable_info_impl,
    doc = "A repository whose info.bzl gives PyExecutableInfo, or None.",
    attrs = {
        "_beside": attr.label(default = "@rules_python//python:py_info.bzl"),
    },
)
