"""Run targets: `ship` itself as the executable, with a spec beside it that says what to do.

No launcher script in between, so it runs on Windows, under `bazel run`, as data of another target, and straight
from bazel-bin. `ship` finds the spec through argv[0] without resolving the link.
"""

load("//oci:providers.bzl", "OciImageInfo", "OciIndexInfo")
load(":content.bzl", "content_of", "image_or_index")
load(":current_ship.bzl", "ShipInfo")
load(":labels.bzl", "display_label")

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

def file_reference(ctx, file):
    """How a spec names a file: by its runfiles path, and by its place in the execution root."""
    path = file.short_path
    return {
        "path": file.path,
        "rlocation": path[3:] if path.startswith("../") else "%s/%s" % (ctx.workspace_name, path),
    }

def optional_file_reference(ctx, file):
    """As file_reference; None for None."""
    return file_reference(ctx, file) if file else None

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
    executable = ctx.actions.declare_file(ctx.label.name + ".run")
    ctx.actions.symlink(output = executable, target_file = ship.executable, is_executable = True)

    spec = ctx.actions.declare_file(ctx.label.name + ".run.json")
    ctx.actions.write(spec, json.encode({
        "command": command,
        "content": {
            # Trees that bases brought along: one a base, so that this list is short.
            "blob_trees": [file_reference(ctx, tree) for tree in content.blob_trees.to_list()],
            "configs": [file_reference(ctx, config) for config in content.configs],
            "layers": [
                {
                    "blob": optional_file_reference(ctx, layer.blob),
                    "label": layer.label,
                    "metadata": file_reference(ctx, layer.metadata),
                }
                for layer in content.layers
            ],
            "manifests": [file_reference(ctx, manifest) for manifest in content.manifests],
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
    runfiles = ctx.runfiles(files = [spec] + files, transitive_files = content.files)
    return DefaultInfo(
        executable = executable,
        files = depset([executable, spec]),
        runfiles = runfiles.merge(ship.runfiles),
    )
