"""The repository of one platform's image: manifest and config, and the layers where they are wanted at once."""

load(":build_file.bzl", "image_build_file", "package_url")
load(":client.bzl", "CLIENT_ATTRS", "get", "get_blobs", "new_client")
load(":manifests.bzl", "choose", "layer_metadata", "mismatch", "platform_of_config", "platform_text", "wrong_manifest")
load(":reference.bzl", "parse_source")

visibility("//oci/...")

_CREDENTIALS = "credentials.json"

def _fail(rctx, name, message):
    fail('oci.pull(name = "%s"): %s: %s' % (rctx.attr.pull, name, message))

def _choose(rctx, name, root):
    """The descriptor of the image to pull."""
    wanted = rctx.attr.platform
    if not root["index"]:
        return root["images"][0]
    available = [platform_text(image["platform"]) for image in root["images"]]
    line = "platforms = [%s]," % ", ".join(['"%s"' % platform for platform in {platform: None for platform in available}])
    if not available:
        _fail(rctx, name, "it is an index without any image.")
    if not wanted:
        _fail(rctx, name, "it is a multi-platform image. Add those platforms that are needed to the oci.pull. There are:\n    %s" % line)
    found = choose(root["images"], wanted)
    if not found:
        _fail(rctx, name, "it has no image for %s. There are:\n    %s" % (wanted, line))
    return found

def _image_repository_impl(rctx):
    # First, since it may start this function anew.
    root = json.decode(rctx.read(rctx.path(rctx.attr.root)))
    client = new_client(rctx, root["found"])
    source = parse_source(rctx.attr.sources[-1])
    name = source.name + (":" + rctx.attr.tag if rctx.attr.tag else "")
    chosen = _choose(rctx, name, root)
    digest = get(client, "manifests", chosen["digest"], "manifest.json")
    manifest = json.decode(rctx.read("manifest.json"), default = None)
    wrong = wrong_manifest(manifest)
    if wrong:
        _fail(rctx, name, wrong + ".")
    get(client, "blobs", manifest["config"]["digest"], "config.json")
    config = json.decode(rctx.read("config.json"), default = None)
    if type(config) != "dict":
        _fail(rctx, name, "its config is not JSON.")
    wanted = rctx.attr.platform
    other = mismatch(config, wanted) if wanted else None
    if other:
        _fail(rctx, name, "it was asked for %s, and the config of what is there says %s. If the image is right, name that platform." % (wanted, other))

    eager = rctx.attr.layers == "eager"
    foreign = {layer["digest"]: None for layer in manifest["layers"] if layer.get("urls")}
    blobs = {layer["digest"]: layer["digest"].replace(":", "-") for layer in manifest["layers"] if eager and layer["digest"] not in foreign}
    get_blobs(client, blobs)
    layers, wrong = layer_metadata(manifest, config, name, blobs)
    if wrong:
        _fail(rctx, name, wrong + ".")
    descriptors = {}
    for i, (layer, metadata) in enumerate(zip(manifest["layers"], layers)):
        file = "layer-%d.json" % i
        rctx.file(file, json.encode(metadata), executable = False)
        descriptors[file] = json.encode({key: layer[key] for key in ("digest", "size", "urls") if key in layer})

    platform = chosen.get("platform") or platform_of_config(config)
    rctx.file("descriptor.json", json.encode({
        "digest": digest,
        "mediaType": manifest.get("mediaType", "application/vnd.oci.image.manifest.v1+json"),
        "platform": platform,
        "size": _size(rctx, "manifest.json"),
    }), executable = False)
    rctx.file("digest.txt", digest + "\n", executable = False)
    rctx.file("BUILD.bazel", image_build_file(
        name = rctx.attr.target,
        layers = descriptors,
        blobs = blobs.values(),
        # Half a platform is none to the rules.
        platform = platform_text(platform) if platform.get("os") and platform.get("architecture") else "",
        reference = name,
        sources = rctx.attr.sources,
        credentials = _credentials(rctx),
        tags = rctx.attr.bazel_tags,
        purl = package_url(source, digest, rctx.attr.tag, platform.get("architecture")),
    ), executable = False)

    # What links to a file of the workspace is not for others.
    if rctx.attr.pinned and not rctx.attr.config and hasattr(rctx, "repo_metadata"):
        return rctx.repo_metadata(reproducible = True)
    return None

# Layers are read with the file that this repository was. A link and no label: a package need not export the file.
def _credentials(rctx):
    if not rctx.attr.config:
        return None
    rctx.symlink(rctx.attr.config, _CREDENTIALS)
    return _CREDENTIALS

def _size(rctx, file):
    # A string that is read has one element a byte of UTF-8.
    return len(rctx.read(file).elems())

image_repository = repository_rule(
    implementation = _image_repository_impl,
    doc = "The repository `@name_linux_amd64` of an oci.pull.",
    attrs = CLIENT_ATTRS | {
        "bazel_tags": attr.string_list(doc = "Tags of the targets."),
        "layers": attr.string(
            doc = "When the layers are downloaded.",
            default = "lazy",
            values = ["eager", "lazy"],
        ),
        "pinned": attr.bool(doc = "Whether the oci.pull names a digest."),
        "platform": attr.string(doc = "The platform to pull; empty for the only one."),
        "root": attr.label(
            doc = "images.json of the root repository.",
            allow_single_file = True,
            mandatory = True,
        ),
        "tag": attr.string(doc = "The tag, also where the digest decides."),
        "target": attr.string(
            doc = "Name of the target.",
            mandatory = True,
        ),
    },
)
