"""A pulled image without a registry: its layers are fetched by a tool that copies a file."""

load("//oci:providers.bzl", "OciImageInfo", "OciLayerInfo")
load("//oci:toolchain.bzl", "FETCH_TOOLCHAIN_TYPE")
load("//oci/private:actions.bzl", "fetch_layer")  # buildifier: disable=bzl-visibility

visibility("//oci/tests/...")

def _copying_fetch_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(
        program,
        """#!/bin/sh
while [ "$1" != --output ]; do shift; done
cp "$0.runfiles/%s/%s" "$2"
""" % (ctx.workspace_name, ctx.file.blob.short_path),
        is_executable = True,
    )
    return [DefaultInfo(executable = program, runfiles = ctx.runfiles([ctx.file.blob]))]

copying_fetch = rule(
    implementation = _copying_fetch_impl,
    doc = "Stands in for `ship fetch`: whatever it is asked for, it hands out one file.",
    attrs = {"blob": attr.label(allow_single_file = True, mandatory = True)},
    executable = True,
)

def _pulled_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    layers = []
    for layer in image.layers:
        blob = ctx.actions.declare_file("%s.strata/%d.blob" % (ctx.label.name, len(layers)))
        fetch_layer(
            ctx,
            label = layer.label,
            digest = "sha256:" + 64 * "0",
            size = 1,
            sources = [
                struct(registry = "registry.example.com", repository = "base"),
                struct(registry = "http://mirror.example.com:5000", repository = "mirrored/base"),
            ],
            urls = ["https://far.example.com/layer"],
            blob = blob,
        )
        layers.append(OciLayerInfo(label = layer.label, metadata = layer.metadata, fetched = blob))
    return [
        DefaultInfo(files = depset([image.manifest])),
        OciImageInfo(
            label = image.label,
            manifest = image.manifest,
            config = image.config,
            descriptor = image.descriptor,
            digest = image.digest,
            layers = layers,
            blob_trees = depset(),
            sources = depset([struct(registry = "registry.example.com", repository = "base")]),
        ),
    ]

pulled = rule(
    implementation = _pulled_impl,
    doc = "The same image as if it had been pulled: its layers are known, and not here.",
    attrs = {"image": attr.label(mandatory = True, providers = [OciImageInfo])},
    toolchains = [FETCH_TOOLCHAIN_TYPE],
)

def _with_copying_fetch_transition_impl(_settings, _attr):
    return {"//command_line_option:extra_toolchains": [str(Label("//oci/tests/pulled:copying_toolchain"))]}

_with_copying_fetch = transition(
    implementation = _with_copying_fetch_transition_impl,
    inputs = [],
    outputs = ["//command_line_option:extra_toolchains"],
)

def _listing_impl(ctx):
    layout = ctx.files.layout[0]
    listing = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run_shell(
        inputs = [layout],
        outputs = [listing],
        command = 'out=$PWD/$2 && cd "$1" && find . -type f | LC_ALL=C sort | xargs cksum > "$out"',
        arguments = [layout.path, listing.path],
    )
    return [DefaultInfo(files = depset([listing]))]

listing = rule(
    implementation = _listing_impl,
    doc = "Files of a layout with their checksums. Where it needs OciFetch, that copies.",
    attrs = {
        "layout": attr.label(
            mandatory = True,
            cfg = _with_copying_fetch,
        ),
    },
)
