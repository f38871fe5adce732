"""oci_debs: Debian packages as a layer."""

load("//oci:providers.bzl", "OciLayerInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE", "PACK_TOOLCHAIN_TYPE")
load("//oci/private/actions:rootfs.bzl", "unpack_debs")
load(":labels.bzl", "display_label")
load(":layer_attrs.bzl", "LAYER_ATTRS")
load(":layer_entries.bzl", "add_settings", "add_tars")
load(":layer_platform.bzl", "layer_platform")
load(":packed_layer.bzl", "PACKING_ATTRS", "packed_layer")
load(":rootfs_links.bzl", "ROOTFS_LINKS", "check_links")
load(":target_platform.bzl", "PLATFORM_ATTRS", "target_platform")
load(":transition.bzl", "platform_transition")

visibility("//oci/...")

def _oci_debs_impl(ctx):
    label = display_label(ctx.label)
    check_links(label, ctx.attr.links)
    for glob in ctx.attr.exclude:
        if not glob or "\n" in glob:
            fail("%s: exclude: %r is no glob. Write one such as \"usr/share/man/**\"." % (label, glob))
    if not ctx.files.debs:
        fail("%s: debs has no files. Name .deb files, in the order in which they are unpacked." % label)
    declared = layer_platform(ctx, label, [])
    tar = ctx.actions.declare_file(ctx.label.name + ".strata/debs.tar")
    unpack_debs(
        ctx,
        label = label,
        debs = ctx.files.debs,
        links = ctx.attr.links,
        exclude = ctx.attr.exclude,
        platform = declared or target_platform(ctx),
        assumed = not declared,
        keep_mtime = ctx.attr.keep_mtime,
        tar = tar,
    )
    entries = []
    add_settings(entries, owner = "0:0", owners = {}, owner_name = "", mode = "", modes = {}, xattrs = {}, mtime = 0)
    add_tars(entries, depset([tar]))
    return packed_layer(ctx, entries = entries, inputs = depset([tar]), platform = declared, large = True)

oci_debs = rule(
    implementation = _oci_debs_impl,
    doc = """Debian packages, unpacked into a layer.

```starlark
oci_debs(
    name = "libc",
    debs = ["@libc6_amd64//file", "@libgcc_s1_amd64//file"],
    architecture = "amd64",
    exclude = ["usr/share/man/**"],
)
```

Files, owners (by number) and modes are those of the packages. What is installed stands in `/var/lib/dpkg/status.d`, as in distroless
images: trivy, syft, grype and others find packages and their versions there, and layers of several targets add to each other.

Nothing of a package is run: what its maintainer scripts would make (users, caches, alternatives, `/etc/ssl/certs`) is missing, and
comes from the other rules here, or from an `oci_layer`. Dependencies are not looked for either: what is not named is not there.

Errors: a file that is no package, or is damaged; packages of two architectures, or of another one than the layer's; one package twice; and
a path that two have, unless both are directories, both are equal, or one of the packages `Replaces` the other.
""",
    attrs = PACKING_ATTRS | PLATFORM_ATTRS | {
        name: LAYER_ATTRS[name]
        for name in ["platform", "variant"]
    } | {
        "architecture": attr.string(
            doc = """CPU architecture of the packages, as GOARCH names it, such as `amd64`. Then packages for another one are
errors, and in an image for another one the layer is. Without it, and without `platform`, packages must be for the target platform. What is for `all` fits every one.""",
        ),
        "debs": attr.label_list(
            doc = """The `.deb` files, in the order in which they are unpacked; their parts may be compressed by gzip, xz or zstd. As
`http_file` fetches them, for example: docs/rootfs.md.""",
            allow_files = True,
            mandatory = True,
        ),
        "exclude": attr.string_list(
            doc = """Globs of paths in the image that are left out, as those of `modes` of an `oci_layer`: `usr/share/man/**`. One that
fits nothing is no error, so that one list does for all targets. Scanners take licences from `usr/share/doc/*/copyright`.""",
        ),
        "keep_mtime": attr.bool(
            doc = """Whether files have the times that packages say. They are 0 otherwise, as in every layer: then a rebuilt
package changes the layer only where its contents changed.""",
            default = False,
        ),
        "links": attr.string_dict(
            doc = """Directories of packages that are links in the image, and where they lead: what packages have below
`/bin` goes to `/usr/bin`, as where dpkg finds such a link. The default is that of `oci_rootfs`, and does for every base whose `/usr` is merged,
Debian's since 12, Ubuntu's since 19.04. A file below a link would otherwise take its place, on every runtime. `{}` leaves paths as they are.""",
            default = ROOTFS_LINKS,
        ),
    },
    cfg = platform_transition,
    provides = [OciLayerInfo],
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE, PACK_TOOLCHAIN_TYPE],
)
