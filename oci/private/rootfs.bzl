"""oci_rootfs: the directories and links that programs expect to be there."""

load("//oci:providers.bzl", "OciLayerInfo")
load("//oci:toolchain.bzl", "PACK_TOOLCHAIN_TYPE")
load(":labels.bzl", "display_label")
load(":layer_entries.bzl", "add_dirs", "add_file", "add_settings", "add_symlinks")
load(":packed_layer.bzl", "PACKING_ATTRS", "packed_layer")
load(":rootfs_links.bzl", "ROOTFS_LINKS", "check_links", "link_target")

visibility("//oci/...")

# Directory to mode: those of Debian's base-files that a container has a use for.
_DIRS = {
    "/dev": "0755",
    "/etc": "0755",
    "/home": "0755",
    "/proc": "0755",
    "/root": "0700",
    "/run": "0755",
    "/run/lock": "1777",
    "/sys": "0755",
    "/tmp": "1777",
    "/usr/bin": "0755",
    "/usr/lib": "0755",
    "/usr/sbin": "0755",
    "/usr/share": "0755",
    "/var/cache": "0755",
    "/var/lib": "0755",
    "/var/log": "0755",
    "/var/tmp": "1777",
}

_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_ESCAPED = "\\\"$`"

def _os_release(label, values):
    """os-release(5): shell assignments, all quoted."""
    lines = []
    for key, value in values.items():
        if not key or key.strip(_KEY):
            fail("%s: os_release: the key %r. Keys are capital letters, digits and underscores: os-release(5) lists them." % (label, key))
        if "\n" in value:
            fail("%s: os_release: the value of %s holds a newline: %r. Write it on one line." % (label, key, value))
        for special in _ESCAPED.elems():
            value = value.replace(special, "\\" + special)
        lines.append('%s="%s"\n' % (key, value))
    return "".join(lines)

def _nsswitch(label, databases):
    for name, services in databases.items():
        if not name or not services or ":" in name or "\n" in name + services:
            fail("%s: nsswitch: %r: %r. Write a database and its services, such as {\"hosts\": \"files dns\"}." % (label, name, services))
    return "".join(["%s: %s\n" % (name, services) for name, services in databases.items()])

def _oci_rootfs_impl(ctx):
    label = display_label(ctx.label)
    check_links(label, ctx.attr.links)
    links = dict(ctx.attr.links)
    modes = {path: mode for path, mode in _DIRS.items() if path not in links}
    for path, target in ctx.attr.links.items():
        modes.setdefault(link_target(path, target), "0755")

    files = {}
    if ctx.attr.os_release:
        files["/usr/lib/os-release"] = _os_release(label, ctx.attr.os_release)
        links["/etc/os-release"] = "../usr/lib/os-release"
    if ctx.attr.nsswitch:
        files["/etc/nsswitch.conf"] = _nsswitch(label, ctx.attr.nsswitch)

    entries = []
    add_settings(entries, owner = "0:0", owners = {}, owner_name = "", mode = "", modes = modes, xattrs = {}, mtime = 0)
    outputs = []
    for path, content in files.items():
        file = ctx.actions.declare_file("%s.strata/%s" % (ctx.label.name, path.rpartition("/")[2]))
        ctx.actions.write(file, content)
        add_file(entries, path, file)
        outputs.append(file)
    add_symlinks(entries, links)
    add_dirs(entries, modes.keys())
    return packed_layer(ctx, entries = entries, inputs = depset(outputs))

oci_rootfs = rule(
    implementation = _oci_rootfs_impl,
    doc = """The directories and links that programs expect, as the lowest layer of an image without a base: `/tmp` that everybody
may write to, `/root` for root alone, mount points for what runtimes mount, and the links of a merged `/usr`.

```starlark
oci_rootfs(
    name = "rootfs",
    os_release = {"ID": "debian", "VERSION_ID": "12"},
)
```

Directories are those of Debian's base-files that a container has a use for: `/dev`, `/etc`, `/home`, `/proc`, `/root` (0700), `/run`,
`/run/lock` (1777), `/sys`, `/tmp` (1777), `/usr/bin`, `/usr/lib`, `/usr/sbin`, `/usr/share`, `/var/cache`, `/var/lib`, `/var/log`,
`/var/tmp` (1777), and those that links lead to. Others come from an `oci_layer` with `dirs`.
""",
    attrs = PACKING_ATTRS | {
        "links": attr.string_dict(
            doc = """Path to target of links to directories. The default is Debian's since `/usr` was merged; a layer on top that has a
file below such a path takes the link's place, so `oci_debs` has the same attribute. `{}` is for packages that bring a `/bin` of their own.""",
            default = ROOTFS_LINKS,
        ),
        "nsswitch": attr.string_dict(
            doc = """Database to services, for `/etc/nsswitch.conf`: where programs that use glibc, and Go's, look up names. Without that file
some ask DNS before they read `/etc/hosts`. `{}` writes none.""",
            default = {
                "group": "files",
                "hosts": "files dns",
                "passwd": "files",
            },
        ),
        "os_release": attr.string_dict(
            doc = """Key to value, for `/usr/lib/os-release`, and the link `/etc/os-release` to it. Scanners compare packages with the
distribution and version that `ID` and `VERSION_ID` name, and with none where there is no such file. Debian's base-files brings its own.""",
        ),
    },
    provides = [OciLayerInfo],
    toolchains = [PACK_TOOLCHAIN_TYPE],
)
