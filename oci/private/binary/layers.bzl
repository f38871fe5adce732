"""The rule of a language's layers: one target that owns the layers of a binary, lowest first.

A language says what groups there are and how a container starts the binary. Everything else is here: where files go, what each
layer leaves to those before it, the actions and the providers.
"""

load("//oci:providers.bzl", "OciLayersInfo")
load("//oci:toolchain.bzl", "PACK_TOOLCHAIN_TYPE")
load("//oci/private:labels.bzl", "display_label")
load("//oci/private:layer_entries.bzl", "add_dirs", "add_file", "add_lines", "add_runfiles", "add_settings", "add_symlinks", "file_lines", "relative_link", "repo_mappings")
load("//oci/private:packed_layer.bzl", "PACKING_ATTRS", "declare_layer")
load("//oci/private:target_platform.bzl", "PLATFORM_ATTRS", "named_platform", "target_platform")
load("//oci/private:transition.bzl", "platform_attr", "platform_transition")
load(":groups.bzl", "group_parts", "with_layer_groups")
load(":invocation.bzl", "invocation_aspect", "invocation_of")
load(":libraries.bzl", "add_library_links")
load(":owner.bzl", "check_owner")
load(":paths.bzl", "image_root")
load(":providers.bzl", "BinaryConfigInfo")
load(":runfiles_groups.bzl", "RUNFILES_GROUPS_ATTRS", "runfiles_groups")

visibility("//oci/...")

def _binary_attr(aspects):
    return attr.label_list(
        doc = """The binary to put into the image: any target that `bazel run` takes. Several share one runfiles directory, that of
the first, which is the one that a container starts.""",
        mandatory = True,
        allow_empty = False,
        # As `bazel run` does: a script, or what a genrule makes.
        allow_files = True,
        aspects = [invocation_aspect] + aspects,
    )

LAYERS_ATTRS = PACKING_ATTRS | PLATFORM_ATTRS | RUNFILES_GROUPS_ATTRS | {
    "layer_groups": attr.string_dict(
        doc = """Further layers: name to regex, ECMAScript, matched anywhere in the path in the image with `./` before it, such
as `{"torch": "/site-packages/(torch|nvidia)/"}`. They come first, in order; one with the name of a layer that there is anyway
takes that one's place. A file is in the first layer that matches it.""",
    ),
    "owner": attr.string(
        doc = "Owner of every entry, `uid:gid`, as numbers.",
        default = "0:0",
    ),
    "platform": platform_attr("The platform to build the binary for. Default: the target platform."),
    "root": attr.string(
        doc = "Directory in the image below which the binary is placed, at its package and name.",
        default = "/",
    ),
    "runfiles_of": attr.label(
        doc = """A target with the runfiles of all binaries, where there are several: it is what Bazel makes one repo mapping for.""",
    ),
    "standalone": attr.bool(
        doc = "Whether the image holds nothing else, so that a dynamic binary would have nothing to load it, and is an error.",
    ),
    "stem": attr.string(
        doc = "What layers are named after, `<stem>.<group>_layer`. Default: the target's name.",
    ),
}

def _check_executable(label, target):
    files_to_run = target[DefaultInfo].files_to_run
    if not files_to_run or not files_to_run.executable:
        fail("%s: binary %s has no executable, so that a container can't start it. Name a *_binary; put plain files into an oci_layer." % (
            label,
            display_label(target.label),
        ))

def _placed(label, root, targets):
    """Where each binary is in the image: dict from path to target."""
    placed = {}
    for target in targets:
        path = "/".join([root] + [part for part in (target.label.package, target.label.name) if part])
        if path in placed:
            fail("%s: %s and %s would both be at %s in the image. Build two images, or rename one." % (
                label,
                display_label(placed[path].label),
                display_label(target.label),
                path,
            ))
        placed[path] = target
    return placed

def binary_of(ctx):
    """The binary, or binaries, of a rule made by binary_layers_rule.

    Args:
      ctx: the rule's context.

    Returns:
      struct:
        path: string. Where the binary is in the image; of several, the one that a container starts.
        runfiles_root: string. `<path>.runfiles`, of which they all have theirs.
        workdir: string. Where they start: the main repository in the runfiles.
        target: Target. The binary.
        args: tuple of string. What `bazel run` would pass to it.
        env: dict from string to string. What `bazel run` would set.
        placed: dict from path in the image to Target, in order: all binaries.
    """
    label = display_label(ctx.label)
    placed = _placed(label, image_root(label, ctx.attr.root), ctx.attr.binaries)
    path = placed.keys()[0]
    target = placed[path]
    for binary in placed.values():
        _check_executable(label, binary)
    invocation = invocation_of(target)
    return struct(
        args = invocation.args,
        env = invocation.env,
        path = path,
        placed = placed,
        runfiles_root = path + ".runfiles",
        target = target,
        workdir = "%s.runfiles/%s" % (path, ctx.workspace_name),
    )

def _add_beside(entries, root, target, executable):
    """Adds what a binary's rule makes beside its executable, which may look for it there."""

    def to_lines(file):
        if file == executable:
            return []
        return file_lines("%s/%s" % (root, file.short_path.replace("../", "external/")), file)

    add_lines(entries, target[DefaultInfo].files, to_lines)

