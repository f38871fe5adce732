"""Actions that look into the layers of an image."""

load("//oci/private:content.bzl", "blob_of")
load(":run.bzl", "assemble", "new_arguments")

visibility("//oci/...")

def _look_into(ctx, mnemonic, verb, command, image, output, blob_of):
    """An action that wants to know what is in layers: from the listing of each, or else from the blob that blob_of gives, if any."""
    listed = [layer for layer in image.layers if layer.mtree]
    unlisted = [layer for layer in image.layers if not layer.mtree and blob_of(layer)]
    arguments = new_arguments(ctx)
    arguments.add(command)
    arguments.add("--label", image.label)
    arguments.add("--manifest", image.manifest)
    arguments.add("--config", image.config)
    for layer in listed:
        arguments.add("--layer", layer.metadata)
        arguments.add("--mtree", layer.mtree)
    for layer in unlisted:
        arguments.add("--unlisted-layer", layer.metadata)
        arguments.add("--blob", blob_of(layer))
    arguments.add_all(image.blob_trees, before_each = "--blob-tree", expand_directories = False)
    arguments.add("--output", output)
    inputs = depset(
        [image.manifest, image.config] + [layer.metadata for layer in listed + unlisted] +
        [layer.mtree for layer in listed] + [blob_of(layer) for layer in unlisted],
        transitive = [image.blob_trees],
    )
    assemble(ctx, mnemonic, verb, arguments, inputs, [output])

def write_tree(ctx, *, image, mtree):
    """OciTree: a listing of what a container of the image sees. Runs only where somebody asks for it.

    Args:
      ctx: the rule's context.
      image: OciImageInfo.
      mtree: File, declared.
    """
    _look_into(ctx, "OciTree", "Listing", "tree", image, mtree, blob_of)

def write_report(ctx, *, image, report):
    """OciReport: what is in the image, as JSON. Runs only where somebody asks for it.

    A layer of a pulled image is not fetched for it: nobody who looks at an image waits for all of its base.

    Args:
      ctx: the rule's context.
      image: OciImageInfo.
      report: File, declared.
    """
    _look_into(ctx, "OciReport", "Reporting on", "report", image, report, lambda layer: layer.blob)

def write_index_report(ctx, *, label, index, nested, reports, report):
    """OciReport of an index: the reports on its images in one. Runs only where somebody asks for it.

    Args:
      ctx: the rule's context.
      label: string. The index's target.
      index: File.
      nested: list of File. The indexes that are listed in the index, at any depth.
      reports: list of File. The reports on all images.
      report: File, declared.
    """
    arguments = new_arguments(ctx)
    arguments.add("index-report")
    arguments.add("--label", label)
    arguments.add("--index", index)
    arguments.add_all(nested, before_each = "--nested")
    arguments.add_all(reports, before_each = "--report")
    arguments.add("--output", report)
    assemble(ctx, "OciReport", "Reporting on", arguments, depset([index] + nested + reports), [report])
