"""Actions that put all bytes of an image in one place: layout directories and archives."""

load("//oci/private:content.bzl", "blob_of")
load(":run.bzl", "assemble", "new_arguments")

visibility("//oci/...")

def _add_content(arguments, content):
    """Adds all that an image or index consists of, for who needs the bytes."""
    arguments.add("--root", content.root)
    arguments.add_all(content.manifests, before_each = "--manifest")
    arguments.add_all(content.configs, before_each = "--config")
    for layer in content.layers:
        if blob_of(layer):
            arguments.add("--layer", layer.metadata)
            arguments.add("--blob", blob_of(layer))
    arguments.add_all(content.blob_trees, before_each = "--blob-tree", expand_directories = False)

def write_layout(ctx, *, content, layout, resource_set = None):
    """OciLayout: the layout directory. Runs only where somebody asks for it; push and load never do.

    Args:
      ctx: the rule's context.
      content: struct from content.bzl.
      layout: File, declared directory.
      resource_set: function or None. What Bazel schedules the action for.
    """
    arguments = new_arguments(ctx)
    arguments.add("layout")
    _add_content(arguments, content)
    arguments.add_all("--output", [layout], expand_directories = False)
    assemble(
        ctx,
        "OciLayout",
        "Laying out",
        arguments,
        content.complete,
        [layout],
        # Blobs are hard-linked into the layout instead of copied. The sandbox is another file system: EXDEV.
        requirements = {"no-sandbox": "1"},
        # Without a sandbox nothing puts the inputs where mapped paths say.
        mapped = False,
        resource_set = resource_set,
    )

def write_archive(ctx, *, content, format, label, archive, tags = [], tags_file = None, status = []):
    """OciArchive: everything in one tar, for `docker load` and others. Runs only where somebody asks for it.

    Args:
      ctx: the rule's context.
      content: struct from content.bzl.
      format: string. `docker`, for an image; or `oci`, also for an index.
      label: string. The target, for messages.
      archive: File, declared.
      tags: list of strings. Names that loading the archive gives the image.
      tags_file: File or None. Holds further names, one a line.
      status: list of File. Bazel's status files that hold the values of stamps in names.
    """
    arguments = new_arguments(ctx)
    arguments.add("archive")
    arguments.add("--format", format)
    arguments.add("--label", label)
    _add_content(arguments, content)
    arguments.add_all(tags, before_each = "--tag")
    if tags_file:
        arguments.add("--tags-file", tags_file)
    arguments.add_all(status, before_each = "--status-file")
    arguments.add("--output", archive)
    inputs = depset(status + ([tags_file] if tags_file else []), transitive = [content.complete])

    # Status files are not where mapped paths say.
    assemble(ctx, "OciArchive", "Archiving", arguments, inputs, [archive], mapped = not status)
