"""oci_artifact_rule: files in a registry that are no image."""

load("//oci:providers.bzl", "OciArtifactInfo", "OciLayerInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")
load("//oci/private/actions:manifests.bzl", "write_artifact")
load(":content.bzl", "anything_pushed", "content_of")
load(":declared.bzl", "declare_in_strata")
load(":expansion.bzl", "expand_variables")
load(":image_groups.bzl", "image_outputs")
load(":labels.bzl", "display_label")
load(":layout_images.bzl", "layout_images_aspect")

visibility("//oci/...")

def _one_file(label, attribute, target):
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("%s: %s is %s, and should have one output. It has: %s" % (
            label,
            attribute,
            display_label(target.label),
            ", ".join([file.short_path for file in files]) or "none",
        ))
    if files[0].is_directory:
        fail("%s: %s is %s, a directory, and an artifact holds files. Make an archive of it, with pkg_tar or a genrule, and name that." % (
            label,
            attribute,
            display_label(target.label),
        ))
    return files[0]

def _check(ctx, label):
    """What can be told without reading anything. OciArtifact checks titles and media types."""
    if ctx.file.config and not ctx.attr.config_media_type:
        fail("%s: config is set, and config_media_type is not: it says how to read it, such as \"application/vnd.cncf.helm.config.v1+json\"." % label)
    if ctx.attr.config_media_type and not ctx.file.config:
        fail("%s: config_media_type is set, and config is not: name the file that is of that type, or leave it out." % label)
    if not ctx.attr.artifact_type and not ctx.attr.config_media_type:
        fail("%s: nothing says what the artifact is. Set artifact_type, such as \"application/spdx+json\"; or config and config_media_type." % label)
    unknown = [title for title in ctx.attr.media_types if title not in ctx.attr.files]
    if unknown:
        fail("%s: media_types has %s, which files has not. It has: %s" % (
            label,
            ", ".join(["%r" % title for title in unknown]),
            ", ".join(["%r" % title for title in ctx.attr.files]) or "nothing",
        ))

def _oci_artifact_impl(ctx):
    label = display_label(ctx.label)
    _check(ctx, label)
    files = {title: _one_file(label, "files[%r]" % title, target) for title, target in ctx.attr.files.items()}
    named = [{"media_type": ctx.attr.media_types.get(title), "title": title} for title in files]
    blobs = files.values()
    config = ctx.file.config
    if config:
        _one_file(label, "config", ctx.attr.config)
    if not config or not blobs:
        # A manifest has a config and a layer: `{}` stands for what there isn't.
        empty = ctx.actions.declare_file(ctx.label.name + ".strata/empty.json")
        ctx.actions.write(empty, "{}")
        config = config or empty
        if not blobs:
            blobs, named = [empty], [{"media_type": None, "title": None}]

    outputs = declare_in_strata(ctx, {
        "descriptor": "descriptor.json",
        "digest": "digest",
        "manifest": "manifest.json",
    })
    layers = [
        OciLayerInfo(
            label = label,
            blob = blob,
            metadata = ctx.actions.declare_file("%s.strata/%d.layer.json" % (ctx.label.name, number)),
        )
        for number, blob in enumerate(blobs)
    ]
    subject = anything_pushed(ctx.attr.subject) if ctx.attr.subject else None
    write_artifact(
        ctx,
        spec = {
            "annotations": {key: expand_variables(ctx, value) for key, value in ctx.attr.annotations_dict.items()} or None,
            "artifact_type": ctx.attr.artifact_type or None,
            "config_media_type": ctx.attr.config_media_type or None,
            "files": named,
            "label": label,
            "v": 1,
        },
        annotations = ctx.file.annotations,
        config = config,
        files = blobs,
        subject = subject,
        layers = [layer.metadata for layer in layers],
        **outputs
    )
    artifact = OciArtifactInfo(
        label = label,
        artifact_type = ctx.attr.artifact_type or None,
        config = config,
        layers = tuple(layers),
        subject = subject,
        **outputs
    )
    return image_outputs(ctx, image = artifact, content = content_of(artifact))

oci_artifact_rule = rule(
    implementation = _oci_artifact_impl,
    doc = """Files in a registry that are no image. `oci_artifact` is the macro that most people want.

Default output: an OCI image layout directory, made only where it is asked for. Output groups: `manifest`, `config`, `digest`.
""",
    attrs = {
        "annotations": attr.label(
            doc = "Annotations of the manifest, one `KEY=VALUE` a line.",
            allow_single_file = True,
        ),
        "annotations_dict": attr.string_dict(
            doc = "Annotations of the manifest, in which make variables expand. The macro takes a dict as `annotations`.",
        ),
        "artifact_type": attr.string(
            doc = """What the artifact is, as a media type: `application/spdx+json`, `application/vnd.example.report.v1`. It may be left out
where `config_media_type` says so, as that of a Helm chart does.""",
        ),
        "config": attr.label(
            doc = "The config, one file. Default: none, for which registries get the empty value of the specification, `{}`.",
            allow_single_file = True,
        ),
        "config_media_type": attr.string(doc = "Media type of `config`, which needs one."),
        "files": attr.string_keyed_label_dict(
            doc = """Title to file, in the order in which the manifest lists them. The title is the path of the file below the folder of
whoever pulls the artifact: relative, with slashes, without `..`. Each has one output, which is a blob as it is: no directory.""",
            allow_files = True,
        ),
        "media_types": attr.string_dict(
            doc = """Title to media type, for those of `files` whose end of the title doesn't say it: docs/artifacts.md lists the ends
that do, and all else is `application/octet-stream`.""",
        ),
        "subject": attr.label(
            doc = """The `oci_image`, `oci_image_index` or `oci_artifact` that this one is about, such as the image of an SBOM. The manifest
names its digest, so the artifact changes whenever its subject does.""",
            aspects = [layout_images_aspect],
        ),
    },
    provides = [OciArtifactInfo],
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE],
)
