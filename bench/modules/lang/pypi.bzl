"""What `pip.parse` of rules_python makes of wheels: a repository a distribution, and one that names them all."""

_LIBRARY = """\
load("@rules_python//python:py_library.bzl", "py_library")

py_library(
    name = "pkg",
    srcs = glob(["site-packages/**/*.py"]),
    data = glob(
        ["site-packages/**/*"],
        exclude = ["**/*.py"],
    ),
    imports = ["site-packages"],
    tags = [
        "pypi_name={name}",
        "pypi_version=1.0.0",
    ],
    visibility = ["//visibility:public"],
)
"""

_ALIAS = """\
alias(
    name = "{name}",
    actual = "@pypi_{name}//:pkg",
    visibility = ["//visibility:public"],
)
"""

def _distribution_impl(rctx):
    folder = rctx.path(Label("//:MODULE.bazel")).dirname.get_child("distributions").get_child(rctx.attr.distribution)
    rctx.symlink(folder, "site-packages")
    rctx.file("BUILD.bazel", _LIBRARY.format(name = rctx.attr.distribution))

_distribution = repository_rule(
    implementation = _distribution_impl,
    doc = "A distribution of distributions/, laid out as an installed wheel.",
    attrs = {"distribution": attr.string(doc = "Its name.", mandatory = True)},
)

def _hub_impl(rctx):
    rctx.file("BUILD.bazel", "\n".join([_ALIAS.format(name = name) for name in rctx.attr.distributions]))
    requirements = [str(Label("@pypi//:" + name)) for name in rctx.attr.distributions]
    rctx.file("requirements.bzl", "all_requirements = " + repr(requirements) + "\n")

_hub = repository_rule(
    implementation = _hub_impl,
    doc = "Another name for each distribution.",
    attrs = {"distributions": attr.string_list(doc = "Their names.", mandatory = True)},
)

def _pypi_impl(mctx):
    names = mctx.read(Label("//:distributions.txt")).splitlines()
    for name in names:
        _distribution(name = "pypi_" + name, distribution = name)
    _hub(name = "pypi", distributions = names)

pypi = module_extension(
    implementation = _pypi_impl,
    doc = "The distributions that distributions.txt names.",
)
