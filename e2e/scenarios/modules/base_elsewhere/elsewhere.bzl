"""An image whose layers are in a registry and nowhere here, as somebody's own rule may have it."""

load("@rules_strata//oci:providers.bzl", "OciImageInfo", "OciLayerInfo")
load(":where.bzl", "REGISTRY")

def _elsewhere_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    return [
        DefaultInfo(files = depset([image.manifest])),
        OciImageInfo(
            label = image.label,
            manifest = image.manifest,
            config = image.config,
            descriptor = image.descriptor,
            digest = image.digest,
            layers = [OciLayerInfo(label = layer.label, metadata = layer.metadata) for layer in image.layers],
            blob_trees = depset(),
            sources = depset([struct(registry = REGISTRY, repository = "base")]),
        ),
    ]

elsewhere = rule(
    implementation = _elsewhere_impl,
    doc = "The same image, without the bytes of its layers.",
    attrs = {"image": attr.label(mandatory = True, providers = [OciImageInfo])},
)
