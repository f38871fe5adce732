"""Layout directories as images: what rules make that know nothing of these.

A rule of a team's own with a transition, a filegroup, another ruleset's image: they pass the directory on and not the
providers. An aspect reads manifest and config out of it, once, so that it can be pushed, loaded, and be in an index.
"""

load("//oci:providers.bzl", "OciArtifactInfo", "OciImageInfo", "OciIndexInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")
load("//oci/private/actions:manifests.bzl", "import_base")
load(":content.bzl", "LayoutImagesInfo")
load(":labels.bzl", "display_label")

visibility("//oci/...")

def _image(ctx, layout, number):
    stem = "%s.strata/layouts/%d/" % (ctx.label.name, number)
    manifest, config, descriptor, digest = [
        ctx.actions.declare_file(stem + name)
        for name in ("manifest.json", "config.json", "descriptor.json", "digest")
    ]
    label = display_label(ctx.label)
    import_base(
        ctx,
        source = layout,
        # A directory of several images is an error, since nobody says which is meant.
        platform = None,
        reference = None,
        label = label,
        manifest = manifest,
        config = config,
        tree = None,
        archive = False,
        descriptor = descriptor,
        digest = digest,
    )
    return OciImageInfo(
        label = label,
        blob_trees = depset([layout]),
        config = config,
        descriptor = descriptor,
        digest = digest,
        layers = (),
        manifest = manifest,
    )

def _layout_images_aspect_impl(target, ctx):
    if OciImageInfo in target or OciIndexInfo in target or OciArtifactInfo in target:
        return []
    files = target[DefaultInfo].files.to_list()
    if not files or [file for file in files if not file.is_directory]:
        return []
    return [LayoutImagesInfo(images = tuple([_image(ctx, layout, number) for number, layout in enumerate(files)]))]

layout_images_aspect = aspect(
    implementation = _layout_images_aspect_impl,
    doc = "Reads the images in the directories that a target makes.",
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE],
)
