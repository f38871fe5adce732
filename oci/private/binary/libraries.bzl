"""Shared libraries of the build, where the loader looks for them that starts a binary in the image."""

load("//oci/private:layer_entries.bzl", "add_lines", "entry_lines")
load("//oci/private:runfiles_entries.bzl", "relative_link", "runfiles_path")

visibility("//oci/...")

def add_library_links(ctx, entries, *, root, runfiles_root, runfiles):
    """Adds links to the libraries of `_solib_*` beside the packages, as they are in the output tree.

    There rules other than cc_binary, such as rust_binary, let the loader look for them: at a path relative to the binary, and not
    among its runfiles.

    Args:
      ctx: the rule's context.
      entries: list.
      root: string. The directory in the image below which packages are.
      runfiles_root: string. The runfiles directory in the image.
      runfiles: runfiles.
    """
    workspace = ctx.workspace_name

    def to_lines(file):
        if not file.short_path.startswith("_solib_"):
            return []
        path = "%s/%s" % (root, file.short_path)
        return entry_lines("symlink", path, relative_link(path, runfiles_path(workspace, runfiles_root, file.short_path)))

    add_lines(entries, runfiles.files, to_lines)
