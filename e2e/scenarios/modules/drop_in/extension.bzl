"""A module extension of the team's own, which pulls images by rules_oci's macro."""

load("@rules_oci//oci:pull.bzl", "oci_pull")

def _images_impl(module_ctx):
    oci_pull(
        name = "own_base",
        digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000",
        image = "localhost:5000/base",
        is_bzlmod = True,
        platforms = ["linux/amd64"],
    )
    return module_ctx.extension_metadata(reproducible = True)

images = module_extension(implementation = _images_impl)
