"""The rule of a language's layers: one target that owns the layers of a binary, lowest first.

A language says what groups there are and how a container starts the binary. Everything else is here and in the files beside this
one: where files go, what each layer leaves to those before it, the actions and the providers.
"""

load("//oci:providers.bzl", "OciLayersInfo")
load("//oci:toolchain.bzl", "PACK_TOOLCHAIN_TYPE")
load("//oci/private:labels.bzl", "display_label")
load("//oci/private:layer_entries.bzl", "add_settings")
load("//oci/private:packed_layer.bzl", "PACKING_ATTRS", "declare_layer")
load("//oci/private:target_platform.bzl", "PLATFORM_ATTRS", "named_platform", "target_platform")
load("//oci/private:transition.bzl", "platform_attr", "platform_transition")
load(":binary.bzl", "BINARY_ATTRS", "binaries_attr")
load(":files.bzl", "binary_files")
load(":groups.bzl", "group_parts", "with_layer_groups")
load(":invocation.bzl", "invocation_aspect")
load(":owner.bzl", "check_owner")
load(":providers.bzl", "BinaryConfigInfo")
load(":runfiles_groups.bzl", "RUNFILES_GROUPS_ATTRS", "runfiles_groups")

visibility("//oci/...")

_LAYERS_ATTRS = BINARY_ATTRS | PACKING_ATTRS | PLATFORM_ATTRS | RUNFILES_GROUPS_ATTRS | {
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
    "standalone": attr.bool(
        doc = "Whether the image holds nothing else, so that a dynamic binary would have nothing to load it, and is an error.",
    ),
    "stem": attr.string(
        doc = "What layers are named after, `<stem>.<group>_layer`. Default: the target's name.",
    ),
}

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
    everything = binary_files(
        ctx,
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

            # Several are packed at once: each waits for a sandbox of all files before it has anything to do.
            large = len(groups) == 1,
            # Of a group with inputs of its own it is known that no binary is in it.
            standalone = binary.placed.keys() if ctx.attr.standalone and not part.entries else [],
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

def binary_layers_rule(implementation, *, doc, aspects = [invocation_aspect], attrs = {}):
    """Makes the rule of a language's layers.

    Args:
      implementation: function from ctx to what layer_providers returns.
      doc: string.
      aspects: list of aspects on the binary, one of which gives InvocationInfo. Few, since Bazel goes through all dependencies of a
        target again for each aspect on it.
      attrs: dict. Further attributes. `file_mode` and `directory_mode`, strings, are the modes of all files and directories;
        `preserve_symlinks`, a string, is the regex of paths at which links stay links.

    Returns:
      rule.
    """
    return rule(
        implementation = implementation,
        doc = doc,
        attrs = _LAYERS_ATTRS | {"binaries": binaries_attr(aspects)} | attrs,
        cfg = platform_transition,
        provides = [OciLayersInfo, BinaryConfigInfo],
        toolchains = [PACK_TOOLCHAIN_TYPE],
    )
