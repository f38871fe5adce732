"""oci_import_rule: an archive, or a layout directory, as an image of this build."""

load("//oci:providers.bzl", "OciImageInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")
load(":base_import.bzl", "split_base")
load(":content.bzl", "content_of")
load(":image_groups.bzl", "IMAGE_GROUPS_DOC", "image_groups", "image_outputs")
load(":labels.bzl", "display_label")
load(":target_platform.bzl", "PLATFORM_ATTRS")

visibility("//oci/...")

def _oci_import_impl(ctx):
    stem = ctx.label.name + ".strata/"
    descriptor = ctx.actions.declare_file(stem + "descriptor.json")
    digest = ctx.actions.declare_file(stem + "digest")
    base = split_base(
        ctx,
        target = ctx.attr.src,
        stem = stem,
        reference = ctx.attr.reference,
        descriptor = descriptor,
        digest = digest,
    )
    image = OciImageInfo(
        label = display_label(ctx.label),
        manifest = base.manifest,
        config = base.config,
        descriptor = descriptor,
        digest = digest,
        layers = base.layers,
        blob_trees = base.blob_trees,
    )
    content = content_of(image)
    return image_outputs(ctx, image = image, content = content, groups = image_groups(ctx, image = image, content = content))

oci_import_rule = rule(
    implementation = _oci_import_impl,
    doc = """An image from an archive. `oci_import` is the macro that most people want.

The archive is checked, and split into its layers, once, however many images are built on it; a push or a load moves layers and
never the archive. Where the archive has the manifest of a registry, digests stay as they are: an OCI image layout has one, and so has
what `docker save` writes from Docker 25 on. Older archives have none, so one is made, and layers that are plain tars are
compressed with gzip; config, diff_ids and what Docker calls the image's ID stay.

Default output: an OCI image layout directory, made only where it is asked for. Output groups: `manifest`, `config`, `digest`; and, each
made only where it is asked for, %s
""" % IMAGE_GROUPS_DOC,
    attrs = PLATFORM_ATTRS | {
        "reference": attr.string(doc = """The name of the image, such as `app:v1`, where the archive holds several for one
platform. Default: there is only one."""),
        "src": attr.label(
            doc = """What `docker save` or `podman save` wrote, or a tar of an OCI image layout; plain, or compressed with gzip or
zstd, told by its bytes. Or a layout directory. Where it holds images of several platforms, the one of the target platform is
taken.""",
            allow_files = True,
            mandatory = True,
        ),
    },
    provides = [OciImageInfo],
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE],
)
