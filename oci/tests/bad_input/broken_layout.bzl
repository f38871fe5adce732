"""broken_layout: a copy of an image's layout directory with one thing wrong."""

visibility("//oci/tests/bad_input")

_DAMAGE = {
    # The largest blob is the layer.
    "layer_changed": "f=$(ls -S $2/blobs/sha256/* | head -n 1) && printf x | dd of=$f conv=notrunc status=none",
    "layer_missing": "rm -f $(ls -S $2/blobs/sha256/* | head -n 1)",
    # What `oras` and others put into layouts without an image.
    "no_image": "printf '{\"schemaVersion\":2,\"manifests\":[]}' > $2/index.json",
    "no_index_json": "rm -f $2/index.json",
    "none": "true",
    # A directory, and nothing of a layout in it.
    "not_a_layout": "rm -rf $2/* && echo text > $2/file.txt",
}

def _broken_layout_impl(ctx):
    layout = ctx.actions.declare_directory(ctx.label.name)
    source = ctx.files.layout[0]
    ctx.actions.run_shell(
        inputs = [source],
        outputs = [layout],
        command = "cp -RL $1/. $2 && chmod -R u+w $2 && " + _DAMAGE[ctx.attr.damage],
        arguments = [source.path, layout.path],
    )
    return [DefaultInfo(files = depset([layout]))]

broken_layout = rule(
    implementation = _broken_layout_impl,
    doc = "A layout directory without providers, damaged.",
    attrs = {
        "damage": attr.string(values = _DAMAGE.keys(), mandatory = True),
        "layout": attr.label(mandatory = True),
    },
)
