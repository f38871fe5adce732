"""The extension that makes repositories of npm packages, and of Node."""

load("//nodejs:repository.bzl", "nodejs", "nodejs_toolchains")
load("//npm/private:npm_repository.bzl", "npm_repository")

_translate_lock = tag_class(
    doc = "A repository of the packages in a lock file.",
    attrs = {
        "bins": attr.string_list_dict(
            doc = "Programs of packages to have in node_modules/.bin, as `name=./path`, by the package's name.",
        ),
        "installed": attr.label(doc = "A file in the folder where npm has made node_modules.", mandatory = True),
        "name": attr.string(doc = "Name of the repository.", mandatory = True),
        "npm_package_lock": attr.label(doc = "npm's lock file, of version 3.", mandatory = True),
    },
)

_node = tag_class(
    doc = "A repository with Node for one CPU.",
    attrs = {
        "archive": attr.label(doc = "npm's archive of the package that holds Node.", mandatory = True),
        "cpu": attr.string(doc = "The CPU, as a constraint of @platforms is named.", mandatory = True),
        "name": attr.string(doc = "Name of the repository.", mandatory = True),
    },
)

def _npm_impl(mctx):
    cpus = {}
    for module in mctx.modules:
        for tag in module.tags.npm_translate_lock:
            npm_repository(
                name = tag.name,
                bins = tag.bins,
                installed = tag.installed,
                lock = tag.npm_package_lock,
            )
        for tag in module.tags.node:
            nodejs(name = tag.name, archive = tag.archive)
            cpus[tag.name] = tag.cpu
    nodejs_toolchains(name = "nodejs_toolchains", repositories = cpus)

npm = module_extension(
    implementation = _npm_impl,
    doc = "Repositories of npm packages.",
    tag_classes = {"node": _node, "npm_translate_lock": _translate_lock},
)
