"""`<name>.digest`: the digest of an image or index as a file."""

load("//oci:providers.bzl", "OciImageInfo", "OciIndexInfo")
load(":content.bzl", "image_or_index")

visibility("//oci/...")

def _digest_file_impl(ctx):
    out = ctx.outputs.out
    ctx.actions.symlink(output = out, target_file = image_or_index(ctx.attr.image).digest)
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

digest_file = rule(
    implementation = _digest_file_impl,
    doc = "The digest of an image or index, `sha256:…`, as an output that has a label of its own.",
    attrs = {
        "image": attr.label(
            doc = "An `oci_image` or `oci_image_index`.",
            mandatory = True,
            providers = [[OciImageInfo], [OciIndexInfo]],
        ),
        "out": attr.output(
            doc = "The file. The macros call it `<name>.json.sha256`, as rules_docker and rules_oci do.",
            mandatory = True,
        ),
    },
)
