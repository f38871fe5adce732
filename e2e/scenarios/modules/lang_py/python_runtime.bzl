"""A hermetic Python of Debian's packages, as a repository with a runtime and a toolchain like those of rules_python."""

_BUILD = """\
load("@rules_python//python:py_runtime.bzl", "py_runtime")
load("@rules_python//python:py_runtime_pair.bzl", "py_runtime_pair")

filegroup(
    name = "files",
    srcs = glob(["usr/lib/**"]),
)

py_runtime(
    name = "runtime",
    files = [":files"],
    interpreter = "usr/bin/python3.{minor}",
    python_version = "PY3",
)

py_runtime_pair(
    name = "runtimes",
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    target_compatible_with = [
        "@platforms//cpu:x86_64",
        "@platforms//os:linux",
    ],
    toolchain = ":runtimes",
    toolchain_type = "@rules_python//python:toolchain_type",
)
"""

def _python_runtime_impl(rctx):
    debs = rctx.path(Label("//:MODULE.bazel")).dirname.get_child("debs")
    if not debs.exists:
        fail("there is no folder debs/: e2e/scenarios/lang_py.py puts Debian's packages there")
    rctx.watch_tree(debs)
    for deb in debs.readdir():
        rctx.extract(deb, output = "deb")
        rctx.extract("deb/data.tar.xz")
        rctx.delete("deb")

    # A link to the machine's configuration, which the image has not.
    rctx.delete("usr/lib/python3.%d/sitecustomize.py" % rctx.attr.minor)
    rctx.file("BUILD.bazel", _BUILD.format(minor = rctx.attr.minor))

python_runtime = repository_rule(
    implementation = _python_runtime_impl,
    doc = "Unpacks the packages of debs/.",
    attrs = {"minor": attr.int(doc = "The 11 of Python 3.11.", mandatory = True)},
)
