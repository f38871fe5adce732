"""oci_image_index_rule: images of several platforms under one name."""

load("//oci:providers.bzl", "OciImageInfo", "OciIndexInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")
load(":actions.bzl", "write_index", "write_layout")
load(":content.bzl", "content_of", "image_or_index")
load(":labels.bzl", "display_label")

visibility("//oci/...")

def _oci_image_index_impl(ctx):
    label = display_label(ctx.label)
    images = [image_or_index(target) for target in ctx.attr.images]
    outputs = {
        name: ctx.actions.declare_file("%s.strata/%s" % (ctx.label.name, file))
        for name, file in {
            "descriptor": "descriptor.json",
            "digest": "digest",
            "index": "index.json",
        }.items()
    }
    spec = {"annotations": ctx.attr.annotations, "label": label, "media_types": "oci", "v": 1}
    write_index(ctx, spec = spec, images = images, **outputs)

    index = OciIndexInfo(label = label, images = tuple(images), **outputs)
    layout = ctx.actions.declare_directory(ctx.label.name)
    write_layout(ctx, content = content_of(index), layout = layout)
    return [
        DefaultInfo(files = depset([layout])),
        OutputGroupInfo(digest = depset([index.digest]), index = depset([index.index])),
        index,
    ]

oci_image_index_rule = rule(
    implementation = _oci_image_index_impl,
    doc = """An OCI image index. `oci_image_index` is the macro that most people want.

Default output: an OCI image layout directory with all images, made only where it is asked for.
Output groups: `index`, `digest`.
""",
    attrs = {
        "annotations": attr.string_dict(doc = "Annotations of the index."),
        "images": attr.label_list(
            doc = "`oci_image` or `oci_image_index` targets, in the order that runtimes search. Two of one platform are an error.",
            mandatory = True,
            allow_empty = False,
            providers = [[OciImageInfo], [OciIndexInfo]],
        ),
    },
    provides = [OciIndexInfo],
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE],
)
