"""From the tags of the extension to repositories, without any I/O."""

load(":empty_repository.bzl", "empty_repository")
load(":image_repository.bzl", "image_repository")
load(":platforms.bzl", "check_platforms", "repository_of")
load(":reference.bzl", "is_digest", "is_tag", "parse_image", "parse_mirror", "parse_repository")
load(":root_repository.bzl", "root_repository")

visibility("//oci/...")

# Targets of the root repository.
_RESERVED = ["any", "digest", "inspect", "load", "package_metadata"]

# rules_oci's, over its versions.
_TOOLCHAIN_REPOSITORIES = ["crane_toolchains", "crane_registry_toolchains", "regctl_toolchains", "zot_toolchains", "zot_registry_toolchains"]

def _checked(what, result):
    value, wrong = result
    if wrong:
        fail("%s: %s." % (what, wrong))
    return value

def _reference(what, tag):
    """Where the image is, its tag and its digest, from the attributes that may say so."""
    if bool(tag.registry) != bool(tag.repository):
        fail("%s: registry and repository go together: %s is missing. Or set image." % (what, "repository" if tag.registry else "registry"))
    if bool(tag.image) == bool(tag.repository):
        fail('%s: set image, such as "gcr.io/distroless/static", or registry and repository%s.' % (what, ", not both" if tag.image else ""))
    if tag.digest and not is_digest(tag.digest):
        fail("%s: %r is not a digest that can be used: sha256: and 64 hexadecimal digits." % (what, tag.digest))
    if tag.tag and not is_tag(tag.tag):
        fail("%s: %r is not a tag." % (what, tag.tag))
    if not tag.image:
        image = struct(source = _checked(what, parse_repository(tag.registry, tag.repository)), tag = None, digest = None)
    else:
        image = _checked(what, parse_image(tag.image))
    for name in ("tag", "digest"):
        inside, beside = getattr(image, name), getattr(tag, name)
        if inside and beside and inside != beside:
            fail("%s: its image has the %s %s, and its attribute %s is %s: keep one." % (what, name, inside, name, beside))
    digest, tag_name = tag.digest or image.digest, tag.tag or image.tag
    if not digest and not tag_name:
        fail("%s: set digest. With a tag instead, the build prints the digest." % what)
    return image.source, digest, tag_name

def _declare(what, tag):
    source, digest, tag_name = _reference(what, tag)
    if tag.name in _RESERVED:
        fail("%s: this name is that of a target in every pulled repository: choose another one." % what)
    check_platforms(what, tag.platforms)
    common = dict(
        bazel_tags = tag.bazel_tags,
        challenges = tag.www_authenticate_challenges,
        config = tag.config,
        pull = tag.name,
        # Mirrors first: where they are asked at all, it is to spare the registry.
        sources = [_checked(what, parse_mirror(mirror, source.repository)).text for mirror in tag.mirrors] + [source.text],
        tag = tag_name or "",
    )
    root_repository(
        name = tag.name,
        identifier = digest or tag_name,
        platforms = tag.platforms,
        reproducible = tag.reproducible,
        **common
    )
    for platform in tag.platforms or [""]:
        repository = repository_of(tag.name, platform)
        image_repository(
            name = repository,
            layers = tag.layers,
            pinned = bool(digest),
            platform = platform,
            root = "@%s//:images.json" % tag.name,
            target = repository,
            **common
        )

def declare_pull(pull):
    """Declares the repositories of one pull, for an extension that is not ours.

    Args:
      pull: struct with the attributes of the tag class `pull` of oci/extensions.bzl.
    """
    _declare('oci_pull(name = "%s")' % pull.name, pull)

def _same(one, other):
    attributes = [
        "bazel_tags",
        "config",
        "digest",
        "image",
        "layers",
        "mirrors",
        "platforms",
        "registry",
        "repository",
        "reproducible",
        "tag",
        "www_authenticate_challenges",
    ]
    return not [name for name in attributes if getattr(one, name) != getattr(other, name)]

def declare_all(modules):
    """Declares the repositories of all tags.

    Args:
      modules: list of bazel_module, those of module_ctx. Of pulls that are the same in several modules one is declared.
    """
    pulls, toolchains = {}, {}
    for module in modules:
        for tag in module.tags.pull:
            what = 'oci.pull(name = "%s") in module %s' % (tag.name, module.name or "of the workspace")
            if tag.name not in pulls:
                pulls[tag.name] = struct(tag = tag, what = what)
                _declare(what, tag)
            elif not _same(pulls[tag.name].tag, tag):
                fail("%s: there is another image of that name, %s. Repositories of an extension share their names: rename one." % (
                    what,
                    pulls[tag.name].what,
                ))
        for tag in module.tags.toolchains:
            toolchains[tag.name] = None
    for prefix in toolchains:
        for suffix in _TOOLCHAIN_REPOSITORIES:
            empty_repository(name = "%s_%s" % (prefix, suffix))
