"""Everything that an image or an index consists of, as layouts, pushes and loads need it."""

load("//oci:providers.bzl", "OciImageInfo", "OciIndexInfo")

visibility("//oci/...")

_MAX_DEPTH = 16

def image_or_index(target):
    """The OciImageInfo or OciIndexInfo of a target that has one of them."""
    return target[OciIndexInfo] if OciIndexInfo in target else target[OciImageInfo]

def _flatten(info):
    # Starlark has no recursion: nested indexes are taken apart level by level.
    indexes, images, level = [], [], [info]
    for _ in range(_MAX_DEPTH):
        below = []
        for child in level:
            if hasattr(child, "index"):
                indexes.append(child)
                below.extend(child.images)
            else:
                images.append(child)
        level = below
        if not level:
            return indexes, images
    fail("%s: image indexes are nested more than %d deep" % (info.label, _MAX_DEPTH))

def images_below(info):
    """The images of an image or index, also of the indexes in it.

    Args:
      info: OciImageInfo or OciIndexInfo.

    Returns:
      list of OciImageInfo.
    """
    return _flatten(info)[1]

def _unique(files):
    return {file: None for file in files}.keys()

def blob_of(layer):
    """The File with the bytes of a layer, for what needs all of them: None where neither the build nor OciFetch has it."""
    return layer.blob or layer.fetched

def credentials_of(source):
    """The File with the credentials of a source of OciImageInfo; None where it has none of its own."""
    return getattr(source, "credentials", None)

def content_of(info):
    """Takes an image or an index apart.

    Args:
      info: OciImageInfo or OciIndexInfo.

    Returns:
      struct:
        root: File. The manifest or index that everything else hangs below.
        manifests: list of File. All other manifests and indexes.
        configs: list of File.
        layers: list of OciLayerInfo, each once.
        blob_trees: depset of File.
        sources: depset of struct(registry, repository, credentials), see OciImageInfo.
        metadata: depset of File. root, manifests, configs and the layers' metadata.
        files: depset of File. All of the above and the layers' blobs, as far as the build has them: what a push or a
            load needs.
        complete: depset of File. As files, and those blobs, too, that the build has to download: what a layout or an
            archive needs.
    """
    indexes, images = _flatten(info)
    documents = _unique([index.index for index in indexes] + [image.manifest for image in images])
    configs = _unique([image.config for image in images])
    layers = {layer.metadata: layer for image in images for layer in image.layers}.values()
    blob_trees = depset(transitive = [image.blob_trees for image in images])
    metadata = depset(documents + configs + [layer.metadata for layer in layers])
    common = [metadata, blob_trees]
    return struct(
        root = documents[0],
        manifests = documents[1:],
        configs = configs,
        layers = layers,
        blob_trees = blob_trees,
        sources = depset(transitive = [image.sources for image in images]),
        metadata = metadata,
        files = depset([layer.blob for layer in layers if layer.blob], transitive = common),
        complete = depset([blob_of(layer) for layer in layers if blob_of(layer)], transitive = common),
    )