def _all_files(ctx, *, label, binary, settings, launchers, files, carries_files):
    """All of the binary's files: entries and inputs."""
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
            _add_beside(entries, image_root(label, ctx.attr.root), target, own)
            inputs.append(target[DefaultInfo].files)
        if path != binary.path:
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
            root = image_root(label, ctx.attr.root),
            runfiles_root = binary.runfiles_root,
            runfiles = whole[DefaultInfo].default_runfiles,
        )
    mappings = repo_mappings(binary.path, binary.runfiles_root, whole)
    runfiles = whole[DefaultInfo].default_runfiles
    inputs.append(add_runfiles(ctx, entries, binary.runfiles_root, runfiles, mappings, executables, store_once = True))
    return struct(entries = entries, inputs = depset(files.values(), transitive = inputs))

def _settings(ctx, label):
    settings = []
    add_settings(
        settings,
        owner = check_owner(label, ctx.attr.owner),
        owners = {},
        owner_name = "",
        mode = getattr(ctx.attr, "file_mode", ""),
        directory_mode = getattr(ctx.attr, "directory_mode", ""),
        modes = {},
        xattrs = {},
        mtime = 0,
    )
    return settings

def layer_providers(ctx, binary, *, groups, entrypoint, cmd = [], env = {}, env_files = [], launchers = {}, files = {}, carries_files = False, absent = None, absent_regexes = []):
    """Declares the layers of a binary.

    Args:
      ctx: the context of a rule made by binary_layers_rule.
      binary: struct from binary_of.
      groups: list of groups (groups.bzl), in order: the layers, lowest first.
      entrypoint: list of strings.
      cmd: list of strings before the binary's args.
      env: dict. RUNFILES_DIR is set anyway.
      env_files: list of File, as BinaryConfigInfo has them.
      launchers: dict from path in the image, of binary.placed, to File. In place of that binary's executable.
      files: dict from path in the image to File. What the language adds.
      carries_files: bool. Whether what the binary's rule makes beside the executable goes beside it.
      absent: depset of File or None. Those of the runfiles that the image doesn't get, since its base has what they are for.
      absent_regexes: list of strings. The same, told by paths: regexes as of regex_group.

    Returns:
      list of providers.
    """
    label = display_label(ctx.label)
    named_platform(ctx, label)

    # Between what the language knows and the rest.
    own = runfiles_groups(ctx, binary.target, [group.name for group in groups])
    groups = with_layer_groups(label, groups[:-1] + own + groups[-1:], ctx.attr.layer_groups)
    settings = _settings(ctx, label)
    everything = _all_files(
        ctx,
        label = label,
        binary = binary,
        settings = settings,
        launchers = launchers,
        files = files,
        carries_files = carries_files,
    )
    stem = ctx.attr.stem or ctx.label.name
    layers = {}
    parts = group_parts(
        ctx,
        groups = groups,
        root = binary.runfiles_root,
        settings = settings,
        stem = stem,
        inputs = everything.inputs,
        absent = absent,
        absent_regexes = absent_regexes,
    )
    for group, part in zip(groups, parts):
        layers[group.name] = declare_layer(
            ctx,
            stem = "%s.%s_layer" % (stem, group.name),
            label = "%s%s.%s_layer" % (label.removesuffix(ctx.label.name), stem, group.name),
            entries = part.entries or everything.entries,
            inputs = group.files if part.entries else everything.inputs,
            platform = target_platform(ctx),
            dedupe = group.dedupe,
            large = True,
            standalone = binary.placed.keys() if ctx.attr.standalone else [],
            filter = part.filter,
        )
    blobs = {name: layer.blob for name, layer in layers.items()}
    return [
        DefaultInfo(files = depset(blobs.values(), order = "preorder")),
        OutputGroupInfo(**{name: depset([blob]) for name, blob in blobs.items()}),
        OciLayersInfo(label = label, layers = layers),
        BinaryConfigInfo(
            cmd = tuple(cmd) + binary.args,
            entrypoint = tuple(entrypoint),
            env = {"RUNFILES_DIR": binary.runfiles_root} | env | binary.env,
            env_files = tuple(env_files),
            workdir = binary.workdir,
        ),
    ]

def binary_layers_rule(implementation, *, doc, aspects = [], attrs = {}, toolchains = []):
    """Makes the rule of a language's layers.

    Args:
      implementation: function from ctx to what layer_providers returns.
      doc: string.
      aspects: list of aspects on the binary.
      attrs: dict. Further attributes. `file_mode` and `directory_mode`, strings, are the modes of all files and directories;
        `preserve_symlinks`, a string, is the regex of paths at which links stay links.
      toolchains: list. Further toolchains.

    Returns:
      rule.
    """
    return rule(
        implementation = implementation,
        doc = doc,
        attrs = LAYERS_ATTRS | {"binaries": _binary_attr(aspects)} | attrs,
        cfg = platform_transition,
        provides = [OciLayersInfo, BinaryConfigInfo],
        toolchains = [PACK_TOOLCHAIN_TYPE] + toolchains,
    )
