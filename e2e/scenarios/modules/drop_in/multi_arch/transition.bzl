"""One image for several platforms, by a transition of the team's own: how images were multiplied before `platforms`."""

def _platforms_impl(_settings, attr):
    return [{"//command_line_option:platforms": str(platform)} for platform in attr.platforms]

_platforms = transition(
    implementation = _platforms_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

def _multi_arch_impl(ctx):
    return [DefaultInfo(files = depset(ctx.files.image))]

multi_arch = rule(
    implementation = _multi_arch_impl,
    doc = "An image, built for each platform.",
    attrs = {
        "image": attr.label(cfg = _platforms),
        "platforms": attr.label_list(),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _one_platform_impl(_settings, attr):
    return {"//command_line_option:platforms": str(attr.platform)}

_one_platform = transition(
    implementation = _one_platform_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

def _for_platform_impl(ctx):
    return [DefaultInfo(files = depset(ctx.files.image))]

for_platform = rule(
    implementation = _for_platform_impl,
    doc = "An image, built for one platform: as a filegroup with a transition.",
    attrs = {
        "image": attr.label(),
        "platform": attr.label(),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    cfg = _one_platform,
)
