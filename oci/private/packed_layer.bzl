"""A layer of what a rule declares, for every rule that packs one: the action OciLayer, its outputs and the providers."""

load("//oci:providers.bzl", "OciLayerInfo")
load("//oci/private/actions:layers.bzl", "pack_layer")
load(":labels.bzl", "display_label")
load(":layer_attrs.bzl", "LAYER_ATTRS")
load(":layer_entries.bzl", "entries_file")
load(":layer_platform.bzl", "add_platform")

visibility("//oci/...")

# What a rule has that calls packed_layer: how a layer is packed, whatever is in it.
PACKING_ATTRS = {
    name: LAYER_ATTRS[name]
    for name in ["annotations", "compression", "compression_level", "gzip_members"]
}

_EXTENSIONS = {"gzip": ".tar.gz", "none": ".tar", "zstd": ".tar.zst"}

def _annotations(ctx, arguments):
    for key, value in ctx.attr.annotations.items():
        if not key or "=" in key:
            fail("%s: annotations: the key %r is empty or holds a `=`. Keys look like org.example.key." % (ctx.label, key))

        # Arguments of a command line, not lines of a file: a value may hold newlines.
        arguments.add("--annotation", "%s=%s" % (key, value))

def declare_layer(ctx, *, stem, label, entries, inputs, platform = None, below = [], dedupe = False, large = False, standalone = [], filter = None):
    """Declares the action that packs a layer, and its outputs.

    Args:
      ctx: the rule's context, with PACKING_ATTRS and PACK_TOOLCHAIN_TYPE.
      stem: string. What the outputs are named after.
      label: string. What made the layer, as the image's history says it.
      entries: list, filled by the functions of layer_entries.bzl.
      inputs: depset of File. What the entries name.
      platform: string or None. What the layer is for, see layer_platform.bzl.
      below: list of OciLayerInfo. Lower layers; what they have is left out.
      dedupe: bool. Whether files with equal content are stored once.
      large: bool. Whether the layer holds trees, tars or runfiles, of which nobody knows the size.
      standalone: list of strings. Paths of programs in the image that must be static, since nothing else would be in it to load them.
      filter: struct from binary/groups.bzl, or None. Which part of the entries the layer holds.

    Returns:
      OciLayerInfo, whose `entries` are None where a filter leaves out part of them.
    """
    arguments = ctx.actions.args()
    arguments.add("--created-by", label)
    arguments.add("--compression", ctx.attr.compression)
    if ctx.attr.compression_level != -1:
        arguments.add("--compression-level", str(ctx.attr.compression_level))
    if dedupe:
        arguments.add("--dedupe")
    arguments.add_all(standalone, before_each = "--standalone")
    _annotations(ctx, arguments)
    add_platform(arguments, platform)
    if ctx.attr.gzip_members != "many":
        arguments.add("--gzip-members", ctx.attr.gzip_members)

    blob = ctx.actions.declare_file(stem + _EXTENSIONS[ctx.attr.compression])
    metadata = ctx.actions.declare_file(stem + ".strata/layer.json")
    mtree = ctx.actions.declare_file(stem + ".strata/layer.mtree")
    pack_layer(
        ctx,
        arguments = [arguments] + (filter.arguments if filter else []),
        # Under path mapping, outputs of one target in two configurations have one name, and would be taken to be the same.
        entries = [entries_file(ctx, "--entries", entries)] + [entries_file(ctx, "--below", layer.entries) for layer in below],
        inputs = depset(filter.inputs, transitive = [inputs]) if filter and filter.inputs else inputs,
        blob = blob,
        metadata = metadata,
        mtree = mtree,
        unused = ctx.actions.declare_file(stem + ".strata/unused.txt") if filter and filter.lists_unused else None,
        large = large,
    )
    return OciLayerInfo(
        label = label,
        below = [layer.label for layer in below],
        blob = blob,
        entries = None if filter else entries,
        metadata = metadata,
        mtree = mtree,
        platform = platform,
    )

def packed_layer(ctx, **kwargs):
    """Packs the layer that is all that a rule makes.

    Args:
      ctx: the rule's context, with PACKING_ATTRS and PACK_TOOLCHAIN_TYPE.
      **kwargs: arguments of declare_layer, but for stem and label, which are the target's.

    Returns:
      list of providers.
    """
    layer = declare_layer(ctx, stem = ctx.label.name, label = display_label(ctx.label), **kwargs)
    return [
        DefaultInfo(files = depset([layer.blob])),
        OutputGroupInfo(metadata = depset([layer.metadata]), mtree = depset([layer.mtree])),
        layer,
    ]
