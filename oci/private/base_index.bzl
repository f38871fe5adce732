"""Which image of an index is a base, where it can be told at analysis."""

load(":content.bzl", "images_below")
load(":platform_names.bzl", "fitting")

visibility("//oci/...")

def image_for_platform(label, base, index, platform):
    """The one image of an index that is for a platform.

    Args:
      label: string. The image that is built on it, for messages.
      base: string. The index's label, for messages.
      index: OciIndexInfo.
      platform: string or None. The target platform as images name it.

    Returns:
      OciImageInfo. Fails, naming the platforms there are, if none fits.
    """
    images = images_below(index)
    found = fitting(platform, images, lambda image: image.platform) if platform else []
    if len(found) == 1:
        return found[0]
    if found:
        fail("%s: base %s has several images that fit %s: %s. Name one of them as base." % (
            label,
            base,
            platform,
            ", ".join(["%s (%s)" % (image.label, image.platform) for image in found]),
        ))
    unknown = [image.label for image in images if not image.platform]
    fail("%s: base %s has no image for %s, only for %s. Build for one of those (--platforms, or the attribute platform), or add one to the index.%s" % (
        label,
        base,
        platform or "the target platform, whose CPU has no name in images",
        ", ".join(sorted([image.platform for image in images if image.platform])) or "platforms that aren't known yet",
        " What %s is for is known only when it is built: name it as base if it is meant." % " and ".join(unknown) if unknown else "",
    ))
