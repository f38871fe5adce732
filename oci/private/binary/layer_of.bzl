"""`<name>.<group>_layer`: one of the layers of a binary as a target of its own."""

load("//oci:providers.bzl", "OciLayerInfo", "OciLayersInfo")
load("//oci:toolchain.bzl", "PACK_TOOLCHAIN_TYPE")
load("//oci/private:labels.bzl", "display_label")
load("//oci/private/actions:layers.bzl", "import_layer")

visibility("//oci/...")

def _plain_tar(ctx, layer):
    # An uncompressed layer is one, and has the name that it would get.
    if layer.blob.extension == "tar":
        return layer.blob
    tar = ctx.actions.declare_file(ctx.label.name + ".tar")
    arguments = ctx.actions.args()
    arguments.add("--created-by", layer.label)
    arguments.add("--compression", "none")
    import_layer(
        ctx,
        arguments = arguments,
        tar = layer.blob,
        blob = tar,
        metadata = ctx.actions.declare_file(ctx.label.name + ".tar.strata/layer.json"),
        mtree = ctx.actions.declare_file(ctx.label.name + ".tar.strata/layer.mtree"),
    )
    return tar

def _binary_layer_impl(ctx):
    layers = ctx.attr.layers[OciLayersInfo].layers
    if ctx.attr.group not in layers:
        fail("%s: %s has no layer %r. It has: %s." % (display_label(ctx.label), display_label(ctx.attr.layers.label), ctx.attr.group, ", ".join(layers)))
    layer = layers[ctx.attr.group]
    return [
        DefaultInfo(files = depset([layer.blob])),
        OutputGroupInfo(
            metadata = depset([layer.metadata]),
            mtree = depset([layer.mtree]),
            tar = depset([_plain_tar(ctx, layer)]),
        ),
        layer,
    ]

binary_layer = rule(
    implementation = _binary_layer_impl,
    doc = """One of the layers of a binary. Output groups: `tar`, the layer as a plain tar, made only where it is asked for;
`mtree`, its listing; `metadata`, its `layer.json`.""",
    attrs = {
        "group": attr.string(doc = "Which layer, such as `app`.", mandatory = True),
        "layers": attr.label(
            doc = "The layers of a binary.",
            mandatory = True,
            providers = [OciLayersInfo],
        ),
    },
    provides = [OciLayerInfo],
    toolchains = [PACK_TOOLCHAIN_TYPE],
)
