"""The entries file of `pack layer`: which file goes where in the layer.

Nothing here is expanded before the action's command line is: trees, runfiles and depsets stay what they are. The format is
in docs/architecture.md: a version line, then four lines an entry (kind, path in the image, source, mode), for what the layer
holds and for what is said of it.

Entries are collected as a list of structs, each a depset or list of values and a function from a value to lines, or None
where the values are lines. So a layer above can write the same entries again, with the paths of its own action.
"""

visibility("//oci/...")

_VERSION = "strata-entries 2"

def entries_file(ctx, flag, entries):
    """The entries as a file on the command line of `pack layer`.

    Args:
      ctx: the rule's context.
      flag: string. The flag that takes the file.
      entries: list or tuple, filled by the functions below.

    Returns:
      Args.
    """
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.use_param_file(flag + "=%s", use_always = True)
    args.add(_VERSION)
    for part in entries:
        if part.to_lines:
            args.add_all(part.values, map_each = part.to_lines, expand_directories = False, allow_closure = True)
        else:
            args.add_all(part.values)
    return args

def add_lines(entries, values, to_lines = None):
    """Adds lines.

    Args:
      entries: list.
      values: list or depset.
      to_lines: function from a value to lines, called when the command line is expanded; or None if the values are lines.
    """
    entries.append(struct(to_lines = to_lines, values = values))

def entry_lines(kind, path, source = "", mode = ""):
    """The lines of something that the layer holds.

    Args:
      kind: string.
      path: string. Where it is in the image.
      source: string.
      mode: string, octal; or empty.

    Returns:
      list of strings.
    """
    for text in (path, source):
        if "\n" in text:
            fail("a path in a layer holds a newline: %r. Rename the file, or leave it out of the layer." % text)
    return [kind, path, source, mode]

def setting_lines(kind, *, attribute, glob = "", value = "", mode = ""):
    """The lines of something that is said of what the layer holds.

    Args:
      kind: string.
      attribute: string. Where it was said, for messages.
      glob: string. Which paths it is said of; empty for everything.
      value: string.
      mode: string, octal.

    Returns:
      list of strings.
    """
    for text in (glob, value, mode):
        if "\n" in text:
            fail("`%s` holds a newline: %r. Write it on one line." % (attribute, text))
    return [kind, glob, value, mode]

def _add_setting(entries, kind, **kwargs):
    add_lines(entries, setting_lines(kind, **kwargs))

def add_settings(entries, *, owner, owners, owner_name, mode, modes, xattrs, mtime, directory_mode = ""):
    """Adds what is said of everything in the layer, or of what matches a glob.

    Args:
      entries: list.
      owner: string, `uid:gid`.
      owners: dict of glob to `uid:gid`.
      owner_name: string, `user:group`; or empty.
      mode: string, octal; or empty.
      modes: dict of glob to octal mode.
      xattrs: dict of glob to `name=value`, several of them one a line.
      mtime: int, seconds since the epoch.
      directory_mode: string, octal; or empty. Of all directories but /tmp, /var/tmp and /root.
    """
    _add_setting(entries, "owner", attribute = "owner", value = owner)
    for glob, glob_owner in owners.items():
        _add_setting(entries, "owner", attribute = "owners", glob = glob or "/", value = glob_owner)
    if owner_name:
        _add_setting(entries, "names", attribute = "owner_name", value = owner_name)
    _add_setting(entries, "mtime", attribute = "mtime", value = str(mtime))
    if mode:
        _add_setting(entries, "mode", attribute = "mode", mode = mode)
    if directory_mode:
        _add_setting(entries, "dirmode", attribute = "directory_mode", mode = directory_mode)
    for glob, lines in xattrs.items():
        for xattr in lines.strip("\n").split("\n"):
            _add_setting(entries, "xattr", attribute = "xattrs", glob = glob or "/", value = xattr)
    for glob, glob_mode in modes.items():
        _add_setting(entries, "mode", attribute = "modes", glob = glob or "/", mode = glob_mode)

