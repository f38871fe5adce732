"""What an index names: several images, or one that is built for several platforms."""

load("//oci:providers.bzl", "OciIndexInfo")
load(":content.bzl", "images_in")
load(":labels.bzl", "display_label")
load(":layout_images.bzl", "layout_images_aspect")
load(":platform_names.bzl", "platform_parts", "same_machine", "same_platform")
load(":platforms.bzl", "platform_of_macs")
load(":target_platform.bzl", "TargetPlatformInfo")
load(":transition.bzl", "platforms_transition")

visibility("//oci/...")

INDEX_IMAGES_ATTRS = {
    "images": attr.label_list(
        doc = """`oci_image` or `oci_image_index` targets, in the order that runtimes search, or such as make OCI image layout
directories, any number. Two of one platform are an error. With `platforms`: the one `oci_image` that is built for each.""",
        mandatory = True,
        allow_empty = False,
        aspects = [layout_images_aspect],
        cfg = platforms_transition,
    ),
    "platforms": attr.label_list(
        doc = """Platforms to build the one image in `images` for: `platform` targets, such as one with `@platforms//os:linux` and
`@platforms//cpu:arm64`. The image must follow the target platform: on a base with several platforms it does, from scratch
by `select()` in os and architecture. Default: the images are built as they are.""",
        providers = [platform_common.PlatformInfo],
    ),
    "_target_platform": attr.label(
        default = "//oci/private:target_platform",
        cfg = platforms_transition,
        providers = [TargetPlatformInfo],
    ),
}

def _for_platform(ctx, label, number, platform):
    images = ctx.split_attr.images[str(number)]
    if len(images) != 1:
        fail("%s: platforms builds one image for each platform, and images has %d: %s. Leave one, or make an index of each image and an index of those." % (
            label,
            len(images),
            ", ".join([display_label(image.label) for image in images]),
        ))
    infos = images_in(images[0])
    if OciIndexInfo in images[0] or len(infos) != 1:
        fail("%s: platforms builds an image for each platform, and %s is an index. Name an oci_image." % (label, display_label(images[0].label)))
    target_platform = ctx.split_attr._target_platform[str(number)][TargetPlatformInfo]
    if target_platform.is_macos:
        fail("%s: %s" % (label, platform_of_macs(platform.label)))
    return struct(
        info = infos[0],
        platform = display_label(platform.label),
        built_for = {"label": display_label(platform.label), "platform": target_platform.name} if target_platform.name else None,
    )

def images_of(ctx, label):
    """The images of an index.

    Args:
      ctx: the index's context, with INDEX_IMAGES_ATTRS.
      label: string. The index, for messages.

    Returns:
      list of structs, in the order of `images` or `platforms`:
        info: OciImageInfo or OciIndexInfo.
        platform: string or None. The label of the platform that it is built for.
        built_for: dict or None. That label, and the platform's name in images where it has one: what OciIndex is to check.
    """
    if not ctx.attr.platforms:
        return [
            struct(info = info, platform = None, built_for = None)
            for image in ctx.attr.images
            for info in images_in(image)
        ]
    return [_for_platform(ctx, label, number, platform) for number, platform in enumerate(ctx.attr.platforms)]

def _name(image):
    return image.info.label + (" for " + image.platform if image.platform else "")

def check_images(label, images):
    """Fails if two images are of one platform, or one is not of the platform that it was built for.

    That is as far as it is known at analysis: OciIndex checks the rest.

    Args:
      label: string. The index, for messages.
      images: list of structs from images_of.
    """
    seen = []
    for image in images:
        name = getattr(image.info, "platform", None)
        if not name:
            continue
        if image.built_for and not same_machine(name, image.built_for["platform"]):
            fail("%s: %s is an image for %s, and that platform is %s. The image must follow the target platform: by select() in os and architecture, by a base that has both, and without a `platform` of its own." % (
                label,
                _name(image),
                name,
                image.built_for["platform"],
            ))

        # Windows has images for several versions of it, which is more than a name tells.
        if platform_parts(name)[0] == "windows":
            continue
        for other in seen:
            if same_platform(other.info.platform, name):
                fail("%s: two images are for %s, and a runtime would take either: %s and %s. Take one of them out, or build it for another platform." % (
                    label,
                    name,
                    _name(other),
                    _name(image),
                ))
        seen.append(image)
