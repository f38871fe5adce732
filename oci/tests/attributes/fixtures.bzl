"""What the tests of expansion feed to oci_image."""

visibility("//oci/tests/attributes")

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
