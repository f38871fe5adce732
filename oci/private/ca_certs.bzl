"""oci_ca_certs: the authorities that TLS clients in an image trust."""

load("//oci:providers.bzl", "OciLayerInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE", "PACK_TOOLCHAIN_TYPE")
load("//oci/private/actions:rootfs.bzl", "bundle_certificates")
load(":labels.bzl", "display_label")
load(":layer_entries.bzl", "add_file", "add_settings", "add_symlinks")
load(":packed_layer.bzl", "PACKING_ATTRS", "packed_layer")

visibility("//oci/...")

def _oci_ca_certs_impl(ctx):
    label = display_label(ctx.label)
    for path in [ctx.attr.path] + ctx.attr.links:
        if not path.startswith("/") or path.endswith("/"):
            fail("%s: %r is where no file can be: write its whole path, such as \"/etc/ssl/cert.pem\"." % (label, path))
    if not ctx.files.srcs:
        fail("%s: srcs has no files. Name files in PEM, or Debian's package ca-certificates." % label)
    bundle = ctx.actions.declare_file(ctx.label.name + ".strata/ca-certificates.crt")
    bundle_certificates(ctx, label = label, sources = ctx.files.srcs, bundle = bundle)
    entries = []
    add_settings(entries, owner = "0:0", owners = {}, owner_name = "", mode = "0644", modes = {}, xattrs = {}, mtime = 0)
    add_file(entries, ctx.attr.path, bundle)
    add_symlinks(entries, {path: ctx.attr.path for path in ctx.attr.links})
    default, groups, layer = packed_layer(ctx, entries = entries, inputs = depset([bundle]))
    return [
        default,
        OutputGroupInfo(bundle = depset([bundle]), metadata = groups.metadata, mtree = groups.mtree),
        layer,
    ]

oci_ca_certs = rule(
    implementation = _oci_ca_certs_impl,
    doc = """A layer with one file of CA certificates, at the place where most programs look.

```starlark
oci_ca_certs(
    name = "ca_certs",
    srcs = ["@ca_certificates_deb//file", "our_root.pem"],
)
```

Certificates are taken from all sources, each is written once, and they are sorted: the order of `srcs`, comments and ends of lines do not
change the layer. Anything else in a source is an error that names the file and the line: a private key above all.

There are no links named by hashes, as `c_rehash` makes them: only OpenSSL reads them, their names are its own idea of a name's canonical
form, and it needs none where there is a bundle, named by `SSL_CERT_FILE` in `env` of the image or by `links`.

Output groups: `bundle`, the file itself; `mtree` and `metadata` as those of `oci_layer`.
""",
    attrs = PACKING_ATTRS | {
        "links": attr.string_list(
            doc = """Further paths of the bundle, as links to it: `/usr/lib/ssl/cert.pem` for Debian's OpenSSL,
`/etc/pki/tls/certs/ca-bundle.crt` for programs built for Fedora.""",
        ),
        "path": attr.string(
            doc = "Path of the bundle. The default is Debian's, where Go, curl, GnuTLS and many others look.",
            default = "/etc/ssl/certs/ca-certificates.crt",
        ),
        "srcs": attr.label_list(
            doc = """Files of certificates in PEM, several in one are fine; directories of such files; and Debian's package
ca-certificates, which has those of Mozilla, and makes the bundle by a script that runs when it is installed, which is never here.""",
            allow_files = True,
            mandatory = True,
        ),
    },
    provides = [OciLayerInfo],
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE, PACK_TOOLCHAIN_TYPE],
)
