"""The files of an image's binaries, as entries of its layers."""

load("//oci/private:layer_entries.bzl", "add_dirs", "add_file", "add_lines", "add_symlinks", "file_lines", "repo_relative")
load("//oci/private:runfiles_entries.bzl", "add_runfiles", "relative_link", "repo_mappings")
load(":libraries.bzl", "add_library_links")

visibility("//oci/...")

def _add_beside(entries, root, path, target, executable):
    """Adds what a binary's rule makes beside its executable, which may look for it there."""
    folder = path.rpartition("/")[0]
    built_in = executable.short_path.rpartition("/")[0] + "/"

    def to_lines(file):
        if file == executable:
            return []
        if file.short_path.startswith(built_in):
            return file_lines("%s/%s" % (folder, file.short_path.removeprefix(built_in)), file)
        return file_lines("%s/%s" % (root, repo_relative(file)), file)

    add_lines(entries, target[DefaultInfo].files, to_lines)

def binary_files(ctx, *, binary, settings, launchers, files, carries_files):
    """All files of the binaries, each at its place in the image.

    Args:
      ctx: the context of a rule made by binary_layers_rule.
      binary: struct from binary_of.
      settings: list of entries: what is said of all files.
      launchers: dict from path in the image to File, as of layer_providers.
      files: dict from path in the image to File, as of layer_providers.
      carries_files: bool, as of layer_providers.

    Returns:
      struct:
        entries: list, as the functions of layer_entries.bzl fill it.
        inputs: depset of File.
    """
    entries = list(settings)
    inputs = []
    executables = {}
    for path, target in binary.placed.items():
        own = target[DefaultInfo].files_to_run.executable
        placed = launchers.get(path, own)
        executables[own] = path
        add_file(entries, path, placed)
        inputs.append(depset([placed]))
        if carries_files:
            _add_beside(entries, binary.root, path, target, own)
            inputs.append(target[DefaultInfo].files)
        if path + ".runfiles" != binary.runfiles_root:
            add_symlinks(entries, {path + ".runfiles": relative_link(path + ".runfiles", binary.runfiles_root)})
    for path, file in files.items():
        add_file(entries, path, file)

    # Where containers start: of a file, or of a binary of another repository, nothing need be in it.
    add_dirs(entries, [binary.workdir])
    whole = ctx.attr.runfiles_of or binary.target
    if whole != binary.target:
        # What stands for all of them is no program.
        executables[whole[DefaultInfo].files_to_run.executable] = None
    if carries_files:
        add_library_links(
            ctx,
            entries,
            root = binary.root,
            runfiles_root = binary.runfiles_root,
            runfiles = whole[DefaultInfo].default_runfiles,
        )
    mappings = repo_mappings(binary.path, binary.runfiles_root, whole)
    runfiles = whole[DefaultInfo].default_runfiles
    inputs.append(add_runfiles(ctx, entries, binary.runfiles_root, runfiles, mappings, executables, store_once = True))
    return struct(entries = entries, inputs = depset(files.values(), transitive = inputs))
