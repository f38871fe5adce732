"""oci_load_rule: `bazel run` puts an image into a container runtime."""

load(":run_target.bzl", "RUN_ATTRS", "optional_file_reference", "run_target")

visibility("//oci/...")

def _oci_load_impl(ctx):
    if bool(ctx.attr.repo_tags_list) == bool(ctx.file.repo_tags):
        fail("%s: repo_tags is the name that the image gets in the runtime: set it, such as repo_tags = [\"app:latest\"]." % ctx.label)
    options = {
        "repo_tags": ctx.attr.repo_tags_list,
        "repo_tags_file": optional_file_reference(ctx, ctx.file.repo_tags),
    }
    return [run_target(ctx, "load", options, [ctx.file.repo_tags] if ctx.file.repo_tags else [])]

oci_load_rule = rule(
    implementation = _oci_load_impl,
    doc = "Loads an image, or the daemon's platform of an index, when run. `oci_load` is the macro that most people want.",
    attrs = RUN_ATTRS | {
        "repo_tags": attr.label(
            doc = "A file with names, one a line.",
            allow_single_file = True,
        ),
        "repo_tags_list": attr.string_list(doc = "Names to give the image, such as `app:latest`."),
    },
    executable = True,
)
