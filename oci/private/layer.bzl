"""oci_layer: files, links and directories as one layer of an image."""

load("//oci:providers.bzl", "OciLayerInfo")
load("//oci:toolchain.bzl", "PACK_TOOLCHAIN_TYPE")
load(":labels.bzl", "display_label")
load(":layer_attrs.bzl", "LAYER_ATTRS")
load(":layer_entries.bzl", "add_dirs", "add_file", "add_settings", "add_srcs", "add_symlinks", "add_tars", "add_whiteouts", "place")
load(":layer_platform.bzl", "layer_platform")
load(":packed_layer.bzl", "packed_layer")
load(":pkg_entries.bzl", "add_pkg", "is_pkg")
load(":runfiles_entries.bzl", "add_runfiles", "repo_mappings")
load(":tar_import.bzl", "check_no_image")
load(":transition.bzl", "platform_transition")

visibility("//oci/...")

def _executable(target):
    return target[DefaultInfo].files_to_run.executable if target[DefaultInfo].files_to_run else None

def _is_large(files, tars, runfiles):
    # Only what is known without flattening: trees, tars and runfiles hide any number of files.
    return bool(tars) or bool(runfiles) or any([file.is_directory for file in files])

def _tars(ctx):
    """What is to be merged, as a list of depsets of File, one for each item of `tars`."""
    for target in ctx.attr.tars:
        check_no_image(ctx, target)
    for file in ctx.files.tars:
        if file.is_directory:
            fail("%s: tars has %s, a directory. Put it into srcs." % (ctx.label, file.short_path))
    tars = []
    merged = {}
    for target in ctx.attr.tars:
        if OciLayerInfo not in target:
            tars.append(target[DefaultInfo].files)
            continue
        layer = target[OciLayerInfo]
        if not layer.blob:
            fail("%s: tars has %s, a layer whose bytes are not there to be merged. Name it in the tars of the image." % (ctx.label, layer.label))
        missing = [lower for lower in layer.below if lower not in merged]
        if missing:
            fail("%s: tars has %s, which leaves out what is in %s (its `below`). Put that before it in tars." % (ctx.label, layer.label, ", ".join(missing)))
        merged[layer.label] = True
        tars.append(depset([layer.blob]))
    return tars

def _add_declared_file(ctx, entries, path, target):
    """Adds one item of `files`; returns where its executable is in the image, or None."""
    if is_pkg(target):
        fail("%s: files[%r] is %s, a mapping of rules_pkg, which says itself where things go. Name it in `srcs`." % (ctx.label, path, target.label))
    files = target[DefaultInfo].files.to_list()
    if path.endswith("/"):
        add_srcs(entries, target[DefaultInfo].files, path, "")
        executable = _executable(target)
        return place(executable, path, "") if executable else None
    if len(files) != 1:
        fail("%s: files[%r] is %s, which has %d outputs: %s. End the path with a slash to place them all below it." % (
            ctx.label,
            path,
            target.label,
            len(files),
            ", ".join([file.short_path for file in files]) or "none",
        ))
    add_file(entries, path, files[0])
    return path

def _lower_layers(ctx):
    layers = [lower[OciLayerInfo] for lower in ctx.attr.below]
    for layer in layers:
        if layer.entries == None:
            fail("%s: below: %s is no oci_layer: what a tar from elsewhere holds, or one of several layers of a binary, is not known here. Take it out of below; what both have is in the image twice then." % (ctx.label, layer.label))
    return layers

def _oci_layer_impl(ctx):
    entries = []

    # First, so that the globs of this rule win over what they say of owners.
    for src in ctx.attr.srcs:
        if is_pkg(src):
            add_pkg(entries, src, ctx.attr.package_dir)
    add_settings(
        entries,
        owner = ctx.attr.owner,
        owners = ctx.attr.owners,
        owner_name = ctx.attr.owner_name,
        mode = ctx.attr.mode,
        modes = ctx.attr.modes,
        xattrs = ctx.attr.xattrs,
        mtime = ctx.attr.mtime,
    )
    inputs = [src[DefaultInfo].files for src in ctx.attr.srcs + ctx.attr.files.values()]
    executables = []  # (path in the image, target)

    srcs = [src for src in ctx.attr.srcs if not is_pkg(src)]
    add_srcs(entries, depset(transitive = [src[DefaultInfo].files for src in srcs]), ctx.attr.package_dir, ctx.attr.strip_prefix)
    for src in srcs:
        if _executable(src):
            executables.append((place(_executable(src), ctx.attr.package_dir, ctx.attr.strip_prefix), src))
    for path, target in ctx.attr.files.items():
        executable_path = _add_declared_file(ctx, entries, path, target)
        if executable_path and _executable(target):
            executables.append((executable_path, target))
    for tar in _tars(ctx):
        add_tars(entries, tar)
        inputs.append(tar)
    add_symlinks(entries, ctx.attr.symlinks)
    add_dirs(entries, ctx.attr.dirs)
    add_whiteouts(entries, ctx.attr.whiteouts, ctx.attr.opaque)

    if ctx.attr.include_runfiles:
        for path, target in executables:
            root = path + ".runfiles"
            mappings = repo_mappings(path, root, target)
            inputs.append(add_runfiles(ctx, entries, root, target[DefaultInfo].default_runfiles, mappings))

    return packed_layer(
        ctx,
        entries = entries,
        inputs = depset(transitive = inputs),
        platform = layer_platform(ctx, display_label(ctx.label), [tar[OciLayerInfo] for tar in ctx.attr.tars if OciLayerInfo in tar]),
        below = _lower_layers(ctx),
        dedupe = ctx.attr.dedupe,
        large = _is_large(ctx.files.srcs + ctx.files.files, ctx.attr.tars, ctx.attr.include_runfiles and executables),
    )

oci_layer = rule(
    implementation = _oci_layer_impl,
    doc = """One layer of an image, packed from files.

The same inputs give the same bytes on every machine: entries are sorted by path, owner and time are fixed, and the
umask, the clock and the order of files on disk count for nothing. Parent directories are always written, once, before
their contents: 0755, but `/tmp` and `/var/tmp` 1777 and `/root` 0700, unless `dirs` and `modes` declare them otherwise.

```starlark
oci_layer(
    name = "app",
    srcs = [":server"],             # at /srv/server
    package_dir = "/srv",
    files = {"/etc/app.conf": "config/prod.conf"},
    symlinks = {"/usr/bin/server": "/srv/server"},
    tars = [":assets.tar"],         # below all of these
    dirs = ["/var/lib/app"],
    modes = {"var/lib/app": "0700", "etc/**": "0444"},
    owner = "1000:1000",
)
```

A layer of programs may say what they are for, by `platform` or by os and architecture; it is then an error in an image
for another platform.

Two files at one path, a path with `..`, and a glob that fits nothing are errors.
Output groups: `mtree`, the layer's listing; `metadata`, its `layer.json`.
""",
    attrs = LAYER_ATTRS,
    cfg = platform_transition,
    provides = [OciLayerInfo],
    toolchains = [PACK_TOOLCHAIN_TYPE],
)
