"""The rule package_metadata, as far as generated BUILD files need it: a purl, written to a file as that module does."""

def _package_metadata_impl(ctx):
    metadata = ctx.actions.declare_file(ctx.label.name + ".package-metadata.json")
    ctx.actions.write(metadata, json.encode({"attributes": {}, "label": str(ctx.label), "purl": ctx.attr.purl}))
    return [DefaultInfo(files = depset([metadata]))]

_package_metadata = rule(
    implementation = _package_metadata_impl,
    doc = "Says which package the targets belong to that name this one as their package_metadata.",
    attrs = {
        "purl": attr.string(
            doc = "The package URL.",
            mandatory = True,
        ),
    },
)

def package_metadata(*, name, purl, visibility = None):
    """Declares a target without package metadata of its own.

    Args:
      name: string.
      purl: string.
      visibility: as everywhere.
    """
    _package_metadata(name = name, purl = purl, visibility = visibility, applicable_licenses = [])
