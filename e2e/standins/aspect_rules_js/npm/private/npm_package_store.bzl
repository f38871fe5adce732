"""npm_package_store: one package in the store, and links to those that it loads."""

load("//js:providers.bzl", "JsInfo")
load(":store.bzl", "link", "store_path")

NpmPackageStoreInfo = provider(
    doc = "A package in the store.",
    fields = {
        "files": "Depset of the package's folder and of its links.",
        "key": "`name@version`.",
        "package": "Name of the package.",
    },
)

def _directory(ctx, path):
    """Copies a package of a repository to the store."""
    output = ctx.actions.declare_directory(path)
    manifests = [file for file in ctx.files.files if file.basename == "package.json"]
    ctx.actions.run_shell(
        inputs = ctx.files.files,
        outputs = [output],
        arguments = [sorted([file.dirname for file in manifests])[0], output.path],
        command = 'cp -RL "$1/." "$2"',
        mnemonic = "CopyDirectory",
    )
    return output

def _up(package):
    """From a Bazel package to the root of its repository."""
    return "../" * len([part for part in package.split("/") if part])

def _npm_package_store_impl(ctx):
    key = "{}@{}".format(ctx.attr.package, ctx.attr.version)
    path = store_path(key, ctx.attr.package)
    if ctx.attr.files:
        files = [_directory(ctx, path)]
        info = JsInfo(npm_sources = depset(), sources = depset(), target = ctx.label, transitive_sources = depset())
        runfiles = ctx.runfiles()
    else:
        # A library of this repository is a link to where its files are.
        files = [link(ctx, path, _up(ctx.label.package) + ctx.attr.src.label.package)]
        info = ctx.attr.src[JsInfo]
        runfiles = ctx.attr.src[DefaultInfo].default_runfiles
    for name, dependency in ctx.attr.deps.items():
        files.append(link(ctx, store_path(key, name), store_path(dependency, name)))
    return [
        DefaultInfo(files = depset(files), runfiles = runfiles),
        NpmPackageStoreInfo(files = depset(files), key = key, package = ctx.attr.package),
        info,
    ]

npm_package_store = rule(
    implementation = _npm_package_store_impl,
    doc = "A package in the store.",
    attrs = {
        "deps": attr.string_dict(doc = "`name@version` of the packages that it loads, by the names under which it does."),
        "files": attr.label(doc = "The package's files in a repository."),
        "package": attr.string(doc = "Name of the package.", mandatory = True),
        "src": attr.label(doc = "A library of this repository instead of files.", providers = [JsInfo]),
        "version": attr.string(doc = "Version of the package.", mandatory = True),
    },
)