def _file_kind(file):
    if file.is_directory:
        return "tree"

    # A source file that is a link counts as the file that it leads to, for Bazel and so here.
    if file.is_source:
        return "file"

    # File.is_symlink is there from Bazel 8 on. Before, pack looks at the output itself.
    if not hasattr(file, "is_symlink"):
        return "output"
    return "readlink" if file.is_symlink else "file"

def file_lines(path, file, mode = ""):
    """The lines of a file, tree or declared link.

    Args:
      path: string. Where it goes in the image.
      file: File.
      mode: string, octal; or empty.

    Returns:
      list of strings.
    """
    kind = _file_kind(file)
    return entry_lines(kind, path, file.path, "" if kind == "readlink" else mode)

def _repo_relative(file):
    """`../repo/pkg/x` and `pkg/x` to `pkg/x`."""
    return file.short_path.split("/", 2)[2] if file.short_path.startswith("../") else file.short_path

def _package_relative(file):
    """The path below the package that the file belongs to."""
    path = _repo_relative(file)
    package = file.owner.package
    return path[len(package) + 1:] if package and path.startswith(package + "/") else path

def _strip(file, path, prefix):
    if not prefix:
        return path
    if path == prefix and file.is_directory:
        return ""
    if not path.startswith(prefix + "/"):
        fail("strip_prefix %r does not fit %s, which is at %r. Files that do not lie below it go into a layer of their own, or into `files`." % (prefix, file.short_path, path))
    return path[len(prefix) + 1:]

def place(file, package_dir, strip_prefix):
    """Where a file of `srcs` goes in the image.

    Args:
      file: File.
      package_dir: string. The directory in the image.
      strip_prefix: string. Taken off the path below the file's package, or, where it starts with `/`, off the
        path in its repository.

    Returns:
      string. The path in the image.
    """
    if strip_prefix.startswith("/"):
        path = _strip(file, _repo_relative(file), strip_prefix.strip("/"))
    else:
        path = _strip(file, _package_relative(file), strip_prefix.strip("/"))
    return package_dir.rstrip("/") + "/" + path

def add_srcs(entries, files, package_dir, strip_prefix):
    """Adds files at their paths below package_dir.

    Args:
      entries: list.
      files: depset of File.
      package_dir: string, see place.
      strip_prefix: string, see place.
    """
    add_lines(entries, files, lambda file: file_lines(place(file, package_dir, strip_prefix), file))

def add_file(entries, path, file):
    """Adds one file, or the contents of one tree, at a path.

    Args:
      entries: list.
      path: string. The path in the image.
      file: File.
    """
    add_lines(entries, [file], lambda file: file_lines(path, file))

def add_symlinks(entries, symlinks):
    """Adds symbolic links.

    Args:
      entries: list.
      symlinks: dict of path in the image to target, kept as it is.
    """
    for path, target in symlinks.items():
        add_lines(entries, entry_lines("symlink", path, target))

def add_tars(entries, files):
    """Adds tars to merge, on top of those added before.

    Args:
      entries: list.
      files: depset of File.
    """
    add_lines(entries, files, lambda file: entry_lines("tar", "", file.path))

def add_dirs(entries, dirs):
    """Adds directories that need no files to be there.

    Args:
      entries: list.
      dirs: list of paths in the image.
    """
    for path in dirs:
        add_lines(entries, entry_lines("dir", path))

def add_whiteouts(entries, whiteouts, opaque):
    """Adds what the layer takes away from those below it.

    Args:
      entries: list.
      whiteouts: list of paths in the image.
      opaque: list of directories in the image.
    """
    for path in whiteouts:
        add_lines(entries, entry_lines("whiteout", path))
    for path in opaque:
        add_lines(entries, entry_lines("opaque", path))

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
    if short_path.startswith("../"):
        return "%s/%s" % (root, short_path[3:])
    return "%s/%s/%s" % (root, workspace, short_path)

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
        if file.basename == "__pycache__" and not file.is_directory:
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
                lines.extend(entry_lines("symlink", path, "../" * path.strip("/").count("/") + placed[file].strip("/")))
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
