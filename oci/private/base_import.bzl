"""Bases: another image of this build, or any target whose output is an OCI image layout directory or an archive."""

load("//oci:providers.bzl", "OciArtifactInfo", "OciImageInfo", "OciIndexInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")
load("//oci/private/actions:manifests.bzl", "import_base")
load(":base_index.bzl", "image_for_platform")
load(":labels.bzl", "display_label")
load(":target_platform.bzl", "PLATFORM_ATTRS", "target_platform")

visibility("//oci/...")

# What an archive in the source tree is called. Of other sources nobody knows at analysis whether they are directories.
_ARCHIVES = (".tar", ".tgz", ".tar.gz", ".tzst", ".tar.zst", ".tar.zstd")

_ImportedBaseInfo = provider(
    doc = "The image in a layout directory or an archive that fits the target platform.",
    fields = {
        "blob_trees": "depset of File. The layout, or what the archive was split into.",
        "config": "File.",
        "layers": "tuple, empty: which layers a layout holds is not known at analysis.",
        "manifest": "File.",
        "platform": "None: it is known only when the layout is read.",
        "sources": "depset, empty.",
    },
)

def split_base(ctx, *, target, stem, reference = None, descriptor = None, digest = None):
    """Declares the import of a layout directory or an archive.

    Args:
      ctx: a rule's or aspect's context with PLATFORM_ATTRS.
      target: Target with the one output that is imported.
      stem: string. Where outputs are declared, below the package.
      reference: string or None. The name of the image, where the source has several.
      descriptor: File, declared; or None.
      digest: File, declared; None together with descriptor.

    Returns:
      struct with manifest, config, layers, blob_trees, platform and sources, as OciImageInfo has them.
    """
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("base %s is neither an image nor an OCI image layout nor an archive. It should have one output: a directory with oci-layout, index.json and blobs, or a file that `docker save` or an OCI archive is. It has: %s" % (
            target.label,
            ", ".join([file.short_path for file in files]) or "none",
        ))
    source = files[0]
    manifest = ctx.actions.declare_file(stem + "manifest.json")
    config = ctx.actions.declare_file(stem + "config.json")
    tree = None if source.is_directory else ctx.actions.declare_directory(stem + "blobs")

    # An archive must not be among the blob trees, or every push would carry it beside what it was split into.
    archive = not source.is_directory and (not source.is_source or source.basename.endswith(_ARCHIVES))
    import_base(
        ctx,
        source = source,
        platform = target_platform(ctx),
        reference = reference,
        label = display_label(target.label),
        manifest = manifest,
        config = config,
        tree = tree,
        archive = archive,
        descriptor = descriptor,
        digest = digest,
    )
    return struct(
        blob_trees = depset(([] if archive else [source]) + ([tree] if tree else [])),
        config = config,
        layers = (),
        manifest = manifest,
        platform = None,
        sources = depset(),
    )

def _import(ctx, target):
    base = split_base(ctx, target = target, stem = ctx.label.name + ".strata/base/")
    return _ImportedBaseInfo(
        blob_trees = base.blob_trees,
        config = base.config,
        layers = base.layers,
        manifest = base.manifest,
        platform = base.platform,
        sources = base.sources,
    )

def _base_import_aspect_impl(target, ctx):
    if OciImageInfo in target or OciIndexInfo in target or OciArtifactInfo in target:
        return []
    return [_import(ctx, target)]

base_import_aspect = aspect(
    implementation = _base_import_aspect_impl,
    doc = "Imports a layout or an archive that a rule makes, once for all images that are built on it.",
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
    if OciArtifactInfo in target:
        fail("%s: base %s is an oci_artifact, which has no file system to build on. Name an oci_image; what the artifact holds goes into an image by oci_layer." % (
            display_label(ctx.label),
            display_label(target.label),
        ))
    if _ImportedBaseInfo in target:
        return target[_ImportedBaseInfo]
    return _import(ctx, target)
