"""BUILD files of pulled repositories."""

load(":platforms.bzl", "repository_of", "settings_of")
load(":token.bzl", "percent_encode")

visibility("//oci/...")

def package_url(source, digest, tag = None, architecture = None):
    """The purl of an image (package-url, type oci), by which inventories of software (SBOM) and scanners know it.

    Args:
      source: struct of reference.bzl.
      digest: string.
      tag: string or None.
      architecture: string or None.

    Returns:
      string.
    """
    qualifiers = [("arch", architecture), ("repository_url", source.name), ("tag", tag)]
    return "pkg:oci/%s@%s?%s" % (
        source.repository.split("/")[-1],
        percent_encode(digest),
        "&".join(["%s=%s" % (name, percent_encode(value)) for name, value in qualifiers if value]),
    )

def _rule(kind, **attributes):
    lines = ["    %s = %s," % (name, value) for name, value in attributes.items() if value]
    return "%s(\n%s\n)\n" % (kind, "\n".join(lines))

def _strings(values):
    return "[%s]" % ", ".join([repr(value) for value in values]) if values else ""

def _head(loads, purl):
    return [
        "# Written by oci.pull.",
        "\n".join(['load("%s", %s)' % (file, ", ".join([repr(symbol) for symbol in symbols])) for file, symbols in loads]) + "\n",
        _rule(
            "package",
            default_package_metadata = '[":package_metadata"]',
            default_visibility = '["//visibility:public"]',
        ),
        _rule("package_metadata", name = '"package_metadata"', purl = repr(purl)),
    ]

# By their canonical names: the extension may be a user's own, from which these are not visible (oci/pull.bzl).
_PACKAGE_METADATA = (str(Label("@package_metadata//rules:package_metadata.bzl")), ["package_metadata"])
_PULLED_IMAGE = str(Label("//oci/private/pull:image.bzl"))
_DEFS = str(Label("//oci:defs.bzl"))

def image_build_file(*, name, layers, blobs, platform, reference, sources, tags, purl, credentials = None):
    """The BUILD file of one image.

    Args:
      name: string.
      layers: dict, the descriptor as JSON by the file of the layer's metadata.
      blobs: list of string, files.
      platform: string, `os/architecture[/variant]`; empty where it isn't said.
      reference: string.
      sources: list of string.
      tags: list of string.
      purl: string.
      credentials: string or None, a file of this repository.

    Returns:
      string.
    """
    pulled = _rule(
        "pulled_image",
        name = repr(name),
        blobs = _strings(blobs),
        config = '"config.json"',
        credentials = repr(credentials) if credentials else None,
        descriptor = '"descriptor.json"',
        digest = '"digest.txt"',
        layers = "{\n%s\n    }" % "\n".join(["        %r: %r," % layer for layer in layers.items()]) if layers else "",
        manifest = '"manifest.json"',
        platform = repr(platform),
        reference = repr(reference),
        sources = _strings(sources),
        tags = _strings(tags),
    )
    loads = [_PACKAGE_METADATA, (_PULLED_IMAGE, ["pulled_image"])]
    return "\n".join(_head(loads, purl) + [pulled])

def root_build_file(*, name, platforms, available, repo_tag, tags, purl):
    """The BUILD file of the repository that an oci.pull is named after.

    Args:
      name: string, that of the oci.pull.
      platforms: list of string, those that the oci.pull names.
      available: list of string, those that there are, for the message.
      repo_tag: string. What `:load` calls the image.
      tags: list of string.
      purl: string.

    Returns:
      string.
    """
    images = {platform: "@%s//:%s" % (repository, repository) for platform in platforms or [""] for repository in [repository_of(name, platform)]}
    parts = []
    if platforms:
        settings = settings_of(platforms)
        choices = {":" + setting.name: images[setting.platform] for setting in settings}
        no_match = 'oci.pull(name = "%s") has no image for the target platform: it has platforms = [%s], and the image is there for %s. Add one, set --platforms or the platform of the image, or name an image: %s.' % (
            name,
            ", ".join(['"%s"' % platform for platform in platforms]),
            ", ".join(available) or "one platform that its index does not name",
            ", ".join(images.values()),
        )
        actual = "select(\n        %r,\n        no_match_error = %r,\n    )" % (
            # A select needs a condition. This one never holds.
            choices or {"@platforms//:incompatible": images[platforms[0]]},
            no_match,
        )
        parts += [
            _rule("config_setting", name = repr(setting.name), constraint_values = _strings(setting.constraints))
            for setting in settings
        ]
    else:
        actual = repr(images[""])
    parts.append(_rule("alias", name = repr(name), actual = actual, tags = _strings(tags)))
    if len(images) > 1:
        parts.append(_rule("oci_image_index", name = '"any"', images = _strings(images.values()), tags = _strings(tags + ["manual"])))
    else:
        parts.append(_rule("alias", name = '"any"', actual = repr(images.values()[0]), tags = _strings(tags)))
    parts += [
        _rule("oci_load", name = '"load"', image = '":any"', repo_tags = _strings([repo_tag]), tags = _strings(tags + ["manual"])),
        _rule("pulled_inspect", name = '"inspect"', image = repr(":" + name), tags = _strings(tags + ["manual"])),
        _rule("filegroup", name = '"digest"', srcs = '["digest.txt"]'),
    ]
    loads = [_PACKAGE_METADATA, (_PULLED_IMAGE, ["pulled_inspect"]), (_DEFS, (["oci_image_index"] if len(images) > 1 else []) + ["oci_load"])]
    return "\n".join(_head(loads, purl) + parts)
