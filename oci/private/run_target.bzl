"""Run targets: `ship` itself as the executable, with a spec beside it that says what to do.

No launcher script in between, so it runs on Windows, under `bazel run`, as data of another target, and straight
from bazel-bin. `ship` finds the spec through argv[0] without resolving the link.
"""

load("//oci:providers.bzl", "OciImageInfo", "OciIndexInfo")
load(":content.bzl", "content_of", "image_or_index")
load(":current_ship.bzl", "ShipInfo")
load(":labels.bzl", "display_label")
load(":run_files.bzl", "content_runfiles", "moved_files", "runfiles_path")

visibility("//oci/...")

RUN_ATTRS = {
    "image": attr.label(
        doc = "An `oci_image` or `oci_image_index`.",
        mandatory = True,
        providers = [[OciImageInfo], [OciIndexInfo]],
    ),
    "ship": attr.label(
        doc = "The tool. The macro picks it by `run_on`.",
        default = "//oci/private:ship_on_host",
        providers = [ShipInfo],
    ),
}

def file_reference(ctx, file, moved = {}):
    """How a spec names a file: by its runfiles path, which `moved` has if it isn't the usual one, and by its place in the execution root."""
    return {
        "path": file.path,
        "rlocation": moved.get(file) or runfiles_path(ctx, file),
    }

def optional_file_reference(ctx, file, moved = {}):
    """As file_reference; None for None."""
    return file_reference(ctx, file, moved) if file else None

def run_target(ctx, command, options, files = [], mount_from = []):
    """Declares the executable and its spec.

    Args:
      ctx: the rule's context, with RUN_ATTRS.
      command: string. `push` or `load`.
      options: dict. What is particular to the command.
      files: list of File. What options refer to.
      mount_from: list of strings. Repositories of the registry that is pushed to, which may hold some of the blobs.

    Returns:
      DefaultInfo.
    """
    ship = ctx.attr.ship[ShipInfo]
    content = content_of(image_or_index(ctx.attr.image))
    moved = moved_files(ctx, content)
    executable = ctx.actions.declare_file(ctx.label.name + ".run")
    ctx.actions.symlink(output = executable, target_file = ship.executable, is_executable = True)

    spec = ctx.actions.declare_file(ctx.label.name + ".run.json")
    ctx.actions.write(spec, json.encode({
        "command": command,
        "content": {
            # Trees that bases brought along: one a base, so that this list is short.
            "blob_trees": [file_reference(ctx, tree, moved) for tree in content.blob_trees.to_list()],
            "configs": [file_reference(ctx, config, moved) for config in content.configs],
            "layers": [
                {
                    "blob": optional_file_reference(ctx, layer.blob, moved),
                    "label": layer.label,
                    "metadata": file_reference(ctx, layer.metadata, moved),
                }
                for layer in content.layers
            ],
            "manifests": [file_reference(ctx, manifest, moved) for manifest in content.manifests],
            "root": file_reference(ctx, content.root),
            "sources": [
                {"registry": source.registry, "repository": source.repository}
                for source in content.sources.to_list()
            ] + [{"repository": repository} for repository in mount_from],
        },
        "label": display_label(ctx.label),
        "self": spec.path,
        "v": 1,
        command: options,
    }))
    runfiles = ctx.runfiles(files = [spec] + files).merge(content_runfiles(ctx, content, moved))
    return DefaultInfo(
        executable = executable,
        files = depset([executable, spec]),
        runfiles = runfiles.merge(ship.runfiles),
    )
