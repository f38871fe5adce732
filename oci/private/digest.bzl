"""`<name>.digest`: the digest of an image, index or artifact as a file."""

load("//oci:providers.bzl", "OciArtifactInfo", "OciImageInfo", "OciIndexInfo")
load(":content.bzl", "anything_pushed")

visibility("//oci/...")

def _digest_file_impl(ctx):
    out = ctx.outputs.out
    ctx.actions.symlink(output = out, target_file = anything_pushed(ctx.attr.image).digest)
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

digest_file = rule(
    implementation = _digest_file_impl,
    doc = "The digest of an image, index or artifact, `sha256:…`, as an output that has a label of its own.",
    attrs = {
        "image": attr.label(
            doc = "An `oci_image`, `oci_image_index` or `oci_artifact`.",
            mandatory = True,
            providers = [[OciImageInfo], [OciIndexInfo], [OciArtifactInfo]],
        ),
        "out": attr.output(
            doc = "The file. The macros call it `<name>.json.sha256`, as rules_docker and rules_oci do.",
            mandatory = True,
        ),
    },
)
