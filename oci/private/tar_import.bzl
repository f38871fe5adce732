"""Tars from elsewhere as layers.

An aspect imports what rules make (rules_pkg's `pkg_tar`, for example): once, for all images that use it. Aspects don't
see source files, so an image imports those itself.
"""

load("//oci:providers.bzl", "OciArtifactInfo", "OciImageInfo", "OciIndexInfo", "OciLayerInfo", "OciLayersInfo")
load("//oci:toolchain.bzl", "PACK_TOOLCHAIN_TYPE")
load("//oci/private/actions:layers.bzl", "import_layer")
load(":labels.bzl", "display_label")

visibility("//oci/...")

COMPRESSIONS = ["auto", "gzip", "zstd", "none", "keep"]

_ImportedTarsInfo = provider(
    doc = "The tars of a target, imported as layers.",
    fields = {"layers": "tuple of OciLayerInfo, one for each of the target's files."},
)

# What is compressed already is kept as it is, and so not written once more. Names are a hint of that, since analysis sees no
# bytes: pack, which does, copies a compressed tar that is named otherwise, and warns of a plain one that is named so.
_COMPRESSED = (".tgz", ".gz", ".tzst", ".zst")
_EXTENSIONS = {"auto": ".tar.gz", "gzip": ".tar.gz", "none": ".tar", "zstd": ".tar.zst"}

def check_no_image(ctx, target):
    """Fails if an item of `tars` is an image.

    Args:
      ctx: the context of the rule that has `tars`.
      target: Target.
    """
    if OciArtifactInfo in target:
        fail("%s: tars has %s, an oci_artifact, and takes layers and tar files. Put its files into an oci_layer." % (
            display_label(ctx.label),
            display_label(target.label),
        ))
    if OciImageInfo in target or OciIndexInfo in target:
        fail("%s: tars has %s, an image, and takes layers and tar files. To build on an image, name it as base of an oci_image." % (
            display_label(ctx.label),
            display_label(target.label),
        ))

def _import(ctx, label, files, compression, level):
    layers = []
    for file in files:
        if file.is_directory:
            fail("%s: %s is a directory, and a layer is a tar file. Pack it with oci_layer(srcs = [%r])." % (ctx.label, file.short_path, str(label)))

        # The same tar may be imported in several ways, by images that ask for different compressions.
        stem = "%s.strata/%s%s/%s" % (ctx.label.name, compression, "" if level == -1 else level, file.basename)
        keep = compression == "keep" or (compression == "auto" and file.basename.endswith(_COMPRESSED))
        blob = None if keep else ctx.actions.declare_file(stem + _EXTENSIONS[compression])
        metadata = ctx.actions.declare_file(stem + ".layer.json")
        mtree = ctx.actions.declare_file(stem + ".mtree")

        arguments = ctx.actions.args()
        arguments.add("--created-by", display_label(label))
        arguments.add("--compression", compression)
        if level != -1 and not keep:
            arguments.add("--compression-level", str(level))
        import_layer(ctx, arguments = arguments, tar = file, blob = blob, metadata = metadata, mtree = mtree)
        layers.append(OciLayerInfo(
            label = display_label(label),
            blob = blob or file,
            metadata = metadata,
            mtree = mtree,
        ))
    return layers

def _tar_import_aspect_impl(target, ctx):
    files = target[DefaultInfo].files.to_list()

    # What is no layer the image says, which an aspect doesn't know.
    if OciLayerInfo in target or OciLayersInfo in target or OciImageInfo in target or OciIndexInfo in target or any([file.is_directory for file in files]):
        return []
    layers = _import(ctx, target.label, files, ctx.attr.compression, ctx.attr.compression_level)
    return [_ImportedTarsInfo(layers = tuple(layers))]

tar_import_aspect = aspect(
    implementation = _tar_import_aspect_impl,
    doc = "Imports the tars that a target makes, in the way that the image's compression attributes ask for.",
    attrs = {
        "compression": attr.string(values = COMPRESSIONS, default = "auto"),
        "compression_level": attr.int(values = list(range(-1, 23)), default = -1),
    },
    toolchains = [PACK_TOOLCHAIN_TYPE],
)

def layers_of(ctx):
    """The layers that an image's `tars` name.

    Args:
      ctx: the image's context, with `tars`, `compression` and `compression_level`.

    Returns:
      list of OciLayerInfo, lowest first.
    """
    layers = []
    for target in ctx.attr.tars:
        check_no_image(ctx, target)
        if OciLayerInfo in target:
            layers.append(target[OciLayerInfo])
        elif OciLayersInfo in target:
            layers.extend(target[OciLayersInfo].layers.values())
        elif _ImportedTarsInfo in target:
            layers.extend(target[_ImportedTarsInfo].layers)
        else:
            layers.extend(_import(ctx, target.label, target[DefaultInfo].files.to_list(), ctx.attr.compression, ctx.attr.compression_level))
    return layers
