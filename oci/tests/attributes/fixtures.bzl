"""What the tests of expansion feed to oci_image."""

load("//oci:providers.bzl", "OciImageInfo")

visibility("//oci/tests/...")

# Whatever a format between BUILD file and config could stumble over: ends of lines, separators, quotes, dollars that are no
# reference, braces, and characters of one, two, three and four bytes in UTF-8.
STRANGE = "a\nb\r\n\tc, 'd' \"e\"=f;g\\h\\n $(date) $5 $ $(nope) {x} {\"k\": \"{}\"} %5Cn é ☃ 🚀<>&"

def _variables_impl(_ctx):
    return [platform_common.TemplateVariableInfo({
        "APP_DIR": "/srv/app",
        "PORT": "80",
        "PRICE": "$5 {name}",
        "SIGNAL": "SIGINT",
    })]

variables = rule(
    implementation = _variables_impl,
    doc = "Make variables for an attribute `toolchains`.",
)

def _pulled_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    fields = [
        "blob_trees",
        "config",
        "descriptor",
        "digest",
        "label",
        "layers",
        "manifest",
        "sources",
    ]
    return [
        ctx.attr.image[DefaultInfo],
        OciImageInfo(reference = ctx.attr.reference, **{field: getattr(image, field) for field in fields}),
    ]

pulled = rule(
    implementation = _pulled_impl,
    doc = "An image as if it had been pulled.",
    attrs = {
        "image": attr.label(mandatory = True, providers = [OciImageInfo]),
        "reference": attr.string(mandatory = True),
    },
)
