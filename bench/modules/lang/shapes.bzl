"""What packs a program. Each package of this module has one of these, so that no output is shared."""

load("@rules_pkg//pkg:tar.bzl", "pkg_tar")
load("@rules_strata//oci:defs.bzl", "js_image", "js_image_layer", "py_image")

# buildifier: disable=unnamed-macro
def layers(language, compression, level):
    """The layers of a program, `:packed`, and with Python its image, `:image`.

    Args:
      language: `py` or `js`.
      compression: as of oci_layer.
      level: int, as compression_level of oci_layer.
    """
    attributes = {"compression": compression, "compression_level": level}
    if language == "js":
        js_image_layer(name = "packed", binary = "//js:server", **attributes)
        return
    py_image(name = "image", binary = "//py:server", **attributes)
    native.alias(name = "packed", actual = ":image.layers")

def image(language, binary):
    """An image, `:image`, as its users declare it.

    Args:
      language: `py` or `js`.
      binary: label.
    """
    (js_image if language == "js" else py_image)(name = "image", binary = binary)

def _regular_files_impl(ctx):
    # Bazel 7 can't tell a declared link from a file. All other files of node_modules are in the packages' trees.
    runfiles = ctx.attr.binary[DefaultInfo].default_runfiles.files.to_list()
    return [DefaultInfo(files = depset([file for file in runfiles if file.is_directory or "/node_modules/" not in file.path]))]

_regular_files = rule(
    implementation = _regular_files_impl,
    doc = "The runfiles of a program but for links, which pkg_tar takes for files, and so fails to read.",
    attrs = {"binary": attr.label(mandatory = True)},
)

# buildifier: disable=unnamed-macro
def peer(language, compression):
    """The same runfiles as a tar of rules_pkg, `:packed`.

    Args:
      language: `py` or `js`.
      compression: `gzip` or `none`.
    """
    binary = "//%s:server" % language
    if language == "js":
        _regular_files(name = "files", binary = binary)
        binary = ":files"
    pkg_tar(
        name = "packed",
        srcs = [binary],
        extension = "tar.gz" if compression == "gzip" else "tar",
        include_runfiles = True,
        strip_prefix = "/",
    )
