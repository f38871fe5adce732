"""pulled_image: the target of a repository that holds the manifest and config of a pulled image."""

load("//oci:providers.bzl", "OciImageInfo", "OciLayerInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE", "FETCH_TOOLCHAIN_TYPE")
load("//oci/private:content.bzl", "content_of")
load("//oci/private:image_groups.bzl", "IMAGE_GROUPS_DOC", "image_groups", "image_outputs")
load("//oci/private:inspect.bzl", "oci_inspect_rule")
load("//oci/private:labels.bzl", "display_label")
load("//oci/private/actions:network.bzl", "fetch_layer")
load(":reference.bzl", "parse_source")

# The repositories that oci.pull makes load it.
visibility("public")

# For them, too: what shows a pulled image.
pulled_inspect = oci_inspect_rule

def _sources(names, credentials):
    sources = []
    for name in names:
        source = parse_source(name)
        sources.append(struct(
            # With the scheme, where the host alone doesn't say it.
            registry = source.text.removesuffix("/" + source.repository),
            repository = source.repository,
            credentials = credentials,
        ))
    return sources

def _layers(ctx, label, sources):
    blobs = {file.basename: file for file in ctx.files.blobs}
    fetched = {}
    layers = []
    for target, text in ctx.attr.layers.items():
        layer = json.decode(text)
        name = layer["digest"].replace(":", "-")
        blob = blobs.get(name)

        # An image may have a layer twice, and one file does for both.
        if not blob and name not in fetched:
            fetched[name] = ctx.actions.declare_file("%s.strata/%s" % (ctx.label.name, name))
            fetch_layer(
                ctx,
                label = label,
                digest = layer["digest"],
                size = layer["size"],
                sources = sources,
                blob = fetched[name],
                urls = layer.get("urls", []),
            )
        layers.append(OciLayerInfo(
            label = label,
            metadata = target[DefaultInfo].files.to_list()[0],
            blob = blob,
            fetched = fetched.get(name),
        ))
    return layers

def _pulled_image_impl(ctx):
    label = display_label(ctx.label)
    sources = _sources(ctx.attr.sources, ctx.file.credentials)
    image = OciImageInfo(
        label = label,
        manifest = ctx.file.manifest,
        config = ctx.file.config,
        descriptor = ctx.file.descriptor,
        digest = ctx.file.digest,
        layers = tuple(_layers(ctx, label, sources)),
        blob_trees = depset(),
        sources = depset(sources),
        reference = ctx.attr.reference,
        platform = ctx.attr.platform or None,
    )
    content = content_of(image)
    return image_outputs(ctx, image = image, content = content, groups = image_groups(ctx, image = image, content = content))

pulled_image = rule(
    implementation = _pulled_image_impl,
    doc = """An image of a registry, as a base or to be pushed and loaded.

Written by `oci.pull` into the repositories that it makes. Default output: an OCI image layout directory, for which the
layers are downloaded where somebody asks for it; images on top of this one, pushes and loads don't. Output groups:
`manifest`, `config`, `digest`; and, for which the layers are downloaded, too, """ + IMAGE_GROUPS_DOC,
    attrs = {
        "blobs": attr.label_list(
            doc = "The layers' blobs, `sha256-HEX`, where they were downloaded with the manifest.",
            allow_files = True,
        ),
        "config": attr.label(
            doc = "The image's config, as it is in the registry.",
            allow_single_file = True,
            mandatory = True,
        ),
        "credentials": attr.label(
            doc = "A file like docker's `config.json`, the only one to look for credentials in.",
            allow_single_file = True,
        ),
        "descriptor": attr.label(
            doc = "The manifest's descriptor with its platform.",
            allow_single_file = True,
            mandatory = True,
        ),
        "digest": attr.label(
            doc = "Holds the manifest's digest, `sha256:…`.",
            allow_single_file = True,
            mandatory = True,
        ),
        "layers": attr.label_keyed_string_dict(
            doc = "The layers, lowest first: the layer.json of each, and its descriptor as JSON (digest, size, urls).",
            allow_files = [".json"],
        ),
        "manifest": attr.label(
            doc = "The image's manifest, as it is in the registry.",
            allow_single_file = True,
            mandatory = True,
        ),
        "platform": attr.string(
            doc = "What the image is for, `os/architecture[/variant]`. Empty where neither its index nor its config says it.",
        ),
        "reference": attr.string(
            doc = "The name that was pulled, `registry/repository[:tag]`.",
            mandatory = True,
        ),
        "sources": attr.string_list(
            doc = "Where the layers are, `[scheme://]registry/repository`, in the order in which to ask.",
            mandatory = True,
        ),
    },
    provides = [OciImageInfo],
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE, FETCH_TOOLCHAIN_TYPE],
)
