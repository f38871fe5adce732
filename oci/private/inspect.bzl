"""`<name>.inspect`: `bazel run` shows what is in an image or an index."""

load("//oci:providers.bzl", "OciImageInfo", "OciIndexInfo")
load(":content.bzl", "content_of", "image_or_index")
load(":labels.bzl", "display_label")
load(":run_target.bzl", "SHIP_ATTRS", "file_reference", "ship_target")

visibility("//oci/...")

def _oci_inspect_impl(ctx):
    groups = ctx.attr.image[OutputGroupInfo] if OutputGroupInfo in ctx.attr.image else None
    report = groups.report.to_list() if groups and hasattr(groups, "report") else []
    if len(report) != 1:
        fail("%s: %s has no output group `report`, which tells what is in it. Name an oci_image or an oci_image_index." % (ctx.label, ctx.attr.image.label))

    # Nothing but the report goes into the runfiles: to look at an image needs none of its layers.
    spec = {
        "content": {"root": file_reference(ctx, content_of(image_or_index(ctx.attr.image)).root)},
        "inspect": {"report": file_reference(ctx, report[0])},
        "label": display_label(ctx.attr.image.label),
    }
    return [ship_target(ctx, "inspect", spec, ctx.runfiles(files = report))]

oci_inspect_rule = rule(
    implementation = _oci_inspect_impl,
    doc = """Shows an image when run: its config, its layers with label, size and digest, and links of one layer that
directories of another replace. Of an index it shows each image, or with `--platform` one. `--json` prints the same as JSON.
Asks no registry and no runtime.""",
    attrs = SHIP_ATTRS | {
        "image": attr.label(
            doc = "An `oci_image`, `oci_image_index` or `oci_import`.",
            mandatory = True,
            providers = [[OciImageInfo], [OciIndexInfo]],
        ),
    },
    executable = True,
)

def inspect_target(name, common):
    """Declares `<name>.inspect`.

    Args:
      name: string. The image or index.
      common: dict. The attributes common to all rules.
    """
    oci_inspect_rule(name = name + ".inspect", image = name, **common)
