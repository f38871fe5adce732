"""Bases: another image of this build, or any target whose output is an OCI image layout directory."""

load("//oci:providers.bzl", "OciImageInfo", "OciIndexInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")
load(":actions.bzl", "import_base")
load(":base_index.bzl", "image_for_platform")
load(":labels.bzl", "display_label")
load(":platforms.bzl", "PLATFORM_ATTRS", "target_platform")

visibility("//oci/...")

_ImportedBaseInfo = provider(
    doc = "The image in a layout directory that fits the target platform.",
    fields = {
        "blob_trees": "depset of File. The layout.",
        "config": "File.",
        "layers": "tuple, empty: which layers a layout holds is not known at analysis.",
        "manifest": "File.",
        "platform": "None: it is known only when the layout is read.",
        "sources": "depset, empty.",
    },
)

def _import(ctx, target):
    files = target[DefaultInfo].files.to_list()

    # Whether a source file is a directory is not known at analysis: assemble tells.
    if len(files) != 1 or not (files[0].is_directory or files[0].is_source):
        fail("base %s is no image and no OCI image layout. It should have one output, a directory with oci-layout, index.json and blobs. It has: %s" % (
            target.label,
            ", ".join([file.short_path for file in files]) or "none",
        ))
    stem = ctx.label.name + ".strata/base/"
    manifest = ctx.actions.declare_file(stem + "manifest.json")
    config = ctx.actions.declare_file(stem + "config.json")
    import_base(
        ctx,
        layout = files[0],
        platform = target_platform(ctx),
        label = display_label(target.label),
        manifest = manifest,
        config = config,
    )
    return _ImportedBaseInfo(
        blob_trees = depset(files),
        config = config,
        layers = (),
        manifest = manifest,
        platform = None,
        sources = depset(),
    )

def _base_import_aspect_impl(target, ctx):
    if OciImageInfo in target or OciIndexInfo in target:
        return []
    return [_import(ctx, target)]

base_import_aspect = aspect(
    implementation = _base_import_aspect_impl,
    doc = "Imports a layout that a rule makes, once for all images that are built on it.",
    attrs = PLATFORM_ATTRS,
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE],
)

def base_of(ctx):
    """The base of an image.

    Args:
      ctx: the image's context, with `base` and PLATFORM_ATTRS.

    Returns:
      None, or a struct or provider with manifest, config, layers, blob_trees, platform and sources.
    """
    target = ctx.attr.base
    if not target:
        return None
    if OciImageInfo in target:
        return target[OciImageInfo]
    if OciIndexInfo in target:
        return image_for_platform(display_label(ctx.label), display_label(target.label), target[OciIndexInfo], target_platform(ctx))
    if _ImportedBaseInfo in target:
        return target[_ImportedBaseInfo]
    return _import(ctx, target)
