"""go_image: an image of a Go binary."""

load("//oci/private/binary:image.bzl", "language_image", "package_tag")
load(":binary.bzl", "binary_layers")

visibility("//oci/...")

def go_image(name, **kwargs):
    """An image of a `go_binary`.

    ```starlark
    go_binary(name = "hello", embed = [":hello_lib"], pure = "on")

    go_image(name = "image", binary = "hello")
    ```

    `bazel run :image.load` puts it into the container runtime as `<package>:latest`. Without a base it is from scratch.
    There a binary must be without cgo, and rules_go uses cgo wherever there is a C compiler: a program that imports `net` then wants libc.
    `pure = "on"` of go_binary keeps it out, as do rules_go's own platforms (`platform = "@rules_go//go/toolchain:linux_amd64"`). One that
    makes TLS connections wants certificates (`oci_ca_certs`) in `tars`.

    Args:
      name: string.
      **kwargs: as of `binary_image`, but for the default of repo_tags, `<package>:latest` (`<binary>:latest` at the root).
    """
    language_image(name, layers_rule = binary_layers, groups = ["app"], default_tag = package_tag, **kwargs)
