"""npm_link_package: a library of this repository as a package in node_modules."""

load(":npm_link_package_store.bzl", "npm_link_package_store")
load(":npm_package_store.bzl", "npm_package_store")
load(":store.bzl", "STORE")

def npm_link_package(name, src, version = "0.0.0", visibility = ["//visibility:public"]):
    """Puts a library into the store, and links it.

    Args:
      name: `node_modules/` and the package's name.
      src: the library.
      version: the version in the store.
      visibility: that of the targets.
    """
    npm_package_store(
        name = "{}/{}".format(STORE, name),
        package = name.removeprefix("node_modules/"),
        src = src,
        tags = ["manual"],
        version = version,
        visibility = visibility,
    )
    npm_link_package_store(
        name = name,
        src = "{}/{}".format(STORE, name),
        tags = ["manual"],
        visibility = visibility,
    )
