"""PYTHONPATH, as the launcher of rules_python sets it."""

load("//oci/private:runfiles_entries.bzl", "runfiles_path")

visibility(["//oci/lang/..."])

def _repository_root(file):
    """The root of the repository of a source that isn't installed into site-packages, among the runfiles."""
    if not file.short_path.startswith("../"):
        return None
    repository, path = file.short_path[3:].split("/", 1)
    return None if path.startswith("site-packages/") else repository

def write_python_path(ctx, runfiles_root, programs):
    """Declares a file that sets PYTHONPATH.

    The runfiles, the `imports` of all libraries, the main repository, and every other one from which sources come, so that
    `from python.runfiles import runfiles` finds what rules_python has at its root.

    Args:
      ctx: the rule's context.
      runfiles_root: string. The runfiles directory in the image.
      programs: list of structs from program_of.

    Returns:
      File. One line, `PYTHONPATH=…`.
    """
    workspace = ctx.workspace_name
    imports = depset(transitive = [program.imports for program in programs])
    sources = depset(transitive = [program.sources for program in programs])

    # Depsets are flattened when the action runs, and never before.
    def to_directories(parts):
        below = [name for name in parts.imports.to_list() if name] + [workspace]
        below += [root for root in [_repository_root(file) for file in parts.sources.to_list()] if root]
        return [runfiles_root] + [runfiles_root + "/" + name for name in below]

    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.add_joined(
        [struct(imports = imports, sources = sources)],
        map_each = to_directories,
        allow_closure = True,
        format_joined = "PYTHONPATH=%s",
        join_with = ":",
        uniquify = True,
    )
    file = ctx.actions.declare_file("%s.strata/python_path.env" % ctx.label.name)
    ctx.actions.write(file, args)
    return file

def in_runfiles(ctx, runfiles_root, file):
    """Where a file is in the image.

    Args:
      ctx: the rule's context.
      runfiles_root: string. The runfiles directory in the image.
      file: File, among the runfiles.

    Returns:
      string.
    """
    return runfiles_path(ctx.workspace_name, runfiles_root, file.short_path)
