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

def repo_relative(file):
    """The path of a file in its repository: `../repo/pkg/x` and `pkg/x` to `pkg/x`.

    Args:
      file: File.

    Returns:
      string.
    """
    return file.short_path.split("/", 2)[2] if file.short_path.startswith("../") else file.short_path

def _package_relative(file):
    """The path below the package that the file belongs to."""
    path = repo_relative(file)
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
        path = _strip(file, repo_relative(file), strip_prefix.strip("/"))
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
