"""rust_image: an image of a Rust binary."""

load(":binary.bzl", "binary_image")

visibility("//oci/...")

def rust_image(name, **kwargs):
    """An image of a `rust_binary`.

    ```starlark
    rust_binary(name = "server", srcs = ["main.rs"])

    rust_image(name = "image", binary = ":server", base = "@libc")
    ```

    Shared libraries that it links (`cc_import`, `cc_shared_library`) are found as in the output tree, by links below `<root>/_solib_*`.

    A binary for a gnu target needs a base with libc and libgcc_s; one for musl, or linked with `+crt-static`, none at all.

    Args:
      name: string.
      **kwargs: as of `binary_image`.
    """
    binary_image(name, **kwargs)
