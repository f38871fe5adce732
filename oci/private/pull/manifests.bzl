"""What is in manifests, indexes and configs, of both families: OCI's, and Docker's schema 2.

Pure functions over decoded JSON.
"""

load("//oci/private:platform_names.bzl", "fitting", "same_platform")

visibility("//oci/...")

_OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
_OCI_FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar"

# layer.json always has the names of OCI; whoever writes a manifest maps them.
_LAYERS = {
    "application/vnd.docker.image.rootfs.diff.tar": _OCI_LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": _OCI_LAYER + "+gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd": _OCI_LAYER + "+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar": _OCI_FOREIGN_LAYER,
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": _OCI_FOREIGN_LAYER + "+gzip",
} | {layer + compression: layer + compression for layer in (_OCI_LAYER, _OCI_FOREIGN_LAYER) for compression in ("", "+gzip", "+zstd")}

def is_index(document):
    """Whether a document is an index or a manifest list, by what it holds: OCI's may leave mediaType out.

    Args:
      document: dict.

    Returns:
      bool.
    """
    return "manifests" in document

def wrong_manifest(document):
    """Why a document is not the manifest of an image.

    Args:
      document: what was decoded.

    Returns:
      string; or None.
    """
    if type(document) != "dict":
        return "it is not JSON"
    if document.get("schemaVersion") == 1:
        return "it is of Docker's schema 1, which has been out of use since 2017: push the image again with a current tool"
    if "layers" not in document or "config" not in document:
        return "it is no image: it has no %s" % ("layers" if "config" in document else "config")
    kind = document["config"].get("mediaType", "")
    if kind not in ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"):
        return "it is no image: its config is of the type %s" % (document.get("artifactType") or kind)
    for layer in document["layers"]:
        if layer["mediaType"] not in _LAYERS:
            return "its layer %s is of the type %s, which no runtime unpacks" % (layer["digest"], layer["mediaType"])
        if not layer["digest"].startswith("sha256:"):
            return "its layer %s is named by another digest than sha256" % layer["digest"]
    return None

def platform_text(platform):
    """A platform as people write it.

    Args:
      platform: dict, as indexes and configs have it.

    Returns:
      string, `os/architecture[/variant]`.
    """
    return "/".join([platform[key] for key in ("os", "architecture", "variant") if platform.get(key)])

def platform_of_config(config):
    """The platform that a config is for.

    Args:
      config: dict.

    Returns:
      dict, as indexes have it.
    """
    keys = ("architecture", "os", "os.features", "os.version", "variant")
    return {key: config[key] for key in keys if config.get(key)}

def images_of(index):
    """What an index lists, apart from what is no image, such as attestations and signatures.

    Args:
      index: dict.

    Returns:
      (list of descriptors of images, each a dict; list of descriptors of further indexes).
    """
    images, indexes = [], []
    for descriptor in index["manifests"]:
        if descriptor.get("mediaType", "").endswith((".index.v1+json", ".manifest.list.v2+json")):
            indexes.append(descriptor)
        elif "artifactType" not in descriptor and (descriptor.get("platform") or {}).get("os") != "unknown":
            images.append(descriptor)
    return images, indexes

def _platform(image):
    platform = image.get("platform") or {}
    return platform_text(platform) if platform.get("os") and platform.get("architecture") else None

def choose(images, wanted):
    """The image of a platform.

    By the rule by which an image of an index is chosen as a base, but that the first of several for the same platform is taken:
    Windows images of one architecture differ by version.

    Args:
      images: list of descriptors.
      wanted: string, `os/architecture[/variant]`.

    Returns:
      dict; or None where none fits, or several of other variants than goes without saying.
    """
    found = fitting(wanted, images, _platform)
    return found[0] if len(found) == 1 or found and same_platform(wanted, _platform(found[0])) else None

def mismatch(config, wanted):
    """Whether a config is for another platform than its index says.

    Args:
      config: dict.
      wanted: string, `os/architecture[/variant]`. Its variant is passed over, since configs often lack it.

    Returns:
      string, the config's platform where it is another one; or None.
    """
    found = platform_text({key: config.get(key) for key in ("os", "architecture")})
    return found if config.get("os") and config.get("architecture") and wanted.split("/")[:2] != found.split("/") else None

def layer_metadata(manifest, config, label, downloaded = {}):
    """The layer.json of each layer (docs/architecture.md).

    Args:
      manifest: dict.
      config: dict.
      label: string. The image, for messages.
      downloaded: dict or list. Digests of the layers whose blobs are at hand.

    Returns:
      (list of dict, None); or (None, what is wrong).
    """
    diff_ids = (config.get("rootfs") or {}).get("diff_ids") or []
    if len(diff_ids) != len(manifest["layers"]):
        return None, "its manifest has %d layers, and its config %d" % (len(manifest["layers"]), len(diff_ids))
    return [
        {
            # Annotations stay in the manifest.
            "blob": {"kind": "file" if layer["digest"] in downloaded else "remote"},
            "diff_id": diff_id,
            "digest": layer["digest"],
            "history": {"created_by": label},
            "media_type": _LAYERS[layer["mediaType"]],
            "size": layer["size"],
            "v": 1,
        }
        for layer, diff_id in zip(manifest["layers"], diff_ids)
    ], None
