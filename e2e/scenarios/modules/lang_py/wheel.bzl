"""A wheel as a repository of its own, in the layout that rules_python gives it: site-packages/ and a py_library `pkg`."""

_BUILD = """\
load("@rules_python//python:py_library.bzl", "py_library")

py_library(
    name = "pkg",
    srcs = glob(["site-packages/**/*.py"]),
    data = glob(
        ["site-packages/**/*"],
        exclude = [
            "**/*.py",
            "**/*.pyc",
            "**/*.dist-info/RECORD",
        ],
    ),
    imports = ["site-packages"],
    tags = [
        "pypi_name={name}",
        "pypi_version={version}",
    ],
    visibility = ["//visibility:public"],
    deps = {deps},
)
"""

def _wheel_impl(rctx):
    wheels = rctx.path(Label("//:MODULE.bazel")).dirname.get_child("wheels")
    if not wheels.exists:
        fail("there is no folder wheels/: e2e/scenarios/lang_py.py puts PyPI's wheels there")
    rctx.watch_tree(wheels)
    prefix = "%s-%s-" % (rctx.attr.distribution, rctx.attr.version)
    found = [path for path in wheels.readdir() if path.basename.lower().startswith(prefix)]
    if len(found) != 1:
        fail("wheels/ has %d files %s*.whl, and must have one" % (len(found), prefix))

    # What is extracted goes by its extension.
    rctx.symlink(found[0], "wheel.zip")
    rctx.extract("wheel.zip", output = "site-packages")
    rctx.delete("wheel.zip")
    rctx.file("BUILD.bazel", _BUILD.format(
        name = rctx.attr.distribution,
        version = rctx.attr.version,
        deps = ["@%s//:pkg" % name for name in rctx.attr.deps],
    ))

wheel = repository_rule(
    implementation = _wheel_impl,
    doc = "Unpacks a wheel of wheels/.",
    attrs = {
        "deps": attr.string_list(doc = "The repositories of the wheels that it needs."),
        "distribution": attr.string(doc = "Its name, as PyPI normalizes it.", mandatory = True),
        "version": attr.string(mandatory = True),
    },
)
