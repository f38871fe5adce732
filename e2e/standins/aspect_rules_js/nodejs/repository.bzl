"""Repositories with Node, at the place that it has in those of rules_nodejs, and one with the toolchains."""

_BUILD = """\
load("@aspect_rules_js//nodejs:toolchain.bzl", "node_toolchain")

package(default_visibility = ["//visibility:public"])

alias(
    name = "node_bin",
    actual = "bin/nodejs/bin/node",
)

node_toolchain(
    name = "toolchain",
    node = "bin/nodejs/bin/node",
)
"""

_TOOLCHAIN = """\
toolchain(
    name = "{cpu}",
    target_compatible_with = ["@platforms//os:linux", "@platforms//cpu:{cpu}"],
    toolchain = "{toolchain}",
    toolchain_type = "@aspect_rules_js//nodejs:runtime_toolchain_type",
)
"""

def _nodejs_impl(rctx):
    rctx.extract(rctx.path(rctx.attr.archive), "bin/nodejs", "package")
    rctx.file("BUILD.bazel", _BUILD)

nodejs = repository_rule(
    implementation = _nodejs_impl,
    doc = "Node, unpacked.",
    attrs = {"archive": attr.label(doc = "npm's archive of the package that holds Node.", mandatory = True)},
)

def _nodejs_toolchains_impl(rctx):
    rctx.file("BUILD.bazel", "\n".join([
        _TOOLCHAIN.format(cpu = cpu, toolchain = "@{}//:toolchain".format(repository))
        for repository, cpu in rctx.attr.repositories.items()
    ]))

nodejs_toolchains = repository_rule(
    implementation = _nodejs_toolchains_impl,
    doc = "The toolchains, apart from Node: only that of the target platform is unpacked.",
    attrs = {"repositories": attr.string_dict(doc = "Name of a repository to its CPU.", mandatory = True)},
)
