"""binary_image: an image of any binary, and what go_image, rust_image and cc_image are."""

load("//oci/private/binary:binary.bzl", "binary_of")
load("//oci/private/binary:groups.bzl", "rest_group")
load("//oci/private/binary:image.bzl", "language_image")
load("//oci/private/binary:layers.bzl", "binary_layers_rule", "layer_providers")

visibility("//oci/...")

def _binary_layers_impl(ctx):
    binary = binary_of(ctx)
    return layer_providers(
        ctx,
        binary,
        groups = [rest_group()],
        entrypoint = [binary.path],
        carries_files = True,
    )

binary_layers = binary_layers_rule(
    implementation = _binary_layers_impl,
    doc = """A binary and its runfiles as one layer, `app`, on top of those that `layer_groups` names.

The binary is at `/<package>/<name>`, its runfiles beside it at `/<package>/<name>.runfiles`.""",
)

def binary_image(name, **kwargs):
    """An image of a binary: any target that `bazel run` takes.

    ```starlark
    cc_binary(name = "server")

    binary_image(name = "image", binary = ":server", base = "@libc")
    ```

    The binary is at `/<package>/<name>` with its runfiles beside it. The image starts it with the `args` and `env` of its target,
    `$(location …)` included, in the runfiles of the main repository, with RUNFILES_DIR set, as `bazel run` does. It needs neither a
    shell nor a file system that can be written to, but for what the binary itself needs.

    Targets: `<name>`, the image; `<name>.load`, `<name>.tar` (both put it into the container runtime), `<name>.push`,
    `<name>.digest`, `<name>.inspect`; `<name>.layers`, and each alone, `<name>.app_layer`.

    docs/languages.md says more.

    Args:
      name: string.
      **kwargs:
        binary: label of what to put into the image; or binaries, a list of them, which share one runfiles directory so that
          each file is in the image once. A container starts the first.
        base: label. Default: from scratch, for which the binary must be static.
        root: string. The directory in the image below which packages are. Default: `/`.
        runfiles_root: string. The directory of the runfiles in the image. Default: `<path of the binary>.runfiles`. Images with one in
          common, such as `/opt/runfiles`, share layers of what they have in common.
        layer_groups: dict from name to regex. Further layers, in order, below the others.
        platform: label of the platform to build for. Default: the target platform; where that isn't Linux, Linux on its CPU.
        platforms: list of labels: `<name>` is an index of images for each.
        standalone: bool. Whether a binary that is linked dynamically is an error, since nothing would load it. Default: where the
          image has neither base nor tars nor an entrypoint of its own.
        runnable: string. The name of a target that is the binary as it is in the image, built for its platform. Default: none.
        owner: string, `uid:gid`. Default: `0:0`.
        compression, compression_level, gzip_members: as of `oci_layer`.
        repo_tags: list of strings, or label of a file. Default: `<package>/<binary>:latest`. `[]`: no load targets.
        repository: string: where `<name>.push` pushes to. Default: `bazel run :<name>.push -- --repository …` says it.
        All else is passed to `oci_image`: entrypoint, cmd, env and workdir stand in place of what starts the binary (env beside it),
        and `tars` lie below the layers of the binary. Attributes common to all rules go to all targets.
    """
    language_image(name, layers_rule = binary_layers, groups = ["app"], **kwargs)
