"""Runfiles as entries of a layer, laid out as Bazel does it."""

load(":layer_entries.bzl", "add_file", "add_lines", "entry_lines", "file_lines")
load(":run_files.bzl", "rlocation_path")

visibility("//oci/...")

def relative_link(path, target):
    """What a link holds that leads from one path in the image to another.

    Args:
      path: string. Where the link is.
      target: string. What it leads to.

    Returns:
      string.
    """
    from_parts, to_parts = path.strip("/").split("/")[:-1], target.strip("/").split("/")
    shared = 0
    for one, other in zip(from_parts, to_parts[:-1]):
        if one != other:
            break
        shared += 1
    return "/".join([".."] * (len(from_parts) - shared) + to_parts[shared:])

def runfiles_path(workspace, root, short_path):
    """Where Bazel puts a file among runfiles.

    Args:
      workspace: string. `ctx.workspace_name`, which a function that writes lines can't ask for.
      root: string. The runfiles directory in the image.
      short_path: string, of a File, or a name among the empty files of runfiles.

    Returns:
      string. The path in the image.
    """
    return "%s/%s" % (root, rlocation_path(workspace, short_path))

def add_runfiles_files(ctx, entries, root, files, executables = {}):
    """Adds files at their places among runfiles.

    Args:
      ctx: the rule's context.
      entries: list.
      root: string. The runfiles directory in the image.
      files: depset of File.
      executables: dict of File to path in the image. What is there already: among the runfiles, links lead to it. What has None
        for a path is left out.
    """
    workspace = ctx.workspace_name

    def to_lines(file):
        # rules_python has links to /dev/null in an interpreter's repository, where it finds no other place for bytecode.
        if file.basename == "__pycache__" and file.is_source and not file.is_directory and file.owner.repo_name:
            return []
        path = runfiles_path(workspace, root, file.short_path)
        if file in executables:
            if executables[file] == None:
                return []
            return entry_lines("symlink", path, relative_link(path, executables[file]))
        return file_lines(path, file)

    add_lines(entries, files, to_lines)

def repo_mappings(path, root, target):
    """Where a binary and its runfiles library look for the repo mapping.

    Args:
      path: string. Where the binary is in the image.
      root: string. The runfiles directory in the image.
      target: Target. The binary.

    Returns:
      dict of path in the image to File.
    """
    mapping = target[DefaultInfo].files_to_run.repo_mapping_manifest
    return {path + ".repo_mapping": mapping, root + "/_repo_mapping": mapping} if mapping else {}

def _add_empty_files(entries, workspace, root, runfiles):
    def to_lines(runfiles):
        lines = []
        for name in runfiles.empty_filenames.to_list():
            # With --legacy_external_runfiles, the default of Bazel 7, names of other repositories begin so.
            if name.startswith("external/"):
                name = "../" + name.removeprefix("external/")
            lines.extend(entry_lines("empty", runfiles_path(workspace, root, name)))
        return lines

    # Bazel goes through all files to find these names: in an action that writes them, and not whenever a target is analysed.
    add_lines(entries, [runfiles], to_lines)

def _add_links(entries, workspace, root, runfiles, store_once):
    def to_lines(runfiles):
        links = [(runfiles_path(workspace, root, link.path), link.target_file) for link in runfiles.symlinks.to_list()]
        links += [("%s/%s" % (root, link.path), link.target_file) for link in runfiles.root_symlinks.to_list()]
        placed = {}
        if links and store_once:
            placed = {file: runfiles_path(workspace, root, file.short_path) for file in runfiles.files.to_list()}
        lines = []
        for path, file in links:
            if placed.get(file, path) == path:
                lines.extend(file_lines(path, file))
            else:
                lines.extend(entry_lines("symlink", path, relative_link(path, placed[file])))
        return lines

    add_lines(entries, [runfiles], to_lines)

def add_runfiles(ctx, entries, root, runfiles, mappings, executables = {}, store_once = False):
    """Adds runfiles as Bazel lays them out.

    Carried are files, trees, symlinks, root symlinks, empty files and repo mapping files.

    Args:
      ctx: the rule's context.
      entries: list.
      root: string. The runfiles directory in the image.
      runfiles: runfiles.
      mappings: dict of path in the image to File: where the repo mapping goes.
      executables: dict of File to path in the image, as of add_runfiles_files.
      store_once: bool. Whether symlinks and root symlinks of files that are runfiles anyway lead to those, and are not copies.

    Returns:
      depset of File. What the action needs as inputs.
    """
    add_runfiles_files(ctx, entries, root, runfiles.files, executables)
    workspace = ctx.workspace_name
    _add_links(entries, workspace, root, runfiles, store_once)
    _add_empty_files(entries, workspace, root, runfiles)
    for path, file in mappings.items():
        add_file(entries, path, file)

    # What links point to is not among runfiles.files, and a depset of links is no depset of files. These two are
    # the only depsets that analysis flattens: nearly always empty, else a handful.
    linked = [
        link.target_file
        for links in (runfiles.symlinks, runfiles.root_symlinks)
        for link in links.to_list()
    ]
    return depset(linked + mappings.values(), transitive = [runfiles.files])
