"""Run targets: `ship` itself as the executable, with a spec beside it that says what to do.

No launcher script in between, so it runs on Windows, under `bazel run`, as data of another target, and straight
from bazel-bin. `ship` finds the spec through argv[0] without resolving the link.
"""

load(":content.bzl", "content_of", "credentials_of")
load(":labels.bzl", "display_label")
load(":layout_images.bzl", "layout_images_aspect")
load(":run_files.bzl", "content_runfiles", "moved_files", "rlocation_path")
load(":run_tool.bzl", "RunToolInfo")
load(":stamp.bzl", "OWN_PLACEHOLDERS", "placeholders", "status_files")

visibility("//oci/...")

RunTargetInfo = provider(
    doc = "What a push or a load does, also for a target that does it along with others (deploy.bzl).",
    fields = {
        "command": "string. `push` or `load`.",
        "content": "struct of content_of. The image.",
        "label": "string. The target, as messages call it.",
        "mount_from": "list of strings. Repositories of the registry that is pushed to, which may hold some of the blobs.",
        "options": "dict. What is particular to the command.",
        "referrers": "list of OciArtifactInfo. What is pushed with the image, since it is about it.",
        "runfiles": "runfiles. What the command needs beside the image.",
        "status": "list of File. Bazel's status files, as far as names need them.",
    },
)

SHIP_ATTRS = {
    "ship": attr.label(
        doc = "The tool. The macro picks it by `run_on`.",
        default = "//oci/private:ship_on_host",
        providers = [RunToolInfo],
    ),
}

RUN_ATTRS = SHIP_ATTRS | {
    "image": attr.label(
        doc = "An `oci_image` or `oci_image_index`, or what makes one OCI image layout directory; for a push, also an `oci_artifact`.",
        mandatory = True,
        aspects = [layout_images_aspect],
    ),
}

def file_reference(ctx, file, moved = {}):
    """How a spec names a file: by its runfiles path, which `moved` has if it isn't the usual one, and by its place in the execution root."""
    return {
        "path": file.path,
        "rlocation": moved.get(file) or rlocation_path(ctx.workspace_name, file.short_path),
    }

def optional_file_reference(ctx, file, moved = {}):
    """As file_reference; None for None."""
    return file_reference(ctx, file, moved) if file else None

def status_of_names(ctx, names, name_files):
    """The status files whose values names may need.

    Args:
      ctx: the rule's context.
      names: list of strings, which may hold stamps.
      name_files: list of File, of which nobody knows what they hold.

    Returns:
      list of File.
    """

    # None where no name has a placeholder, so that a test that runs the target is not run again for every commit.
    if name_files:
        return status_files(ctx)
    keys = [key for key in placeholders(names) if key not in OWN_PLACEHOLDERS]
    return status_files(ctx, keys) if keys else []

def ship_target(ctx, command, spec, runfiles, outputs = []):
    """Declares `ship` as the executable of a target, with its spec beside it.

    Args:
      ctx: the rule's context, with SHIP_ATTRS.
      command: string. What `ship` does, such as `push`.
      spec: dict. The spec but for what every spec has; crates/ship/src/spec.rs.
      runfiles: runfiles. What the spec refers to.
      outputs: list of File. Default outputs beside the executable.

    Returns:
      DefaultInfo.
    """
    ship = ctx.attr.ship[RunToolInfo]
    stem = ctx.label.name + ".run"
    executable = ctx.actions.declare_file(stem + (".exe" if ship.executable.extension == "exe" else ""))
    ctx.actions.symlink(output = executable, target_file = ship.executable, is_executable = True)
    file = ctx.actions.declare_file(stem + ".json")
    ctx.actions.write(file, json.encode(spec | {"command": command, "self": file.path, "v": 1}))
    return DefaultInfo(
        executable = executable,
        # The executable alone, so that $(location) of the target and rules that take one file have it. Bazel builds the
        # spec all the same: it is among the runfiles.
        files = depset([executable] + outputs),
        runfiles = ctx.runfiles(files = [executable, file]).merge(runfiles).merge(ship.runfiles),
    )

def content_spec(ctx, content, moved):
    """What a spec says of the image or index, but for where else its blobs are.

    Args:
      ctx: the rule's context.
      content: struct from content.bzl.
      moved: dict from moved_files.

    Returns:
      dict.
    """
    return {
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
        "root": file_reference(ctx, content.root, moved),
    }

def sources_spec(ctx, content, mount_from):
    """What a spec says of where else the blobs of an image or index are.

    Args:
      ctx: the rule's context.
      content: struct from content.bzl.
      mount_from: list of strings. Repositories of the registry that is pushed to, which may hold some of the blobs.

    Returns:
      list of dict.
    """
    return [
        {
            "credentials": optional_file_reference(ctx, credentials_of(source)),
            "registry": source.registry,
            "repository": source.repository,
        }
        for source in content.sources.to_list()
    ] + [{"repository": repository} for repository in mount_from]

def credentials_files(content):
    """The files that hold the credentials of an image's sources.

    Args:
      content: struct from content.bzl.

    Returns:
      list of File.
    """
    return [credentials_of(source) for source in content.sources.to_list() if credentials_of(source)]

def run_target(ctx, command, options, image, names = [], name_files = [], programs = [], mount_from = [], referrers = [], runfiles = [], outputs = []):
    """Declares the executable and its spec.

    Args:
      ctx: the rule's context, with RUN_ATTRS.
      command: string. `push` or `load`.
      options: dict. What is particular to the command.
      image: OciImageInfo, OciIndexInfo or OciArtifactInfo. What the command is about.
      names: list of strings. Those of options that may hold stamps.
      name_files: list of File. Those that options refer to, and that may hold stamps.
      programs: list of Target. The programs that options refer to.
      mount_from: list of strings. Repositories of the registry that is pushed to, which may hold some of the blobs.
      referrers: list of OciArtifactInfo. What is pushed with the image, since it is about it.
      runfiles: list of runfiles. What else options refer to.
      outputs: list of File. As of ship_target.

    Returns:
      list of DefaultInfo and RunTargetInfo.
    """
    content = content_of(image, referrers)
    status = status_of_names(ctx, names, name_files)
    programs = [program[DefaultInfo] for program in programs]
    files = name_files + status + credentials_files(content) + [program.files_to_run.executable for program in programs]
    info = RunTargetInfo(
        command = command,
        content = content,
        label = display_label(ctx.label),
        mount_from = mount_from,
        options = options,
        referrers = referrers,
        runfiles = ctx.runfiles(files = files).merge_all(runfiles + [program.default_runfiles for program in programs]),
        status = status,
    )
    moved = moved_files(ctx, content)
    needed = info.runfiles.merge(content_runfiles(ctx, content, moved))
    return [ship_target(ctx, command, run_spec(ctx, info, moved), needed, outputs), info]

def run_spec(ctx, info, moved):
    """The spec of a push or a load, but for what every spec has.

    Args:
      ctx: the context of the rule in whose runfiles the files are.
      info: RunTargetInfo.
      moved: dict from moved_files.

    Returns:
      dict; crates/ship/src/spec.rs.
    """
    return {
        "content": content_spec(ctx, info.content, moved) | {
            "referrers": [
                {"label": artifact.label, "manifest": file_reference(ctx, artifact.manifest, moved)}
                for artifact in info.referrers
            ],
            "sources": sources_spec(ctx, info.content, info.mount_from),
        },
        "label": info.label,
        "status": [file_reference(ctx, file) for file in info.status],
        info.command: info.options,
    }
