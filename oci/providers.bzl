"""Providers: what the rules of this repository tell each other, and other rulesets."""

visibility("public")

def _check_file(provider, field, value):
    if type(value) != "File":
        fail("%s.%s must be a File, got %s: %r" % (provider, field, type(value), value))
    return value

def _check_optional_file(provider, field, value):
    return value if value == None else _check_file(provider, field, value)

def _check_tuple(provider, field, value):
    if type(value) not in ("list", "tuple"):
        fail("%s.%s must be a tuple, got %s: %r" % (provider, field, type(value), value))
    return tuple(value)

def _check_depset(provider, field, value):
    if type(value) != "depset":
        fail("%s.%s must be a depset, got %s: %r" % (provider, field, type(value), value))
    return value

def _oci_layer_info_init(*, label, metadata, blob = None, fetched = None, mtree = None, platform = None, entries = None, below = ()):
    return {
        "below": _check_tuple("OciLayerInfo", "below", below),
        "blob": _check_optional_file("OciLayerInfo", "blob", blob),
        "entries": None if entries == None else _check_tuple("OciLayerInfo", "entries", entries),
        "fetched": _check_optional_file("OciLayerInfo", "fetched", fetched),
        "label": label,
        "metadata": _check_file("OciLayerInfo", "metadata", metadata),
        "mtree": _check_optional_file("OciLayerInfo", "mtree", mtree),
        "platform": platform,
    }

OciLayerInfo, _new_oci_layer_info = provider(
    doc = "One layer of an image: its bytes, and what is known of them without reading them.",
    fields = {
        "below": """tuple of string. Labels of the layers that must lie below this one in an image, lowest first, since this
one leaves out what they have. Like `label`, without canonical repository names.""",
        "blob": """File or None. The layer as it is stored in a registry (a tar, compressed or not). None where
the bytes are not at hand in the build, such as a layer of a pulled base.""",
        "entries": """tuple of structs or None. What an `oci_layer` declares, as oci/private/layer_entries.bzl writes it to the
command line of this layer and of those above it; private to these rules. None for layers made otherwise.""",
        "fetched": """File or None. The same bytes where an action of the build downloads them from a registry (OciFetch).
Only what needs them as a file takes it, a layout, an archive or a listing (`mtree`), so that a push or a load downloads nothing first.
Where `blob` is there too, it goes first.""",
        "label": """string. The target that made the layer, without a canonical repository name: it ends up in the
image's history, and canonical names differ between versions of Bazel.""",
        "metadata": """File. layer.json: digest, diff_id, sizes, media type, platform, annotations, history and the
table of members. The contract between actions; its schema is in docs/architecture.md.""",
        "mtree": "File or None. The layer's entries in tar order as a BSD mtree listing.",
        "platform": """string or None. `os/architecture[/variant]` where the layer holds code of one platform;
None where it fits every platform.""",
    },
    init = _oci_layer_info_init,
)

def _oci_layers_info_init(*, label, layers):
    if type(layers) != "dict":
        fail("OciLayersInfo.layers must be a dict, got %s: %r" % (type(layers), layers))
    return {"label": label, "layers": layers}

OciLayersInfo, _new_oci_layers_info = provider(
    doc = "Several layers that belong together, such as those of a language's binary. An image takes them as one item of `tars`.",
    fields = {
        "label": "string. The target that made the layers, without a canonical repository name.",
        "layers": "dict from the name of a layer's group, such as `app`, to OciLayerInfo, lowest first.",
    },
    init = _oci_layers_info_init,
)

def _oci_image_info_init(*, label, manifest, config, descriptor, digest, layers, blob_trees, sources = depset(), reference = None, platform = None):
    if reference != None and type(reference) != "string":
        fail("OciImageInfo.reference must be a string, got %s: %r" % (type(reference), reference))
    if platform != None and type(platform) != "string":
        fail("OciImageInfo.platform must be a string, got %s: %r" % (type(platform), platform))
    return {
        "blob_trees": _check_depset("OciImageInfo", "blob_trees", blob_trees),
        "config": _check_file("OciImageInfo", "config", config),
        "descriptor": _check_file("OciImageInfo", "descriptor", descriptor),
        "digest": _check_file("OciImageInfo", "digest", digest),
        "label": label,
        "layers": _check_tuple("OciImageInfo", "layers", layers),
        "manifest": _check_file("OciImageInfo", "manifest", manifest),
        "platform": platform,
        "reference": reference,
        "sources": _check_depset("OciImageInfo", "sources", sources),
    }

