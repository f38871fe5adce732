"""oci_push_rule: `bazel run` sends an image to a registry."""

load("//oci:providers.bzl", "OciArtifactInfo", "OciPushInfo", "OciSignerInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE", "FETCH_TOOLCHAIN_TYPE")
load("//oci/private/actions:manifests.bzl", "write_reference")
load(":content.bzl", "anything_pushed")
load(":during_build.bzl", "push_during_build")
load(":labels.bzl", "display_label")
load(":names.bzl", "NAMES_ATTRS", "names_expander")
load(":referrers.bzl", "check_referrers")
load(":run_target.bzl", "RUN_ATTRS", "file_reference", "optional_file_reference", "run_target")
load(":signer.bzl", "signer_options", "signer_texts")
load(":stamp.bzl", "stamp_keys")

visibility("//oci/...")

def _check(ctx, repository, other_repositories):
    """What can be told without the values of stamps. `ship` checks the rest before it sends anything."""
    if repository and ctx.file.repository_file:
        fail("%s: repository and repository_file are both set: keep one of them." % ctx.label)
    if "@" in repository or ":" in repository.split("/")[-1]:
        fail("%s: repository %r holds a tag or a digest. Tags go into remote_tags, and the digest is the image's own: leave them out." % (ctx.label, repository))
    for attribute, others in other_repositories.items():
        for repository in others:
            if repository != repository.lower() or ":" in repository or "@" in repository or "." in repository.split("/")[0]:
                fail("%s: %s names repositories of the registry that is pushed to, without the registry and a tag, such as \"base/debian\", not %r" % (ctx.label, attribute, repository))

def _oci_push_impl(ctx):
    expand = names_expander(ctx)
    repository = expand(ctx.attr.repository)
    remote_tags = [expand(tag) for tag in ctx.attr.remote_tags_list]
    platform_tags = [expand(tag) for tag in ctx.attr.platform_tags]
    blob_repository = expand(ctx.attr.blob_repository)
    mount_from = [expand(name) for name in ctx.attr.mount_from]
    _check(ctx, repository, {
        "blob_repository": [blob_repository] if blob_repository else [],
        "mount_from": mount_from,
    })
    image = anything_pushed(ctx.attr.image)
    referrers = [target[OciArtifactInfo] for target in ctx.attr.referrers]
    check_referrers(display_label(ctx.label), image, referrers)
    signer = ctx.attr.signer[OciSignerInfo] if ctx.attr.signer else None
    options = {
        "blob_repository": blob_repository or None,
        "platform_tags": platform_tags,
        "remote_tags": remote_tags,
        "remote_tags_file": optional_file_reference(ctx, ctx.file.remote_tags),
        "repository": repository or None,
        "repository_file": optional_file_reference(ctx, ctx.file.repository_file),
        "signer": signer_options(signer, lambda file: file_reference(ctx, file)) if signer else None,
    }

    # Braces in arguments of a signer may be JSON: only what can be nothing but a stamp is one.
    signed_stamps = ["{%s}" % key for key in stamp_keys(signer_texts(signer))] if signer else []
    reference = ctx.actions.declare_file(ctx.label.name + ".strata/reference")
    write_reference(
        ctx,
        label = display_label(ctx.label),
        repository = repository,
        repository_file = ctx.file.repository_file,
        digest = image.digest,
        reference = reference,
    )
    pushed = [push_during_build(ctx, image, options, mount_from)] if ctx.attr.push_during_build else []
    return run_target(
        ctx,
        "push",
        options,
        image = image,
        names = [repository] + remote_tags + platform_tags + signed_stamps,
        name_files = [file for file in (ctx.file.repository_file, ctx.file.remote_tags) if file],
        mount_from = mount_from,
        referrers = referrers,
        runfiles = [signer.runfiles] if signer else [],
        outputs = pushed,
    ) + [
        OutputGroupInfo(pushed = depset(pushed), reference = depset([reference])),
        OciPushInfo(
            digest = image.digest,
            image = image,
            referrers = tuple(referrers),
            repository = repository or None,
            repository_file = ctx.file.repository_file,
            tags = tuple(remote_tags),
            tags_file = ctx.file.remote_tags,
        ),
    ]

oci_push_rule = rule(
    implementation = _oci_push_impl,
    doc = """Pushes an image, an index or an artifact when run. `oci_push` is the macro that most people want.

Output group `reference`: a file that holds `REPOSITORY@sha256:…`, for rules that deploy. It is a build output like any
other, and nothing is pushed for it. Output group `pushed`: see `push_during_build`; empty without it.
""",
    attrs = RUN_ATTRS | NAMES_ATTRS | {
        "blob_repository": attr.string(
            doc = """A repository of the same registry, such as `"shared/blobs"`, that gets all layers, and from which they are
mounted. For registries that keep a store for each repository: images that share layers then send and
store them once. A clean-up of untagged content must leave it alone, and whoever pushes needs the right to push there too.""",
        ),
        "mount_from": attr.string_list(
            doc = """Other repositories of the same registry that may hold some of the blobs, such as `["base/debian"]`:
the registry then takes them from there, and nothing is sent.""",
        ),
        "platform_tags": attr.string_list(
            doc = """Further tags for each image of an index, such as `["{tag}-{os}-{arch}"]`, for what can't read an index.
`{tag}` stands for each tag of the push, `{os}`, `{arch}` and `{variant}` for the image's platform, `{digest}` for its
digest. A single image gets its own.""",
        ),
        "push_during_build": attr.bool(
            doc = """Send blobs and manifests, without tags, in an action of the build: `bazel build` of this target pushes, while
other actions run, and `bazel run` then asks the registry and moves tags. The action's output, `<name>.strata/pushed`, is a
default output, and the output group `pushed`: JSON with the reference and how many blobs were there, mounted and sent.
docs/push-and-load.md says what to mind.""",
        ),
        "referrers": attr.label_list(
            doc = """`oci_artifact`s to attach to what is pushed: SBOMs, attestations. The subject of each is the image or index that is
pushed, an image of the index, or another of these. They are pushed by digest, after what they are about and before any tag
moves, and are found by whoever asks the registry for its referrers, or, where it knows none, by the tag `sha256-HEX`.""",
            providers = [OciArtifactInfo],
        ),
        "remote_tags": attr.label(
            doc = "A file with tags, one a line, which may hold stamps.",
            allow_single_file = True,
        ),
        "remote_tags_list": attr.string_list(doc = "Tags to give the image, which may hold stamps. None: it is pushed by digest only."),
        "repository": attr.string(
            doc = """Where to: `registry/path`, without a tag. It may hold stamps. Without repository and repository_file, it has to be
given on the command line.""",
        ),
        "repository_file": attr.label(
            doc = "A file that holds the repository, which may hold stamps.",
            allow_single_file = True,
        ),
        "signer": attr.label(
            doc = """An `oci_signer`: a tool that is run with the digest when all is in the registry, and before any tag moves.
So a tag never names what isn't signed.""",
            providers = [OciSignerInfo],
        ),
    },
    executable = True,
    provides = [OciPushInfo],
    toolchains = [
        ASSEMBLE_TOOLCHAIN_TYPE,
        # Needed for push_during_build alone.
        config_common.toolchain_type(FETCH_TOOLCHAIN_TYPE, mandatory = False),
    ],
)
