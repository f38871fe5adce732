"""oci_push_rule: `bazel run` sends an image to a registry."""

load("//oci:providers.bzl", "OciPushInfo")
load(":content.bzl", "image_or_index")
load(":run_target.bzl", "RUN_ATTRS", "optional_file_reference", "run_target")

visibility("//oci/...")

def _oci_push_impl(ctx):
    if bool(ctx.attr.repository) == bool(ctx.file.repository_file):
        fail("%s: set one of repository and repository_file, such as repository = \"registry.example.com/team/app\"." % ctx.label)
    for repository in ctx.attr.mount_from:
        if repository != repository.lower() or ":" in repository or "@" in repository or "." in repository.split("/")[0]:
            fail("%s: mount_from names repositories of the registry that is pushed to, without the registry and a tag, such as \"base/debian\", not %r" % (ctx.label, repository))
    options = {
        "remote_tags": ctx.attr.remote_tags_list,
        "remote_tags_file": optional_file_reference(ctx, ctx.file.remote_tags),
        "repository": ctx.attr.repository or None,
        "repository_file": optional_file_reference(ctx, ctx.file.repository_file),
    }
    files = [file for file in (ctx.file.repository_file, ctx.file.remote_tags) if file]
    image = image_or_index(ctx.attr.image)
    return [
        run_target(ctx, "push", options, files, ctx.attr.mount_from),
        OciPushInfo(
            digest = image.digest,
            image = image,
            repository = ctx.attr.repository or None,
            repository_file = ctx.file.repository_file,
            tags = tuple(ctx.attr.remote_tags_list),
            tags_file = ctx.file.remote_tags,
        ),
    ]

oci_push_rule = rule(
    implementation = _oci_push_impl,
    doc = "Pushes an image or an index when run. `oci_push` is the macro that most people want.",
    attrs = RUN_ATTRS | {
        "mount_from": attr.string_list(
            doc = """Other repositories of the same registry that may hold some of the blobs, such as `["base/debian"]`:
the registry then takes them from there, and nothing is sent.""",
        ),
        "remote_tags": attr.label(
            doc = "A file with tags, one a line.",
            allow_single_file = True,
        ),
        "remote_tags_list": attr.string_list(doc = "Tags to give the image. None: it is pushed by digest only."),
        "repository": attr.string(doc = "Where to: `registry/path`, without a tag."),
        "repository_file": attr.label(
            doc = "A file that holds the repository.",
            allow_single_file = True,
        ),
    },
    executable = True,
    provides = [OciPushInfo],
)
