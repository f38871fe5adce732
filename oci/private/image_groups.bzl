"""What a rule that makes an image gives: the layout as default output, and output groups.

Each costs an action, which runs only where somebody asks for it; the manifest, the config and the digest are there anyway.
"""

load("//oci/private/actions:outputs.bzl", "write_archive", "write_layout")
load("//oci/private/actions:reports.bzl", "write_index_report", "write_report", "write_tree")
load(":content.bzl", "images_below", "indexes_below")

visibility("//oci/...")

# For the docs of the rules that have them.
IMAGE_GROUPS_DOC = """`oci_archive` and `docker_archive`, the image in one tar, without a name (`oci_load` has one with its
names); `mtree`, a listing of what a container of the image sees, whiteouts applied; `report`, what is in the image, as JSON."""

def archive_groups(ctx, *, label, content, formats):
    """The archives of an image or an index.

    Args:
      ctx: the rule's context.
      label: string. The target, for messages.
      content: struct from content.bzl.
      formats: list of strings. `docker` and `oci`, or one of them.

    Returns:
      dict from the name of a group to a depset of File.
    """
    groups = {}
    for format in formats:
        archive = ctx.actions.declare_file("%s.strata/%s.tar" % (ctx.label.name, format))
        write_archive(ctx, content = content, format = format, label = label, archive = archive)
        groups[format + "_archive"] = depset([archive])
    return groups

def image_groups(ctx, *, image, content):
    """The groups of an image.

    Args:
      ctx: the rule's context.
      image: OciImageInfo.
      content: struct from content.bzl. What the image consists of.

    Returns:
      dict from the name of a group to a depset of File.
    """
    mtree = ctx.actions.declare_file(ctx.label.name + ".strata/image.mtree")
    report = ctx.actions.declare_file(ctx.label.name + ".strata/report.json")
    write_tree(ctx, image = image, mtree = mtree)
    write_report(ctx, image = image, report = report)
    archives = archive_groups(ctx, label = image.label, content = content, formats = ["docker", "oci"])
    return archives | {"mtree": depset([mtree]), "report": depset([report])}

def index_groups(ctx, *, index, content):
    """The groups of an index.

    Args:
      ctx: the rule's context.
      index: OciIndexInfo.
      content: struct from content.bzl. What the index consists of.

    Returns:
      dict from the name of a group to a depset of File.
    """

    # By manifest: an image may be listed in an index and in another one in it.
    images = {image.manifest: image for image in images_below(index)}.values()
    reports = []
    for number, image in enumerate(images):
        reports.append(ctx.actions.declare_file("%s.strata/reports/%d.json" % (ctx.label.name, number)))
        write_report(ctx, image = image, report = reports[-1])
    report = ctx.actions.declare_file(ctx.label.name + ".strata/report.json")
    write_index_report(
        ctx,
        label = index.label,
        index = index.index,
        nested = {nested.index: None for nested in indexes_below(index)}.keys(),
        reports = reports,
        report = report,
    )
    archives = archive_groups(ctx, label = index.label, content = content, formats = ["oci"])
    return archives | {"report": depset([report])}

def image_outputs(ctx, *, image, content, groups = {}, resource_set = None):
    """What every rule of one image or artifact gives.

    Args:
      ctx: the rule's context. The layout directory has the target's name.
      image: OciImageInfo or OciArtifactInfo.
      content: struct from content.bzl. What the image consists of.
      groups: dict from the name of a further output group to a depset of File.
      resource_set: the resources that the layout takes. Default: those of `write_layout`.

    Returns:
      list of providers: DefaultInfo, OutputGroupInfo, image.
    """
    layout = ctx.actions.declare_directory(ctx.label.name)
    write_layout(ctx, content = content, layout = layout, resource_set = resource_set)
    return [
        DefaultInfo(files = depset([layout])),
        OutputGroupInfo(
            config = depset([image.config]),
            digest = depset([image.digest]),
            manifest = depset([image.manifest]),
            **groups
        ),
        image,
    ]
