"""The runfiles of run targets, each file at a path of its own.

The images of an index that is made with `platforms` are one target in several configurations, and so may be layers of the
images that one target deploys. Their files have one runfiles path, at which Bazel would leave only one of them; so the others get
paths of their own, without an action.
"""

visibility("//oci/...")

def rlocation_path(workspace, short_path):
    """Where a file usually is in the runfiles.

    Args:
      workspace: string. `ctx.workspace_name`.
      short_path: string, of a File.

    Returns:
      string, which starts with the canonical name of the file's repository.
    """
    return short_path[3:] if short_path.startswith("../") else "%s/%s" % (workspace, short_path)

def moved_files(ctx, content):
    """The files of an image or index that would be hidden by others.

    Args:
      ctx: the context of a run target.
      content: struct from content.bzl.

    Returns:
      dict of File to string: the path in the runfiles. Empty but for an index of one target in several configurations.
    """
    if len(content.configs) < 2:
        return {}
    folder = "/".join([part for part in (ctx.label.repo_name or ctx.workspace_name, ctx.label.package, ctx.label.name + ".strata") if part])
    first, moved = {}, {}

    # As many as the index's images have files beside each other: to look at them all is cheap.
    for file in content.files.to_list():
        if first.setdefault(file.short_path, file) != file:
            moved[file] = "%s/%d/%s" % (folder, len(moved), file.basename)
    return moved

def content_runfiles(ctx, content, moved):
    """The files of an image or index as runfiles.

    Args:
      ctx: the context of a run target.
      content: struct from content.bzl.
      moved: dict from moved_files.

    Returns:
      runfiles.
    """
    if not moved:
        return ctx.runfiles(transitive_files = content.files)
    return ctx.runfiles(
        files = [file for file in content.files.to_list() if file not in moved],
        root_symlinks = {path: file for file, path in moved.items()},
    )
