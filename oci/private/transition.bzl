"""The platform that something is built for: `platform` of images and layers, `platforms` of indexes.

Where nothing is said there is no transition, and where the target platform is said once more the configuration stays the
same: in both cases an image and what it holds are built once, whoever asks for them.
"""

visibility("//oci/...")

_PLATFORMS = "//command_line_option:platforms"
_HOST_PLATFORM = "//command_line_option:host_platform"

def _for_platform(settings, platform):
    # Without --platforms, Bazel builds for the host platform. To write that down is another configuration to Bazel, and
    # all that is in it would be built a second time.
    in_force = (settings[_PLATFORMS] or [settings[_HOST_PLATFORM]])[0]
    return {_PLATFORMS: settings[_PLATFORMS] if str(in_force) == str(platform) else [platform]}

def _platform_impl(settings, attr):
    return _for_platform(settings, attr.platform) if attr.platform else {}

platform_transition = transition(
    implementation = _platform_impl,
    inputs = [_PLATFORMS, _HOST_PLATFORM],
    outputs = [_PLATFORMS],
)

def _platforms_impl(settings, attr):
    # By number: the label of an alias is another one here than in the rule.
    return {
        str(number): _for_platform(settings, platform)
        for number, platform in enumerate(attr.platforms)
    }

platforms_transition = transition(
    implementation = _platforms_impl,
    inputs = [_PLATFORMS, _HOST_PLATFORM],
    outputs = [_PLATFORMS],
)

def platform_attr(doc):
    """The attribute `platform`, for a rule with `cfg = platform_transition`.

    Args:
      doc: string. What it means for the rule.
    """
    return attr.label(doc = doc, providers = [platform_common.PlatformInfo])
