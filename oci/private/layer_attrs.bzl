"""The attributes of oci_layer."""

load("//oci:providers.bzl", "OciLayerInfo")
load(":target_platform.bzl", "PLATFORM_ATTRS")
load(":transition.bzl", "platform_attr")

visibility("//oci/...")

LAYER_ATTRS = PLATFORM_ATTRS | {
    "annotations": attr.string_dict(
        doc = """Annotations of the layer's descriptor in the manifest. Values may hold anything, newlines, quotes and
`=` included, and stay as they are; keys may hold no `=`.""",
    ),
    "architecture": attr.string(
        doc = """CPU architecture that the contents are for, as GOARCH names it, such as `amd64`; goes with `os`. For programs
that come as they are, and aren't built for `platform`. In an image for another platform the layer is then an error.""",
    ),
    "below": attr.label_list(
        doc = """Layers (`oci_layer`) that lie below this one in every image that holds it, lowest first, with all that are
between them. What they have is left out of this layer: the same output at the same path, with the same type, mode, owner, names,
extended attributes and time. Only the lists of the lower layers are read, not their files. What a tree, a tar, a whiteout or an
opaque directory of a layer between may have changed stays. Layers that those lie on are named here as well. An image that
lacks one of them below this layer, or has another one between, is an error.""",
        providers = [OciLayerInfo],
    ),
    "compression": attr.string(
        doc = "`gzip`, which every runtime reads; `zstd`, smaller and faster, for containerd and Docker from 23 on; or `none`.",
        default = "gzip",
        values = ["gzip", "zstd", "none"],
    ),
    "compression_level": attr.int(
        doc = "1 to 12 with gzip, 1 to 22 with zstd; -1 is the default level: 5 with gzip, which makes layers as long as zlib's 6 does, 3 with zstd.",
        default = -1,
    ),
    "dedupe": attr.bool(
        doc = """Whether files with equal content, mode, owner and modification time are stored once: the first in the
order of their paths as a file, the others as hard links to it, where that takes less room. In a container a link is a
copy as soon as someone writes to it on Docker's, containerd's and podman's usual storage (overlay).""",
    ),
    "dirs": attr.string_list(
        doc = "Directories to be there even if empty: paths in the image. Their modes come from `modes`.",
    ),
    "files": attr.string_keyed_label_dict(
        doc = """Path in the image to target. Without a slash at its end the path is that of the target's one output,
whatever the output is called; a directory output's contents are placed below it. With a slash at its end it is a
directory, below which any number of outputs, one as well as many, are placed at their paths relative to their package.""",
        allow_files = True,
    ),
    "gzip_members": attr.string(
        doc = """`many`, which RFC 1952 allows and every container runtime reads: about 1 MiB each, so that a change
in one file leaves most bytes of the layer as they were. `one` is for readers that stop after the first member, as
some on the JVM do; it takes two to three times the CPU time. Levels are then 1 to 9.""",
        default = "many",
        values = ["many", "one"],
    ),
    "include_runfiles": attr.bool(
        doc = """Whether the runfiles of executables in `srcs` and `files` go next to them, as `<path>.runfiles`, with
symlinks, root symlinks, empty files and repo mappings.""",
        default = False,
    ),
    "mode": attr.string(
        doc = """Octal mode of every file, such as `0555`. Default: 0755 for scripts and programs, told by how they
begin (`#!` or ELF), else 0644. The bit on disk counts for nothing: Bazel sets it on every output, and on remote
workers on every input.""",
    ),
    "modes": attr.string_dict(
        doc = """Glob to octal mode, for files and directories. Globs are matched on the path in the image without
the leading slash; `*` stays within a directory, `**` doesn't; the last one that fits wins, also over `mode`.""",
    ),
    "mtime": attr.int(
        doc = "Modification time of every entry, in seconds since 1970 (`.pyc` files compare it to their sources').",
        default = 0,
    ),
    "opaque": attr.string_list(
        doc = """Directories in the image of which nothing is to be left that layers below have in them (OCI's
opaque whiteouts). What this layer has in them stays.""",
    ),
    "os": attr.string(
        doc = "Operating system that the contents are for, as GOOS names it, such as `linux`. See `architecture`.",
    ),
    "owner": attr.string(
        doc = """Owner of every entry, `uid:gid`, as numbers: which number a name has stands in the image's
`/etc/passwd`, which may come from another layer.""",
        default = "0:0",
    ),
    "owner_name": attr.string(
        doc = """`user:group`, the names of `owner`, written beside its numbers for whoever lists or unpacks the
layer with tar. Container runtimes go by the numbers. Entries whose owner comes from `owners` have no names.""",
    ),
    "owners": attr.string_dict(
        doc = """Glob to owner, `uid:gid`, for entries of every kind, directories above others included. Globs are
those of `modes`: the last one that fits wins, and `srv/**` does not fit `srv` itself.""",
    ),
    "package_dir": attr.string(
        doc = "Directory in the image below which `srcs` are placed.",
        default = "/",
    ),
    "platform": platform_attr("""The platform to build the contents for: a `platform` target. The layer then says that it is for
that one, and is an error in an image for another. Default: the target platform, and nothing is said."""),
    "srcs": attr.label_list(
        doc = """Files to place below `package_dir`, at their paths relative to their package. The mappings of rules_pkg
(`pkg_files`, `pkg_mkdirs`, `pkg_mklink`, `pkg_filegroup`) go below it at the paths, with the modes and owners that they say;
rules_pkg's default for files, 0644, counts as said. Owners must be numbers (`uid` and `gid`, or `user` and `group` in digits) or root.""",
        allow_files = True,
    ),
    "strip_prefix": attr.string(
        doc = """Taken off the paths of `srcs`. Relative to the file's package, or to its repository where it
starts with `/`. A file that doesn't lie below it is an error.""",
    ),
    "symlinks": attr.string_dict(
        doc = "Path in the image to the link's target, which is stored as it is, absolute or relative.",
    ),
    "tars": attr.label_list(
        doc = """Tars and other layers to merge into this one, in order: plain, gzip or zstd, told by their bytes. The
result shows what they would show as layers of an image, each on top of those before it, and `srcs`, `files` and all
else that is declared here on top of them:

* a later path wins; but what is a file in one and a directory or a symbolic link in another is an error;
* whiteouts (`.wh.*`) delete what tars before have there, and stay for the layers below this one;
* hard links are kept, and keep their content where a later tar replaces one of their names.

What a tar says of owners, modes, times and extended attributes stays, apart from fractions of seconds; globs of this
target are stronger, `owner`, `mode` and `mtime` are not for tars. A directory in `dirs` leaves that of a tar as it is.""",
        allow_files = True,
    ),
    "variant": attr.string(doc = "Variant of the CPU that the contents need, such as `v7`. See `architecture`."),
    "whiteouts": attr.string_list(
        doc = """Paths in the image that are to be gone: files, or directories with all that layers below have in them.
A path that this layer writes is an error: what it writes replaces what is below anyway. A file that is named like a
whiteout, `.wh.<name>`, is an error too, since it would delete instead of being there.""",
    ),
    "xattrs": attr.string_dict(
        doc = """Glob to extended attribute, `name=value`, for files and directories; several for one glob are written one a
line, and of one name the last glob that fits wins. Names are `user.*` and `security.*`. A value is text as it stands, or
bytes in the spellings of `setfattr`: `0x` and hexadecimal digits, `0s` and base64. `security.capability` also takes
what `setcap` does, and goes to files only:

```starlark
xattrs = {
"usr/bin/server": "security.capability=cap_net_bind_service+ep",
"srv/**": "user.origin=build\nuser.key=0s3q2+7w==",
},
```""",
    ),
}