OciImageInfo, _new_oci_image_info = provider(
    doc = "An image: its manifest and config, and where the blobs are that they name.",
    fields = {
        "blob_trees": """depset of File. Directories that hold blobs as `blobs/sha256/HEX` (an OCI image layout does).
The layers of a base that is a layout are found there; how many there are is not known at analysis.""",
        "config": "File. The image config, JSON (OCI image-spec, config.md).",
        "descriptor": "File. The manifest's descriptor with its platform, JSON (OCI image-spec, descriptor.md).",
        "digest": "File. The manifest's digest, `sha256:…`.",
        "label": "string. The target that made the image, without a canonical repository name.",
        "layers": """tuple of OciLayerInfo. The layers that targets of this build made, lowest first. Layers of a base
that is a layout are not among them, but in blob_trees.""",
        "manifest": "File. The image manifest, JSON (OCI image-spec, manifest.md).",
        "platform": """string or None. `os/architecture[/variant]`; None where only the build knows it, such as on a base that
is a layout.""",
        "reference": """string or None. The name under which the image was pulled, `registry/repository[:tag]`; None for an image
of this build. An image on top of it has it in its annotation `org.opencontainers.image.base.name`.""",
        "sources": """depset of struct(registry, repository, credentials), two strings and a File or None. Repositories that hold the blobs of a pulled base, in the
order in which they are asked: a push to one of their registries mounts them, and whatever else needs a blob that the build
doesn't have gets it from there. `registry` is `host[:port]`; `http://host[:port]` is asked in plain HTTP, as loopback is
anyway, and `https://host[:port]` never is. `credentials` is a file like docker's `config.json`: the only one to look in when blobs are read from there. None, or
no such field: docs/credentials.md.""",
    },
    init = _oci_image_info_init,
)

def _oci_index_info_init(*, label, index, descriptor, digest, images):
    return {
        "descriptor": _check_file("OciIndexInfo", "descriptor", descriptor),
        "digest": _check_file("OciIndexInfo", "digest", digest),
        "images": _check_tuple("OciIndexInfo", "images", images),
        "index": _check_file("OciIndexInfo", "index", index),
        "label": label,
    }

OciIndexInfo, _new_oci_index_info = provider(
    doc = "An image index: one name for images of several platforms.",
    fields = {
        "descriptor": "File. The index's descriptor, JSON (OCI image-spec, descriptor.md).",
        "digest": "File. The index's digest, `sha256:…`.",
        "images": "tuple of OciImageInfo or OciIndexInfo. What the index names, in its order.",
        "index": "File. The image index, JSON (OCI image-spec, image-index.md).",
        "label": "string. The target that made the index, without a canonical repository name.",
    },
    init = _oci_index_info_init,
)

def _oci_artifact_info_init(*, label, artifact_type, manifest, config, descriptor, digest, layers, subject = None):
    return {
        "artifact_type": artifact_type,
        "blob_trees": depset(),
        "config": _check_file("OciArtifactInfo", "config", config),
        "descriptor": _check_file("OciArtifactInfo", "descriptor", descriptor),
        "digest": _check_file("OciArtifactInfo", "digest", digest),
        "label": label,
        "layers": _check_tuple("OciArtifactInfo", "layers", layers),
        "manifest": _check_file("OciArtifactInfo", "manifest", manifest),
        "sources": depset(),
        "subject": subject,
    }

OciArtifactInfo, _new_oci_artifact_info = provider(
    doc = """An artifact: files in a registry that are no image, such as a Helm chart, a wasm module or an SBOM. A provider of
its own, so that nothing that wants an image takes one for it.""",
    fields = {
        "artifact_type": """string or None. What it is, a media type such as `application/spdx+json`; None where the media type of
its config says so.""",
        "blob_trees": "depset of File, empty. As OciImageInfo has it.",
        "config": "File. The config; `{}` where it has none.",
        "descriptor": "File. The manifest's descriptor with its artifact type, JSON (OCI image-spec, descriptor.md).",
        "digest": "File. The manifest's digest, `sha256:…`.",
        "label": "string. The target that made the artifact, without a canonical repository name.",
        "layers": """tuple of OciLayerInfo. Its files, in their order: `blob` is the file itself, and `metadata` says its digest,
size, media type and title. None of them is a layer of a file system.""",
        "manifest": "File. The image manifest, JSON (OCI image-spec, manifest.md).",
        "sources": "depset, empty. As OciImageInfo has it.",
        "subject": "OciImageInfo, OciIndexInfo, OciArtifactInfo or None. What it is about.",
    },
    init = _oci_artifact_info_init,
)

OciPushInfo = provider(
    doc = "What a push target sends, and where to.",
    fields = {
        "digest": "File. The digest of what is pushed, `sha256:…`.",
        "image": "OciImageInfo, OciIndexInfo or OciArtifactInfo. What is pushed.",
        "referrers": "tuple of OciArtifactInfo. What is attached to it, in the order of declaration.",
        "repository": "string or None. The repository, `registry/path`; None where repository_file holds it.",
        "repository_file": "File or None. Holds the repository where it is known at execution only.",
        "tags": "tuple of string. The declared tags.",
        "tags_file": "File or None. Holds further tags, one a line.",
    },
)

def _oci_signer_info_init(*, label, tool, args, env, runfiles):
    return {
        "args": _check_tuple("OciSignerInfo", "args", args),
        "env": env,
        "label": label,
        "runfiles": runfiles,
        "tool": _check_file("OciSignerInfo", "tool", tool),
    }

OciSignerInfo, _new_oci_signer_info = provider(
    doc = "A tool that signs what a push has sent.",
    fields = {
        "args": """tuple of tuples. The arguments, each in parts: strings, in which placeholders such as `{reference}` expand when
the push runs, and Files, which stand for their paths then.""",
        "env": "dict from string to tuple. Variables of the tool's environment, with values like arguments.",
        "label": "string. The target, without a canonical repository name.",
        "runfiles": "runfiles. The tool, what it needs, and the files of args and env.",
        "tool": "File. The executable, for the machine that the push runs on.",
    },
    init = _oci_signer_info_init,
)
