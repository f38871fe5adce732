"""npm_link_package_store: the link in node_modules to a package of the store."""

load("//js:providers.bzl", "JsInfo")
load(":npm_package_store.bzl", "NpmPackageStoreInfo")
load(":store.bzl", "link", "store_path")

_PROGRAM = """\
#!/bin/sh
basedir=$(dirname "$(echo "$0" | sed -e 's,\\\\,/,g')")
exec node "$basedir/../{package}/{path}" "$@"
"""

def _npm_link_package_store_impl(ctx):
    store = ctx.attr.src[NpmPackageStoreInfo]
    files = [link(ctx, "node_modules/" + store.package, store_path(store.key, store.package))]
    for bin in ctx.attr.bins:
        name, _, path = bin.partition("=")
        program = ctx.actions.declare_file("node_modules/.bin/" + name)
        ctx.actions.write(program, _PROGRAM.format(package = store.package, path = path), is_executable = True)
        files.append(program)
    npm_sources = depset(files, transitive = [store.files] + [
        target[NpmPackageStoreInfo].files
        for target in ctx.attr.closure
    ] + [ctx.attr.src[JsInfo].npm_sources])
    sources = ctx.attr.src[JsInfo].transitive_sources
    return [
        DefaultInfo(
            files = depset(files, transitive = [store.files]),
            runfiles = ctx.runfiles(transitive_files = depset(transitive = [npm_sources, sources])),
        ),
        JsInfo(npm_sources = npm_sources, sources = depset(), target = ctx.label, transitive_sources = sources),
    ]

npm_link_package_store = rule(
    implementation = _npm_link_package_store_impl,
    doc = "A package of the store, where the programs of a Bazel package find it.",
    attrs = {
        "bins": attr.string_list(doc = "Its programs, as `name=./path`."),
        "closure": attr.label_list(
            doc = "All packages of the store that it needs, directly or not.",
            providers = [NpmPackageStoreInfo],
        ),
        "src": attr.label(doc = "The package in the store.", mandatory = True, providers = [NpmPackageStoreInfo]),
    },
)
