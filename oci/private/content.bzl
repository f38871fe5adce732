"""Everything that an image or an index consists of, as layouts, pushes and loads need it."""

load("//oci:providers.bzl", "OciArtifactInfo", "OciImageInfo", "OciIndexInfo")

visibility("//oci/...")

# As in the tools: crates/oci/src/manifest.rs.
_MAX_DEPTH = 8

LayoutImagesInfo = provider(
    doc = "The images of a target that has none of the providers of these rules, but layout directories (layout_images.bzl).",
    fields = {"images": "tuple of OciImageInfo, one for each directory."},
)

def images_in(target):
    """What a target is where an image is wanted.

    Args:
      target: Target, of an attribute with the aspect of layout_images.bzl.

    Returns:
      tuple of OciImageInfo or OciIndexInfo: one, but for a target with several layout directories.
    """
    if OciIndexInfo in target:
        return (target[OciIndexInfo],)
    if OciImageInfo in target:
        return (target[OciImageInfo],)
    if LayoutImagesInfo in target:
        return target[LayoutImagesInfo].images
    if OciArtifactInfo in target:
        fail("%s is an oci_artifact: it can be pushed, attached to an image by `referrers` of oci_push, and be the subject of another. It is no image, to load, to list for a platform in an index, or to build on. Name an oci_image or oci_image_index." % target.label)
    fail("%s is no image. It should be an oci_image, an oci_image_index, or make OCI image layout directories. It makes: %s" % (
        target.label,
        ", ".join([file.short_path for file in target[DefaultInfo].files.to_list()]) or "nothing",
    ))

def anything_pushed(target):
    """What a target is where whatever registries keep will do.

    Args:
      target: Target, as of images_in.

    Returns:
      OciImageInfo, OciIndexInfo or OciArtifactInfo. Fails if there are several.
    """
    return target[OciArtifactInfo] if OciArtifactInfo in target else image_or_index(target)

def image_or_index(target):
    """What a target is where one image is wanted.

    Args:
      target: Target, as of images_in.

    Returns:
      OciImageInfo or OciIndexInfo. Fails if there are several.
    """
    images = images_in(target)
    if len(images) != 1:
        fail("%s has %d image layouts, and one image is wanted. Make an oci_image_index of them." % (target.label, len(images)))
    return images[0]

def _flatten(infos):
    # Starlark has no recursion: nested indexes are taken apart level by level.
    indexes, images, level = [], [], infos
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
    fail("%s: image indexes are nested more than %d deep" % (infos[0].label, _MAX_DEPTH))

def images_below(info):
    """The images of an image or index, also of the indexes in it.

    Args:
      info: OciImageInfo or OciIndexInfo.

    Returns:
      list of OciImageInfo.
    """
    return _flatten([info])[1]

def parts_of(info):
    """Everything with a digest of its own that an image, index or artifact holds, itself too.

    Args:
      info: OciImageInfo, OciIndexInfo or OciArtifactInfo.

    Returns:
      list of the same.
    """
    indexes, images = _flatten([info])
    return indexes + images

def indexes_below(info):
    """The indexes that an index lists, also those in them.

    Args:
      info: OciImageInfo or OciIndexInfo.

    Returns:
      list of OciIndexInfo, without info itself.
    """
    return _flatten([info])[0][1:]

def _unique(files):
    return {file: None for file in files}.keys()

def blob_of(layer):
    """The File with the bytes of a layer, for what needs all of them: None where neither the build nor OciFetch has it."""
    return layer.blob or layer.fetched

def credentials_of(source):
    """The File with the credentials of a source of OciImageInfo; None where it has none of its own."""
    return getattr(source, "credentials", None)

def content_of(info, referrers = []):
    """Takes an image, an index or an artifact apart.

    Args:
      info: OciImageInfo, OciIndexInfo or OciArtifactInfo.
      referrers: list of OciArtifactInfo. What goes with it, since it is about it.

    Returns:
      struct:
        root: File. The manifest or index that everything else hangs below.
        manifests: list of File. All other manifests and indexes, those of referrers too.
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
    indexes, images = _flatten([info] + referrers)
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
