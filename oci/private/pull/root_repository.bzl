"""The repository that an oci.pull is named after: what its name means in the registry, and a choice of the images of platforms."""

load(":build_file.bzl", "package_url", "root_build_file")
load(":client.bzl", "CLIENT_ATTRS", "found_by", "get", "new_client")
load(":manifests.bzl", "images_of", "is_index", "platform_of_config", "platform_text", "wrong_manifest")
load(":reference.bzl", "is_digest", "parse_source")

visibility("//oci/...")

# Indexes in indexes are followed to this depth; nobody nests more than one.
_MAX_DEPTH = 8

def _document(rctx, file, identifier):
    document = json.decode(rctx.read(file), default = None)
    wrong = None if type(document) == "dict" and is_index(document) else wrong_manifest(document)
    if wrong:
        fail('oci.pull(name = "%s"): cannot use %s: %s.' % (rctx.attr.pull, identifier, wrong))
    return document

def _with_platform(rctx, client, descriptor):
    """A descriptor of an index with its platform, which it may leave out; then the image's config says it."""
    if descriptor.get("platform"):
        return descriptor
    stem = "image-" + descriptor["digest"][len("sha256:"):]
    get(client, "manifests", descriptor["digest"], stem + ".json")
    manifest = json.decode(rctx.read(stem + ".json"), default = None)
    if wrong_manifest(manifest):
        return None
    get(client, "blobs", manifest["config"]["digest"], stem + "-config.json")
    config = json.decode(rctx.read(stem + "-config.json"))
    return descriptor | {"platform": platform_of_config(config)}

def _images(rctx, client, document):
    """The descriptors of all images below an index."""
    found, level = [], [document]
    for depth in range(_MAX_DEPTH):
        below = []
        for index in level:
            images, indexes = images_of(index)
            found += [image for image in [_with_platform(rctx, client, image) for image in images] if image]
            for descriptor in indexes:
                file = "index-%d-%s.json" % (depth, descriptor["digest"][len("sha256:"):])
                get(client, "manifests", descriptor["digest"], file)
                below.append(_document(rctx, file, descriptor["digest"]))
        level = below
        if not level:
            return found
    fail('oci.pull(name = "%s"): its indexes are nested more than %d deep.' % (rctx.attr.pull, _MAX_DEPTH))

def _root_repository_impl(rctx):
    client = new_client(rctx)
    identifier = rctx.attr.identifier
    digest = get(client, "manifests", identifier, "root.json")
    document = _document(rctx, "root.json", identifier)
    images = _images(rctx, client, document) if is_index(document) else [{"digest": digest}]

    # What the images' repositories need to know, so that they don't ask again.
    rctx.file("images.json", json.encode({
        "found": found_by(client),
        "images": [{key: image[key] for key in ("digest", "platform") if key in image} for image in images],
        "index": is_index(document),
    }), executable = False)

    # rules_oci's file ends without a newline, too.
    rctx.file("digest.txt", digest, executable = False)
    source = parse_source(rctx.attr.sources[-1])
    tag = rctx.attr.tag
    rctx.file("BUILD.bazel", root_build_file(
        name = rctx.attr.pull,
        platforms = rctx.attr.platforms,
        available = [platform_text(image["platform"]) for image in images if "platform" in image],
        repo_tag = "%s:%s" % (source.name, tag or digest.replace(":", "-")[:19]),
        tags = rctx.attr.bazel_tags,
        purl = package_url(source, digest, tag),
    ), executable = False)
    if is_digest(identifier):
        # From Bazel 8.3 on. Before, a repository that returns nothing counts as reproducible.
        return rctx.repo_metadata(reproducible = True) if hasattr(rctx, "repo_metadata") else None
    if rctx.attr.reproducible:
        # buildifier: disable=print
        print('\noci.pull(name = "%s"): %s:%s may be another image tomorrow. To pin what it is now, add this line:\n    digest = "%s",\nor reproducible = False, to say that it shall follow the tag.' % (
            rctx.attr.pull,
            source.name,
            identifier,
            digest,
        ))
    return None

root_repository = repository_rule(
    implementation = _root_repository_impl,
    doc = "The repository `@name` of an oci.pull.",
    attrs = CLIENT_ATTRS | {
        "bazel_tags": attr.string_list(doc = "Tags of the targets."),
        "identifier": attr.string(
            doc = "A digest or a tag.",
            mandatory = True,
        ),
        "platforms": attr.string_list(doc = "Those that the oci.pull names."),
        "reproducible": attr.bool(doc = "Whether to print what pins a tag."),
        "tag": attr.string(doc = "The tag, also where the digest decides."),
    },
)
