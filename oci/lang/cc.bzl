"""cc_image: an image of a C or C++ binary."""

load(":binary.bzl", "binary_image")

visibility("//oci/...")

def cc_image(name, **kwargs):
    """An image of a `cc_binary`.

    ```starlark
    cc_binary(name = "server", srcs = ["main.cc"], deps = [":lib"])

    cc_image(name = "image", binary = ":server", base = "@libc")
    ```

    Shared libraries of the build (`_solib_*`) stay in the runfiles, where the loader finds them by the binary's RUNPATH. Those of the
    system, libc and libstdc++, are the base's, unless the binary is linked statically (`features = ["fully_static_link"]`).

    Args:
      name: string.
      **kwargs: as of `binary_image`.
    """
    binary_image(name, **kwargs)
