"""oci_image_index_rule: images of several platforms under one name."""

load("//oci:providers.bzl", "OciIndexInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")
load("//oci/private/actions:manifests.bzl", "write_index")
load("//oci/private/actions:outputs.bzl", "write_layout")
load(":content.bzl", "content_of")
load(":declared.bzl", "declare_in_strata")
load(":expansion.bzl", "expand_variables")
load(":image_groups.bzl", "index_groups")
load(":index_images.bzl", "INDEX_IMAGES_ATTRS", "check_images", "images_of")
load(":labels.bzl", "display_label")

visibility("//oci/...")

def _oci_image_index_impl(ctx):
    label = display_label(ctx.label)
    named = images_of(ctx, label)
    check_images(label, named)
    images = [image.info for image in named]
    outputs = declare_in_strata(ctx, {
        "descriptor": "descriptor.json",
        "digest": "digest",
        "index": "index.json",
    })
    spec = {
        "annotations": {key: expand_variables(ctx, value) for key, value in ctx.attr.annotations_dict.items()} or None,
        "images": [{"built_for": image.built_for, "label": image.info.label} for image in named],
        "label": label,
        "media_types": "oci",
        "v": 1,
    }
    write_index(ctx, spec = spec, annotations = ctx.file.annotations, images = images, **outputs)

    index = OciIndexInfo(label = label, images = tuple(images), **outputs)
    layout = ctx.actions.declare_directory(ctx.label.name)
    content = content_of(index)
    write_layout(ctx, content = content, layout = layout)
    return [
        DefaultInfo(files = depset([layout])),
        OutputGroupInfo(
            digest = depset([index.digest]),
            index = depset([index.index]),
            **index_groups(ctx, index = index, content = content)
        ),
        index,
    ]

oci_image_index_rule = rule(
    implementation = _oci_image_index_impl,
    doc = """An OCI image index. `oci_image_index` is the macro that most people want.

Default output: `<name>`, one OCI image layout directory with all images, made only where it is asked for.
Output groups: `index`, the file `<name>.strata/index.json`, and `digest`, `<name>.strata/digest`; `oci_archive`, a tar
of the layout, and `report`, what is in the index and each of its images, as JSON, made only where they are asked for.

With `platforms`, the one image in `images` is built for each, by the usual rules: its files have the names that they always
have, `<image>` and `<image>.strata/…`, in the output directory of each platform's configuration
(`bazel cquery --output=files 'deps(:<name>)'` lists them). What doesn't depend on the platform, such as a layer of plain
data, is one blob to registries and runtimes, though Bazel makes it in each configuration;
`--experimental_output_paths=strip` lets the remote or disk cache see that it is the same.
""",
    attrs = INDEX_IMAGES_ATTRS | {
        "annotations": attr.label(
            doc = "Annotations of the index, one `KEY=VALUE` a line.",
            allow_single_file = True,
        ),
        "annotations_dict": attr.string_dict(doc = "Annotations of the index. The macro takes a dict as `annotations`."),
    },
    provides = [OciIndexInfo],
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE],
)
