"""Pulled images without a registry."""

load("//oci:providers.bzl", "OciImageInfo", "OciLayerInfo")
load("//oci:toolchain.bzl", "FETCH_TOOLCHAIN_TYPE")
load("//oci/private/actions:network.bzl", "fetch_layer")  # buildifier: disable=bzl-visibility

visibility("//oci/tests/...")

def _fetch(ctx, layer, blob):
    fetch_layer(
        ctx,
        label = layer.label,
        digest = "sha256:" + 64 * "0",
        size = 1,
        sources = [
            struct(registry = "registry.example.com", repository = "base", credentials = ctx.file.credentials),
            struct(registry = "http://mirror.example.com:5000", repository = "mirrored/base"),
        ],
        urls = ["https://far.example.com/layer"],
        blob = blob,
    )

def _copy(ctx, layer, blob):
    ctx.actions.run_shell(
        inputs = [layer.blob],
        outputs = [blob],
        command = 'cp "$1" "$2"',
        arguments = [layer.blob.path, blob.path],
    )

def _pulled_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    layers = []
    for layer in image.layers:
        blob = ctx.actions.declare_file("%s.strata/%d.blob" % (ctx.label.name, len(layers)))
        (_copy if ctx.attr.copies else _fetch)(ctx, layer, blob)
        layers.append(OciLayerInfo(label = layer.label, metadata = layer.metadata, fetched = blob))
    return [
        DefaultInfo(files = depset([image.manifest])),
        OciImageInfo(
            label = image.label,
            manifest = image.manifest,
            config = image.config,
            descriptor = image.descriptor,
            digest = image.digest,
            layers = layers,
            blob_trees = depset(),
            sources = depset([
                struct(registry = "registry.example.com", repository = "base", credentials = ctx.file.credentials),
                struct(registry = "mirror.example.com", repository = "base"),
            ]),
        ),
    ]

pulled = rule(
    implementation = _pulled_impl,
    doc = "The same image as if it had been pulled: its layers are known, and are fetched where they are needed.",
    attrs = {
        "copies": attr.bool(doc = "The layers are copied, so that a layout can be built. Else OciFetch would ask for them."),
        "credentials": attr.label(doc = "The only file to look for credentials in.", allow_single_file = True),
        "image": attr.label(mandatory = True, providers = [OciImageInfo]),
    },
    toolchains = [FETCH_TOOLCHAIN_TYPE],
)

def _listing_impl(ctx):
    layout = ctx.files.layout[0]
    listing = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run_shell(
        inputs = [layout],
        outputs = [listing],
        command = 'out=$PWD/$2 && cd "$1" && find . -type f | LC_ALL=C sort | xargs cksum > "$out"',
        arguments = [layout.path, listing.path],
    )
    return [DefaultInfo(files = depset([listing]))]

listing = rule(
    implementation = _listing_impl,
    doc = "The files of a layout with their checksums.",
    attrs = {"layout": attr.label(mandatory = True)},
)
