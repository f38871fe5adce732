"""npm_link_all: the store of a lock file, and a link to each package that package.json names."""

load("//js:defs.bzl", "js_library")
load(":npm_link_package_store.bzl", "npm_link_package_store")
load(":npm_package_store.bzl", "npm_package_store")
load(":store.bzl", "STORE", "store_name")

def _closure(packages, key):
    """Keys of all packages that one needs. Packages may need each other in a circle, which targets may not."""
    found = {key: None}
    wave = [key]
    for _ in packages:
        wave = [need for one in wave for need in packages[one].deps.values() if need not in found]
        found.update({need: None for need in wave})
    return found.keys()

def npm_link_all(name, bins, direct, packages, repository):
    """Declares the targets `<name>/<package>`, and `<name>` for all of them.

    Args:
      name: node_modules.
      bins: programs to have in node_modules/.bin, by the package's name.
      direct: `name@version` of the packages to link, by name.
      packages: struct of deps, name and version of each package in the store, by `name@version`.
      repository: label in the repository that has the packages' folders.
    """
    for key, package in packages.items():
        npm_package_store(
            name = "{}/{}/{}".format(STORE, name, key),
            deps = package.deps,
            files = repository.same_package_label(store_name(key)),
            package = package.name,
            tags = ["manual"],
            version = package.version,
        )
    for package, key in direct.items():
        npm_link_package_store(
            name = "{}/{}".format(name, package),
            bins = bins.get(package, []),
            closure = ["{}/{}/{}".format(STORE, name, need) for need in _closure(packages, key)],
            src = "{}/{}/{}".format(STORE, name, key),
            tags = ["manual"],
            visibility = ["//visibility:public"],
        )
    js_library(
        name = name,
        deps = ["{}/{}".format(name, package) for package in direct],
        tags = ["manual"],
        visibility = ["//visibility:public"],
    )
