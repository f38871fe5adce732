"""cosign_sign and cosign_attest: `bazel run` has somebody's cosign sign what a push target has pushed.

The executable is `ship`, as of every run target, which finds the files and starts cosign. Only the manifest is needed for
that, whose digest is signed; no layer is in the runfiles.
"""

load(":content.bzl", "content_of", "image_or_index")
load(":cosign_toolchain.bzl", "CosignInfo")
load(":labels.bzl", "display_label")
load(":layout_images.bzl", "layout_images_aspect")
load(":run_target.bzl", "SHIP_ATTRS", "file_reference", "optional_file_reference", "ship_target")
load(":run_tool.bzl", "on_host")

visibility("//oci/...")

_ATTRS = SHIP_ATTRS | {
    "cosign": attr.label(
        doc = """The cosign to run. Default: that of the registered toolchain of type `//cosign:toolchain_type`; where there is
none, the one on PATH when it is needed.""",
        allow_files = True,
        cfg = on_host,
        executable = True,
    ),
    "image": attr.label(
        doc = "The `oci_image` or `oci_image_index`, which must have been pushed when cosign runs.",
        mandatory = True,
        aspects = [layout_images_aspect],
    ),
    "repository": attr.string(
        doc = "Where the image is: `registry/path`, without a tag or digest. `-- --repository` overrides it, and is needed without it.",
    ),
    "_cosign": attr.label(
        default = "//cosign:from_toolchain",
        providers = [CosignInfo],
    ),
}

def _check_repository(label, repository):
    if "@" in repository or ":" in repository.rpartition("/")[2]:
        fail("%s: repository is %r, and should have no tag or digest: the image is signed by its digest." % (label, repository))

def _cosign_target(ctx, attestation, files):
    label = display_label(ctx.label)
    _check_repository(label, ctx.attr.repository)
    root = content_of(image_or_index(ctx.attr.image)).root
    tool = ctx.executable.cosign or ctx.attr._cosign[CosignInfo].binary

    spec = {
        "content": {"root": file_reference(ctx, root)},
        "cosign": {
            "attestation": attestation,
            "repository": ctx.attr.repository or None,
            "tool": optional_file_reference(ctx, tool),
        },
        "label": label,
    }
    tools = [ctx.attr._cosign] + (ctx.attr.cosign if ctx.attr.cosign else [])
    runfiles = ctx.runfiles([root] + files + ([tool] if tool else []))
    return [ship_target(ctx, "cosign", spec, runfiles.merge_all([target[DefaultInfo].default_runfiles for target in tools]))]

def _cosign_sign_impl(ctx):
    return _cosign_target(ctx, None, [])

cosign_sign = rule(
    implementation = _cosign_sign_impl,
    doc = """Signs an image with cosign, by its digest: `bazel run :<name> -- --key cosign.key`.

All flags but `--repository` are cosign's own.
""",
    attrs = _ATTRS,
    executable = True,
)

def _cosign_attest_impl(ctx):
    predicate = ctx.file.predicate
    attestation = {"predicate": file_reference(ctx, predicate), "type": ctx.attr.type}
    return _cosign_target(ctx, attestation, [predicate])

cosign_attest = rule(
    implementation = _cosign_attest_impl,
    doc = """Attests something about an image with cosign, by its digest: `bazel run :<name> -- --key cosign.key`.

All flags but `--repository` are cosign's own.
""",
    attrs = _ATTRS | {
        "predicate": attr.label(
            doc = "The file that is attested, such as an SBOM.",
            mandatory = True,
            allow_single_file = True,
        ),
        "type": attr.string(
            doc = "What the file is, as `cosign attest --type` has it: `spdxjson`, `cyclonedx`, `slsaprovenance1`, `vuln`, `custom`, ….",
            mandatory = True,
        ),
    },
    executable = True,
)
